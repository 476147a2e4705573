//! The accounts that are asked for: made before, looked at afterwards.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::connection::Connection;
use crate::error::Error;
use crate::exchange::{Draft, number};
use crate::plan::Plan;

/// Credits in the first lot, which expires one day and so is spent first, and in the second, which does not.
const LOTS: [(u64, &str, Option<&str>); 2] =
    [(10_000_000, "promo", Some("2099-01-01T00:00:00Z")), (1_000_000_000, "topup", None)];
/// An account with less gets its lots again.
const ENOUGH: u64 = 100_000_000;

/// So many connections prepare accounts and look at them afterwards, however few the load has.
const CLERKS: usize = 32;

/// The status of one request too many of a key, which the load may have used up.
const TOO_MANY: u16 = 429;
/// How often it is asked again then, and after which pause.
const ATTEMPTS: u32 = 20;
const PAUSE: Duration = Duration::from_millis(500);

/// All accounts.
#[derive(Clone)]
pub(crate) struct Accounts {
    prefix: Arc<str>,
    /// One for each; empty for accounts that only look like some.
    books: Arc<[Book]>,
}

/// What should have happened to one account, in credits.
#[derive(Default)]
pub(crate) struct Book {
    /// What it had before.
    pub(crate) before: AtomicU64,
    /// What it was asked to spend.
    pub(crate) asked: AtomicU64,
    /// Of that, what it has spent, as it was told.
    pub(crate) acknowledged: AtomicU64,
    /// Of that, what was certainly not spent.
    pub(crate) refused: AtomicU64,
}

impl Accounts {
    /// Opens accounts that are not there and gives them their two lots.
    pub(crate) async fn prepare(plan: &Plan) -> Result<Self, Error> {
        let books = (0..plan.accounts.get()).map(|_| Book::default()).collect();
        let accounts = Self { prefix: plan.prefix.as_str().into(), books };
        accounts.each(plan, |clerk, nth| async move { clerk.prepare(nth).await }).await?;
        Ok(accounts)
    }

    /// Accounts of which nobody knows.
    pub(crate) fn imagined(plan: &Plan) -> Self {
        Self { prefix: plan.prefix.as_str().into(), books: Arc::new([]) }
    }

    pub(crate) fn are_imagined(&self) -> bool {
        self.books.is_empty()
    }

    /// Appends the id of an account.
    pub(crate) fn id(&self, bytes: &mut Vec<u8>, nth: usize) {
        bytes.extend_from_slice(self.prefix.as_bytes());
        bytes.push(b'-');
        number(bytes, nth);
    }

    pub(crate) fn book(&self, nth: usize) -> Option<&Book> {
        self.books.get(nth)
    }

    pub(crate) fn books(&self) -> impl Iterator<Item = &Book> {
        self.books.iter()
    }

    /// Does something with every account, over several connections.
    pub(crate) async fn each<F>(
        &self,
        plan: &Plan,
        work: impl Fn(Clerk, usize) -> F + Clone + Send + 'static,
    ) -> Result<(), Error>
    where
        F: Future<Output = Result<Clerk, Error>> + Send,
    {
        let next = Arc::new(AtomicUsize::new(0));
        let mut clerks = JoinSet::new();
        for _ in 0..CLERKS.min(self.books.len()) {
            let (next, work, all) = (Arc::clone(&next), work.clone(), self.books.len());
            let mut clerk = Clerk::new(plan, self).await?;
            clerks.spawn(async move {
                loop {
                    let nth = next.fetch_add(1, Ordering::Relaxed);
                    if nth >= all {
                        return Ok(());
                    }
                    clerk = work(clerk, nth).await?;
                }
            });
        }
        while let Some(done) = clerks.join_next().await {
            done.map_err(|error| Error::Runtime(std::io::Error::other(error)))??;
        }
        Ok(())
    }
}

/// Asks about accounts one after the other.
pub(crate) struct Clerk {
    connection: Connection,
    pub(crate) accounts: Accounts,
    address: String,
    headers: String,
    run: String,
    draft: Draft,
}

impl Clerk {
    async fn new(plan: &Plan, accounts: &Accounts) -> Result<Self, Error> {
        let address = plan.target.address.clone();
        let connection = Connection::open(&address).await;
        let connection = connection.map_err(|error| Error::Unreachable(address.clone(), error))?;
        Ok(Self {
            connection,
            accounts: accounts.clone(),
            address,
            headers: plan.target.headers.clone(),
            run: plan.run.clone(),
            draft: Draft::default(),
        })
    }

    async fn prepare(mut self, nth: usize) -> Result<Self, Error> {
        let mut has = self.balance(nth).await?;
        if has.is_none() {
            self.open(nth).await?;
        }
        if has.is_none_or(|has| has < ENOUGH) {
            for (number, (credits, class, expires_at)) in LOTS.iter().enumerate() {
                let body = json!({
                    "credits": credits, "class": class, "expires_at": expires_at,
                    "reason": "for a benchmark",
                });
                let mut draft = std::mem::take(&mut self.draft);
                draft.of_account("/credits", |id| self.accounts.id(id, nth));
                draft.key.extend_from_slice(format!("{}-lot-{number}", self.run).as_bytes());
                self.send(draft, &without_null(body)).await?;
            }
            has = self.balance(nth).await?;
        }
        let before = has.ok_or_else(|| Error::Odd("the balance of a new account".to_owned()))?;
        if let Some(book) = self.accounts.book(nth) {
            book.before.store(before, Ordering::Relaxed);
        }
        Ok(self)
    }

    async fn open(&mut self, nth: usize) -> Result<(), Error> {
        let id = String::from_utf8_lossy(&self.id(nth)).into_owned();
        let mut draft = std::mem::take(&mut self.draft);
        draft.of_path("/v1/accounts");
        draft.key.extend_from_slice(format!("{}-open", self.run).as_bytes());
        self.send(draft, &json!({ "id": id })).await
    }

    /// What remains of an account, held credits included; nothing if there is no such account.
    pub(crate) async fn balance(&mut self, nth: usize) -> Result<Option<u64>, Error> {
        let mut draft = std::mem::take(&mut self.draft);
        draft.of_account("/balance", |id| self.accounts.id(id, nth));
        let status = self.ask(&mut draft).await?;
        self.draft = draft;
        match status {
            200 => {}
            404 => return Ok(None),
            status => return Err(self.refused("a balance", status)),
        }
        let balance: Value = serde_json::from_slice(self.connection.body()).unwrap_or_default();
        let credits = |name: &str| balance.get(name).and_then(Value::as_u64);
        let all = credits("available").zip(credits("held"));
        let all = all.and_then(|(available, held)| available.checked_add(held));
        all.map(Some)
            .ok_or_else(|| Error::Odd("a balance, which should be of whole credits".to_owned()))
    }

    async fn send(&mut self, mut draft: Draft, body: &Value) -> Result<(), Error> {
        draft.body.extend_from_slice(body.to_string().as_bytes());
        let status = self.ask(&mut draft).await?;
        if !(200..300).contains(&status) {
            let what = String::from_utf8_lossy(&draft.path).into_owned();
            return Err(self.refused(&what, status));
        }
        self.draft = draft;
        Ok(())
    }

    async fn ask(&mut self, draft: &mut Draft) -> Result<u16, Error> {
        let mut attempt = 1_u32;
        loop {
            let asked = self.connection.ask(draft.bytes(&self.headers)).await;
            let status = asked.map_err(|error| Error::Unreachable(self.address.clone(), error))?;
            if status != TOO_MANY || attempt >= ATTEMPTS {
                return Ok(status);
            }
            attempt = attempt.saturating_add(1);
            tokio::time::sleep(PAUSE).await;
        }
    }

    fn refused(&self, what: &str, status: u16) -> Error {
        let problem: Value = serde_json::from_slice(self.connection.body()).unwrap_or_default();
        let text =
            |name: &str| problem.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        Error::Refused { what: what.to_owned(), status, code: text("code"), detail: text("detail") }
    }

    pub(crate) fn id(&self, nth: usize) -> Vec<u8> {
        let mut id = Vec::new();
        self.accounts.id(&mut id, nth);
        id
    }
}

/// An object without the fields that are null.
fn without_null(mut body: Value) -> Value {
    if let Some(fields) = body.as_object_mut() {
        fields.retain(|_, value| !value.is_null());
    }
    body
}
