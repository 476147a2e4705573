//! What operators watch of the embedded store, asked for whenever metrics are read.

use std::fmt;
use std::sync::Arc;

use bursar_engine::metrics::Metrics;
use bursar_sqlite::SqliteStore;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::gauge::ConstGauge;

/// Adds the store's metrics to the engine's.
pub(super) fn register(metrics: &Metrics, store: &Arc<SqliteStore>) {
    let collector = Box::new(StoreMetrics(Arc::clone(store)));
    metrics.register(|registry| registry.register_collector(collector));
}

struct StoreMetrics(Arc<SqliteStore>);

impl Collector for StoreMetrics {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let lag = self.0.lag();
        let gauge = |number: usize| ConstGauge::new(i64::try_from(number).unwrap_or(i64::MAX));
        for (name, help, value) in [
            (
                "views_lag_entries",
                "Journal entries that the views don't have yet.",
                gauge(lag.entries),
            ),
            ("views_lag_bytes", "Encoded bytes of those entries.", gauge(lag.bytes)),
            (
                "views_trouble",
                "1 while the views can't be written, else 0.",
                gauge(usize::from(lag.trouble.is_some())),
            ),
        ] {
            let metric = encoder.encode_descriptor(name, help, None, value.metric_type())?;
            value.encode(metric)?;
        }
        Ok(())
    }
}

impl fmt::Debug for StoreMetrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("StoreMetrics").field(&self.0.lag()).finish()
    }
}
