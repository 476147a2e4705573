//! Counting files whose bytes the app keeps.

use alloc::vec::Vec;

use super::check_new;
use crate::Context;
use crate::account::Account;
use crate::account::command::RegisterExternal;
use crate::account::event::Event;
use crate::catalog::Catalog;
use crate::id::AssetId;
use crate::rejection::Rejection;

impl RegisterExternal {
    /// Counts a file against the quota that isn't uploaded here.
    ///
    /// # Errors
    /// As [`ReserveUpload`](crate::account::command::ReserveUpload), without the limit of a single
    /// upload.
    pub fn decide(
        &self,
        account: &Account,
        catalog: &Catalog,
        context: &Context,
    ) -> Result<Vec<Event>, Rejection> {
        check_new(account, catalog, self.kind, self.bytes)?;
        Ok(alloc::vec![Event::AssetStored {
            asset: AssetId::generate(context),
            kind: self.kind,
            bytes: self.bytes,
            external: true,
            attempt: 0,
            reserved_bytes: 0,
            reference: self.reference.clone(),
            vault: account.storage.vault,
        }])
    }
}
