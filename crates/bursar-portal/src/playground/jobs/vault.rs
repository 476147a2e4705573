//! Putting a job's files into the vault, and taking them out again if they turn out to be unpaid.

use axum::body::Bytes;
use bursar_core::catalog::Operation;
use http::Method;
use serde_json::json;

use super::Produced;
use crate::playground::Playground;
use crate::playground::call::{Ask, Exchange, Payload};
use bursar_art::{Made, Recipe};

/// How storing ended.
pub(super) enum Stored {
    /// They are there, or the page shows them without.
    All(Vec<Produced>),
    /// The vault didn't take one. What was there before is there still.
    Refused(Vec<Produced>, Box<Exchange>),
}

/// Stores each file: reserves its bytes, then sends them. A server without a vault shows its results
/// from memory.
pub(super) async fn store(
    playground: &Playground,
    (job, account): (&str, &str),
    operation: &Operation,
    made: Vec<(Made, Recipe)>,
) -> Stored {
    let mut produced = Vec::new();
    let mut no_vault = false;
    for (number, (made, recipe)) in made.into_iter().enumerate() {
        let Made { title, media_type, width, height, bytes } = made;
        let bytes = Bytes::from(bytes);
        let mut file = Produced {
            title,
            media_type,
            width,
            height,
            size: bytes.len(),
            seed: recipe.seed,
            tint: recipe.tint,
            model: recipe.model,
            asset: None,
            url: String::new(),
        };
        if !no_vault {
            match put(playground, (job, account), operation, (number, &file), bytes.clone()).await {
                Ok(asset) => {
                    file.url = format!("/playground/api/accounts/{account}/assets/{asset}/content");
                    file.asset = Some(asset);
                }
                Err(why) if why.is_unknown_route() => no_vault = true,
                Err(why) => return Stored::Refused(produced, why),
            }
        }
        if file.asset.is_none() {
            let number = playground.jobs().keep(job, media_type, bytes);
            file.url = format!("/playground/jobs/{job}/files/{number}");
        }
        produced.push(file);
    }
    Stored::All(produced)
}

async fn put(
    playground: &Playground,
    (job, account): (&str, &str),
    operation: &Operation,
    (number, file): (usize, &Produced),
    bytes: Bytes,
) -> Result<String, Box<Exchange>> {
    let kind = operation.asset.map_or("vault", |kind| kind.as_str());
    let suffix = if file.media_type == "image/gif" { "gif" } else { "png" };
    let reserve = Ask {
        about: "Reserve room in the vault: the bytes count against the plan's storage from now on.",
        method: Method::POST,
        path: format!("/v1/accounts/{account}/assets"),
        idempotency: Some(format!("{job}-asset-{number}")),
        payload: Payload::Json(json!({
            "kind": kind,
            "name": format!("{}.{suffix}", file.title),
            "size": file.size,
            "media_type": file.media_type,
        })),
    };
    let reserved = said(playground, job, reserve).await?;
    let asset = reserved.text("id").to_owned();
    let upload = Ask {
        about: "Send the bytes. Only now is it an asset.",
        method: Method::PUT,
        path: format!("/v1/accounts/{account}/assets/{asset}/content"),
        idempotency: None,
        payload: Payload::File { media_type: file.media_type, bytes },
    };
    said(playground, job, upload).await?;
    Ok(asset)
}

/// Takes out what was not paid for in the end.
pub(super) async fn discard(
    playground: &Playground,
    (job, account): (&str, &str),
    produced: &[Produced],
) {
    for asset in produced.iter().filter_map(|file| file.asset.as_ref()) {
        let delete = Ask {
            about: "It was not paid for: take it out of the vault again.",
            method: Method::DELETE,
            path: format!("/v1/accounts/{account}/assets/{asset}"),
            idempotency: None,
            payload: Payload::Nothing,
        };
        // What can't be deleted now stays: a job has nobody to ask.
        let _ = said(playground, job, delete).await;
    }
}

/// Asks, notes what was said, and goes on if it was a success.
pub(super) async fn said(
    playground: &Playground,
    job: &str,
    ask: Ask,
) -> Result<Exchange, Box<Exchange>> {
    let exchange = playground.api().ask(ask).await;
    playground.jobs().said(job, exchange.clone());
    if exchange.succeeded() { Ok(exchange) } else { Err(Box::new(exchange)) }
}
