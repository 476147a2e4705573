//! `/portal/storage`: what is stored, how much room it takes, and how to make room.

pub(super) mod export;
pub(super) mod file;

use std::collections::HashMap;

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use bursar_core::account::command::Command;
use bursar_core::account::state::Subscription;
use bursar_core::account::storage::Stored;
use bursar_core::account::storage::record::{AssetRecord, Stage};
use bursar_core::catalog::AssetKind;
use bursar_core::id::AssetId;
use bursar_core::rejection::{Rejection, StorageRejection};
use bursar_core::time::Timestamp;
use bursar_engine::Failure;
use bursar_store::{AssetCursor, AssetDetails, AssetFilter, AssetOrder};
use serde::Deserialize;

use super::action::envelope;
use super::refusal::Refusal;
use crate::charts::donut::Donut;
use crate::page::html_as;
use crate::page::problem::PageProblem;
use crate::page::shell::{Section, Shell};
use crate::page::words::{date, moment};
use crate::session::{Customer, Note, Submission};
use crate::state::Portal;

/// Files on a page.
const PAGE: usize = 50;

#[derive(Template)]
#[template(path = "customer/storage.html")]
struct StoragePage {
    shell: Shell,
    refusal: Option<Refusal>,
    chart: Donut,
    used: String,
    room: String,
    kinds: Vec<Kind>,
    full: Option<Full>,
    /// How long files are kept after the end, if the plan has ended.
    countdown: Option<String>,
    /// When files were deleted for good, if they were.
    purged: Option<String>,
    is_empty: bool,
    order: &'static str,
    files: Vec<File>,
    more: Option<String>,
}

/// What is stored of one kind.
struct Kind {
    class: &'static str,
    name: &'static str,
    count: String,
    bytes: String,
}

/// That nothing more fits, and the ways out.
struct Full {
    text: String,
    /// A plan that has more room.
    upgrade: Option<(String, String)>,
}

/// A file.
struct File {
    id: String,
    name: String,
    kind: &'static str,
    size: String,
    when: String,
    thumbnail: bool,
    /// Can its content be had here?
    is_here: bool,
    /// What is to be said besides.
    remark: String,
    delete: String,
}

#[derive(Default, Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    order: String,
    #[serde(default)]
    after: String,
}

impl Asked {
    fn order(&self) -> AssetOrder {
        if self.order == "newest" { AssetOrder::Newest } else { AssetOrder::Largest }
    }

    /// `12345.asset_…`
    fn cursor(&self) -> Option<AssetCursor> {
        let (bytes, asset) = self.after.split_once('.')?;
        Some(AssetCursor { asset: asset.parse().ok()?, bytes: bytes.parse().ok()? })
    }
}

/// The page.
pub(super) async fn show(
    State(portal): State<Portal>,
    customer: Customer,
    Query(asked): Query<Asked>,
) -> Result<Response, PageProblem> {
    page(&portal, &customer, &asked, None).await
}

/// Deletes a file.
pub(super) async fn delete(
    State(portal): State<Portal>,
    Submission { customer, form }: Submission,
) -> Result<Response, PageProblem> {
    let gone = || Refusal::conflict("This file is gone already.");
    let asked = Asked { order: form.get("order").to_owned(), after: String::new() };
    let Ok(asset) = form.get("asset").parse::<AssetId>() else {
        return page(&portal, &customer, &asked, Some(gone())).await;
    };
    let command = envelope(&customer, &form, Command::DeleteAsset(asset));
    match portal.engine().execute(command).await {
        Ok(_) => {
            let order = if asked.order == "newest" { "newest" } else { "largest" };
            let page = format!("/portal/storage?order={order}");
            Ok(Note::done("The file is deleted, and its room is free.").on(&page, &portal))
        }
        Err(Failure::Rejected(Rejection::Storage(StorageRejection::NotFound { .. }))) => {
            page(&portal, &customer, &asked, Some(gone())).await
        }
        Err(failure) => {
            let refusal = Refusal::of(failure, &portal, &customer)?;
            page(&portal, &customer, &asked, Some(refusal)).await
        }
    }
}

async fn page(
    portal: &Portal,
    customer: &Customer,
    asked: &Asked,
    refusal: Option<Refusal>,
) -> Result<Response, PageProblem> {
    let (account, locale) = (customer.account(), &customer.locale);
    let (storage, quota) = (&account.storage, account.storage_quota());
    let (files, more) = files(portal, customer, asked).await?;
    let taken = storage.used_bytes.saturating_add(storage.reserved_bytes);
    let day = |at| date(at, &account.zone);
    let countdown = match &account.subscription {
        Subscription::Retention(ended) => Some(format!(
            "Your plan has ended. Your files are kept until {}, {}. Until then you can download and \
             delete them; with a plan they stay.",
            day(ended.purge_at),
            days_left(customer.view.now, ended.purge_at)
        )),
        _ => None,
    };
    let purged = match &account.subscription {
        Subscription::Purged { at } => Some(format!("Your files were deleted on {}.", day(*at))),
        _ => None,
    };
    let reserved = match storage.reserved_bytes {
        0 => String::new(),
        bytes => format!(", {} of it for uploads under way", locale.bytes(bytes)),
    };
    let room = match quota {
        0 => String::new(),
        quota => format!(
            "{} of {} are free{reserved}.",
            locale.bytes(quota.saturating_sub(taken)),
            locale.bytes(quota)
        ),
    };
    let status = refusal.as_ref().map_or(StatusCode::OK, |refusal| refusal.status);
    html_as(
        status,
        &StoragePage {
            shell: Shell::new(portal, customer, Section::Storage, "Storage"),
            refusal,
            chart: chart(customer),
            used: locale.bytes(storage.used_bytes),
            room,
            kinds: kinds(customer),
            full: (quota > 0 && taken >= quota).then(|| full(portal, customer, taken)),
            countdown,
            purged,
            is_empty: files.is_empty(),
            order: if asked.order() == AssetOrder::Newest { "newest" } else { "largest" },
            files,
            more,
        },
    )
}

/// `12 days from now`
fn days_left(now: Timestamp, then: Timestamp) -> String {
    let micros = then.micros().saturating_sub(now.micros()).max(0);
    match micros / 86_400_000_000 {
        0 => "less than a day from now".to_owned(),
        1 => "1 day from now".to_owned(),
        days => format!("{days} days from now"),
    }
}

const KINDS: [(AssetKind, &str, &str); 4] = [
    (AssetKind::Image, "c0", "Images"),
    (AssetKind::Video, "c1", "Videos"),
    (AssetKind::Export, "c2", "Exports"),
    (AssetKind::Vault, "c3", "Asset vault"),
];

fn stored(customer: &Customer, kind: AssetKind) -> Stored {
    let kinds = &customer.account().storage.kinds;
    match kind {
        AssetKind::Image => kinds.image,
        AssetKind::Video => kinds.video,
        AssetKind::Export => kinds.export,
        AssetKind::Vault => kinds.vault,
    }
}

fn chart(customer: &Customer) -> Donut {
    let (account, locale) = (customer.account(), &customer.locale);
    let (storage, quota) = (&account.storage, account.storage_quota());
    let taken = storage.used_bytes.saturating_add(storage.reserved_bytes);
    let whole = quota.max(taken).max(1);
    let percent = u128::from(taken).saturating_mul(100) / u128::from(whole);
    let parts = KINDS.map(|(kind, class, _)| (class, stored(customer, kind).bytes));
    let said = format!("{} in use, {percent} percent.", locale.bytes(taken));
    Donut::new("Your storage", &parts, whole, said, [format!("{percent}%"), "in use".to_owned()])
}

fn kinds(customer: &Customer) -> Vec<Kind> {
    let locale = &customer.locale;
    let shown = KINDS.map(|(kind, class, name)| {
        let Stored { assets, bytes } = stored(customer, kind);
        Kind { class, name, count: locale.count(assets), bytes: locale.bytes(bytes) }
    });
    shown.into()
}

fn full(portal: &Portal, customer: &Customer, taken: u64) -> Full {
    let (catalog, locale) = (portal.catalog(), &customer.locale);
    let roomier = catalog.roomy_plan(taken.saturating_add(1));
    Full {
        text:
            "Nothing new can be made or uploaded until there is room. Delete files that you don't \
               need, the largest come first here."
                .to_owned(),
        upgrade: roomier.map(|plan| {
            let interval = customer.account().live().map_or("month", |live| live.interval.as_str());
            let url = format!("/portal/plan/preview?plan={}&interval={interval}", plan.key);
            (format!("Upgrade to {}: {}", plan.name, locale.bytes(plan.storage_bytes)), url)
        }),
    }
}

/// A page of files, and where the next one is.
async fn files(
    portal: &Portal,
    customer: &Customer,
    asked: &Asked,
) -> Result<(Vec<File>, Option<String>), PageProblem> {
    let (account, store) = (customer.account(), portal.engine().store());
    let filter = AssetFilter { vault: account.storage.vault, kind: None, stored_only: false };
    let order = asked.order();
    let mut rows =
        store.assets(&account.id, filter, order, asked.cursor(), PAGE.saturating_add(1)).await?;
    let there_is_more = rows.len() > PAGE;
    rows.truncate(PAGE);
    let more = rows.last().filter(|_| there_is_more).map(|row| {
        let AssetCursor { asset, bytes } = AssetCursor::of(&row.record);
        let order = if order == AssetOrder::Newest { "newest" } else { "largest" };
        format!("/portal/storage?order={order}&after={bytes}.{asset}")
    });
    let ids: Vec<AssetId> = rows.iter().map(|row| row.record.id).collect();
    let details = store.asset_details(&account.id, &ids).await?;
    let details: HashMap<_, _> = details.into_iter().collect();
    let shown = rows.iter().map(|row| File::of(&row.record, details.get(&row.record.id), customer));
    Ok((shown.collect(), more))
}

impl File {
    fn of(record: &AssetRecord, details: Option<&AssetDetails>, customer: &Customer) -> Self {
        let zone = &customer.account().zone;
        let (when, remark) = match record.stage {
            Stage::Uploading { expires_at } => {
                (String::new(), format!("Being uploaded, until {}", moment(expires_at, zone)))
            }
            Stage::Stored { at, external: true, .. } => {
                (date(at, zone), "Kept by the app".to_owned())
            }
            Stage::Stored { at, .. } => (date(at, zone), String::new()),
        };
        Self {
            id: record.id.to_string(),
            name: details.map_or_else(|| record.id.to_string(), |details| details.name.clone()),
            kind: match record.kind {
                AssetKind::Image => "Image",
                AssetKind::Video => "Video",
                AssetKind::Export => "Export",
                AssetKind::Vault => "Asset vault",
            },
            size: customer.locale.bytes(record.bytes),
            when,
            thumbnail: details.is_some_and(|details| details.thumbnail),
            is_here: record.attempt().is_some(),
            remark,
            delete: format!("delete-{}", record.id),
        }
    }
}
