//! `/v1/accounts` and `/v1/accounts/{id}`

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use bursar_core::Context;
use bursar_core::account::apply::{apply, first};
use bursar_core::account::command::{Command, Open};
use bursar_core::id::{AccountId, IdempotencyKey};
use bursar_core::money::Currency;
use bursar_core::time::ZoneName;
use bursar_engine::Envelope;
use bursar_store::{Contact, Entry};

use crate::execute::view;
use crate::extract::{AccountPath, Body, Conditions};
use crate::fields::Fields;
use crate::middleware::auth::Caller;
use crate::problem::Problem;
use crate::reply;
use crate::state::ApiState;
use crate::wire::account::AccountView;

/// A new account.
#[derive(Debug, utoipa::ToSchema)]
#[schema(example = json!({"id": "customer-7", "name": "Ada", "time_zone": "Europe/Berlin"}))]
pub(crate) struct CreateAccount {
    /// The app's own id for its customer; Bursar makes one, if absent.
    #[schema(value_type = Option<String>, pattern = "^[A-Za-z0-9_\\-.:@]{1,64}$")]
    id: Option<AccountId>,
    /// A name, at most 200 bytes.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 200)]
    name: Option<Name>,
    /// A mail address.
    #[schema(value_type = Option<String>, max_length = 254)]
    email: Option<Email>,
    /// The IANA time zone by whose calendar it is billed; UTC, if absent.
    #[schema(value_type = Option<String>)]
    time_zone: Option<ZoneName>,
    /// The currency it pays in; the catalog's, if absent.
    #[schema(value_type = Option<String>, pattern = "^[A-Z]{3}$")]
    currency: Option<Currency>,
}

/// A person's or a company's name.
#[derive(Debug)]
struct Name(String);

/// A mail address, as far as its form can be told.
#[derive(Debug)]
struct Email(String);

impl std::str::FromStr for Name {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let name = text.trim();
        let fits = (1..=200).contains(&name.len()) && !name.chars().any(char::is_control);
        fits.then(|| Self(name.to_owned())).ok_or("a name is 1 to 200 bytes of text on one line")
    }
}

impl std::str::FromStr for Email {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let odd = |c: char| c.is_whitespace() || c.is_control();
        let parts = text.rsplit_once('@');
        let fits = text.len() <= 254
            && !text.contains(odd)
            && parts.is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty());
        fits.then(|| Self(text.to_owned())).ok_or("a mail address is like name@example.com")
    }
}

impl CreateAccount {
    fn parse(mut fields: Fields<'_>) -> Result<Self, Problem> {
        let body = Self {
            id: fields.parsed("id")?,
            name: fields.parsed("name")?,
            email: fields.parsed("email")?,
            time_zone: fields.parsed("time_zone")?,
            currency: fields.parsed("currency")?,
        };
        fields.finish()?;
        Ok(body)
    }
}

/// Create an account
///
/// With an Idempotency-Key a repeat gets the first reply, also without an `id`: the id is then
/// derived from the key.
#[utoipa::path(post, path = "/v1/accounts", tag = "accounts", operation_id = "create_account",
    request_body = Option<CreateAccount>,
    responses((status = 201, description = "The account", body = AccountView)))]
pub(crate) async fn create(
    State(api): State<ApiState>,
    caller: Caller,
    conditions: Conditions,
    body: Body,
) -> Result<Response, Problem> {
    let CreateAccount { id, name, email, time_zone, currency } =
        CreateAccount::parse(body.fields()?)?;
    let contact = Contact { name: name.map(|it| it.0), email: email.map(|it| it.0) };
    let id = id.unwrap_or_else(|| fresh_id(&api, conditions.key.as_ref()));
    let open = Open { zone: time_zone.unwrap_or_else(ZoneName::utc), currency };
    let envelope = Envelope {
        key: conditions.key,
        besides: hash(&contact),
        ..Envelope::new(id.clone(), Command::Open(open), caller.actor())
    };
    let committed = api.engine().execute(envelope).await?;
    keep(&api, &id, &contact, committed.replayed).await?;
    let view = opened(&api, &committed.entry, contact);
    let response = reply::changed(StatusCode::CREATED, &committed, view)?;
    Ok(reply::at(response, &format!("/v1/accounts/{id}")))
}

/// The id of an account that was given none. With a key it is derived from it, so that a repeat
/// finds the same account.
fn fresh_id(api: &ApiState, key: Option<&IdempotencyKey>) -> AccountId {
    let context = || Context { now: api.engine().wall_now(), entropy: api.engine().entropy() };
    let derived = key.and_then(|key| {
        let hash = blake3::hash(key.as_str().as_bytes());
        let hex: String = hash.to_hex().chars().take(32).collect();
        format!("acc_{hex}").parse().ok()
    });
    derived.unwrap_or_else(|| AccountId::generate(&context()))
}

/// What makes a repeat the same request besides the command; 0 for an empty contact.
fn hash(contact: &Contact) -> u64 {
    if *contact == Contact::default() {
        return 0;
    }
    let text = serde_json::to_vec(&(&contact.name, &contact.email)).unwrap_or_default();
    blake3::hash(&text).as_bytes().first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

/// Keeps who is behind the account. A repeat does so only if the first time it didn't come to that.
async fn keep(
    api: &ApiState,
    id: &AccountId,
    contact: &Contact,
    replayed: bool,
) -> Result<(), Problem> {
    if *contact == Contact::default() {
        return Ok(());
    }
    let store = api.engine().store();
    if !replayed || store.contact(id).await? == Contact::default() {
        store.put_contact(id, contact.clone()).await?;
    }
    Ok(())
}

/// The account as it was opened.
fn opened(api: &ApiState, entry: &Entry, contact: Contact) -> Option<AccountView> {
    let mut events = entry.events.iter();
    let opening = events.next()?;
    let mut account = first(&entry.account, opening.at, &opening.event)?;
    events.for_each(|recorded| apply(&mut account, recorded.at, &recorded.event));
    Some(AccountView::of(&account, contact, api.engine().catalog(), opening.at).opened())
}

/// Show an account
#[utoipa::path(get, path = "/v1/accounts/{id}", tag = "accounts", operation_id = "get_account",
    responses((status = 200, description = "The account", body = AccountView)))]
pub(crate) async fn show(
    State(api): State<ApiState>,
    AccountPath(id): AccountPath,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let view = view(&api, &id).await?;
    let contact = api.engine().store().contact(&id).await?;
    let body = AccountView::of(&view.account, contact, api.engine().catalog(), view.now);
    Ok(reply::unless_known(&headers, reply::version_tag(view.account.version), &body))
}
