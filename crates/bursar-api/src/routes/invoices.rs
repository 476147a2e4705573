//! `/v1/accounts/{id}/invoices` and what is below it

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use bursar_core::account::command::{Command, RefundTopup};
use bursar_core::id::{AccountId, DocumentId, Reason};
use bursar_core::rejection::{PaymentRejection, Rejection};
use bursar_store::DocumentRow;
use serde::Serialize;
use utoipa::ToSchema;

use crate::documents::PageError;
use crate::execute::{execute, view};
use crate::extract::{AccountPath, Body, InvoicePath, Keyed};
use crate::fields::Fields;
use crate::middleware::auth::Caller;
use crate::page::{Cursor, PageQuery};
use crate::problem::Problem;
use crate::purchase::{self, Told, buy};
use crate::reply;
use crate::return_url::ReturnUrl;
use crate::state::ApiState;
use crate::wire::invoice::InvoiceView;
use crate::wire::refund::{self, MoneyRefunded};

/// Documents, newest first.
#[derive(Debug, Serialize, ToSchema)]
struct InvoicePage {
    /// The documents.
    data: Vec<InvoiceView>,
    /// What to pass as `after` for the next page; null on the last.
    next: Option<String>,
}

/// How an invoice is paid.
#[derive(Debug, ToSchema)]
#[schema(as = PayInvoice)]
#[schema(example = json!({"return_url": "https://app.example/settings/billing"}))]
pub(crate) struct PayBody {
    /// Where the customer goes after the provider's page: https, or http on this machine.
    #[schema(value_type = Option<String>, max_length = 2000, format = "uri")]
    return_url: Option<ReturnUrl>,
}

/// Why money goes back.
#[derive(Debug, ToSchema)]
#[schema(as = RefundMoney)]
#[schema(example = json!({"reason": "bought by mistake"}))]
pub(crate) struct RefundBody {
    /// Why.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 500)]
    pub(super) reason: Option<Reason>,
}

impl PayBody {
    fn parse(mut fields: Fields<'_>) -> Result<Self, Problem> {
        let return_url = fields.parsed("return_url")?;
        fields.finish()?;
        Ok(Self { return_url })
    }
}

impl RefundBody {
    pub(super) fn parse(mut fields: Fields<'_>) -> Result<Self, Problem> {
        let reason = fields.parsed("reason")?;
        fields.finish()?;
        Ok(Self { reason })
    }
}

/// A document of an account.
async fn document(
    api: &ApiState,
    account: &AccountId,
    document: DocumentId,
) -> Result<DocumentRow, Problem> {
    view(api, account).await?;
    let found = api.engine().store().document(account, document).await?;
    found.ok_or_else(|| Rejection::from(PaymentRejection::InvoiceNotFound { document }).into())
}

/// A document as it is shown.
async fn shown(
    api: &ApiState,
    account: &AccountId,
    row: DocumentRow,
) -> Result<InvoiceView, Problem> {
    let catalog = match api.catalog_of(row.record.catalog).await {
        // The figures are right whatever the tax was called.
        Err(PageError::Catalog(version)) => {
            tracing::error!(%version, "a catalog that a document names can't be had");
            Arc::clone(api.engine().catalog())
        }
        found => found?,
    };
    Ok(InvoiceView::of(account, row, &catalog.tax.name))
}

/// List invoices and credit notes
///
/// Newest first.
#[utoipa::path(get, path = "/v1/accounts/{id}/invoices", tag = "payments",
    operation_id = "list_invoices", params(crate::page::PageParams),
    responses((status = 200, description = "Documents, newest first", body = InvoicePage)))]
pub(crate) async fn list(
    State(api): State<ApiState>,
    AccountPath(id): AccountPath,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let PageQuery { limit, after } = PageQuery::parse(query.as_deref())?;
    let before = after.map(|cursor| cursor.document()).transpose()?;
    view(&api, &id).await?;
    // One more than asked for tells whether there is another page.
    let mut rows = api.engine().store().documents(&id, before, limit.saturating_add(1)).await?;
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = rows.last().filter(|_| more).map(|row| Cursor::of_document(row.record.id));
    let mut data = Vec::with_capacity(rows.len());
    for row in rows {
        data.push(shown(&api, &id, row).await?);
    }
    Ok(reply::json(StatusCode::OK, &InvoicePage { data, next }))
}

/// Show an invoice or a credit note
#[utoipa::path(get, path = "/v1/accounts/{id}/invoices/{invoice}", tag = "payments",
    operation_id = "get_invoice",
    responses((status = 200, description = "The document", body = InvoiceView)))]
pub(crate) async fn show(
    State(api): State<ApiState>,
    InvoicePath { account, invoice, pdf }: InvoicePath,
) -> Result<Response, Problem> {
    let row = document(&api, &account, invoice).await?;
    if pdf {
        return super::invoice_pdf::file(&api, &account, row).await;
    }
    Ok(reply::json(StatusCode::OK, &shown(&api, &account, row).await?))
}

/// Pay an open invoice
///
/// With the default payment method, now. A payment that fails is a problem, `payment_failed`.
#[utoipa::path(post, path = "/v1/accounts/{id}/invoices/{invoice}/pay", tag = "payments",
    operation_id = "pay_invoice", request_body = Option<PayBody>,
    responses((status = 200, description = "How it went", body = Told)))]
pub(crate) async fn pay(
    State(api): State<ApiState>,
    caller: Caller,
    InvoicePath { account, invoice, .. }: InvoicePath,
    Keyed(conditions): Keyed,
    body: Body,
) -> Result<Response, Problem> {
    let PayBody { return_url } = PayBody::parse(body.fields()?)?;
    let command = Command::PayInvoice(invoice);
    let purchase = buy(&api, &caller, account.clone(), command, conditions, return_url).await?;
    if let Err(failure) = purchase::refuse_failure(&purchase) {
        return Ok(purchase::failed(&purchase, failure));
    }
    purchase::reply(
        &purchase,
        StatusCode::OK,
        Some(purchase::told(&api, &account, &purchase).await?),
    )
}

/// Refund a top-up
///
/// One of which nothing is spent or held: the money goes back with a credit note, and the credits are
/// taken back.
#[utoipa::path(post, path = "/v1/accounts/{id}/invoices/{invoice}/refund", tag = "support",
    operation_id = "refund_topup", request_body = Option<RefundBody>,
    responses((status = 200, description = "What goes back", body = MoneyRefunded)))]
pub(crate) async fn refund(
    State(api): State<ApiState>,
    caller: Caller,
    InvoicePath { account, invoice, .. }: InvoicePath,
    Keyed(conditions): Keyed,
    body: Body,
) -> Result<Response, Problem> {
    let RefundBody { reason } = RefundBody::parse(body.fields()?)?;
    // What there is none of is told as that.
    let row = document(&api, &account, invoice).await?;
    let command = Command::RefundTopup(RefundTopup { document: row.record.id, reason });
    let committed = execute(&api, &caller, account, command, conditions).await?;
    reply::changed(StatusCode::OK, &committed, refund::refunded(&committed.entry))
}
