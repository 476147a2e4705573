//! From a body to a file that counts: what is on its way, and the moment at which it is there.
//!
//! The content becomes an object of its own, whole and durable; then its details are written; then the
//! account's journal names it. A crash leaves an object that nobody knows, which the sweep erases, and
//! never a file without its content. Two uploads of one file at once write two objects; the one that is
//! noted first counts, and the other erases its own.

use axum::body::{Body, BodyDataStream};
use bursar_core::account::command::{Command, StoreAsset};
use bursar_core::catalog::AssetKind;
use bursar_core::id::{AccountId, AssetId};
use bursar_core::rejection::{Rejection, StorageRejection};
use bursar_engine::{Committed, Envelope, Failure};
use bursar_store::AssetDetails;
use bursar_vault::{ObjectName, VaultError, WriteError, Written, media};
use futures::stream::{self, Stream, StreamExt};
use tracing::Instrument;

use crate::content::details;
use crate::execute::view;
use crate::middleware::auth::Caller;
use crate::problem::{Code, Problem};
use crate::state::ApiState;

/// What is known of a file that nothing is known of: a crash came between it and its details.
pub(crate) fn plain(asset: AssetId, vault: u32) -> AssetDetails {
    AssetDetails {
        vault,
        name: asset.to_string(),
        media_type: media::ANYTHING.to_owned(),
        sha256: None,
        thumbnail: false,
    }
}

/// An upload that may begin.
pub(crate) struct Upload {
    pub(crate) account: AccountId,
    pub(crate) asset: AssetId,
    kind: AssetKind,
    reserved_bytes: u64,
    vault: u32,
    details: AssetDetails,
}

impl Upload {
    /// Asks, before anything is read, whether there is such an upload.
    pub(crate) async fn begin(
        api: &ApiState,
        account: AccountId,
        asset: AssetId,
    ) -> Result<Self, Problem> {
        let view = view(api, &account).await?;
        let row = api.engine().store().asset(&account, asset).await?;
        let record = row.map(|row| row.record);
        // What would be said in the end, if anything came, is said at once.
        let command = StoreAsset { asset, bytes: 1, attempt: 0 };
        let catalog = api.engine().catalog();
        command
            .decide(&view.account, catalog, view.now, record.as_ref())
            .map_err(Rejection::from)?;
        let upload = view.account.storage.upload(asset);
        let (Some(record), Some(upload)) = (record, upload) else {
            return Err(Rejection::from(StorageRejection::NotFound { asset }).into());
        };
        let details = details(api.engine(), &account, &record).await?;
        let (kind, reserved_bytes, vault) = (upload.kind, upload.bytes, record.vault);
        Ok(Self { account, asset, kind, reserved_bytes, vault, details })
    }

    /// That more is announced than is reserved.
    pub(crate) fn check_size(&self, announced: Option<u64>) -> Result<(), Problem> {
        match announced {
            Some(given_bytes) if given_bytes > self.reserved_bytes => {
                Err(self.too_large(given_bytes))
            }
            _ => Ok(()),
        }
    }

    fn too_large(&self, given_bytes: u64) -> Problem {
        let reserved_bytes = self.reserved_bytes;
        let rejection = StorageRejection::ExceedsReservation { given_bytes, reserved_bytes };
        Rejection::from(rejection).into()
    }

    /// Takes the content and notes it. What was committed, and what is known of the file now.
    pub(crate) async fn run(
        mut self,
        api: &ApiState,
        caller: &Caller,
        body: Body,
    ) -> Result<(Committed, AssetDetails), Problem> {
        let place = api.upload_place().await;
        let attempt = u64::from_le_bytes(api.engine().entropy());
        let object = ObjectName::new(&self.account, self.vault, self.asset, attempt);
        let chunks = chunks(body.into_data_stream(), api.config().upload_silence);
        let written = api.engine().vault().write(&object, chunks, self.reserved_bytes).await;
        let written = written.map_err(|error| self.not_written(error))?;
        drop(place);
        if let Err(problem) = self.check_content(&written) {
            erase(api, &object).await;
            return Err(problem);
        }
        self.details.sha256 = Some(written.sha256);
        let noting = Noting { upload: self, object, bytes: written.bytes, caller: caller.clone() };
        let api = api.clone();
        // From here on it is done also if the client doesn't wait for the answer.
        let noted = tokio::spawn(async move { noting.run(&api).await }.in_current_span()).await;
        noted.map_err(|error| Problem::internal(&error.to_string()))?
    }

    fn not_written(&self, error: WriteError) -> Problem {
        match error {
            WriteError::TooLarge(limit) => self.too_large(limit.saturating_add(1)),
            WriteError::Broken(why) => {
                let detail =
                    format!("The content did not come to its end, nothing is kept: {why}.");
                Problem::new(Code::MalformedRequest, detail).fix("Send the whole content again.")
            }
            WriteError::Vault(error) => error.into(),
        }
    }

    fn check_content(&self, written: &Written) -> Result<(), Problem> {
        if written.bytes == 0 {
            return Err(Rejection::from(StorageRejection::Empty).into());
        }
        media::check(&self.details.media_type, &written.head).map_err(|contradiction| {
            let text = contradiction.to_string();
            let detail = text.replacen("the content", "The content", 1);
            Problem::new(Code::ContentContradictsType, format!("{detail}.")).fix(
                "Upload what was declared, or declare what it is and upload it as another file.",
            )
        })
    }
}

/// An upload whose content is whole and durable, and that isn't noted yet.
struct Noting {
    upload: Upload,
    object: ObjectName,
    bytes: u64,
    caller: Caller,
}

impl Noting {
    async fn run(mut self, api: &ApiState) -> Result<(Committed, AssetDetails), Problem> {
        let engine = api.engine();
        if matches!(self.upload.kind, AssetKind::Image | AssetKind::Vault) {
            let made = engine.vault().make_thumbnail(&self.object).await;
            self.upload.details.thumbnail = made.unwrap_or_else(|error| {
                tracing::warn!(%error, "a picture stays without a thumbnail");
                false
            });
        }
        let Upload { account, asset, details, .. } = self.upload;
        // The details are those of the upload that counts: nobody else writes them until it is noted.
        let _alone = api.note_alone(asset).await;
        let attempt = self.object.attempt;
        let store_asset = Command::StoreAsset(StoreAsset { asset, bytes: self.bytes, attempt });
        let noted = match Upload::begin(api, account.clone(), asset).await {
            Ok(_) => {
                let store = engine.store();
                store.put_asset_details(&account, asset, details.clone()).await?;
                let envelope = Envelope::new(account.clone(), store_asset, self.caller.actor());
                engine.execute(envelope).await
            }
            Err(problem) => {
                erase(api, &self.object).await;
                return Err(problem);
            }
        };
        match noted {
            Ok(committed) => Ok((committed, details)),
            Err(Failure::Rejected(rejection)) => {
                erase(api, &self.object).await;
                forget_if_gone(api, &account, asset).await;
                Err(rejection.into())
            }
            // It may have been noted. If it wasn't, the sweep erases it.
            Err(failure) => Err(failure.into()),
        }
    }
}

/// Erases what isn't to be kept; what can't be erased now is left to the sweep.
async fn erase(api: &ApiState, object: &ObjectName) {
    if let Err(error) = api.engine().vault().erase_attempt(object).await {
        tracing::warn!(%error, "an upload that isn't kept is left to the sweep");
    }
}

/// Whoever has deleted the file meanwhile has forgotten its details before they were written anew.
async fn forget_if_gone(api: &ApiState, account: &AccountId, asset: AssetId) {
    let store = api.engine().store();
    if let Ok(None) = store.asset(account, asset).await
        && let Err(error) = store.remove_asset_details(account, &[asset]).await
    {
        tracing::warn!(%error, "details of a file that is gone are left to the sweep");
    }
}

/// What comes; an error if nothing comes for too long.
fn chunks(
    body: BodyDataStream,
    silence: std::time::Duration,
) -> impl Stream<Item = Result<axum::body::Bytes, String>> + Send {
    stream::unfold(body, move |mut body| async move {
        let next = match tokio::time::timeout(silence, body.next()).await {
            Ok(next) => next?.map_err(|_| "the connection broke".to_owned()),
            Err(_) => Err(format!("nothing came for {} seconds", silence.as_secs())),
        };
        Some((next, body))
    })
}

impl From<VaultError> for Problem {
    fn from(error: VaultError) -> Self {
        match error {
            // The journal names it, so it should be there.
            VaultError::Missing(_) | VaultError::Damaged(_) => Self::internal(&error.to_string()),
            VaultError::Misconfigured(_) | VaultError::Unavailable(_) => {
                tracing::error!(%error, "the vault is unavailable");
                let detail = "Files can't be read or written now; nothing was changed.";
                Self::new(Code::VaultUnavailable, detail).fix(
                    "Send it again in a moment; if it stays, the operator must look at the disk or the \
                     object store, and at the logs.",
                )
            }
        }
    }
}
