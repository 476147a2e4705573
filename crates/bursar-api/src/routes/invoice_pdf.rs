//! `/v1/accounts/{id}/invoices/{invoice}.pdf`

use axum::http::HeaderValue;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use bursar_core::account::Account;
use bursar_core::account::documents::record::{DocumentKind, DocumentRecord};
use bursar_core::account::payments::record::PaymentRecord;
use bursar_core::id::AccountId;
use bursar_core::time::Timestamp;
use bursar_documents::{Buyer, Document, render};
use bursar_store::DocumentRow;
use utoipa::openapi::path::Paths;

use crate::execute::view;
use crate::openapi::{self, Call};
use crate::problem::{Code, Problem};
use crate::state::ApiState;

/// Download an invoice or a credit note
///
/// As PDF/A-3 with the EN 16931 XML attached; its name is the legal number. The same bytes each time,
/// unless its state of payment changes or the customer's details are erased.
#[utoipa::path(get, path = "/v1/accounts/{id}/invoices/{invoice}.pdf", tag = "payments",
    operation_id = "get_invoice_pdf",
    responses((status = 200, description = "The file", body = Vec<u8>,
        content_type = "application/pdf")))]
#[allow(
    dead_code,
    reason = "it is the document's; a route can't have a suffix, so `show` serves it"
)]
fn download() {}

/// The documentation of the address, which `routes::invoices::show` serves.
pub(super) fn documentation(codes: &[Code]) -> Paths {
    let mut paths = Paths::new();
    paths.add_path_operation(
        <__path_download as utoipa::Path>::path(),
        <__path_download as utoipa::Path>::methods(),
        <__path_download as utoipa::Path>::operation(),
    );
    openapi::complete(&mut paths, Some(bursar_engine::access::Scope::Read), Call::Read, codes);
    paths
}

/// A document as a file.
pub(super) async fn file(
    api: &ApiState,
    account: &AccountId,
    row: DocumentRow,
) -> Result<Response, Problem> {
    let record = row.record;
    let state = view(api, account).await?.account;
    let document = document(api, &state, &record).await?;
    // Laying out and drawing takes a while, which must not keep other requests waiting.
    let drawn = tokio::task::spawn_blocking(move || render(&document)).await;
    let bytes = match drawn {
        Ok(Ok(bytes)) => bytes,
        Ok(Err(error)) => return Err(Problem::internal(&error.to_string())),
        Err(error) => return Err(Problem::internal(&error.to_string())),
    };
    let mut response = bytes.into_response();
    let name = format!("attachment; filename=\"{}.pdf\"", record.number);
    let name = HeaderValue::try_from(name)
        .map_err(|_| Problem::internal("a legal number can't be the name of a file"))?;
    let media_type = HeaderValue::from_static("application/pdf");
    response.headers_mut().insert(CONTENT_TYPE, media_type);
    response.headers_mut().insert(CONTENT_DISPOSITION, name);
    Ok(response)
}

/// The page of a document: its record, with the catalog, the customer and the other document that it
/// names.
async fn document(
    api: &ApiState,
    account: &Account,
    record: &DocumentRecord,
) -> Result<Document, Problem> {
    let store = api.engine().store();
    let catalog = api.catalog_of(record.catalog).await?;
    let catalog = catalog
        .ok_or_else(|| Problem::internal("the catalog that an invoice was issued under is gone"))?;
    let counterpart = match Document::counterpart(record) {
        Some(id) => store.document(&account.id, id).await?.map(|row| row.record),
        None => None,
    };
    let buyer = match store.billing_details(&account.id, record.buyer).await? {
        None => Buyer::unknown(account.id.clone()),
        Some(details) => Buyer {
            name: details.name,
            company: details.company,
            address: details.address,
            country: details.country,
            vat_id: details.vat_id,
            account: account.id.clone(),
        },
    };
    let returned = returned(api, account, record, counterpart.as_ref()).await?;
    let (counterpart, zone) = (counterpart.as_ref(), &account.zone);
    Document::of_record(record, counterpart, zone, &catalog, buyer, returned)
        .map_err(|error| Problem::internal(&error.to_string()))
}

/// When the money of a credit note was returned, if it has been.
async fn returned(
    api: &ApiState,
    account: &Account,
    record: &DocumentRecord,
    invoice: Option<&DocumentRecord>,
) -> Result<Option<Timestamp>, Problem> {
    let (DocumentKind::CreditNote { .. }, Some(paid)) =
        (&record.kind, invoice.and_then(|invoice| invoice.paid.as_ref()))
    else {
        return Ok(None);
    };
    let payment = api.engine().store().payment(&account.id, paid.payment).await?;
    let of_note = |payment: PaymentRecord| {
        let refund = payment.refunds.into_iter().find(|it| it.document == Some(record.id));
        refund.and_then(|refund| refund.outcome?.ok())
    };
    Ok(payment.and_then(|row| of_note(row.record)))
}
