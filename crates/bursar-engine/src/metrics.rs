//! What the engine counts, for Prometheus.

use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

use crate::envelope::{Committed, Failure, Outcome};

/// A command and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CommandLabels {
    command: &'static str,
    outcome: &'static str,
}

/// A question to the payment provider and how it went.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ProviderLabels {
    call: &'static str,
    outcome: &'static str,
}

/// The engine's metrics and the registry that they and others are in.
#[derive(Debug)]
pub struct Metrics {
    registry: parking_lot::Mutex<Registry>,
    commands: Family<CommandLabels, Counter>,
    provider: Family<ProviderLabels, Counter>,
    batch_commands: Histogram,
    batch_seconds: Histogram,
    /// Commands that wait for a writer.
    pub(crate) queued: Gauge,
    /// Accounts that the scheduler advanced.
    pub(crate) advanced: Counter,
    /// Files that were erased from the vault.
    pub(crate) erased: Counter,
    /// Attempts to erase something that failed.
    pub(crate) not_erased: Counter,
    /// Objects that nobody knew and that a sweep erased.
    pub(crate) swept: Counter,
}

impl Metrics {
    /// New metrics, all zero.
    pub fn new() -> Self {
        let commands = Family::<CommandLabels, Counter>::default();
        let provider = Family::<ProviderLabels, Counter>::default();
        let batch_commands = Histogram::new(exponential_buckets(1.0, 2.0, 12));
        let batch_seconds = Histogram::new(exponential_buckets(0.000_05, 2.0, 16));
        let queued = Gauge::default();
        let advanced = Counter::default();
        let mut registry = Registry::with_prefix("bursar");
        registry.register("commands", "Commands by outcome", commands.clone());
        let help = "Questions to the payment provider by outcome";
        registry.register("provider_calls", help, provider.clone());
        let help = "Commands that shared a commit";
        registry.register("batch_commands", help, batch_commands.clone());
        let help = "Time to decide and commit a batch";
        registry.register_with_unit("batch", help, Unit::Seconds, batch_seconds.clone());
        registry.register("queued_commands", "Commands that wait for a writer", queued.clone());
        let help = "Accounts advanced because something fell due";
        registry.register("accounts_advanced", help, advanced.clone());
        let (erased, not_erased) = (Counter::default(), Counter::default());
        let swept = Counter::default();
        registry.register("vault_erased", "Files erased from the vault", erased.clone());
        let help = "Attempts to erase something from the vault that failed";
        registry.register("vault_erase_failures", help, not_erased.clone());
        let help = "Objects of the vault that no account knew and that were erased";
        registry.register("vault_swept", help, swept.clone());
        Self {
            registry: parking_lot::Mutex::new(registry),
            commands,
            provider,
            batch_commands,
            batch_seconds,
            queued,
            advanced,
            erased,
            not_erased,
            swept,
        }
    }

    /// Adds metrics of the layers around the engine.
    pub fn register(&self, add: impl FnOnce(&mut Registry)) {
        add(&mut self.registry.lock());
    }

    /// All metrics in the OpenMetrics text format.
    pub fn render(&self) -> String {
        let mut text = String::new();
        // Writing to a string doesn't fail.
        let _ = prometheus_client::encoding::text::encode(&mut text, &self.registry.lock());
        text
    }

    pub(crate) fn provider_call(&self, call: &'static str, outcome: &'static str) {
        self.provider.get_or_create(&ProviderLabels { call, outcome }).inc();
    }

    /// Counts the commands of a batch. Most came to the same, one after the other, and are counted as one.
    pub(crate) fn commands<'a>(&self, commands: impl Iterator<Item = (&'static str, &'a Outcome)>) {
        let mut same: Option<(CommandLabels, u64)> = None;
        for (command, outcome) in commands {
            let labels = CommandLabels { command, outcome: name(outcome) };
            match &mut same {
                Some((counted, times)) if *counted == labels => *times = times.saturating_add(1),
                _ => self.count(same.replace((labels, 1))),
            }
        }
        self.count(same);
    }

    fn count(&self, commands: Option<(CommandLabels, u64)>) {
        if let Some((labels, times)) = commands {
            self.commands.get_or_create(&labels).inc_by(times);
        }
    }

    pub(crate) fn batch(&self, commands: usize, took: Duration) {
        let commands = i64::try_from(commands).unwrap_or(i64::MAX);
        self.queued.dec_by(commands);
        self.batch_commands.observe(u32::try_from(commands).map_or(f64::MAX, f64::from));
        self.batch_seconds.observe(took.as_secs_f64());
    }
}

/// What became of a command.
fn name(outcome: &Outcome) -> &'static str {
    match outcome {
        Ok(Committed { replayed: false, .. }) => "committed",
        Ok(Committed { replayed: true, .. }) => "replayed",
        Err(Failure::Rejected(rejection)) => rejection.code(),
        Err(Failure::KeyReused) => "key_reused",
        Err(Failure::VersionMismatch { .. }) => "version_mismatch",
        Err(Failure::NothingDue) => "nothing_due",
        Err(Failure::Unknown(_)) => "unknown",
        Err(Failure::Unavailable(_)) => "unavailable",
        Err(Failure::Defect) => "defect",
        Err(Failure::Refused(_)) => "refused",
        Err(Failure::ProviderUnavailable(_) | Failure::ProviderMisconfigured) => {
            "provider_unavailable"
        }
        Err(Failure::ProviderRefused(_)) => "provider_refused",
        Err(Failure::ShuttingDown) => "shutting_down",
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}
