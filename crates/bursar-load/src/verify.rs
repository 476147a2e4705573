//! Was what was used what was acknowledged?

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::accounts::{Accounts, Clerk};
use crate::error::Error;
use crate::plan::Plan;
use crate::report::Verdict;

/// So many accounts that are wrong are named.
const NAMED: usize = 10;

/// What is found while accounts are asked.
#[derive(Default)]
struct Found {
    used: AtomicU64,
    wrong: AtomicU64,
    named: Mutex<Vec<String>>,
}

/// Asks every account that was asked to spend for what it has, and compares.
pub(crate) async fn verify(plan: &Plan, accounts: &Accounts) -> Result<Verdict, Error> {
    let found = Arc::new(Found::default());
    let kept = Arc::clone(&found);
    accounts
        .each(plan, move |clerk, nth| {
            let found = Arc::clone(&kept);
            async move { compare(clerk, nth, &found).await }
        })
        .await?;
    let sum = |of: fn(&crate::accounts::Book) -> &AtomicU64| {
        accounts.books().map(|book| of(book).load(Ordering::Relaxed)).sum::<u64>()
    };
    let (asked, acknowledged, refused) =
        (sum(|book| &book.asked), sum(|book| &book.acknowledged), sum(|book| &book.refused));
    let named = found.named.lock().unwrap_or_else(PoisonError::into_inner).clone();
    Ok(Verdict {
        acknowledged,
        unknown: asked.saturating_sub(acknowledged).saturating_sub(refused),
        used: found.used.load(Ordering::Relaxed),
        wrong: found.wrong.load(Ordering::Relaxed),
        named,
    })
}

async fn compare(mut clerk: Clerk, nth: usize, found: &Found) -> Result<Clerk, Error> {
    let Some(book) = clerk.accounts.clone().book(nth).map(read) else { return Ok(clerk) };
    if book.asked == 0 {
        return Ok(clerk);
    }
    let now = clerk.balance(nth).await?.unwrap_or(0);
    let used = book.before.saturating_sub(now);
    found.used.fetch_add(used, Ordering::Relaxed);
    let most = book.asked.saturating_sub(book.refused);
    if now > book.before || used < book.acknowledged || used > most {
        found.wrong.fetch_add(1, Ordering::Relaxed);
        let mut named = found.named.lock().unwrap_or_else(PoisonError::into_inner);
        if named.len() < NAMED {
            let id = String::from_utf8_lossy(&clerk.id(nth)).into_owned();
            let acknowledged = book.acknowledged;
            let before = book.before;
            named.push(format!(
                "{id} had {before} and has {now}; {acknowledged} were acknowledged, {most} at most were spent"
            ));
        }
    }
    Ok(clerk)
}

/// A book as it is now.
struct Page {
    before: u64,
    asked: u64,
    acknowledged: u64,
    refused: u64,
}

fn read(book: &crate::accounts::Book) -> Page {
    Page {
        before: book.before.load(Ordering::Relaxed),
        asked: book.asked.load(Ordering::Relaxed),
        acknowledged: book.acknowledged.load(Ordering::Relaxed),
        refused: book.refused.load(Ordering::Relaxed),
    }
}
