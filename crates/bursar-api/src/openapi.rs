//! The OpenAPI document: what all routes have in common is said here once.

use bursar_engine::access::Scope;
use serde_json::json;
use utoipa::OpenApi;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn, PathItem, Paths};
use utoipa::openapi::schema::{AdditionalProperties, ObjectBuilder, Schema, Type};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{RefOr, Required};

use crate::problem::{self, Code, ProblemBody};
use crate::wire::change::EventView;

const SCHEME: &str = "api_key";
const WIDGET_SCHEME: &str = "widget_token";

/// The document without routes.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Bursar",
        description = "A self-hosted subscription and credits engine: quote, hold, capture.\n\n\
            Credits are plain numbers with at most 6 decimals, money is in minor units, times are \
            RFC 3339 in UTC. Changes take an `Idempotency-Key`: a repeat gets the original reply and \
            `Idempotency-Replayed: true`. Refusals are `application/problem+json` with a stable \
            `code`; each has a page under `/problems`. Unknown fields are refused.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    components(schemas(ProblemBody, EventView)),
    tags(
        (name = "accounts", description = "The app's customers"),
        (name = "balance", description = "What can be spent, and every movement explained"),
        (name = "spending", description = "Quotes, holds, captures, releases, charges, refunds"),
        (name = "subscription", description = "Plans: start, change, cancel, resume"),
        (name = "payments", description = "Payment methods, top-ups, invoices, billing details"),
        (name = "vault", description = "Files of the app's customers: stored, read, deleted, exported"),
        (name = "catalog", description = "Plans, packs, rates and features"),
        (name = "support", description = "Adjustments, with a reason"),
        (name = "test clock", description = "Move an account ahead in time; test mode only"),
        (name = "operations", description = "Health, metrics and documents"),
    ),
)]
struct Document;

/// The document without routes.
pub(crate) fn document() -> utoipa::openapi::OpenApi {
    let mut document = Document::openapi();
    let scheme = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("bk_test_… or bk_live_…")
        .description(Some("An API key. Each route names the scope that it takes."))
        .build();
    let components = document.components.get_or_insert_default();
    components.add_security_scheme(SCHEME, SecurityScheme::Http(scheme));
    let widget = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("widget_…")
        .description(Some("A short-lived token of one account, made by POST /v1/widget_tokens."))
        .build();
    components.add_security_scheme(WIDGET_SCHEME, SecurityScheme::Http(widget));
    components.examples = problem::examples().collect();
    document
}

/// How a route is called, for its documentation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    /// It changes nothing and has no body.
    Read,
    /// It changes nothing and has a body.
    Ask,
    /// It makes an account and honours an Idempotency-Key.
    Create,
    /// It changes an account and honours an Idempotency-Key.
    Change,
    /// It changes an account and requires an Idempotency-Key.
    KeyedChange,
    /// It changes something and has a key for each part of its body.
    Batch,
    /// Its body is a file.
    Upload,
}

impl Call {
    fn has_key(self) -> bool {
        matches!(self, Self::Create | Self::Change | Self::KeyedChange)
    }

    fn has_version(self) -> bool {
        matches!(self, Self::Change | Self::KeyedChange)
    }
}

/// Completes the documentation of a route: scope, path parameters, headers, problems.
pub(crate) fn complete(paths: &mut Paths, scope: Option<Scope>, call: Call, codes: &[Code]) {
    for (path, item) in &mut paths.paths {
        let parameters: Vec<Parameter> = path_parameters(path);
        for operation in operations(item) {
            let own = operation.parameters.get_or_insert_default();
            own.retain(|parameter| !is_in_path(parameter));
            own.splice(0..0, parameters.iter().cloned().map(RefOr::T));
            if call.has_key() {
                own.push(RefOr::T(idempotency_key(call == Call::KeyedChange)));
            }
            if call.has_version() {
                own.push(RefOr::T(if_match()));
            }
            if call.has_key() {
                replay_headers(operation);
            }
            if let Some(scope) = scope {
                let requirement = SecurityRequirement::new(SCHEME, [scope.as_str()]);
                operation.security.get_or_insert_default().push(requirement);
                let text = operation.description.get_or_insert_default();
                text.push_str(&format!("\n\nTakes a key with the scope `{}`.", scope.as_str()));
            }
            problem::add(operation, &common(scope, call));
            problem::add(operation, codes);
        }
    }
}

/// Says of a route that it takes the token of a widget.
pub(crate) fn with_widget_token(paths: &mut Paths) {
    for operation in paths.paths.values_mut().flat_map(operations) {
        let requirement = SecurityRequirement::new(WIDGET_SCHEME, Vec::<String>::new());
        operation.security.get_or_insert_default().push(requirement);
        let text = operation.description.get_or_insert_default();
        text.push_str("\n\nTakes the token of a widget, from a page of any origin.");
    }
}

/// How any route of its kind can refuse.
fn common(scope: Option<Scope>, call: Call) -> Vec<Code> {
    let mut codes = vec![Code::Internal];
    if scope.is_some() {
        codes.extend([Code::ApiKeyMissing, Code::ApiKeyUnknown, Code::MissingScope]);
        codes.extend([Code::RateLimited, Code::StorageUnavailable]);
    }
    if call != Call::Read {
        codes.push(Code::MalformedRequest);
    }
    if call == Call::Upload {
        codes.extend([Code::OutcomeUnknown, Code::ShuttingDown]);
    } else if call != Call::Read {
        codes.extend([Code::MalformedJson, Code::InvalidRequest]);
        codes.extend([Code::BodyTooLarge, Code::UnsupportedMediaType]);
    }
    if call.has_key() {
        codes.extend([Code::InvalidIdempotencyKey, Code::IdempotencyKeyReused]);
        codes.extend([Code::OutcomeUnknown, Code::ShuttingDown]);
    }
    if call.has_version() {
        codes.push(Code::VersionMismatch);
    }
    if call == Call::KeyedChange {
        codes.push(Code::IdempotencyKeyRequired);
    }
    codes
}

/// The operations of a path.
pub(crate) fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let PathItem { get, put, post, delete, .. } = item;
    [get, put, post, delete].into_iter().flatten()
}

/// Says of every request's body which further fields it takes: attributes, or none. One that may be left
/// out is left out, and is not `null`.
pub(crate) fn close_bodies(document: &mut utoipa::openapi::OpenApi) {
    const WITH_ATTRIBUTES: [&str; 4] =
        ["CreateQuote", "PlaceHold", "CreateCharge", "BatchOperation"];
    let bodies = document.paths.paths.values_mut().flat_map(operations);
    let names: Vec<String> = bodies
        .filter_map(|operation| {
            let (name, schema) = body_of(operation)?;
            if let RefOr::T(Schema::OneOf(one_of)) = schema {
                let given = one_of.items.iter().find(|item| schema_name(item).is_some())?;
                *schema = given.clone();
            }
            Some(name)
        })
        .collect();
    let Some(components) = &mut document.components else {
        return;
    };
    for (name, schema) in &mut components.schemas {
        let RefOr::T(Schema::Object(object)) = schema else {
            continue;
        };
        if WITH_ATTRIBUTES.contains(&name.as_str()) {
            let text = ObjectBuilder::new().schema_type(Type::String);
            let more = AdditionalProperties::from(RefOr::T(Schema::Object(text.build())));
            object.additional_properties = Some(Box::new(more));
        } else if names.contains(name) {
            let none = AdditionalProperties::FreeForm(false);
            object.additional_properties = Some(Box::new(none));
        }
    }
}

/// The schema of an operation's body, and its name.
fn body_of(operation: &mut Operation) -> Option<(String, &mut RefOr<Schema>)> {
    let Some(RefOr::T(body)) = &mut operation.request_body else {
        return None;
    };
    let RefOr::T(content) = body.content.get_mut("application/json")? else {
        return None;
    };
    let schema = content.schema.as_mut()?;
    Some((schema_name(schema)?, schema))
}

/// The name of a schema, also of one that may be null.
fn schema_name(schema: &RefOr<Schema>) -> Option<String> {
    match schema {
        RefOr::Ref(reference) => reference.ref_location.rsplit('/').next().map(str::to_owned),
        RefOr::T(Schema::OneOf(one_of)) => one_of.items.iter().find_map(schema_name),
        RefOr::T(_) => None,
    }
}

/// What the framework derived from a handler's arguments: named, but not described.
fn is_in_path(parameter: &RefOr<Parameter>) -> bool {
    matches!(parameter, RefOr::T(Parameter { parameter_in: ParameterIn::Path, .. }))
}

fn path_parameters(path: &str) -> Vec<Parameter> {
    let names = path
        .split('/')
        .filter_map(|part| part.strip_prefix('{')?.trim_end_matches(".pdf").strip_suffix('}'));
    let parameter = |name: &str| {
        let (description, example) = match name {
            "id" => ("The account's id.", "customer-7"),
            "hold" => ("The hold's id.", "hold_0198f3a2b4c57d6e8f9012345678abcd"),
            "charge" => ("A charge's or a hold's id.", "charge_0198f3a2b4c57d6e8f9012345678abcd"),
            "receipt" => ("A hold's or a charge's id.", "charge_0198f3a2b4c57d6e8f9012345678abcd"),
            "feature" => ("The feature's key.", "video_editor"),
            "method" => ("The payment method's name at the provider.", "pm_1"),
            "session" => ("The session's name at the provider.", "seti_1"),
            "invoice" => ("The id of an invoice or a credit note.", "inv_1"),
            "asset" => ("The file's id.", "asset_0198f3a2b4c57d6e8f9012345678abcd"),
            "code" => ("The problem's code.", "insufficient_credits"),
            _ => ("", ""),
        };
        ParameterBuilder::new()
            .name(name)
            .parameter_in(ParameterIn::Path)
            .required(Required::True)
            .description(Some(description))
            .schema(Some(ObjectBuilder::new().schema_type(Type::String)))
            .example(Some(json!(example)))
            .build()
    };
    names.map(parameter).collect()
}

fn idempotency_key(required: bool) -> Parameter {
    ParameterBuilder::new()
        .name("Idempotency-Key")
        .parameter_in(ParameterIn::Header)
        .required(if required { Required::True } else { Required::False })
        .description(Some(
            "One key for each effect: a repeat takes effect once and gets the same reply.",
        ))
        .schema(Some(
            ObjectBuilder::new()
                .schema_type(Type::String)
                .pattern(Some("^[A-Za-z0-9_\\-.:/+=,@#~]{1,255}$")),
        ))
        .example(Some(json!("job-9")))
        .build()
}

fn if_match() -> Parameter {
    ParameterBuilder::new()
        .name("If-Match")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some("The ETag of the account: the change is made at that version only."))
        .schema(Some(ObjectBuilder::new().schema_type(Type::String)))
        .example(Some(json!("\"7\"")))
        .build()
}

fn replay_headers(operation: &mut Operation) {
    for (status, response) in &mut operation.responses.responses {
        if let (true, RefOr::T(response)) = (status.starts_with('2'), response) {
            let text = || ObjectBuilder::new().schema_type(Type::String);
            let replayed = HeaderBuilder::new()
                .schema(Some(text()))
                .description(Some("`true` if an earlier request with the key did it."))
                .build();
            let tag = HeaderBuilder::new()
                .schema(Some(text()))
                .description(Some("The account's version after the change."))
                .build();
            response.headers.insert("Idempotency-Replayed".to_owned(), replayed.into());
            response.headers.insert("ETag".to_owned(), tag.into());
        }
    }
}
