//! `/portal/storage/{asset}/content` and `…/thumbnail`: files themselves.

use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use bursar_api::content::{self, Asked, NoContent};
use bursar_core::account::storage::record::AssetRecord;
use bursar_core::id::AssetId;

use crate::page::problem::PageProblem;
use crate::session::Customer;
use crate::state::Portal;

/// The content, saved as a file.
pub(in crate::customer) async fn download(
    State(portal): State<Portal>,
    customer: Customer,
    Path(asset): Path<String>,
    request: Request,
) -> Result<Response, PageProblem> {
    let record = find(&portal, &customer, &asset).await?;
    let (engine, id) = (portal.engine(), &customer.visit.account);
    let details = content::details(engine, id, &record).await?;
    let asked = Asked { method: request.method(), headers: request.headers(), inline: false };
    Ok(content::content(engine, id, &record, &details, asked).await?)
}

/// A small picture.
pub(in crate::customer) async fn thumbnail(
    State(portal): State<Portal>,
    customer: Customer,
    Path(asset): Path<String>,
    headers: HeaderMap,
) -> Result<Response, PageProblem> {
    let record = find(&portal, &customer, &asset).await?;
    let (engine, id) = (portal.engine(), &customer.visit.account);
    let details = content::details(engine, id, &record).await?;
    Ok(content::thumbnail(engine, id, &record, &details, &headers).await?)
}

/// A file of the customer that is there.
async fn find(
    portal: &Portal,
    customer: &Customer,
    asset: &str,
) -> Result<AssetRecord, PageProblem> {
    let missing = || PageProblem::not_found("such file").leading("Your files", "/portal/storage");
    let asset: AssetId = asset.parse().map_err(|_| missing())?;
    let row = portal.engine().store().asset(&customer.visit.account, asset).await?;
    // What an earlier vault had is gone, though it may not be erased yet.
    let vault = customer.account().storage.vault;
    row.map(|row| row.record).filter(|record| record.vault == vault).ok_or_else(missing)
}

impl From<NoContent> for PageProblem {
    fn from(why: NoContent) -> Self {
        match why {
            NoContent::External(_) => {
                Self::not_found("such file").leading("Your files", "/portal/storage")
            }
            NoContent::NotUploaded(_) | NoContent::NoThumbnail => Self::not_found("such file"),
            NoContent::Unsatisfiable(_) => Self::new(
                StatusCode::RANGE_NOT_SATISFIABLE,
                "That part isn't there",
                "The file is shorter than what was asked for.",
            ),
            NoContent::Damaged(what) => Self::defect(&what),
            NoContent::Vault(error) => Self::unavailable(&error),
        }
    }
}
