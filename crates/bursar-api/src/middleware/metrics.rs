//! Requests by route and status, for Prometheus.

use std::time::Duration;

use axum::http::{Method, StatusCode};
use bursar_engine::metrics::Metrics;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Unit;

/// A request by what it asked for and what it got.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    method: &'static str,
    route: String,
    status: u16,
}

/// A route, whatever it answered.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabels {
    method: &'static str,
    route: String,
}

/// What is counted of requests.
#[derive(Clone, Debug)]
pub(crate) struct HttpMetrics {
    requests: Family<RequestLabels, Counter>,
    durations: Family<RouteLabels, Histogram>,
}

impl HttpMetrics {
    /// New metrics, in the engine's registry.
    pub(crate) fn register(metrics: &Metrics) -> Self {
        let histogram: fn() -> Histogram =
            || Histogram::new(exponential_buckets(0.000_25, 2.0, 14));
        let requests = Family::default();
        let durations = Family::new_with_constructor(histogram);
        let own = Self { requests, durations };
        metrics.register(|registry| {
            registry.register("http_requests", "Requests by status", own.requests.clone());
            let help = "Time to reply";
            let durations = own.durations.clone();
            registry.register_with_unit("http_request_duration", help, Unit::Seconds, durations);
        });
        own
    }

    /// Counts one request.
    pub(crate) fn observe(&self, method: &Method, route: &str, status: StatusCode, took: Duration) {
        let method = super::outermost::method_label(method);
        let labels = RouteLabels { method, route: route.to_owned() };
        self.durations.get_or_create(&labels).observe(took.as_secs_f64());
        let RouteLabels { method, route } = labels;
        let labels = RequestLabels { method, route, status: status.as_u16() };
        self.requests.get_or_create(&labels).inc();
    }
}
