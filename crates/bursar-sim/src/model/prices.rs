//! ScriptKit's figures, by heart.

/// A credit in millionths.
pub(super) const CREDIT: i64 = 1_000_000;

/// A plan as its page has it.
#[derive(Clone, Copy, Debug)]
pub(super) struct PlanFacts {
    pub(super) month_minor: i64,
    pub(super) year_minor: i64,
    pub(super) allowance_micro: i64,
    pub(super) storage_bytes: u64,
}

pub(super) fn plan(key: &str) -> Option<PlanFacts> {
    let (month, year, credits, gigabytes) = match key {
        "starter" => (29, 313, 400, 2),
        "professional" => (89, 961, 1_250, 10),
        "studio" => (199, 2_149, 3_000, 50),
        _ => return None,
    };
    Some(PlanFacts {
        month_minor: month * 100,
        year_minor: year * 100,
        allowance_micro: credits * CREDIT,
        storage_bytes: gigabytes * 1_000_000_000,
    })
}

/// A pack's price in minor units and its credits in millionths.
pub(super) fn pack(key: &str) -> Option<(i64, i64)> {
    let (price, credits) = match key {
        "small" => (10, 100),
        "medium" => (25, 300),
        "large" => (75, 1_000),
        "xl" => (150, 2_500),
        _ => return None,
    };
    Some((price * 100, credits * CREDIT))
}

/// What units of an operation cost with its default model, quality and attributes.
pub(super) fn operation(key: &str, units: u32) -> Option<i64> {
    let units = i64::from(units);
    let credits = match key {
        "image" => (units * 3 + 9) / 10,
        "image_remix" | "image_upscale" => units,
        "video" => units * 10,
        "video_export" => units * 10,
        _ => return None,
    };
    Some(credits.max(1) * CREDIT)
}
