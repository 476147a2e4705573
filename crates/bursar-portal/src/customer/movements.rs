//! Movements of credits, read from the statement for charts and lists.

use bursar_core::credits::Credits;
use bursar_core::id::AccountId;
use bursar_core::statement::StatementKind;
use bursar_core::time::Timestamp;
use bursar_engine::{Engine, Failure};
use bursar_store::StatementRow;

/// Lines that are read at once.
const CHUNK: usize = 500;

/// A line of the statement, with what it means for what is spent.
#[derive(Clone, Debug)]
pub(crate) struct Movement {
    pub(crate) row: StatementRow,
    /// What is spent for good with it; negative for a refund. A hold spends nothing: its capture does.
    pub(crate) spent: Credits,
}

/// Movements of a stretch of time.
pub(crate) struct Movements {
    /// Newest first.
    pub(crate) all: Vec<Movement>,
    /// Are there older ones in the same stretch, which weren't read?
    pub(crate) more: bool,
}

/// The movements since `from` of versions below `before`, at most `most`.
///
/// # Errors
/// [`Failure::Unavailable`].
pub(crate) async fn since(
    engine: &Engine,
    account: &AccountId,
    from: Timestamp,
    before: Option<u64>,
    most: usize,
) -> Result<Movements, Failure> {
    let mut rows: Vec<StatementRow> = Vec::new();
    let mut cursor = before;
    loop {
        let chunk = engine.statement(account, cursor, CHUNK).await?;
        let is_last = chunk.len() < CHUNK;
        cursor = chunk.last().map(|row| row.version);
        rows.extend(chunk);
        let reached = rows.last().is_none_or(|row| row.line.at < from);
        if is_last || reached || rows.len() > most {
            break;
        }
    }
    let within = rows.iter().take_while(|row| row.line.at >= from).count();
    let count = within.min(most);
    let all = (0..count).filter_map(|place| {
        let row = rows.get(place)?;
        let older = rows.get(place.saturating_add(1)).map(|older| &older.line);
        Some(Movement { spent: spent(row, older.map(total)), row: row.clone() })
    });
    Ok(Movements { all: all.collect(), more: within > most })
}

/// What can be spent and what is held, after a line.
fn total(line: &bursar_core::statement::StatementLine) -> Credits {
    line.available_after.plus(line.held_after)
}

/// What a line spends for good: by how much everything that there was became less. `before` is what
/// there was, unless it isn't known; then a capture says nothing.
fn spent(row: &StatementRow, before: Option<Credits>) -> Credits {
    use StatementKind::{
        Adjustment, Allowance, Capture, Charge, Expiry, Hold, Refund, Release, Timeout, Topup,
        Upgrade,
    };
    let line = &row.line;
    match line.kind {
        Charge | Refund => line.credits.negated(),
        Capture => before.map_or(Credits::ZERO, |before| before.minus(total(line))),
        // What a hold gives back to an expired lot expires; it isn't spent.
        Adjustment | Allowance | Expiry | Hold | Release | Timeout | Topup | Upgrade => {
            Credits::ZERO
        }
    }
}

/// The version at which an account came to `at`: lines below it are earlier. Found in few reads however
/// long the history is, because times never go back.
///
/// # Errors
/// [`Failure::Unavailable`].
pub(crate) async fn version_at(
    engine: &Engine,
    account: &AccountId,
    newest: u64,
    at: Timestamp,
) -> Result<u64, Failure> {
    // Every line of a version below `low` is earlier, none of `high` or above is.
    let (mut low, mut high) = (1, newest.saturating_add(1));
    while low < high {
        let middle = low + (high - low) / 2;
        let found = engine.statement(account, Some(middle.saturating_add(1)), 1).await?;
        match found.first() {
            Some(row) if row.line.at >= at => high = row.version,
            _ => low = middle + 1,
        }
    }
    Ok(low)
}
