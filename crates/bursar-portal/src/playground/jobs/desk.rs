//! The jobs there are, a bounded number of them, and who listens.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bursar_engine::Engine;
use data_encoding::BASE32_NOPAD;
use parking_lot::Mutex;
use serde_json::json;
use tokio::sync::{Semaphore, broadcast};

use super::order::Order;
use super::{Job, Stage};
use crate::playground::call::Exchange;

/// How many jobs are remembered.
const REMEMBERED: usize = 128;
/// How many may be under way.
const OPEN: usize = 12;
/// How many paint at once: the server has other work.
const PAINTERS: usize = 2;
/// How far a listener may lag.
const LAG: usize = 1_024;

/// News of a job.
#[derive(Debug)]
pub(in crate::playground) struct Note {
    pub(in crate::playground) account: String,
    /// The name of the event of the stream.
    pub(in crate::playground) event: &'static str,
    pub(in crate::playground) json: String,
}

/// All jobs.
pub(in crate::playground) struct Jobs {
    jobs: Mutex<VecDeque<Job>>,
    news: broadcast::Sender<Arc<Note>>,
    painters: Arc<Semaphore>,
    work: Duration,
}

impl Jobs {
    pub(in crate::playground) fn new(work: Duration) -> Self {
        Self {
            jobs: Mutex::default(),
            news: broadcast::channel(LAG).0,
            painters: Arc::new(Semaphore::new(PAINTERS)),
            work,
        }
    }

    /// How long a picture works at least.
    pub(super) const fn work(&self) -> Duration {
        self.work
    }

    /// Who may paint.
    pub(super) fn painters(&self) -> Arc<Semaphore> {
        Arc::clone(&self.painters)
    }

    /// News of all jobs, from now on.
    pub(in crate::playground) fn listen(&self) -> broadcast::Receiver<Arc<Note>> {
        self.news.subscribe()
    }

    /// Takes a job; none if there are too many under way.
    pub(super) fn open(&self, engine: &Engine, order: Order) -> Option<Job> {
        let id = format!("job_{}", BASE32_NOPAD.encode(&engine.entropy::<10>()).to_lowercase());
        let job = Job {
            id,
            order,
            stage: Stage::Quoting,
            percent: 0,
            words: "Asking what it costs.".to_owned(),
            credits: None,
            captured: None,
            hold: None,
            hold_expires_at: None,
            colors: Vec::new(),
            produced: Vec::new(),
            exchanges: Vec::new(),
        };
        {
            let mut jobs = self.jobs.lock();
            // One whose worker vanished only waits for its hold's end.
            let busy = |job: &&Job| !job.stage.is_over() && job.stage != Stage::Lost;
            if jobs.iter().filter(busy).count() >= OPEN {
                return None;
            }
            if jobs.len() >= REMEMBERED {
                let over = jobs.iter().position(|job| job.stage.is_over());
                jobs.remove(over.unwrap_or(0));
            }
            jobs.push_back(job.clone());
        }
        self.tell(&job);
        Some(job)
    }

    /// One job; `None` if it is not known, or no longer.
    pub(in crate::playground) fn get(&self, id: &str) -> Option<Job> {
        self.jobs.lock().iter().find(|job| job.id == id).cloned()
    }

    /// The jobs of an account, newest first.
    pub(in crate::playground) fn of(&self, account: &str) -> Vec<Job> {
        let jobs = self.jobs.lock();
        jobs.iter().rev().filter(|job| job.order.account == account).cloned().collect()
    }

    /// Changes a job and tells it.
    pub(super) fn change(&self, id: &str, change: impl FnOnce(&mut Job)) {
        let changed = {
            let mut jobs = self.jobs.lock();
            jobs.iter_mut().find(|job| job.id == id).map(|job| {
                change(job);
                job.clone()
            })
        };
        if let Some(job) = changed {
            self.tell(&job);
        }
    }

    /// Notes what was said, and tells it.
    pub(super) fn said(&self, id: &str, exchange: Exchange) {
        let mut jobs = self.jobs.lock();
        let Some(job) = jobs.iter_mut().find(|job| job.id == id) else {
            return;
        };
        let told = json!({ "job": id, "index": job.exchanges.len(), "exchange": exchange });
        let account = job.order.account.clone();
        job.exchanges.push(exchange);
        drop(jobs);
        self.send(account, "exchange", told.to_string());
    }

    fn tell(&self, job: &Job) {
        // The exchanges were told as they happened.
        let short = Job { exchanges: Vec::new(), ..job.clone() };
        let json = serde_json::to_string(&short).unwrap_or_default();
        self.send(job.order.account.clone(), "job", json);
    }

    fn send(&self, account: String, event: &'static str, json: String) {
        // An error means that nobody listens.
        let _ = self.news.send(Arc::new(Note { account, event, json }));
    }
}
