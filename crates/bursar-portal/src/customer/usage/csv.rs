//! `/portal/usage.csv`: every movement of a month as a table for spreadsheets, streamed.

use std::convert::Infallible;

use axum::body::{Body, Bytes};
use axum::extract::{Query, State};
use axum::http::HeaderValue;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::Response;
use bursar_core::id::AccountId;
use bursar_core::readable::harmless;
use bursar_core::time::Timestamp;
use bursar_engine::Engine;
use bursar_store::StatementRow;
use futures::stream::{Stream, unfold};

use super::{Asked, Filter};
use crate::page::problem::PageProblem;
use crate::session::Customer;
use crate::state::Portal;

/// Lines that are read and sent at once.
const CHUNK: usize = 1_000;

const HEAD: [&str; 13] = [
    "time",
    "kind",
    "operation",
    "model",
    "quality",
    "units",
    "credits",
    "balance_after",
    "held_after",
    "reason",
    "reference",
    "receipt",
    "version",
];

/// The file, newest first. Figures are plain decimals, times RFC 3339 in UTC.
pub(in crate::customer) async fn download(
    State(portal): State<Portal>,
    customer: Customer,
    Query(asked): Query<Asked>,
) -> Result<Response, PageProblem> {
    let filter = Filter::of(&asked, &customer)?;
    let account = customer.account();
    let before = filter.ceiling(&portal, &customer).await?;
    let name = format!("usage-{}.csv", filter.month.key());
    let from = filter.month.start(&account.zone);
    let engine = portal.engine().clone();
    let source = Source { engine, account: account.id.clone(), filter, from, before, is_new: true };
    let mut response = Response::new(Body::from_stream(source.stream()));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8"));
    let name = HeaderValue::try_from(format!("attachment; filename=\"{name}\""));
    headers.insert(CONTENT_DISPOSITION, name.map_err(|error| PageProblem::defect(&error))?);
    Ok(response)
}

/// What is still to be sent.
struct Source {
    engine: Engine,
    account: AccountId,
    filter: Filter,
    from: Timestamp,
    before: Option<u64>,
    is_new: bool,
}

impl Source {
    fn stream(self) -> impl Stream<Item = Result<Bytes, Infallible>> {
        unfold(Some(self), |source| async move {
            let (bytes, rest) = source?.chunk().await?;
            Some((Ok(bytes), rest))
        })
    }

    /// The next part, and what comes after it; `None` if it can't be read: then the file ends early.
    async fn chunk(mut self) -> Option<(Bytes, Option<Self>)> {
        let rows = self.engine.statement(&self.account, self.before, CHUNK).await;
        let rows =
            rows.inspect_err(|error| tracing::warn!(%error, "a CSV file was cut off")).ok()?;
        let is_last = rows.len() < CHUNK || rows.last().is_none_or(|row| row.line.at < self.from);
        self.before = rows.last().map(|row| row.version);
        let mut writer = ::csv::Writer::from_writer(Vec::new());
        if self.is_new {
            writer.write_record(HEAD).ok()?;
        }
        self.is_new = false;
        let within = rows.iter().take_while(|row| row.line.at >= self.from);
        for row in within.filter(|row| self.filter.takes(&row.line)) {
            writer.write_record(record(row)).ok()?;
        }
        let bytes = writer.into_inner().ok()?;
        Some((bytes.into(), (!is_last).then_some(self)))
    }
}

fn record(row: &StatementRow) -> [String; 13] {
    let line = &row.line;
    fn text<T: ToString>(value: &Option<T>) -> String {
        value.as_ref().map_or_else(String::new, ToString::to_string)
    }
    [
        line.at.to_string(),
        line.kind.as_str().to_owned(),
        text(&line.operation),
        text(&line.model),
        text(&line.quality),
        text(&line.units),
        line.credits.to_string(),
        line.available_after.to_string(),
        line.held_after.to_string(),
        harmless(&text(&line.reason)),
        harmless(&text(&line.reference)),
        text(&line.spend),
        row.version.to_string(),
    ]
}
