//! A scene: what stands where, decided by the seed once; then the colour of any place at any time.
//!
//! Places are `x` to the right and `y` down, both in heights of the picture, so that a picture shows
//! the same at every size, only finer. Times are from 0 to 1, the length of the clip.

use super::noise::{chance, line, mix, plane, rough_line, rough_plane, split, step, wave};
use super::paint::{Color, along, hex};
use super::palettes::{EARTH, GOUACHE, INK, NIGHT, Palette};

/// How something is painted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// Dunes as a block print.
    Earth,
    /// A coast in gouache, with its reflection.
    Gouache,
    /// Mountains in mist, in ink.
    Ink,
    /// Lanterns that rise in the night.
    Lanterns,
    /// Cranes that cross the dawn.
    Cranes,
    /// A long way past mountains.
    Passage,
}

/// A row of hills, one of several behind each other.
#[derive(Clone, Copy, Debug)]
struct Ridge {
    /// Where its feet are.
    base: f64,
    /// How high it goes.
    height: f64,
    /// How many hills there are in a height of the picture.
    pace: f64,
    /// How jagged it is.
    octaves: u32,
    seed: u64,
    color: Color,
    /// How far it moves while the clip lasts.
    drift: f64,
}

/// Everything that is seen.
pub(super) struct Scene {
    style: Style,
    seed: u64,
    palette: Palette,
    sky: [Color; 4],
    light: Color,
    /// Where the sun is, and its radius.
    sun: (f64, f64, f64),
    /// From near to far.
    ridges: Vec<Ridge>,
    /// The water line; below the picture if there is none.
    water: f64,
    width: f64,
}

/// The heights of all ridges over one column, from near to far.
pub(super) type Column = Vec<f64>;

impl Scene {
    /// The scene of a seed. `tint` chooses the colours; `rich` adds detail; `width` is in heights.
    pub(super) fn new(style: Style, seed: u64, tint: u64, rich: bool, width: f64) -> Self {
        let dice = |n: i64| chance(n, 7, seed);
        let palette = palette(style, tint);
        let sky = palette.sky.map(hex);
        let (low, high) = match style {
            Style::Earth | Style::Passage => (0.30, 0.52),
            Style::Gouache => (0.26, 0.46),
            Style::Ink => (0.16, 0.30),
            Style::Lanterns => (0.18, 0.3),
            Style::Cranes => (0.42, 0.55),
        };
        let radius = match style {
            Style::Earth => mix(0.09, 0.17, dice(3)),
            Style::Cranes => mix(0.16, 0.22, dice(3)),
            Style::Ink => 0.055,
            _ => mix(0.04, 0.075, dice(3)),
        };
        let sun = (width * mix(0.22, 0.78, dice(1)), mix(low, high, dice(2)), radius);
        let water = match style {
            Style::Gouache => mix(0.66, 0.74, dice(4)),
            Style::Lanterns => 0.80,
            _ => 2.0,
        };
        let ridges = ridges(style, seed, &palette, rich);
        let light = hex(palette.light);
        Self { style, seed, palette, sky, light, sun, ridges, water, width }
    }

    /// Its main colours, for what stands in for it while it is painted.
    pub(super) fn colors(&self) -> [u32; 4] {
        let [top, _, _, horizon] = self.palette.sky;
        let [_, middle, _, near] = self.palette.land;
        [top, horizon, middle, near]
    }

    /// The ridges over a column.
    pub(super) fn column(&self, x: f64, time: f64) -> Column {
        self.ridges.iter().map(|ridge| ridge.top(x, time)).collect()
    }

    /// The colour of a place.
    pub(super) fn color(&self, x: f64, y: f64, time: f64, column: &Column) -> Color {
        let painted = match self.style {
            Style::Ink => self.ink(x, y, column),
            _ if y > self.water => self.reflected(x, y, time, column),
            _ => self.plain(x, y, time, column),
        };
        let painted = match self.style {
            Style::Lanterns => self.lanterns(painted, x, y, time),
            Style::Cranes => self.birds(painted, x, y, time),
            _ => painted,
        };
        self.on_paper(painted, x, y)
    }

    /// Sky and land, as they are seen directly.
    fn plain(&self, x: f64, y: f64, time: f64, column: &Column) -> Color {
        for (ridge, top) in self.ridges.iter().zip(column) {
            if y >= *top {
                return self.land(ridge, x, y, *top, time);
            }
        }
        self.sky(x, y, time)
    }

    fn land(&self, ridge: &Ridge, x: f64, y: f64, top: f64, time: f64) -> Color {
        let depth = y - top;
        let along_it = x + ridge.drift * time;
        match self.style {
            Style::Earth => {
                // Cut lines that follow the slope, as in a wood block, and a lit crest.
                let bend = rough_line(along_it * 3.0, 2, ridge.seed ^ 5) * 0.06;
                let cut = wave((depth + bend) * 46.0 + along_it * 7.0);
                let worn = plane(along_it * 9.0, y * 9.0, ridge.seed ^ 9);
                let line = if cut > 0.55 && worn > 0.42 { 0.035 } else { 0.0 };
                let crest = step(0.012, 0.0, depth) * 0.09;
                ridge.color.lit(line + crest - depth * 0.10)
            }
            Style::Gouache => {
                let stroke = plane(along_it * 26.0 + y * 9.0, y * 70.0, ridge.seed ^ 3) - 0.5;
                let facet = rough_line(along_it * 14.0 + depth * 22.0, 2, ridge.seed ^ 4);
                let shade = if facet > 0.52 { 0.05 } else { -0.03 };
                let haze = step(0.0, 0.20, depth) * 0.25;
                ridge.color.lit(stroke * 0.07 + shade).to(self.horizon(), haze)
            }
            _ => {
                let haze = step(0.0, 0.26, depth) * 0.42;
                let crest = step(0.010, 0.0, depth) * 0.05;
                ridge.color.lit(crest).to(self.horizon(), haze * ridge.height.min(0.3) * 3.0)
            }
        }
    }

    fn horizon(&self) -> Color {
        let [_, _, _, horizon] = self.sky;
        horizon
    }

    fn sky(&self, x: f64, y: f64, time: f64) -> Color {
        let wobble = rough_plane(x * 2.2, y * 5.0, 3, self.seed ^ 11) - 0.5;
        let height = match self.style {
            // Bands with soft, uneven edges.
            Style::Earth => {
                let (band, within) = split((y + wobble * 0.05) * 11.0);
                let band = f64::from(i32::try_from(band).unwrap_or(0));
                (band + step(0.85, 1.0, within)) / 11.0
            }
            _ => y + wobble * 0.05,
        };
        let color = along(&self.sky, height / 0.72);
        let color = self.clouds(color, x, y, time);
        self.sun_in(color, x, y, time)
    }

    fn clouds(&self, color: Color, x: f64, y: f64, time: f64) -> Color {
        let moved = x + time * 0.06;
        match self.style {
            Style::Gouache | Style::Passage | Style::Cranes => {
                let bank = rough_plane(moved * 2.1, y * 6.5, 4, self.seed ^ 21);
                let edge = step(0.54, 0.60, bank);
                let core = step(0.62, 0.70, bank);
                let lit = color.to(self.light, 0.34).lit(0.03);
                color.to(lit, edge * 0.55).to(color.lit(-0.045), core * 0.5)
            }
            Style::Lanterns => {
                let (column, across) = split(x * 46.0);
                let (row, down) = split(y * 46.0);
                let lucky = chance(column, row, self.seed ^ 31);
                let near = (across - 0.5) * (across - 0.5) + (down - 0.5) * (down - 0.5);
                let twinkle = 0.55 + 0.45 * wave(time * 3.0 + lucky * 40.0);
                let star = if lucky > 0.94 { step(0.05, 0.0, near) * twinkle } else { 0.0 };
                color.to(hex(0xf4f1ff), star * step(0.7, 0.2, y))
            }
            Style::Earth | Style::Ink => color,
        }
    }

    fn sun_in(&self, color: Color, x: f64, y: f64, time: f64) -> Color {
        let (sun_x, sun_y, radius) = self.sun;
        let rise = if self.style == Style::Cranes { time * 0.10 } else { 0.0 };
        let (across, down) = (x - sun_x, y - sun_y + rise);
        let away = (across * across + down * down).sqrt();
        let halo = step(radius * 4.5, radius, away);
        let disc = step(radius + 0.004, radius - 0.004, away);
        match self.style {
            Style::Earth => {
                let ring = step(radius * 1.5 + 0.002, radius * 1.5 - 0.002, away);
                color.to(color.to(self.light, 0.28), ring).to(self.light, disc)
            }
            Style::Ink => color,
            _ => color.to(self.light, halo * halo * 0.5).to(self.light.lit(0.02), disc),
        }
    }

    /// Water: the scene above it upside down, moved by ripples, darker towards the viewer.
    fn reflected(&self, x: f64, y: f64, time: f64, column: &Column) -> Color {
        let depth = y - self.water;
        let ripple = plane(x * 5.0, depth * 90.0 + time * 9.0, self.seed ^ 41) - 0.5;
        let above = self.water - depth * 1.25 + ripple * 0.05 * (0.25 + depth * 3.0);
        let seen = self.plain(x + ripple * 0.02, above.max(0.0), time, column);
        let glint = plane(x * 14.0 + time, depth * 150.0 - time * 12.0, self.seed ^ 43);
        let (sun_x, _, radius) = self.sun;
        let path = step(radius * 2.6, 0.0, (x - sun_x).abs()) * step(0.66, 0.74, glint);
        let shore = step(0.010, 0.0, depth) * 0.10;
        let [.., near] = self.palette.land;
        seen.to(hex(near), 0.22 + depth * 0.7).to(self.light, path * 0.75).lit(shore)
    }

    /// Mountains that are dark at their crests and go over into mist.
    fn ink(&self, x: f64, y: f64, column: &Column) -> Color {
        let mut color = along(&self.sky, y);
        let cloud = rough_plane(x * 1.6, y * 3.4, 4, self.seed ^ 51);
        color = color.lit((cloud - 0.5) * 0.05);
        color = self.ink_sun(color, x, y);
        for (ridge, top) in self.ridges.iter().zip(column).rev() {
            let depth = y - top;
            if depth < -0.004 {
                continue;
            }
            let edge = step(-0.004, 0.002, depth);
            // Nothing behind shows through, not even the sun.
            color = color.to(self.horizon(), edge * 0.96);
            let wash = rough_plane(x * 5.0, y * 5.0, 4, ridge.seed ^ 53);
            let reach = 0.10 + ridge.height * 0.55;
            let ink = step(reach, 0.0, depth + (wash - 0.5) * 0.16);
            let dry = plane(x * 60.0, y * 210.0, ridge.seed ^ 57);
            let brush = if dry > 0.80 { 0.75 } else { 1.0 };
            color = color.to(ridge.color, edge * (0.12 + 0.82 * ink * brush));
            // The mist that gathers at the feet, before the next ridge.
            color = color.to(self.horizon(), edge * step(reach * 0.6, reach * 1.9, depth) * 0.75);
        }
        self.seal(self.birds(color, x, y, 0.35), x, y)
    }

    fn ink_sun(&self, color: Color, x: f64, y: f64) -> Color {
        let (sun_x, sun_y, radius) = self.sun;
        let (across, down) = (x - sun_x, y - sun_y);
        let away = (across * across + down * down).sqrt();
        let uneven = (rough_plane(x * 30.0, y * 30.0, 2, self.seed ^ 61) - 0.5) * 0.008;
        let disc = step(radius + 0.003, radius - 0.003, away + uneven);
        color.to(self.light, disc * 0.92)
    }

    /// The red seal that signs it.
    fn seal(&self, color: Color, x: f64, y: f64) -> Color {
        let (left, top, side) = (self.width - 0.11, 0.86, 0.052);
        let (across, down) = ((x - left) / side, (y - top) / side);
        if !(0.0..1.0).contains(&across) || !(0.0..1.0).contains(&down) {
            return color;
        }
        let ((column, _), (row, _)) = (split(across * 6.0), split(down * 6.0));
        let rim = column == 0 || row == 0 || column == 5 || row == 5;
        let carved = !rim && chance(column.min(5 - column), row, self.seed ^ 71) > 0.5;
        let worn = plane(x * 160.0, y * 160.0, self.seed ^ 73) > 0.86;
        if carved || worn { color.to(self.light, 0.10) } else { color.to(self.light, 0.9) }
    }

    /// A skein of cranes.
    fn birds(&self, mut color: Color, x: f64, y: f64, time: f64) -> Color {
        let dark = hex(self.palette.land.last().copied().unwrap_or(0));
        let start = mix(-0.25, 0.15, chance(1, 1, self.seed ^ 81));
        let lead_x = start + time * (self.width * 0.72) + self.width * 0.2;
        let lead_y = mix(0.16, 0.28, chance(2, 1, self.seed ^ 81)) - time * 0.04;
        for number in 0..9_i32 {
            let rank = f64::from((number + 1) / 2);
            let side = if number % 2 == 0 { 1.0 } else { -1.0 };
            let stray = chance(i64::from(number), 3, self.seed ^ 83) * 0.02;
            let bird_x = lead_x - rank * 0.055 - stray;
            let bird_y = lead_y + side * rank * 0.024 + rank * 0.012 + stray;
            let size = 0.030 - rank * 0.0014;
            let (across, down) = ((x - bird_x) / size, (y - bird_y) / size);
            if across.abs() > 1.0 || down.abs() > 1.2 {
                continue;
            }
            let beat = wave(time * 7.0 + f64::from(number) * 0.17);
            let wing = across.abs();
            let arch = -beat * 0.55 * wing + 0.35 * wing * wing;
            let thick = 0.14 * (1.0 - wing) + 0.035;
            color = color.to(dark, step(thick, thick * 0.35, (down - arch).abs()) * 0.92);
        }
        color
    }

    /// Lanterns with the light that they throw.
    fn lanterns(&self, mut color: Color, x: f64, y: f64, time: f64) -> Color {
        for number in 0..22_i64 {
            let dice = |n: i64| chance(number, n, self.seed ^ 91);
            let far = dice(1);
            let size = mix(0.010, 0.034, far * far);
            let rise = dice(2) + time * mix(0.10, 0.28, far);
            let (_, height) = split(rise);
            let sway = wave(time * 1.0 + dice(4)) * 0.012;
            let (at_x, at_y) = (dice(3) * self.width + sway, 0.98 - height * 1.05);
            let (across, down) = (x - at_x, y - at_y);
            let away = (across * across + down * down).sqrt();
            if away > size * 9.0 {
                continue;
            }
            let flicker = 0.86 + 0.14 * wave(time * 5.0 + dice(5) * 9.0);
            let glow = step(size * 9.0, 0.0, away);
            color = color.glow(self.light, glow * glow * 0.30 * flicker);
            let taper = 1.0 - (down / size) * 0.16;
            let body = (across.abs() / (size * 0.72 * taper)).max(down.abs() / size);
            let bright = hex(0xfff0c4).to(self.light, step(-1.0, 1.0, -down / size));
            color = color.to(bright, step(1.05, 0.92, body));
        }
        color
    }

    /// The ground that it is painted on.
    fn on_paper(&self, color: Color, x: f64, y: f64) -> Color {
        let strength = match self.style {
            Style::Earth => 0.030,
            Style::Ink => 0.036,
            Style::Gouache => 0.020,
            // Clips are stored with few colours: grain would cost them.
            Style::Lanterns | Style::Cranes | Style::Passage => return color,
        };
        let fibre = plane(x * 220.0, y * 46.0, self.seed ^ 101) - 0.5;
        let tooth = plane(x * 330.0, y * 330.0, self.seed ^ 103) - 0.5;
        color.lit((fibre + tooth) * strength)
    }
}

impl Ridge {
    fn top(&self, x: f64, time: f64) -> f64 {
        let at = (x + self.drift * time) * self.pace;
        let hills = rough_line(at, self.octaves, self.seed);
        let swell = line(at * 0.37, self.seed ^ 2);
        self.base - self.height * (hills * 0.7 + swell * 0.5)
    }
}

fn palette(style: Style, tint: u64) -> Palette {
    let sets: &[Palette] = match style {
        Style::Earth | Style::Cranes => &EARTH,
        Style::Gouache | Style::Passage => &GOUACHE,
        Style::Ink => &INK,
        Style::Lanterns => &NIGHT,
    };
    let count = u64::try_from(sets.len()).unwrap_or(1).max(1);
    let index = usize::try_from(tint % count).unwrap_or(0);
    let [first, ..] = EARTH;
    sets.get(index).copied().unwrap_or(first)
}

/// From near to far.
fn ridges(style: Style, seed: u64, palette: &Palette, rich: bool) -> Vec<Ridge> {
    let count = match style {
        Style::Earth => 6,
        Style::Ink => 5,
        Style::Gouache | Style::Passage => 4,
        Style::Lanterns | Style::Cranes => 3,
    };
    let count = if rich { count + 2 } else { count };
    let (near_base, far_base, height, octaves) = match style {
        Style::Earth => (1.04, 0.64, 0.30, 3),
        Style::Ink => (1.06, 0.60, 0.46, 6),
        Style::Gouache => (0.72, 0.66, 0.34, 5),
        Style::Lanterns => (0.83, 0.74, 0.16, 4),
        Style::Cranes => (1.02, 0.80, 0.16, 4),
        Style::Passage => (1.04, 0.66, 0.34, 5),
    };
    let land = palette.land.map(hex);
    let [.., horizon] = palette.sky.map(hex);
    let step_of = f64::from(count - 1);
    let ridge = |number: i32| {
        let far = f64::from(number) / step_of;
        let seed = seed.wrapping_mul(31).wrapping_add(number.unsigned_abs().into());
        let color = along(&land, 1.0 - far).to(horizon, far * far * 0.35);
        Ridge {
            base: mix(near_base, far_base, far),
            height: height * mix(0.55, 1.0, far) * mix(0.8, 1.2, chance(9, 9, seed)),
            pace: mix(1.1, 2.4, far),
            octaves: if number == 0 { octaves.min(3) } else { octaves },
            seed,
            color,
            drift: if style == Style::Passage { mix(1.5, 0.12, far) } else { 0.0 },
        }
    };
    (0..count).map(ridge).collect()
}
