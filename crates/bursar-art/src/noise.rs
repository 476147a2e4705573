//! Chance that is always the same: hashes of places, and smooth noise made of them.

/// Is no number from 0 to 1 but looks like one drawn at random for this place.
pub(super) fn chance(x: i64, y: i64, seed: u64) -> f64 {
    let mut mixed = seed ^ 0x9e37_79b9_7f4a_7c15;
    for part in [x, y] {
        mixed = (mixed ^ part.cast_unsigned()).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 29)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 32;
    }
    f64::from(u32::try_from(mixed >> 32).unwrap_or(0)) / 4_294_967_296.0
}

/// The whole number at or below `v`, and what is above it.
pub(super) fn split(v: f64) -> (i64, f64) {
    let floor = v.floor();
    #[expect(clippy::as_conversions, reason = "saturates, and pictures are small")]
    let whole = floor as i64;
    (whole, v - floor)
}

/// Smooth noise along a line, from 0 to 1.
pub(super) fn line(x: f64, seed: u64) -> f64 {
    let (cell, within) = split(x);
    let bend = ease(within);
    mix(chance(cell, 0, seed), chance(cell.saturating_add(1), 0, seed), bend)
}

/// Smooth noise over a plane, from 0 to 1.
pub(super) fn plane(x: f64, y: f64, seed: u64) -> f64 {
    let ((column, across), (row, down)) = (split(x), split(y));
    let across = ease(across);
    let (right, below) = (column.saturating_add(1), row.saturating_add(1));
    let upper = mix(chance(column, row, seed), chance(right, row, seed), across);
    let lower = mix(chance(column, below, seed), chance(right, below, seed), across);
    mix(upper, lower, ease(down))
}

/// Noise with finer noise on it, along a line, from 0 to 1.
pub(super) fn rough_line(x: f64, octaves: u32, seed: u64) -> f64 {
    rough(octaves, seed, |zoom, seed| line(x * zoom, seed))
}

/// Noise with finer noise on it, over a plane, from 0 to 1.
pub(super) fn rough_plane(x: f64, y: f64, octaves: u32, seed: u64) -> f64 {
    rough(octaves, seed, |zoom, seed| plane(x * zoom, y * zoom, seed))
}

fn rough(octaves: u32, seed: u64, noise: impl Fn(f64, u64) -> f64) -> f64 {
    let (mut sum, mut weight, mut total, mut zoom) = (0.0, 1.0, 0.0, 1.0);
    for octave in 0..octaves {
        sum += noise(zoom, seed.wrapping_add(u64::from(octave))) * weight;
        total += weight;
        weight *= 0.5;
        zoom *= 2.03;
    }
    if total > 0.0 { sum / total } else { 0.0 }
}

/// From `a` to `b`.
pub(super) fn mix(a: f64, b: f64, share: f64) -> f64 {
    a + (b - a) * share
}

/// From 0 to 1 with a soft start and end.
pub(super) fn ease(v: f64) -> f64 {
    v * v * (3.0 - 2.0 * v)
}

/// How far `v` is on the way from `from` to `to`, softly.
pub(super) fn step(from: f64, to: f64, v: f64) -> f64 {
    ease(((v - from) / (to - from)).clamp(0.0, 1.0))
}

/// A soft wave of period 1 between -1 and 1. Made of parabolas: unlike a sine it is the same on every
/// machine.
pub(super) fn wave(v: f64) -> f64 {
    let (_, within) = split(v);
    let half = if within < 0.5 { within } else { within - 0.5 };
    let hill = 16.0 * half * (0.5 - half);
    if within < 0.5 { hill } else { -hill }
}
