//! Storage in use, by kind, with the largest files.

use bursar_core::catalog::AssetKind;
use bursar_store::{AssetFilter, AssetOrder};

use crate::charts::donut::Donut;
use crate::page::problem::PageProblem;
use crate::session::Customer;
use crate::state::Portal;

/// How many of the largest files are named.
const LARGEST: usize = 3;

/// Storage in use.
pub(super) struct StorageCard {
    pub(super) chart: Donut,
    /// What is used, by kind, with the class of its colour; nothing for kinds of which there is none.
    pub(super) kinds: Vec<Kind>,
    pub(super) free: String,
    pub(super) quota: String,
    pub(super) largest: Vec<Large>,
}

pub(super) struct Kind {
    pub(super) class: &'static str,
    pub(super) label: &'static str,
    pub(super) bytes: String,
}

/// A large file.
pub(super) struct Large {
    pub(super) name: String,
    pub(super) bytes: String,
}

impl StorageCard {
    /// The storage of a customer who has some, or could have.
    ///
    /// # Errors
    /// [`PageProblem`] if the files can't be listed.
    pub(super) async fn of(
        customer: &Customer,
        portal: &Portal,
    ) -> Result<Option<Self>, PageProblem> {
        let (account, locale) = (customer.account(), &customer.locale);
        let (storage, quota) = (&account.storage, account.storage_quota());
        let taken = storage.taken();
        if quota == 0 && taken == 0 {
            return Ok(None);
        }
        let mut parts: Vec<(&'static str, &'static str, u64)> = Vec::new();
        for (kind, stored) in storage.kinds.iter() {
            let (class, label) = words(kind);
            parts.push((class, label, stored.bytes));
        }
        parts.push(("f-held", "Being uploaded", storage.reserved_bytes));
        parts.retain(|(.., bytes)| *bytes > 0);
        let whole = quota.max(taken);
        let percent = u128::from(taken).saturating_mul(100) / u128::from(whole.max(1));
        let of = if quota == 0 { String::new() } else { format!(" of {}", locale.bytes(quota)) };
        let description = format!("{} used{of}, {percent} percent.", locale.bytes(taken));
        let arcs: Vec<_> = parts.iter().map(|(class, _, bytes)| (*class, *bytes)).collect();
        let middle = [locale.bytes(taken), format!("{percent}% in use")];
        let kinds = parts.iter().map(|(class, label, bytes)| Kind {
            class,
            label,
            bytes: locale.bytes(*bytes),
        });
        Ok(Some(Self {
            chart: Donut::new("Your storage", &arcs, whole, description, middle),
            kinds: kinds.collect(),
            free: locale.bytes(quota.saturating_sub(taken)),
            quota: locale.bytes(quota),
            largest: largest(customer, portal).await?,
        }))
    }
}

const fn words(kind: AssetKind) -> (&'static str, &'static str) {
    match kind {
        AssetKind::Image => ("c0", "Images"),
        AssetKind::Video => ("c1", "Videos"),
        AssetKind::Export => ("c2", "Exports"),
        AssetKind::Vault => ("c3", "Vault"),
    }
}

async fn largest(customer: &Customer, portal: &Portal) -> Result<Vec<Large>, PageProblem> {
    let account = customer.account();
    if account.storage.assets() == 0 {
        return Ok(Vec::new());
    }
    let store = portal.engine().store();
    let filter = AssetFilter { vault: account.storage.vault, kind: None, stored_only: true };
    let rows = store.assets(&account.id, filter, AssetOrder::Largest, None, LARGEST).await?;
    let ids: Vec<_> = rows.iter().map(|row| row.record.id).collect();
    let details = store.asset_details(&account.id, &ids).await?;
    let large = |row: &bursar_store::AssetRow| {
        let known = details.iter().find(|(id, _)| *id == row.record.id);
        let name = known.map(|(_, details)| details.name.clone()).filter(|name| !name.is_empty());
        Large {
            name: name.unwrap_or_else(|| row.record.id.to_string()),
            bytes: customer.locale.bytes(row.record.bytes),
        }
    };
    Ok(rows.iter().map(large).collect())
}
