//! What the mailer counts.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;

use crate::metrics::Metrics;

/// A mail and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct MailLabels {
    occasion: &'static str,
    outcome: &'static str,
}

/// The mailer's metrics.
#[derive(Clone, Debug, Default)]
pub(super) struct MailMetrics {
    mails: Family<MailLabels, Counter>,
    /// Mails that are to be tried again.
    pub(super) waiting: Gauge,
    /// The commit up to which the journal is read.
    pub(super) commit: Gauge,
    /// 1 if the transport failed at the last mail.
    pub(super) trouble: Gauge,
}

impl MailMetrics {
    /// In the engine's registry. A second mailer of one engine would be listed twice.
    pub(super) fn new(metrics: &Metrics) -> Self {
        let new = Self::default();
        metrics.register(|registry| {
            registry.register("mails", "Mails by occasion and outcome", new.mails.clone());
            registry.register("mails_waiting", "Mails to be tried again", new.waiting.clone());
            let help = "Journal commit up to which mails are made";
            registry.register("mail_commit", help, new.commit.clone());
            let help = "1 while mails can't be sent";
            registry.register("mail_trouble", help, new.trouble.clone());
        });
        new
    }

    pub(super) fn count(&self, occasion: &'static str, outcome: &'static str) {
        self.mails.get_or_create(&MailLabels { occasion, outcome }).inc();
    }
}
