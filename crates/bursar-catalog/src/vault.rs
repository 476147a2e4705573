//! `[policies.vault]`: what may be stored. How much is each plan's storage.

use std::time::Duration;

use bursar_core::catalog::{AssetKind, MediaTypes, VaultPolicy};

use crate::reader::{Table, Value};
use crate::references::{Known, distinct};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(86_400);

const MAX_ASSET: u64 = 5_000_000_000;
const MAX_UPLOADS: u32 = 1_000;
/// Of one kind.
const MOST_MEDIA_TYPES: usize = 50;

const IMAGES: [&str; 5] = ["image/png", "image/jpeg", "image/webp", "image/gif", "image/avif"];
const VIDEOS: [&str; 3] = ["video/mp4", "video/webm", "video/quicktime"];
/// What a short clip without sound may be besides.
const ANIMATIONS: [&str; 1] = ["image/gif"];
const EXPORTS: [&str; 7] = [
    "video/mp4",
    "video/webm",
    "video/quicktime",
    "image/gif",
    "audio/mpeg",
    "application/pdf",
    "application/zip",
];
const SOUNDS_AND_TEXTS: [&str; 8] = [
    "audio/mpeg",
    "audio/mp4",
    "audio/wav",
    "audio/ogg",
    "application/pdf",
    "application/zip",
    "application/json",
    "text/plain",
];

/// The policy.
pub(crate) fn read(policies: &Table<'_>, features: &Known) -> Option<VaultPolicy> {
    let default = || VaultPolicy {
        max_asset: MAX_ASSET,
        upload_ttl: HOUR,
        max_uploads: MAX_UPLOADS,
        feature: None,
        media: default_media(),
    };
    match policies.field("vault") {
        Some(value) => vault(&value, features, default()),
        None => Some(default()),
    }
}

fn vault(value: &Value<'_>, features: &Known, default: VaultPolicy) -> Option<VaultPolicy> {
    let table = value.table()?;
    let max_asset = table.or("max_asset", default.max_asset, some_bytes);
    let upload_ttl =
        table.or("upload_ttl", default.upload_ttl, |value| value.duration(MINUTE, DAY * 7));
    let max_uploads = table.or("max_uploads", default.max_uploads, |value| value.whole(1, 100_000));
    let feature = table.optional("feature", |value| features.reference(value));
    let media = table.or("media_types", default.media, media);
    table.close();
    Some(VaultPolicy {
        max_asset: max_asset?,
        upload_ttl: upload_ttl?,
        max_uploads: max_uploads?,
        feature: feature?,
        media: media?,
    })
}

fn some_bytes(value: &Value<'_>) -> Option<u64> {
    let bytes = value.bytes()?;
    if bytes == 0 {
        value.wrong(format!("{} is too small", value.quoted()), "more than 0 B");
        return None;
    }
    Some(bytes)
}

fn default_media() -> MediaTypes {
    let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    MediaTypes {
        image: owned(&IMAGES),
        video: owned(&[&VIDEOS[..], &ANIMATIONS[..]].concat()),
        export: owned(&EXPORTS),
        vault: owned(&[&IMAGES[..], &VIDEOS[..], &SOUNDS_AND_TEXTS[..]].concat()),
    }
}

fn media(value: &Value<'_>) -> Option<MediaTypes> {
    let table = value.table()?;
    let default = default_media();
    let of = |kind: AssetKind| {
        table.or(kind.as_str(), default.of(kind).to_vec(), |value| {
            let elements = value.list()?;
            let named = elements.iter().filter_map(|value| Some((value.as_str()?, value.clone())));
            distinct(named, "media type");
            value.list_of_at_most(MOST_MEDIA_TYPES, media_type)
        })
    };
    let image = of(AssetKind::Image);
    let video = of(AssetKind::Video);
    let export = of(AssetKind::Export);
    let vault = of(AssetKind::Vault);
    table.close();
    Some(MediaTypes { image: image?, video: video?, export: export?, vault: vault? })
}

/// A type and a subtype, without parameters.
fn media_type(value: &Value<'_>) -> Option<String> {
    let is_name = |part: &str| {
        let allowed =
            |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"!#$&-^_.+".contains(&b);
        !part.is_empty() && part.len() <= 127 && part.bytes().all(allowed)
    };
    let text = value.as_str();
    let parts = text.and_then(|text| text.split_once('/'));
    if let (Some(text), Some((kind, subtype))) = (text, parts)
        && is_name(kind)
        && is_name(subtype)
    {
        return Some(text.to_owned());
    }
    let expected = "a media type in lower case, such as \"image/png\"";
    value.wrong(format!("{} is not a media type", value.quoted()), expected);
    None
}
