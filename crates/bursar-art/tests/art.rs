//! Pictures by rule: the same recipe makes the same picture, on every machine.
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::io::Cursor;

use bursar_art::{Form, Made, Recipe};
use image::AnimationDecoder;
use image::codecs::gif::GifDecoder;

const PICTURE: Form = Form::Picture { side: 96 };
const CLIP: Form = Form::Clip { width: 96, frames: 4, hundredths: 10 };

fn recipe(model: &str, seed: u32, form: Form) -> Recipe {
    Recipe { seed, tint: None, model: model.to_owned(), rich: false, form }
}

fn make(recipe: &Recipe) -> Made {
    recipe.make(&|_| {}).unwrap()
}

/// The pixels of all frames, as a hash.
fn pixels(made: &Made) -> String {
    let mut hasher = blake3::Hasher::new();
    if made.media_type == "image/gif" {
        for frame in GifDecoder::new(Cursor::new(&made.bytes)).unwrap().into_frames() {
            hasher.update(frame.unwrap().buffer().as_raw());
        }
    } else {
        hasher.update(image::load_from_memory(&made.bytes).unwrap().to_rgb8().as_raw());
    }
    hasher.finalize().to_hex().chars().take(16).collect()
}

#[test]
fn every_style_paints_what_it_always_painted() {
    let painted: Vec<String> = ["ochre-1", "tempera-2", "grisaille-3"]
        .map(|model| (model, PICTURE))
        .into_iter()
        .chain(["lantern-1", "crane-2", "longtake-3"].map(|model| (model, CLIP)))
        .map(|(model, form)| {
            let made = make(&recipe(model, 7, form));
            format!("{model}: {}, {}", made.title, pixels(&made))
        })
        .collect();
    insta::assert_snapshot!(painted.join("\n"));
}

#[test]
fn the_seed_is_what_is_seen_and_the_tint_its_colours() {
    let first = make(&recipe("ochre-1", 1, PICTURE));
    assert_eq!(pixels(&first), pixels(&make(&recipe("ochre-1", 1, PICTURE))));
    assert_ne!(pixels(&first), pixels(&make(&recipe("ochre-1", 2, PICTURE))));
    let tinted = Recipe { tint: Some(2), ..recipe("ochre-1", 1, PICTURE) };
    assert_ne!(pixels(&first), pixels(&make(&tinted)));
    assert_eq!(first.title, make(&tinted).title, "a remix keeps its composition");
    let rich = Recipe { rich: true, ..recipe("ochre-1", 1, PICTURE) };
    assert_ne!(pixels(&first), pixels(&make(&rich)));
    let unknown = make(&recipe("somebody-else", 1, PICTURE));
    assert_eq!(unknown.width, 96, "a model that isn't known paints, too");
}

#[test]
fn an_upscale_shows_the_same_only_finer() {
    let small = image::load_from_memory(&make(&recipe("tempera-2", 9, PICTURE)).bytes).unwrap();
    let large = make(&recipe("tempera-2", 9, Form::Picture { side: 192 }));
    let large = image::load_from_memory(&large.bytes).unwrap();
    let reduced = large.thumbnail_exact(96, 96).to_rgb8();
    let apart = small
        .to_rgb8()
        .iter()
        .zip(reduced.iter())
        .map(|(a, b)| u64::from(a.abs_diff(*b)))
        .sum::<u64>();
    let mean = apart / (96 * 96 * 3);
    assert!(mean < 12, "{mean} of 255 apart");
}

#[test]
fn a_clip_moves_and_has_the_size_that_was_asked_for() {
    for model in ["lantern-1", "crane-2", "longtake-3"] {
        let made = make(&recipe(model, 3, CLIP));
        assert_eq!((made.width, made.height, made.media_type), (96, 54, "image/gif"));
        let frames = GifDecoder::new(Cursor::new(&made.bytes)).unwrap().into_frames();
        let frames = frames.collect_frames().unwrap();
        assert_eq!(frames.len(), 4, "{model}");
        assert_ne!(frames[0].buffer(), frames[2].buffer(), "{model} stands still");
        assert_eq!(frames[0].delay().numer_denom_ms(), (100, 1));
    }
}

#[test]
fn sizes_beyond_reason_are_brought_back() {
    for (asked, side) in [(0, 16), (16, 16)] {
        let made = make(&recipe("ochre-1", 1, Form::Picture { side: asked }));
        assert_eq!((made.width, made.height), (side, side));
    }
    let still = make(&recipe("crane-2", 1, Form::Clip { width: 16, frames: 0, hundredths: 0 }));
    assert_eq!((still.width, still.height), (16, 9));
}

#[test]
fn it_says_how_far_it_is_and_comes_to_the_end() {
    let told = std::cell::RefCell::new(Vec::new());
    recipe("ochre-1", 1, PICTURE).make(&|percent| told.borrow_mut().push(percent)).unwrap();
    let told = told.into_inner();
    assert!(told.is_sorted(), "{told:?}");
    assert_eq!((told.first(), told.last()), (Some(&0), Some(&100)));
}
