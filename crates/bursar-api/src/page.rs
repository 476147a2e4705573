//! Pages of lists: `?limit=&after=`, with cursors that are stable under inserts.

use axum::extract::Query;
use axum::http::Uri;
use bursar_core::id::{DocumentId, HoldId};
use bursar_core::time::Timestamp;
use bursar_store::AssetCursor;
use data_encoding::BASE64URL_NOPAD;
use utoipa::IntoParams;

use crate::problem::{Code, Problem};

const MOST: usize = 1_000;
const USUAL: usize = 50;

/// Which part of a list.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "it is the document's; `PageQuery` reads the query")]
pub(crate) struct PageParams {
    /// How many, at most.
    #[param(minimum = 1, maximum = 1000, default = 50)]
    limit: Option<u32>,
    /// The `next` of the page before.
    after: Option<String>,
}

/// Which part of a list, read.
#[derive(Debug)]
pub(crate) struct PageQuery {
    pub(crate) limit: usize,
    pub(crate) after: Option<Cursor>,
}

/// A place in a list, opaque to callers.
#[derive(Debug)]
pub(crate) struct Cursor(String);

impl PageQuery {
    /// Reads the query of an address.
    pub(crate) fn parse(query: Option<&str>) -> Result<Self, Problem> {
        Self::parse_with(query, &[], |_, _| Ok(()))
    }

    /// Reads the query of an address that may have `more` parameters, which `read` gets.
    pub(crate) fn parse_with(
        query: Option<&str>,
        more: &[&str],
        mut read: impl FnMut(&str, &str) -> Result<(), Problem>,
    ) -> Result<Self, Problem> {
        let unreadable = || Problem::new(Code::InvalidRequest, "The query can't be read.");
        let address: Uri =
            format!("/?{}", query.unwrap_or_default()).parse().map_err(|_| unreadable())?;
        let Query(pairs) =
            Query::<Vec<(String, String)>>::try_from_uri(&address).map_err(|_| unreadable())?;
        let mut page = Self { limit: USUAL, after: None };
        for (name, value) in pairs {
            match name.as_str() {
                "limit" => page.limit = limit(&value)?,
                "after" => page.after = Some(Cursor(value)),
                known if more.contains(&known) => read(known, &value)?,
                _ => {
                    let known = [&["limit", "after"], more].concat().join(", ");
                    let detail = format!("Unknown query parameter `{name}`; there are {known}.");
                    return Err(Problem::invalid(&name, detail));
                }
            }
        }
        Ok(page)
    }
}

fn limit(text: &str) -> Result<usize, Problem> {
    let limit = text.parse().ok().filter(|limit| (1..=MOST).contains(limit));
    limit.ok_or_else(|| {
        let detail = format!("`limit` must be a whole number from 1 to {MOST}; it is {text}.");
        Problem::invalid("limit", detail)
    })
}

impl Cursor {
    /// After the line of that version.
    pub(crate) fn of_version(version: u64) -> String {
        BASE64URL_NOPAD.encode(format!("v{version}").as_bytes())
    }

    /// After that hold.
    pub(crate) fn of_hold((placed_at, id): (Timestamp, HoldId)) -> String {
        BASE64URL_NOPAD.encode(format!("h{}.{id}", placed_at.micros()).as_bytes())
    }

    /// After that document.
    pub(crate) fn of_document(id: DocumentId) -> String {
        BASE64URL_NOPAD.encode(id.to_string().as_bytes())
    }

    /// After that file.
    pub(crate) fn of_asset(AssetCursor { asset, bytes }: AssetCursor) -> String {
        BASE64URL_NOPAD.encode(format!("a{bytes}.{asset}").as_bytes())
    }

    /// The file it stands for.
    pub(crate) fn asset(&self) -> Result<AssetCursor, Problem> {
        let text = self.text().ok_or_else(unknown)?;
        let place = text.strip_prefix('a').and_then(|text| text.split_once('.'));
        let (bytes, asset) = place.ok_or_else(unknown)?;
        let bytes = bytes.parse().map_err(|_| unknown())?;
        Ok(AssetCursor { asset: asset.parse().map_err(|_| unknown())?, bytes })
    }

    /// The document it stands for.
    pub(crate) fn document(&self) -> Result<DocumentId, Problem> {
        self.text().and_then(|text| text.parse().ok()).ok_or_else(unknown)
    }

    /// The version it stands for.
    pub(crate) fn version(&self) -> Result<u64, Problem> {
        let text = self.text().ok_or_else(unknown)?;
        text.strip_prefix('v').and_then(|text| text.parse().ok()).ok_or_else(unknown)
    }

    /// The hold it stands for.
    pub(crate) fn hold(&self) -> Result<(Timestamp, HoldId), Problem> {
        let text = self.text().ok_or_else(unknown)?;
        let place = text.strip_prefix('h').and_then(|text| text.split_once('.'));
        let (micros, id) = place.ok_or_else(unknown)?;
        let micros = micros.parse().map_err(|_| unknown())?;
        Ok((Timestamp::from_micros(micros), id.parse().map_err(|_| unknown())?))
    }

    fn text(&self) -> Option<String> {
        String::from_utf8(BASE64URL_NOPAD.decode(self.0.as_bytes()).ok()?).ok()
    }
}

fn unknown() -> Problem {
    Problem::new(Code::InvalidCursor, "`after` is not the `next` of a page of this list.")
        .fix("Pass `next` unchanged, or leave out `after` to start over.")
}
