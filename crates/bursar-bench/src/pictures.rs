//! Bars of what `headline --json` wrote, as SVG that reads in light and dark.

use std::fmt::Write;
use std::path::Path;

use bursar_core::readable;
use serde_json::Value;

/// A bar: what it is, of whom, how long, in words.
struct Bar {
    title: String,
    ours: bool,
    value: f64,
}

const WIDTH: f64 = 760.0;
const ROW: f64 = 26.0;
/// Where bars begin, and how long the longest is.
const LEFT: f64 = 300.0;
const LONGEST: f64 = 360.0;

/// What is drawn of `headline`: the file, its title, its bars.
const PICTURES: [(&str, &str, &[&str]); 2] = [
    (
        "bench-singles.svg",
        "Durable charges a second, one request each",
        &[
            "bursar-64",
            "bursar-hot-half",
            "bursar-hot-all",
            "by-hand-8",
            "by-hand-32",
            "by-hand-64",
            "by-hand-hot-64",
            "bare-64",
        ],
    ),
    (
        "bench-batches.svg",
        "Durable operations a second, many in a request",
        &[
            "bursar-batch-100",
            "bursar-batch-1000",
            "bursar-pairs-batch",
            "log-n",
            "bare-batch-100",
            "bare-batch-1000",
        ],
    ),
];

/// Draws `RESULTS.json` into a directory: of `headline` bars, of `sustained` lines.
pub(crate) fn run(arguments: &[String]) {
    let [results, directory] = arguments else { panic!("pictures RESULTS.json DIRECTORY") };
    let results: Value = serde_json::from_str(&std::fs::read_to_string(results).unwrap()).unwrap();
    match results["steps"].as_array() {
        Some(steps) => write(directory, "bench-sustained.svg", &lines(&results, steps)),
        None => bars(&results, directory),
    }
}

fn write(directory: &str, file: &str, svg: &str) {
    let path = Path::new(directory).join(file);
    std::fs::write(&path, svg).unwrap();
    println!("{}", path.display());
}

fn bars(results: &Value, directory: &str) {
    let machine = results["machine"].as_str().unwrap();
    for (file, title, ids) in PICTURES {
        let bars: Vec<Bar> = ids.iter().filter_map(|id| bar(results, id)).collect();
        write(directory, file, &draw(title, machine, &bars));
    }
}

/// The bar of a cell; nothing if it was left out.
fn bar(results: &Value, id: &str) -> Option<Bar> {
    let cell = results["cells"].as_array()?.iter().find(|cell| cell["id"] == id)?;
    let system = cell["system"].as_str()?;
    Some(Bar {
        title: format!("{system}, {}", cell["title"].as_str()?),
        ours: system == "Bursar",
        value: cell["per_second"].as_f64()?,
    })
}

fn draw(title: &str, machine: &str, bars: &[Bar]) -> String {
    let most = bars.iter().map(|bar| bar.value).fold(1.0, f64::max);
    let height = ROW * (bars.len() as f64 + 3.0);
    let mut svg = head(title, height);
    for (row, bar) in bars.iter().enumerate() {
        let y = ROW * (row as f64 + 1.5);
        let (length, text) = (bar.value / most * LONGEST, y + 13.0);
        let class = if bar.ours { "ours" } else { "other" };
        let (name, value) = (escaped(&bar.title), grouped(bar.value));
        let (names_end, value_start) = (LEFT - 8.0, LEFT + length + 6.0);
        writeln!(
            svg,
            "<text x=\"{names_end}\" y=\"{text}\" text-anchor=\"end\">{name}</text>\
             <rect class=\"{class}\" x=\"{LEFT}\" y=\"{y}\" width=\"{length:.1}\" height=\"18\" rx=\"2\"/>\
             <text x=\"{value_start:.1}\" y=\"{text}\">{value}</text>"
        )
        .unwrap();
    }
    svg + &foot(height, &format!("{machine}; medians of alternating rounds"))
}

/// Where the lines of `sustained` are.
const PLOT: [f64; 4] = [70.0, 44.0, 620.0, 200.0];

/// Rate and lag over time, each from 0 to its own maximum.
fn lines(results: &Value, steps: &[Value]) -> String {
    let [left, top, width, height] = PLOT;
    let machine = results["machine"].as_str().unwrap();
    let mut svg =
        head("Charges a second in batches, and how far the views are behind", height + 136.0);
    let last = steps.last().map_or(1.0, |step| step["at"].as_f64().unwrap());
    for (row, (name, class, field)) in
        [("charges a second", "ours", "per_second"), ("entries behind", "other", "lag_entries")]
            .into_iter()
            .enumerate()
    {
        let value = |step: &Value| step[field].as_f64().unwrap();
        let most = steps.iter().map(value).fold(1.0, f64::max);
        let point = |step: &Value| {
            let x = left + width * step["at"].as_f64().unwrap() / last;
            format!("{x:.1},{:.1}", top + height * (1.0 - value(step) / most))
        };
        let points: Vec<String> = steps.iter().map(point).collect();
        let (points, y) = (points.join(" "), top + height + 24.0 + 20.0 * row as f64);
        let (most, text) = (grouped(most), y + 4.0);
        writeln!(
            svg,
            "<polyline class=\"{class} line\" points=\"{points}\"/>\
             <rect class=\"{class}\" x=\"{left}\" y=\"{y}\" width=\"14\" height=\"4\"/>\
             <text x=\"{}\" y=\"{text}\">{name}, {most} at most</text>",
            left + 22.0,
        )
        .unwrap();
    }
    let (right, base) = (left + width, top + height);
    writeln!(svg, "<path class=\"axis\" d=\"M{left} {top}V{base}H{right}\"/>").unwrap();
    svg + &foot(height + 136.0, &format!("{machine}; {:.0} s", last))
}

fn head(title: &str, height: f64) -> String {
    let colours = |text: &str, by: &str, ours: &str, other: &str| {
        format!(
            "text {{ fill: {text} }} .by {{ fill: {by} }} .ours {{ fill: {ours} }} .other {{ fill: {other} }} \
             .line {{ fill: none; stroke-width: 2 }} .line.ours {{ stroke: {ours} }} \
             .line.other {{ stroke: {other} }} .axis {{ fill: none; stroke: {other} }}"
        )
    };
    let light = colours("#1f2328", "#59636e", "#0969da", "#8c959f");
    let dark = colours("#f0f6fc", "#9198a1", "#4493f8", "#656c76");
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" \
         font-family=\"system-ui, sans-serif\" font-size=\"13\">\n<title>{title}</title>\n\
         <style>{light}\n@media (prefers-color-scheme: dark) {{ {dark} }}</style>\n\
         <text x=\"8\" y=\"20\" font-weight=\"600\" font-size=\"15\">{title}</text>\n"
    )
}

fn foot(height: f64, words: &str) -> String {
    let (y, words) = (height - 12.0, escaped(words));
    format!("<text class=\"by\" x=\"8\" y=\"{y}\" font-size=\"11\">{words}</text>\n</svg>\n")
}

/// As text of XML.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// A whole number with commas.
fn grouped(value: f64) -> String {
    readable::grouped(&format!("{value:.0}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_bar_is_as_long_as_its_value() {
        let results = json!({"cells": [
            {"id": "a", "system": "Bursar", "title": "one & all", "per_second": 45_000.4},
            {"id": "b", "system": "bare log", "title": "each", "per_second": 90_000.0},
        ]});
        let bars: Vec<Bar> = ["a", "none", "b"].iter().filter_map(|id| bar(&results, id)).collect();
        let svg = draw("Charges", "2 cores", &bars);
        assert!(svg.contains("Bursar, one &amp; all</text><rect class=\"ours\""), "{svg}");
        assert!(svg.contains("width=\"180.0\"") && svg.contains("width=\"360.0\""), "{svg}");
        assert!(svg.contains(">45,000<") && svg.contains(">90,000<"), "{svg}");
    }

    #[test]
    fn a_line_goes_through_every_step() {
        let steps = json!([
            {"at": 10.0, "per_second": 50.0, "lag_entries": 0.0},
            {"at": 20.0, "per_second": 100.0, "lag_entries": 8.0},
        ]);
        let svg = lines(&json!({"machine": "2 cores"}), steps.as_array().unwrap());
        assert!(svg.contains("points=\"380.0,144.0 690.0,44.0\""), "{svg}");
        assert!(svg.contains("points=\"380.0,244.0 690.0,44.0\""), "{svg}");
    }
}
