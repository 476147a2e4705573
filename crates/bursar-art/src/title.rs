//! What a picture is called.

use super::noise::chance;
use super::scene::Style;

/// A title for what the seed shows.
pub(super) fn of(style: Style, seed: u32) -> String {
    let (light, place) = words(style);
    format!("{} {}", pick(light, 1, seed), pick(place, 2, seed))
}

const fn words(style: Style) -> (&'static [&'static str], &'static [&'static str]) {
    match style {
        Style::Earth => (
            &["Low sun over", "Noon above", "Last light on", "Dust over", "Dawn behind"],
            &["the dunes", "red hills", "dry fields", "the long ridge", "a salt road"],
        ),
        Style::Gouache => (
            &["Evening at", "First light at", "Still water by", "Clearing sky over", "Swell off"],
            &["the bay", "seven islands", "the north shore", "a quiet fjord", "the headland"],
        ),
        Style::Ink => (
            &["Mist under", "Snow on", "Rain past", "Morning below", "Cranes over"],
            &["nine peaks", "the old pass", "grey cliffs", "the cloud gate", "a far temple"],
        ),
        Style::Lanterns => (
            &["Lanterns over", "A wish above", "Night of lights at", "Embers over"],
            &["the lake", "the harbour", "still water", "the village"],
        ),
        Style::Cranes => (
            &["Cranes before", "Homeward past", "Nine wings across", "Southward over"],
            &["the sun", "the valley", "a red morning", "the marsh"],
        ),
        Style::Passage => (
            &["Night train past", "A long take of", "Along", "Leaving"],
            &["the mountains", "blue ranges", "the border", "the high country"],
        ),
    }
}

fn pick(words: &[&'static str], place: i64, seed: u32) -> &'static str {
    let at = chance(place, 77, u64::from(seed));
    let count = u16::try_from(words.len()).unwrap_or(1);
    let (index, _) = super::noise::split(at * f64::from(count));
    usize::try_from(index).ok().and_then(|index| words.get(index)).copied().unwrap_or("Untitled")
}
