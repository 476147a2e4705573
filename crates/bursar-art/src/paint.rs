//! Colours and how they mix.

use super::noise::mix;

/// A colour, each part from 0 to 1.
#[derive(Clone, Copy, Debug)]
pub(super) struct Color {
    r: f64,
    g: f64,
    b: f64,
}

/// A colour from its usual notation: `0xe8b04a`.
pub(super) fn hex(code: u32) -> Color {
    let [_, r, g, b] = code.to_be_bytes();
    let part = |byte: u8| f64::from(byte) / 255.0;
    Color { r: part(r), g: part(g), b: part(b) }
}

impl Color {
    /// On the way to another.
    pub(super) fn to(self, other: Self, share: f64) -> Self {
        let share = share.clamp(0.0, 1.0);
        Self {
            r: mix(self.r, other.r, share),
            g: mix(self.g, other.g, share),
            b: mix(self.b, other.b, share),
        }
    }

    /// Brighter or darker by a little.
    pub(super) fn lit(self, by: f64) -> Self {
        Self { r: self.r + by, g: self.g + by, b: self.b + by }
    }

    /// With light of another colour on it.
    pub(super) fn glow(self, light: Self, strength: f64) -> Self {
        Self {
            r: self.r + light.r * strength,
            g: self.g + light.g * strength,
            b: self.b + light.b * strength,
        }
    }

    /// As it is stored.
    pub(super) fn bytes(self) -> [u8; 3] {
        [byte(self.r), byte(self.g), byte(self.b)]
    }
}

fn byte(part: f64) -> u8 {
    #[expect(clippy::as_conversions, reason = "saturates, and is clamped to a byte before")]
    let byte = (part.clamp(0.0, 1.0) * 255.0 + 0.5) as u8;
    byte
}

/// A colour along a row of colours, `at` from 0 to 1.
pub(super) fn along(colors: &[Color], at: f64) -> Color {
    let last = u16::try_from(colors.len().saturating_sub(1)).unwrap_or(0);
    let (index, within) = super::noise::split(at.clamp(0.0, 0.9999) * f64::from(last));
    let color =
        |index: i64| usize::try_from(index).ok().and_then(|index| colors.get(index)).copied();
    let first = color(index).unwrap_or_else(|| hex(0));
    first.to(color(index.saturating_add(1)).unwrap_or(first), within)
}
