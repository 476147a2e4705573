//! The bodies of quotes, holds, charges, captures, releases and extensions: read once for the
//! single calls and for batches.

use std::time::Duration;

use bursar_core::account::command::{
    CaptureAmount, CaptureHold, Charge, ExtendHold, PlaceHold, ReleaseHold, SpendRequest,
};
use bursar_core::credits::Credits;
use bursar_core::id::{HoldId, Reason, Reference};
use bursar_core::pricing::UsageRequest;
use bursar_engine::seal::Seal;

use crate::fields::Fields;
use crate::problem::{Code, Problem};

/// What to run: further fields are attributes of the operation.
#[derive(Debug, utoipa::ToSchema)]
#[schema(as = CreateQuote)]
#[schema(example = json!({"operation": "video", "units": 5, "audio": "on"}))]
#[allow(dead_code, reason = "it is the document's; `usage` reads the fields")]
pub(crate) struct UsageBody {
    /// The operation.
    #[schema(example = "video")]
    operation: String,
    /// The model; the operation's default, if absent.
    model: Option<String>,
    /// The quality; the operation's default, if absent.
    quality: Option<String>,
    /// How much of it; the operation's default, if absent.
    units: Option<crate::wire::Units>,
    /// Attributes of the operation with their values. They may also stand beside the other fields.
    attributes: Option<std::collections::HashMap<String, String>>,
}

/// The use that the fields ask for; `None` if they name no operation. All fields that are not known
/// are taken for attributes: the rate card refuses those that the operation doesn't have.
pub(crate) fn usage(fields: &mut Fields<'_>) -> Result<Option<UsageRequest>, Problem> {
    let Some(operation) = fields.text("operation")? else {
        return Ok(None);
    };
    let mut request = UsageRequest {
        operation: operation.into_owned(),
        model: fields.text("model")?.map(Into::into),
        quality: fields.text("quality")?.map(Into::into),
        units: fields.units("units")?,
        attributes: Vec::new(),
    };
    if let Some(mut attributes) = fields.object("attributes")? {
        request.attributes = attributes.rest()?;
    }
    let beside = fields.rest()?;
    let named_twice =
        |(name, _): &&(String, String)| request.attributes.iter().any(|(other, _)| other == name);
    if let Some((name, _)) = beside.iter().find(named_twice) {
        return Err(Problem::invalid(name, format!("The attribute `{name}` is given twice.")));
    }
    request.attributes.extend(beside);
    Ok(Some(request))
}

/// What credits are wanted for: exactly one of `quote`, `operation` and `credits`.
fn spend(fields: &mut Fields<'_>, seal: &Seal) -> Result<SpendRequest, Problem> {
    let quote = fields.text("quote")?;
    let credits = fields.credits("credits", "above 0", Credits::is_positive)?;
    let reason = fields.parsed::<Reason>("reason")?;
    let usage = usage(fields)?;
    match (quote, usage, credits) {
        (Some(id), None, None) if reason.is_none() => {
            let quote = seal.open_quote(&id).map_err(|error| {
                Problem::new(Code::UnknownQuote, format!("The quote is not known: {error}."))
                    .fix("Pass the id of a quote unchanged, or ask for a new one.")
            })?;
            Ok(SpendRequest::Quote(quote))
        }
        (None, Some(usage), None) if reason.is_none() => Ok(SpendRequest::Operation(usage)),
        (None, None, Some(credits)) => {
            let reason = fields.required("reason", reason)?;
            Ok(SpendRequest::Credits { credits, reason })
        }
        _ => {
            let detail = "The body must have exactly one of `quote`, `operation` (with its fields) \
                and `credits` (with `reason`).";
            Err(Problem::new(Code::InvalidRequest, detail))
        }
    }
}

/// The command of a hold's body.
pub(crate) fn hold(mut fields: Fields<'_>, seal: &Seal) -> Result<PlaceHold, Problem> {
    let ttl = fields.whole("ttl_seconds")?.map(Duration::from_secs);
    let reference = fields.parsed::<Reference>("reference")?;
    let spend = spend(&mut fields, seal)?;
    fields.finish()?;
    Ok(PlaceHold { spend, ttl, reference })
}

/// The command of a charge's body.
pub(crate) fn charge(mut fields: Fields<'_>, seal: &Seal) -> Result<Charge, Problem> {
    let reference = fields.parsed::<Reference>("reference")?;
    let spend = spend(&mut fields, seal)?;
    fields.finish()?;
    Ok(Charge { spend, reference })
}

/// The command of a capture's body.
pub(crate) fn capture(mut fields: Fields<'_>, hold: HoldId) -> Result<CaptureHold, Problem> {
    let units = fields.units("units")?;
    let credits = fields.credits("credits", "from 0", |credits| !credits.is_negative())?;
    let ends = fields.flag("final")?.unwrap_or(true);
    let allow_overage = fields.flag("allow_overage")?.unwrap_or(false);
    fields.finish()?;
    let amount = match (units, credits) {
        (None, None) => CaptureAmount::Rest,
        (Some(units), None) => CaptureAmount::Units(units),
        (None, Some(credits)) => CaptureAmount::Credits(credits),
        (Some(_), Some(_)) => {
            let detail = "A capture is by `units` or by `credits`, not by both.";
            return Err(Problem::invalid("units", detail));
        }
    };
    Ok(CaptureHold { hold, amount, ends, allow_overage })
}

/// The command of a release's body.
pub(crate) fn release(mut fields: Fields<'_>, hold: HoldId) -> Result<ReleaseHold, Problem> {
    let reason = fields.parsed::<Reason>("reason")?;
    fields.finish()?;
    Ok(ReleaseHold { hold, reason })
}

/// The command of an extension's body.
pub(crate) fn extend(mut fields: Fields<'_>, hold: HoldId) -> Result<ExtendHold, Problem> {
    let seconds = fields.whole("ttl_seconds")?;
    let seconds = fields.required("ttl_seconds", seconds)?;
    fields.finish()?;
    Ok(ExtendHold { hold, ttl: Duration::from_secs(seconds) })
}
