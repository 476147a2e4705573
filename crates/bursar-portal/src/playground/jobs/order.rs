//! What is ordered: an operation of the catalog, and how the job is to go.

use std::collections::BTreeMap;

use bursar_art::{Form, Recipe};
use bursar_core::catalog::{AssetKind, Operation};
use bursar_core::id::AccountId;
use serde::{Deserialize, Serialize};

/// How a job is to go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::playground) enum Ending {
    /// All goes well.
    #[default]
    Succeed,
    /// It makes less than was ordered, and charges for that.
    Partial,
    /// It fails on the way.
    Fail,
    /// Its worker vanishes without a word.
    Vanish,
}

/// An order of the page.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::playground) struct Order {
    pub(in crate::playground) account: String,
    pub(in crate::playground) operation: String,
    pub(in crate::playground) model: Option<String>,
    pub(in crate::playground) quality: Option<String>,
    pub(in crate::playground) units: Option<u32>,
    #[serde(default)]
    pub(in crate::playground) attributes: BTreeMap<String, String>,
    #[serde(default)]
    pub(in crate::playground) ending: Ending,
    /// What is seen; drawn, if absent.
    pub(in crate::playground) seed: Option<u32>,
    /// What a remix, an upscale or an export begins with.
    pub(in crate::playground) source: Option<Source>,
}

/// An earlier result.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::playground) struct Source {
    pub(in crate::playground) seed: u32,
    pub(in crate::playground) model: String,
    #[serde(default)]
    pub(in crate::playground) tint: Option<u32>,
    #[serde(default)]
    pub(in crate::playground) width: Option<u32>,
}

/// The longest name that is taken; the API is stricter.
const NAME: usize = 64;
/// The most files of one job.
const FILES: u32 = 12;

impl Order {
    /// Only its form: whether the operation exists is the API's to say.
    pub(super) fn check(&self) -> Result<(), &'static str> {
        if self.account.parse::<AccountId>().is_err() {
            return Err("The job names no account.");
        }
        let names = [Some(&self.operation), self.model.as_ref(), self.quality.as_ref()];
        let attributes = self.attributes.iter().flat_map(|(key, value)| [key, value]);
        let too_long = |name: &String| name.len() > NAME;
        if names.into_iter().flatten().chain(attributes).any(too_long) || self.attributes.len() > 8
        {
            return Err("The job has a name that is too long.");
        }
        Ok(())
    }

    /// What each file of the job is made by: as many as there are units of pictures, one of all else;
    /// none of an operation that makes no files. `done` units are made.
    pub(super) fn recipes(&self, operation: &Operation, done: u32, seed: u32) -> Vec<Recipe> {
        let model = self.model.clone().unwrap_or_else(|| operation.default_model.to_string());
        let quality = self.quality.clone().unwrap_or_else(|| operation.default_quality.to_string());
        let source = self.source.as_ref();
        let recipe = |number: u32, form| Recipe {
            seed: source.map_or(seed.wrapping_add(number.wrapping_mul(7_919)), |it| it.seed),
            tint: source.and_then(|it| it.tint),
            model: source.map_or_else(|| model.clone(), |it| it.model.clone()),
            rich: self.attributes.values().any(|value| value == "rich"),
            form,
        };
        match operation.asset {
            None => Vec::new(),
            Some(AssetKind::Video) => vec![recipe(0, clip(done))],
            Some(AssetKind::Export) => vec![recipe(0, exported(&quality))],
            Some(_) if operation.key.as_str().contains("upscale") => {
                let side = source.and_then(|it| it.width).unwrap_or(768).saturating_mul(2);
                (0..done.min(FILES)).map(|it| recipe(it, Form::Picture { side })).collect()
            }
            Some(_) => {
                let side = if quality.contains("hd") { 1_280 } else { 768 };
                let repaint = operation.key.as_str().contains("remix");
                let tinted = |number: u32| Recipe {
                    tint: repaint.then(|| seed.wrapping_add(number)),
                    model: if repaint {
                        model.clone()
                    } else {
                        recipe(number, Form::Picture { side }).model
                    },
                    ..recipe(number, Form::Picture { side })
                };
                (0..done.min(FILES)).map(tinted).collect()
            }
        }
    }
}

/// A clip of as many seconds.
fn clip(seconds: u32) -> Form {
    let frames = seconds.saturating_mul(7).clamp(7, 42);
    let hundredths = seconds.saturating_mul(100).checked_div(frames).unwrap_or(14).clamp(6, 40);
    Form::Clip { width: 640, frames, hundredths }
}

fn exported(quality: &str) -> Form {
    let (width, frames) = match quality {
        "4k" => (3_840, 4),
        "720p" => (1_280, 10),
        _ => (1_920, 8),
    };
    Form::Clip { width, frames, hundredths: 16 }
}
