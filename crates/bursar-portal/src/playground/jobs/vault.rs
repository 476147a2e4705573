//! Putting a job's files into the vault, and taking them out again if they turn out to be unpaid.

use axum::body::Bytes;
use bursar_art::{Made, Recipe};
use bursar_core::catalog::Operation;
use http::Method;
use serde_json::json;

use super::Produced;
use crate::playground::Playground;
use crate::playground::call::{Ask, Exchange, Payload};

/// Stores each file: reserves its bytes, then sends them.
///
/// # Errors
/// What the vault refused, with what it had taken before.
pub(super) async fn store(
    playground: &Playground,
    (job, account): (&str, &str),
    operation: &Operation,
    made: Vec<(Made, Recipe)>,
) -> Result<Vec<Produced>, (Vec<Produced>, Box<Exchange>)> {
    let mut produced = Vec::new();
    for (number, (made, recipe)) in made.into_iter().enumerate() {
        let Made { title, media_type, width, height, bytes } = made;
        let bytes = Bytes::from(bytes);
        let Recipe { seed, tint, model, .. } = recipe;
        let size = bytes.len();
        let (asset, url) = (String::new(), String::new());
        let mut file =
            Produced { title, media_type, width, height, size, seed, tint, model, asset, url };
        match put(playground, (job, account), operation, (number, &file), bytes).await {
            Ok(asset) => {
                file.url =
                    format!("/playground/api/accounts/{account}/assets/{asset}/content?inline");
                file.asset = asset;
                produced.push(file);
            }
            Err(why) => return Err((produced, why)),
        }
    }
    Ok(produced)
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
            "reference": job,
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
    match said(playground, job, upload).await {
        Ok(_) => Ok(asset),
        Err(why) => {
            // Else its room would stay reserved until the upload's time is up.
            delete(playground, (job, account), &asset).await;
            Err(why)
        }
    }
}

/// Takes out what was not paid for in the end.
pub(super) async fn discard(
    playground: &Playground,
    (job, account): (&str, &str),
    produced: &[Produced],
) {
    for file in produced {
        delete(playground, (job, account), &file.asset).await;
    }
}

async fn delete(playground: &Playground, (job, account): (&str, &str), asset: &str) {
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
