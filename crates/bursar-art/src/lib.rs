//! Pictures and clips that are really made, by rule and not by a model: the same recipe always makes
//! the same file.
//!
//! Each model of the catalog paints in a style of its own; one that isn't known here gets a style by
//! its name. A remix keeps the composition of its source and changes the colours; an upscale is its
//! source with twice the pixels; an export is a clip at the size that is asked for.

#![expect(clippy::float_arithmetic, reason = "these are pictures, no money")]

mod noise;
mod paint;
mod palettes;
mod scene;
mod title;

use std::io::Cursor;

use image::codecs::gif::{GifEncoder, Repeat};
use image::imageops::FilterType;
use image::{Delay, DynamicImage, Frame, ImageEncoder, ImageError, RgbImage};

use scene::{Scene, Style};

/// What to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipe {
    /// What is seen.
    pub seed: u32,
    /// The colours, if they are not those of the seed.
    pub tint: Option<u32>,
    /// Who paints.
    pub model: String,
    /// With more detail.
    pub rich: bool,
    /// How large, and for how long.
    pub form: Form,
}

/// The form of a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A PNG with as many pixels in height and width, 16 to 2,560.
    Picture {
        /// The side.
        side: u32,
    },
    /// An animated GIF.
    Clip {
        /// Its width in pixels, up to 3,840; the height is 9/16 of it.
        width: u32,
        /// How many frames it has, 1 to 48.
        frames: u32,
        /// For how long each is seen, in hundredths of a second.
        hundredths: u32,
    },
}

/// A file.
#[derive(Clone, Debug)]
pub struct Made {
    /// What it shows, in a few words.
    pub title: String,
    /// `image/png` or `image/gif`.
    pub media_type: &'static str,
    /// Its width in pixels.
    pub width: u32,
    /// Its height in pixels.
    pub height: u32,
    /// The file.
    pub bytes: Vec<u8>,
}

/// More pixels than that in width are painted coarser and then enlarged.
const WIDEST_PAINTED: u32 = 1_280;

impl Recipe {
    /// The main colours: sky, horizon, land, foreground; as `0xrrggbb`.
    pub fn colors(&self) -> [u32; 4] {
        self.scene(1.0).colors()
    }

    /// Makes the file. `progress` hears how far it is, from 0 to 100.
    ///
    /// # Errors
    /// [`ImageError`] if the size is none.
    pub fn make(&self, progress: &dyn Fn(u8)) -> Result<Made, ImageError> {
        let title = title::of(self.style(), self.seed);
        match self.form {
            Form::Picture { side } => {
                let side = side.clamp(16, 2_560);
                let picture = self.paint(&self.scene(1.0), (side, side), 0.35, progress);
                let mut bytes = Vec::new();
                image::codecs::png::PngEncoder::new(&mut bytes).write_image(
                    &picture,
                    side,
                    side,
                    image::ExtendedColorType::Rgb8,
                )?;
                Ok(Made { title, media_type: "image/png", width: side, height: side, bytes })
            }
            Form::Clip { width, frames, hundredths } => {
                let size = (width.clamp(16, 3_840), (width.clamp(16, 3_840) * 9 / 16).max(1));
                let bytes = self.film(size, frames.clamp(1, 48), hundredths, progress)?;
                let (width, height) = size;
                Ok(Made { title, media_type: "image/gif", width, height, bytes })
            }
        }
    }

    fn film(
        &self,
        (width, height): (u32, u32),
        frames: u32,
        hundredths: u32,
        progress: &dyn Fn(u8),
    ) -> Result<Vec<u8>, ImageError> {
        let scene = self.scene(16.0 / 9.0);
        let painted = (width.min(WIDEST_PAINTED), height.min(WIDEST_PAINTED * 9 / 16));
        let delay = Delay::from_numer_denom_ms(hundredths.saturating_mul(10), 1);
        let mut file = Cursor::new(Vec::new());
        let mut encoder = GifEncoder::new_with_speed(&mut file, 20);
        encoder.set_repeat(Repeat::Infinite)?;
        for number in 0..frames {
            let share = u8::try_from(number * 100 / frames).unwrap_or(100);
            progress(share);
            let time = f64::from(number) / f64::from(frames);
            let frame = DynamicImage::from(self.paint(&scene, painted, time, &|_| {}));
            let frame = if painted == (width, height) {
                frame
            } else {
                frame.resize_exact(width, height, FilterType::CatmullRom)
            };
            encoder.encode_frame(Frame::from_parts(frame.into_rgba8(), 0, 0, delay))?;
        }
        drop(encoder);
        progress(100);
        Ok(file.into_inner())
    }

    /// The pixels at a moment.
    fn paint(
        &self,
        scene: &Scene,
        (width, height): (u32, u32),
        time: f64,
        progress: &dyn Fn(u8),
    ) -> RgbImage {
        let place = |pixel: u32| (f64::from(pixel) + 0.5) / f64::from(height);
        let columns: Vec<_> =
            (0..width).map(|x| (place(x), scene.column(place(x), time))).collect();
        let mut pixels = Vec::new();
        for row in 0..height {
            progress(u8::try_from(row * 100 / height).unwrap_or(100));
            for (x, column) in &columns {
                pixels.extend_from_slice(&scene.color(*x, place(row), time, column).bytes());
            }
        }
        progress(100);
        RgbImage::from_raw(width, height, pixels).unwrap_or_default()
    }

    fn scene(&self, width: f64) -> Scene {
        let tint = u64::from(self.tint.unwrap_or(self.seed));
        Scene::new(self.style(), u64::from(self.seed), tint, self.rich, width)
    }

    fn style(&self) -> Style {
        let moves = matches!(self.form, Form::Clip { .. });
        match self.model.as_str() {
            "ochre-1" => Style::Earth,
            "tempera-2" => Style::Gouache,
            "grisaille-3" => Style::Ink,
            "lantern-1" => Style::Lanterns,
            "crane-2" => Style::Cranes,
            "longtake-3" => Style::Passage,
            other => {
                let sum = other
                    .bytes()
                    .fold(0_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte)));
                match (moves, sum % 3) {
                    (false, 0) => Style::Earth,
                    (false, 1) => Style::Gouache,
                    (false, _) => Style::Ink,
                    (true, 0) => Style::Lanterns,
                    (true, 1) => Style::Cranes,
                    (true, _) => Style::Passage,
                }
            }
        }
    }
}
