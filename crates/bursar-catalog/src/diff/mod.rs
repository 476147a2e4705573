//! What a new catalog changes, and for whom.
//!
//! A subscription pins its price, allowance and storage and reads them again when it renews.
//! Features and the rate card are read from the catalog in force; open quotes and holds keep the
//! rate they pinned. Seller, tax and documents are read when something is billed; what is issued
//! stays as it is.

mod billing;
mod change;
mod keyed;
mod operations;
mod plans;
mod policies;

use bursar_core::catalog::{Catalog, Feature, Pack};

pub use change::{Change, ChangeKind, Effect};

use change::Changes;

/// Every change from `before` to `after`, in the order of the catalog; empty if they say the same
/// (their versions, which follow from the rest, are not compared).
pub fn diff(before: &Catalog, after: &Catalog) -> Vec<Change> {
    // Taken apart in full, so that a new field of the catalog can't be forgotten here.
    let Catalog {
        version: _,
        name,
        support_email,
        currency,
        features,
        plans,
        packs,
        operations,
        policies,
        seller,
        tax,
        documents,
        signup_url,
    } = before;
    let mut changes = Changes::default();
    let mut product = changes.at("product", "Product");
    product.compare("name", "name", (name, &after.name), Effect::Pages);
    let emails = (support_email, &after.support_email);
    product.compare("support_email", "support address", emails, Effect::Pages);
    product.compare("currency", "currency", (currency, &after.currency), Effect::NextRenewal);
    let urls = (signup_url, &after.signup_url);
    product.compare_option("signup_url", "sign-up address", urls, Effect::Pages);
    self::features(&mut changes, features, &after.features);
    plans::compare(&mut changes, (before, plans), (after, &after.plans));
    self::packs(&mut changes, packs, &after.packs);
    operations::compare(&mut changes, operations, &after.operations);
    policies::compare(&mut changes, policies, &after.policies);
    billing::seller(&mut changes, seller, &after.seller);
    billing::tax(&mut changes, tax, &after.tax);
    billing::documents(&mut changes, documents, &after.documents);
    changes.into_vec()
}

/// The changes as text, one a line; `No difference.` if there are none. Ends with a line break.
pub fn describe(changes: &[Change]) -> String {
    if changes.is_empty() {
        return "No difference.\n".to_owned();
    }
    changes.iter().map(|change| format!("{change}\n")).collect()
}

fn features(changes: &mut Changes, before: &[Feature], after: &[Feature]) {
    let pairs = keyed::pairs(before, after, |feature| &feature.key);
    changes.at("features", "Features").order(&pairs, Effect::Pages);
    for pair in pairs.list {
        let Feature { key, name } = pair.either();
        let mut at = changes.at(format!("features.{key}"), format!("Feature {name}"));
        match pair.both() {
            Ok((before, after)) => {
                at.compare("name", "name", (&before.name, &after.name), Effect::Pages);
            }
            Err(presence) => at.presence(presence, Effect::Pages),
        }
    }
}

fn packs(changes: &mut Changes, before: &[Pack], after: &[Pack]) {
    let pairs = keyed::pairs(before, after, |pack| &pack.key);
    changes.at("packs", "Packs").order(&pairs, Effect::Pages);
    for pair in pairs.list {
        let Pack { key, name, credits, price } = pair.either();
        let mut at = changes.at(format!("packs.{key}"), format!("Pack {name}"));
        match pair.both() {
            Ok((_, after)) => {
                at.compare("name", "name", (name, &after.name), Effect::Pages);
                at.compare("credits", "credits", (credits, &after.credits), Effect::NextPurchase);
                at.compare("price", "price", (price, &after.price), Effect::NextPurchase);
            }
            Err(presence) => {
                at.presence(presence, presence.choose(Effect::ForSale, Effect::ClosedPack))
            }
        }
    }
}
