//! Storage in use.

use crate::charts::donut::Donut;
use crate::session::Customer;

/// Storage in use.
pub(super) struct StorageCard {
    pub(super) chart: Donut,
    pub(super) used: String,
    /// Empty if nothing is being uploaded.
    pub(super) reserved: String,
    pub(super) quota: String,
    pub(super) free: String,
}

impl StorageCard {
    /// The storage of a customer who has some, or could have.
    pub(super) fn of(customer: &Customer) -> Option<Self> {
        let (account, locale) = (customer.account(), &customer.locale);
        let (storage, quota) = (&account.storage, account.storage_quota());
        let taken = storage.used_bytes.saturating_add(storage.reserved_bytes);
        if quota == 0 && taken == 0 {
            return None;
        }
        let whole = quota.max(taken);
        let percent = u128::from(taken).saturating_mul(100) / u128::from(whole.max(1));
        let of = if quota == 0 { String::new() } else { format!("of {}", locale.bytes(quota)) };
        let description = format!("{} used {of}, {percent} percent.", locale.bytes(taken));
        let parts = [("plan", storage.used_bytes), ("held", storage.reserved_bytes)];
        let middle = [format!("{percent}%"), "in use".to_owned()];
        Some(Self {
            chart: Donut::new("Your storage", &parts, whole, description, middle),
            used: locale.bytes(storage.used_bytes),
            reserved: match storage.reserved_bytes {
                0 => String::new(),
                bytes => locale.bytes(bytes),
            },
            quota: locale.bytes(quota),
            free: locale.bytes(quota.saturating_sub(taken)),
        })
    }
}
