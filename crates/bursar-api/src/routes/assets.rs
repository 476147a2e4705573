//! `/v1/accounts/{id}/assets` and `/v1/accounts/{id}/assets/{asset}`

use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use bursar_core::account::command::{Command, RegisterExternal, ReserveUpload};
use bursar_core::account::storage::record::AssetRecord;
use bursar_core::catalog::AssetKind;
use bursar_core::id::{AccountId, AssetId, Reference};
use bursar_core::rejection::{Rejection, StorageRejection};
use bursar_engine::Envelope;
use bursar_store::{AssetCursor, AssetDetails, AssetFilter, AssetOrder, AssetRow};
use bursar_vault::media;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use crate::content::details;
use crate::execute::{envelope, execute, view};
use crate::extract::{AccountPath, AssetPath, Body, Conditions};
use crate::fields::Fields;
use crate::middleware::auth::Caller;
use crate::page::{Cursor, PageQuery};
use crate::problem::{Code, Problem};
use crate::reply;
use crate::state::ApiState;
use crate::upload::plain;
use crate::wire::asset::{self, AssetChanged, AssetDeleted, AssetView, KindName};

/// A file that is to be uploaded, or that the app keeps.
#[derive(Debug, ToSchema)]
#[schema(as = CreateAsset)]
#[schema(example = json!({"kind": "image", "name": "A cat on a wall.png", "size": 250_000,
    "media_type": "image/png", "reference": "job-9"}))]
pub(crate) struct CreateBody {
    /// What it is. Kind `vault` may need a feature of the plan.
    #[schema(value_type = KindName)]
    kind: AssetKind,
    /// What people call it: 1 to 255 characters, anything but control characters.
    #[schema(value_type = String, min_length = 1, max_length = 255)]
    name: Name,
    /// Its bytes: the most that may be uploaded. What isn't uploaded of them is given back.
    #[schema(minimum = 1)]
    size: u64,
    /// Its media type, without parameters. The catalog lists which ones each kind may have.
    #[schema(value_type = String, max_length = 127, example = "image/png",
        pattern = "^[A-Za-z0-9][A-Za-z0-9!#$&^_.+\\-]*/[A-Za-z0-9][A-Za-z0-9!#$&^_.+\\-]*$")]
    media_type: MediaType,
    /// Does the app keep the content? Then the file only counts.
    #[schema(default = false)]
    external: Option<bool>,
    /// The caller's own reference.
    #[schema(value_type = Option<String>, pattern = "^[A-Za-z0-9_\\-.:/+=,@#~]{1,128}$")]
    reference: Option<Reference>,
}

/// What people call a file.
#[derive(Debug)]
struct Name(String);

/// A media type without parameters, in lower case.
#[derive(Debug)]
struct MediaType(String);

impl std::str::FromStr for Name {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let name = text.trim();
        let length = name.chars().count();
        let fits = (1..=255).contains(&length) && !name.chars().any(char::is_control);
        fits.then(|| Self(name.to_owned()))
            .ok_or("a name is 1 to 255 characters, none of them a control character")
    }
}

impl std::str::FromStr for MediaType {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let name = text.trim().to_ascii_lowercase();
        let fits = media::is_media_type(&name);
        fits.then_some(Self(name)).ok_or("a media type is like image/png, without parameters")
    }
}

/// Files, and what to pass for more.
#[derive(Debug, Serialize, ToSchema)]
struct AssetPage {
    /// The files.
    data: Vec<AssetView>,
    /// What to pass as `after` for the next page; null on the last.
    next: Option<String>,
}

/// Which files.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "it is the document's; `listed` reads the query")]
pub(crate) struct AssetParams {
    /// Those of one kind.
    #[param(value_type = Option<KindName>)]
    kind: Option<String>,
    /// `newest` first or `largest` first.
    #[param(default = "newest", pattern = "^(newest|largest)$")]
    order: Option<String>,
}

impl CreateBody {
    fn parse(mut fields: Fields<'_>) -> Result<Self, Problem> {
        let (kind, name) = (fields.parsed("kind")?, fields.parsed("name")?);
        let (size, media_type) = (fields.count("size")?, fields.parsed("media_type")?);
        let (external, reference) = (fields.flag("external")?, fields.parsed("reference")?);
        let body = Self {
            kind: fields.required("kind", kind)?,
            name: fields.required("name", name)?,
            size: fields.required("size", size)?,
            media_type: fields.required("media_type", media_type)?,
            external,
            reference,
        };
        fields.finish()?;
        Ok(body)
    }

    /// May a file of that kind have that type? The app's own files are its own affair.
    fn check_media_type(&self, api: &ApiState) -> Result<(), Problem> {
        let known = api.engine().catalog().policies.vault.media.of(self.kind);
        let MediaType(given) = &self.media_type;
        if self.external == Some(true) || known.contains(given) {
            return Ok(());
        }
        let kind = self.kind.as_str();
        let detail = format!("A file of the kind {kind} can't be {given}.");
        let fix = match known {
            [] => format!("The catalog lets nothing be uploaded as {kind}."),
            known => format!("Upload one of {}, or as another kind.", known.join(", ")),
        };
        let problem = Problem::new(Code::MediaTypeNotAllowed, detail).fix(fix);
        Err(problem.with(|members| members.known = known.to_vec()))
    }

    fn command(&self) -> Command {
        let (kind, bytes, reference) = (self.kind, self.size, self.reference.clone());
        if self.external == Some(true) {
            Command::RegisterExternal(RegisterExternal { kind, bytes, reference })
        } else {
            Command::ReserveUpload(ReserveUpload { kind, bytes, reference })
        }
    }

    /// What makes a repeat the same request besides the command.
    fn besides(&self) -> u64 {
        let text = serde_json::to_vec(&(&self.name.0, &self.media_type.0)).unwrap_or_default();
        blake3::hash(&text).as_bytes().first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes))
    }
}

/// Begin a file
///
/// Reserves its bytes against the plan's storage until the content is put at the address `content`, or
/// until `expires_at`. A file with `external` has no content here; it is stored at once, and counts.
#[utoipa::path(post, path = "/v1/accounts/{id}/assets", tag = "vault",
    operation_id = "create_asset", request_body = CreateBody,
    responses((status = 201, description = "The file", body = AssetChanged)))]
pub(crate) async fn create(
    State(api): State<ApiState>,
    caller: Caller,
    AccountPath(id): AccountPath,
    conditions: Conditions,
    body: Body,
) -> Result<Response, Problem> {
    let body = CreateBody::parse(body.fields()?)?;
    body.check_media_type(&api)?;
    let besides = body.besides();
    let envelope = envelope(&caller, id.clone(), body.command(), conditions);
    let committed = api.engine().execute(Envelope { besides, ..envelope }).await?;
    let begun = asset::record(&committed.entry);
    let begun = begun.ok_or_else(|| Problem::internal("a commit has no file"))?;
    let details = AssetDetails {
        vault: begun.vault,
        name: body.name.0,
        media_type: body.media_type.0,
        sha256: None,
        thumbnail: false,
    };
    keep(&api, &id, &begun, &details, committed.replayed).await?;
    let reply = asset::changed(&committed.entry, details);
    let response = reply::changed(StatusCode::CREATED, &committed, reply)?;
    Ok(reply::at(response, &format!("/v1/accounts/{id}/assets/{}", begun.id)))
}

/// Keeps what is known of a file. A repeat does so only if the first time it didn't come to that, and
/// the file is still there.
async fn keep(
    api: &ApiState,
    account: &AccountId,
    begun: &AssetRecord,
    details: &AssetDetails,
    replayed: bool,
) -> Result<(), Problem> {
    let store = api.engine().store();
    if replayed {
        let known = store.asset_details(account, &[begun.id]).await?;
        if !known.is_empty() || store.asset(account, begun.id).await?.is_none() {
            return Ok(());
        }
    }
    store.put_asset_details(account, begun.id, details.clone()).await?;
    Ok(())
}

/// List files
///
/// With those that are being uploaded.
#[utoipa::path(get, path = "/v1/accounts/{id}/assets", tag = "vault",
    operation_id = "list_assets", params(crate::page::PageParams, AssetParams),
    responses((status = 200, description = "Files", body = AssetPage)))]
pub(crate) async fn list(
    State(api): State<ApiState>,
    AccountPath(id): AccountPath,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let (mut kind, mut order) = (None, AssetOrder::Newest);
    let page = PageQuery::parse_with(query.as_deref(), &["kind", "order"], |name, value| {
        let invalid = |detail: String| Problem::invalid(name, detail);
        match (name, value) {
            ("kind", value) => {
                let parsed = value.parse();
                kind =
                    Some(parsed.map_err(|error| invalid(format!("`kind` is {value}: {error}.")))?);
            }
            (_, "newest") => order = AssetOrder::Newest,
            (_, "largest") => order = AssetOrder::Largest,
            (name, _) => {
                return Err(invalid(format!("`{name}` must be newest or largest.")));
            }
        }
        Ok(())
    })?;
    let after = page.after.as_ref().map(Cursor::asset).transpose()?;
    let account = view(&api, &id).await?.account;
    let filter = AssetFilter { vault: account.storage.vault, kind, stored_only: false };
    let more = page.limit.saturating_add(1);
    let mut rows = api.engine().store().assets(&id, filter, order, after, more).await?;
    let next = (rows.len() > page.limit).then(|| {
        rows.truncate(page.limit);
        rows.last().map(|row| Cursor::of_asset(AssetCursor::of(&row.record)))
    });
    let data = views(&api, &id, rows).await?;
    Ok(reply::json(StatusCode::OK, &AssetPage { data, next: next.flatten() }))
}

/// Files as they are shown.
pub(crate) async fn views(
    api: &ApiState,
    account: &AccountId,
    rows: Vec<AssetRow>,
) -> Result<Vec<AssetView>, Problem> {
    let ids: Vec<AssetId> = rows.iter().map(|row| row.record.id).collect();
    let details = api.engine().store().asset_details(account, &ids).await?;
    let mut details: std::collections::HashMap<_, _> = details.into_iter().collect();
    let views = rows.into_iter().map(|AssetRow { record, .. }| {
        let details = details.remove(&record.id);
        AssetView::of(account, &record, details.unwrap_or_else(|| plain(record.id, record.vault)))
    });
    Ok(views.collect())
}

/// A file or an upload of an account that is there.
pub(crate) async fn find(
    api: &ApiState,
    account: &AccountId,
    asset: AssetId,
) -> Result<AssetRecord, Problem> {
    let vault = view(api, account).await?.account.storage.vault;
    let row = api.engine().store().asset(account, asset).await?;
    // What an earlier vault had is gone, though it may not be erased yet.
    let here = row.map(|row| row.record).filter(|record| record.vault == vault);
    here.ok_or_else(|| Rejection::from(StorageRejection::NotFound { asset }).into())
}

/// Show a file
#[utoipa::path(get, path = "/v1/accounts/{id}/assets/{asset}", tag = "vault",
    operation_id = "get_asset",
    responses((status = 200, description = "The file", body = AssetView)))]
pub(crate) async fn show(
    State(api): State<ApiState>,
    AssetPath(id, asset): AssetPath,
) -> Result<Response, Problem> {
    let record = find(&api, &id, asset).await?;
    let details = details(api.engine(), &id, &record).await?;
    Ok(reply::json(StatusCode::OK, &AssetView::of(&id, &record, details)))
}

/// Delete a file
///
/// Its bytes are free at once; its content, name and thumbnail are erased right after. An upload under way
/// is given up.
#[utoipa::path(delete, path = "/v1/accounts/{id}/assets/{asset}", tag = "vault",
    operation_id = "delete_asset",
    responses((status = 200, description = "It is gone", body = AssetDeleted)))]
pub(crate) async fn delete(
    State(api): State<ApiState>,
    caller: Caller,
    AssetPath(id, asset): AssetPath,
    conditions: Conditions,
) -> Result<Response, Problem> {
    let command = Command::DeleteAsset(asset);
    let committed = execute(&api, &caller, id, command, conditions).await?;
    reply::changed(StatusCode::OK, &committed, asset::deleted(&committed.entry, asset))
}
