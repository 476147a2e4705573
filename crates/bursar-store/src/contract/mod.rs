//! What every store must do: one suite for all of them.
//!
//! A store's tests name a [`Place`] and call [`store_contract!`](crate::store_contract), which makes a
//! test of each rule:
//!
//! ```text
//! bursar_store::store_contract!(MyPlace::new());
//! ```
//!
//! The entries come from the rules themselves, through a [`Clerk`] that does what the engine does,
//! without its speed.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test suite, in a crate of its own only because several crates run it"
)]

mod ask;
mod catalog;
mod clerk;
mod commits;
mod money;
mod random;
mod reading;
mod sharing;
mod storage;
mod storage_work;
mod tables;
mod work;

use std::sync::Arc;

use async_trait::async_trait;

use crate::Store;

pub use ask::{Ask, payment_id, reference};
pub use catalog::catalog;
pub use clerk::{Clerk, Outcome};
pub use commits::*;
pub use money::*;
pub use random::*;
pub use reading::*;
pub use sharing::*;
pub use storage::*;
pub use storage_work::keep_details;
pub use tables::*;
pub use work::Work;

/// Where a store keeps its data.
#[async_trait]
pub trait Place: Send + Sync {
    /// Opens it, empty at first; later it has what was there when it was closed.
    async fn open(&self) -> Arc<dyn Store>;
}

/// Makes a test of each rule of the contract. Takes an expression of a fresh [`contract::Place`].
///
/// [`contract::Place`]: crate::contract::Place
#[macro_export]
macro_rules! store_contract {
    ($place:expr) => {
        $crate::store_contract! { $place =>
            an_unknown_account_is_none,
            a_commit_is_seen_at_once,
            batches_in_a_row_see_each_other,
            an_abandoned_batch_leaves_nothing,
            a_batch_that_no_command_makes_is_refused,
            a_key_is_found_after_its_commit,
            a_key_is_found_by_who_joins,
            a_key_belongs_to_its_account,
            an_account_has_one_writer,
            a_closed_store_refuses,
            statements_come_in_pages,
            a_spend_has_all_its_events,
            the_journal_comes_in_pages,
            the_end_comes_before_what_is_new,
            due_accounts_come_longest_due_first,
            work_is_claimed_once,
            of_thousands_each_is_claimed_once,
            what_rests_is_taken_when_there_is_news,
            waiting_accounts_are_claimed,
            a_payment_is_followed_to_its_end,
            a_refund_is_found_by_its_id,
            accounts_that_ask_are_listed,
            documents_come_in_pages,
            legal_numbers_have_no_gaps,
            a_file_is_followed_to_its_end,
            files_come_in_pages_while_they_come_and_go,
            a_purged_vault_is_listed_until_it_is_certified,
            accounts_that_erase_are_listed,
            asset_details_are_kept_and_erased,
            contacts_are_kept_and_erased,
            billing_details_are_revised,
            api_keys_are_found_by_their_hash,
            of_several_defaults_one_wins,
            a_setting_is_replaced,
            of_several_who_replace_a_setting_one_wins,
            catalogs_are_noted_once,
            a_portal_link_is_used_once,
            portal_sessions_end,
            a_thousand_accounts_pass_the_audit,
            random_work_leaves_the_same_everywhere,
        }
    };
    ($place:expr => $($rule:ident),* $(,)?) => {
        $(
            #[tokio::test(flavor = "multi_thread")]
            async fn $rule() {
                $crate::contract::$rule(&$place).await;
            }
        )*
    };
}
