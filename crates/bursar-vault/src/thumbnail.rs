//! Small pictures of pictures, for pages that show many.

use std::io::Cursor;

use bytes::{Bytes, BytesMut};
use futures::TryStreamExt as _;
use image::codecs::jpeg::JpegEncoder;
use image::codecs::webp::WebPEncoder;
use image::{DynamicImage, ImageDecoder as _, ImageReader, ImageResult, Limits};
use object_store::{ObjectStoreExt as _, PutPayload};

use crate::error::VaultError;
use crate::name::ObjectName;
use crate::vault::Vault;

/// The longer side of a thumbnail, in pixels.
const LONGEST: u32 = 320;
/// Of a picture without transparency. Above this, files grow faster than pictures get better.
const JPEG_QUALITY: u8 = 80;
/// The largest file that is looked at, in bytes.
const FILE_MOST: u64 = 64 * 1024 * 1024;
/// The longest side that is looked at, in pixels, and the memory that a picture may take, in bytes.
const SIDE_MOST: u32 = 20_000;
const MEMORY_MOST: u64 = 256 * 1024 * 1024;

/// A small picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thumbnail {
    /// The file.
    pub bytes: Bytes,
    /// `image/jpeg`, or `image/webp` for one with transparency.
    pub media_type: &'static str,
}

impl Vault {
    /// Makes a thumbnail of an object, and keeps it beside it. Returns whether there is one now: a file
    /// that isn't a picture, is a broken one or too large a one has none, which is no error.
    ///
    /// # Errors
    /// What the place says.
    pub async fn make_thumbnail(&self, object: &ObjectName) -> Result<bool, VaultError> {
        let content = self.read(object, None).await?;
        if content.size > FILE_MOST {
            return Ok(false);
        }
        // The permit first: files that wait would take memory, too.
        let Ok(_permit) = self.thumbnails.acquire().await else { return Ok(false) };
        let mut picture = BytesMut::new();
        let mut bytes = content.bytes;
        while let Some(chunk) = bytes.try_next().await? {
            picture.extend_from_slice(&chunk);
        }
        let picture = picture.freeze();
        let made = tokio::task::spawn_blocking(move || of(&picture)).await;
        let Some(thumbnail) = made.map_err(|error| VaultError::lost(&error))? else {
            return Ok(false);
        };
        let path = object.thumbnail_path();
        self.objects.put(&self.locate(&path), PutPayload::from(thumbnail.bytes)).await?;
        Ok(true)
    }

    /// The thumbnail of an object.
    ///
    /// # Errors
    /// `Missing` if it has none.
    pub async fn thumbnail(&self, object: &ObjectName) -> Result<Thumbnail, VaultError> {
        let content = self.read_at(&object.thumbnail_path(), None).await?;
        let chunks: Vec<Bytes> = content.bytes.try_collect().await?;
        let bytes = Bytes::from(chunks.concat());
        let media_type = if bytes.starts_with(b"RIFF") { "image/webp" } else { "image/jpeg" };
        Ok(Thumbnail { bytes, media_type })
    }
}

/// A thumbnail of a PNG, JPEG, GIF or WebP file, upright, and without anything else that the file says,
/// such as where it was taken. `None` if the file is something else, broken, or too large.
fn of(picture: &[u8]) -> Option<Thumbnail> {
    let small = decode(picture)
        .inspect_err(|error| tracing::debug!("a picture has no thumbnail: {error}"))
        .ok()?;
    encode(&small).ok()
}

fn decode(picture: &[u8]) -> ImageResult<DynamicImage> {
    let mut limits = Limits::default();
    limits.max_image_width = Some(SIDE_MOST);
    limits.max_image_height = Some(SIDE_MOST);
    limits.max_alloc = Some(MEMORY_MOST);
    let mut reader = ImageReader::new(Cursor::new(picture)).with_guessed_format()?;
    reader.limits(limits.clone());
    let mut decoder = reader.into_decoder()?;
    // Not all decoders keep to the limit of memory themselves.
    limits.reserve(decoder.total_bytes())?;
    let orientation = decoder.orientation()?;
    let whole = DynamicImage::from_decoder(decoder)?;
    let fits = whole.width() <= LONGEST && whole.height() <= LONGEST;
    let mut small = if fits { whole } else { whole.thumbnail(LONGEST, LONGEST) };
    small.apply_orientation(orientation);
    Ok(small)
}

fn encode(small: &DynamicImage) -> ImageResult<Thumbnail> {
    let mut bytes = Vec::new();
    let media_type = if small.color().has_alpha() {
        small.to_rgba8().write_with_encoder(WebPEncoder::new_lossless(&mut bytes))?;
        "image/webp"
    } else {
        let encoder = JpegEncoder::new_with_quality(&mut bytes, JPEG_QUALITY);
        small.to_rgb8().write_with_encoder(encoder)?;
        "image/jpeg"
    };
    Ok(Thumbnail { bytes: bytes.into(), media_type })
}

#[cfg(test)]
#[allow(clippy::as_conversions, reason = "pixels are made up")]
mod tests {
    use image::{ImageFormat, Rgb, RgbImage, Rgba, RgbaImage};

    use super::*;

    fn file(picture: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        picture.into().write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    }

    fn opaque(width: u32, height: u32) -> RgbImage {
        RgbImage::from_fn(width, height, |x, y| {
            Rgb([0, 1, 2].map(|n: u32| ((x * n + y) % 256) as u8))
        })
    }

    fn size(thumbnail: &Thumbnail) -> (u32, u32) {
        let picture = image::load_from_memory(&thumbnail.bytes).unwrap();
        (picture.width(), picture.height())
    }

    #[test]
    fn a_large_picture_becomes_small_in_its_proportions() {
        for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP, ImageFormat::Gif] {
            let thumbnail = of(&file(opaque(800, 400), format)).unwrap();
            assert_eq!(size(&thumbnail), (320, 160), "{format:?}");
        }
    }

    #[test]
    fn a_small_picture_keeps_its_size() {
        let thumbnail = of(&file(opaque(16, 9), ImageFormat::Png)).unwrap();
        assert_eq!((size(&thumbnail), thumbnail.media_type), ((16, 9), "image/jpeg"));
    }

    #[test]
    fn transparency_stays() {
        let glass = RgbaImage::from_pixel(400, 400, Rgba([255, 0, 0, 100]));
        let thumbnail = of(&file(glass, ImageFormat::Png)).unwrap();
        assert_eq!(thumbnail.media_type, "image/webp");
        let small = image::load_from_memory(&thumbnail.bytes).unwrap().to_rgba8();
        assert_eq!(small.get_pixel(10, 10).0, [255, 0, 0, 100]);
    }

    #[test]
    fn a_picture_taken_sideways_stands_upright() {
        let mut exif = b"\xff\xe1\x00\x22Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0".to_vec();
        let jpeg = file(opaque(600, 300), ImageFormat::Jpeg);
        exif.splice(0..0, jpeg[..2].iter().copied());
        exif.extend_from_slice(&jpeg[2..]);
        assert_eq!(size(&of(&exif).unwrap()), (160, 320));
    }

    #[test]
    fn what_is_no_picture_has_none() {
        assert_eq!(of(b""), None);
        assert_eq!(of(b"<svg xmlns='http://www.w3.org/2000/svg'/>"), None);
        let mut broken = file(opaque(600, 300), ImageFormat::Png);
        broken.truncate(200);
        assert_eq!(of(&broken), None);
    }

    /// 60,000 by 60,000 pixels in a file of a few bytes.
    #[test]
    fn a_picture_that_would_take_all_memory_has_none() {
        let mut bomb =
            b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\xea\x60\0\0\xea\x60\x08\x06\0\0\0".to_vec();
        bomb.extend_from_slice(&[0; 64]);
        assert_eq!(of(&bomb), None);
        let mut gif = file(opaque(2, 2), ImageFormat::Gif);
        gif[6..10].copy_from_slice(&[0xff; 4]);
        assert_eq!(of(&gif), None);
    }

    #[test]
    fn many_colours_do_not_make_it_heavy() {
        let hills = |x: u32, y: u32| (x * x / 900 + y * y / 1_100 + (x * y) % 7) as u8;
        let photo = RgbImage::from_fn(1_500, 1_500, |x, y| Rgb([hills(x, y), hills(y, x), 90]));
        let thumbnail = of(&file(photo, ImageFormat::Png)).unwrap();
        assert!(thumbnail.bytes.len() < 60_000, "{} bytes", thumbnail.bytes.len());
    }
}
