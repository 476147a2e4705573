//! What mails say beyond their event: read for an entry before its mails are made.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use bursar_core::account::documents::record::DocumentRecord;
use bursar_core::account::event::Event;
use bursar_core::account::notices::NoticeKind;
use bursar_core::account::payments::Purchase;
use bursar_core::account::payments::record::PaymentRecord;
use bursar_core::account::{Account, apply};
use bursar_core::id::{AccountId, DocumentId, PaymentId};
use bursar_core::time::Timestamp;
use bursar_store::{Entry, JournalPosition, Store, StoreError};

/// As many events are read of an account's history at once.
const PAGE: usize = 4_096;

/// The facts around an entry.
pub(super) struct Known {
    /// The account at present.
    pub(super) account: Arc<Account>,
    /// The account as it was after an event, by its version.
    pub(super) states: BTreeMap<u64, Arc<Account>>,
    pub(super) documents: HashMap<DocumentId, DocumentRecord>,
    pub(super) payments: HashMap<PaymentId, PaymentRecord>,
    /// When payments that wait for the customer are given up.
    pub(super) expiries: HashMap<PaymentId, Timestamp>,
}

/// Which facts an entry's mails take.
#[derive(Default)]
struct Needs {
    documents: BTreeSet<DocumentId>,
    payments: BTreeSet<PaymentId>,
    waiting: BTreeSet<PaymentId>,
    states: BTreeSet<u64>,
}

impl Known {
    /// Reads what the mails of `entry` take; `None` if there is no such account.
    pub(super) async fn of(store: &dyn Store, entry: &Entry) -> Result<Option<Self>, StoreError> {
        let id = &entry.account;
        let mut needs = Needs::of(entry);
        let Some(account) = store.account(id).await? else {
            return Ok(None);
        };
        let mut documents = HashMap::new();
        for document in needs.documents {
            match store.document(id, document).await? {
                Some(row) => _ = documents.insert(document, row.record),
                None => tracing::error!(account = %id, %document, "a mail's document is missing"),
            }
        }
        let (mut payments, mut expiries) = (HashMap::new(), HashMap::new());
        for payment in needs.payments {
            let Some(row) = store.payment(id, payment).await? else {
                tracing::error!(account = %id, %payment, "a mail's payment is missing");
                continue;
            };
            if needs.waiting.contains(&payment) && !row.record.on_session {
                let expiry = expiry(store, row.asked, payment).await?;
                expiries.extend(expiry.map(|at| (payment, at)));
            }
            payments.insert(payment, row.record);
        }
        let topup_failed = entry.versions().filter(|(_, recorded)| {
            let Event::PaymentFailed { payment, .. } = &recorded.event else {
                return false;
            };
            let of_topup = |payment: &PaymentRecord| {
                matches!(payment.order.purchase, Purchase::Topup { automatic: true, .. })
            };
            payments.get(payment).is_some_and(of_topup)
        });
        needs.states.extend(topup_failed.map(|(version, _)| version));
        let states = states(store, &account, needs.states).await?;
        Ok(Some(Self { account, states, documents, payments, expiries }))
    }
}

impl Needs {
    fn of(entry: &Entry) -> Self {
        let mut needs = Self::default();
        for (version, recorded) in entry.versions() {
            match &recorded.event {
                Event::InvoicePaid { document, .. } | Event::RenewalUnpaid { document, .. } => {
                    needs.documents.insert(*document);
                }
                Event::CreditNoteIssued { corrects, .. } => {
                    needs.documents.insert(*corrects);
                }
                Event::PaymentFailed { payment, .. } | Event::PaymentAbandoned { payment } => {
                    needs.payments.insert(*payment);
                }
                Event::PaymentProgressed { payment, requires_action: true, .. } => {
                    needs.payments.insert(*payment);
                    needs.waiting.insert(*payment);
                }
                Event::NoticeGiven {
                    notice: NoticeKind::AnnualRenewal | NoticeKind::Ending,
                    ..
                } => {
                    needs.states.insert(version);
                }
                _ => {}
            }
        }
        needs
    }
}

/// When a payment is given up if its customer doesn't confirm it: what the event that asked for it says.
async fn expiry(
    store: &dyn Store,
    asked: JournalPosition,
    id: PaymentId,
) -> Result<Option<Timestamp>, StoreError> {
    let entry = entry_at(store, asked).await?;
    let events = entry.iter().flat_map(|entry| &entry.events);
    Ok(events.into_iter().find_map(|recorded| match &recorded.event {
        Event::PaymentRequested { payment, expires_at, .. } if *payment == id => Some(*expires_at),
        _ => None,
    }))
}

/// The entry of a position.
pub(super) async fn entry_at(
    store: &dyn Store,
    position: JournalPosition,
) -> Result<Option<Arc<Entry>>, StoreError> {
    let JournalPosition { commit, index } = position;
    let before = match index.checked_sub(1) {
        Some(index) => JournalPosition { commit, index },
        None => JournalPosition { commit: commit.saturating_sub(1), index: u32::MAX },
    };
    let found = store.journal(before, 1).await?.pop();
    Ok(found.filter(|(found, _)| *found == position).map(|(_, entry)| entry))
}

/// The account as it was at some versions. What happened since is left out of a mail: it has mails of
/// its own. Usually nothing has; if it has, the history is folded up to there.
async fn states(
    store: &dyn Store,
    present: &Arc<Account>,
    mut versions: BTreeSet<u64>,
) -> Result<BTreeMap<u64, Arc<Account>>, StoreError> {
    let mut states = BTreeMap::new();
    if versions.remove(&present.version) {
        states.insert(present.version, Arc::clone(present));
    }
    let Some(last) = versions.last().copied() else {
        return Ok(states);
    };
    let mut folded: Option<Account> = None;
    loop {
        let version = folded.as_ref().map_or(0, |account| account.version);
        let page = store.history(&present.id, version, PAGE).await?;
        if page.is_empty() {
            return Ok(states);
        }
        for event in page {
            let recorded = &event.recorded;
            match &mut folded {
                None => folded = apply::first(&present.id, recorded.at, &recorded.event),
                Some(account) => apply::apply(account, recorded.at, &recorded.event),
            }
            let Some(account) = &folded else {
                return Err(damaged(&present.id));
            };
            if versions.contains(&account.version) {
                states.insert(account.version, Arc::new(account.clone()));
            }
            if account.version >= last {
                return Ok(states);
            }
        }
    }
}

fn damaged(id: &AccountId) -> StoreError {
    StoreError::Damaged(format!("the history of {id} doesn't begin with its opening"))
}
