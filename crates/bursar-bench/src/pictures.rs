//! Bars of what `headline --json` wrote, as SVG that reads in light and dark.

use std::fmt::Write;
use std::path::Path;

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
const LEFT: f64 = 250.0;
const LONGEST: f64 = 400.0;

/// Draws `RESULTS.json` into a directory.
pub(crate) fn run(arguments: &[String]) {
    let [results, directory] = arguments else { panic!("pictures RESULTS.json DIRECTORY") };
    let results: Value = serde_json::from_str(&std::fs::read_to_string(results).unwrap()).unwrap();
    let machine = results["machine"].as_str().unwrap();
    for (file, title, ids) in [
        (
            "bench-singles.svg",
            "Durable charges a second, one request each",
            &[
                "bursar-64",
                "bursar-hot-half",
                "by-hand-8",
                "by-hand-32",
                "by-hand-64",
                "by-hand-hot-64",
            ][..],
        ),
        (
            "bench-limits.svg",
            "Against what the machine can do at all, operations a second",
            &[
                "bursar-64",
                "bare-64",
                "log-n",
                "bursar-batch-1000",
                "bare-batch-1000",
                "bursar-pairs-batch",
            ],
        ),
    ] {
        let bars: Vec<Bar> = ids.iter().filter_map(|id| bar(&results, id)).collect();
        let path = Path::new(directory).join(file);
        std::fs::write(&path, draw(title, machine, &bars)).unwrap();
        println!("{}", path.display());
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
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" \
         font-family=\"system-ui, sans-serif\" font-size=\"13\">\n\
         <title>{title}</title>\n\
         <style>text {{ fill: #1f2328 }} .by {{ fill: #59636e }} .ours {{ fill: #0969da }} .other {{ fill: #8c959f }}\n\
         @media (prefers-color-scheme: dark) {{ text {{ fill: #f0f6fc }} .by {{ fill: #9198a1 }} \
         .ours {{ fill: #4493f8 }} .other {{ fill: #656c76 }} }}</style>\n\
         <text x=\"8\" y=\"20\" font-weight=\"600\" font-size=\"15\">{title}</text>\n"
    );
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
    let below = height - 12.0;
    let machine = escaped(machine);
    writeln!(svg, "<text class=\"by\" x=\"8\" y=\"{below}\" font-size=\"11\">{machine}; medians of alternating rounds</text>\n</svg>")
        .unwrap();
    svg
}

/// As text of XML.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// A whole number with commas.
fn grouped(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (nth, digit) in digits.chars().enumerate() {
        if nth > 0 && (digits.len() - nth).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
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
        assert!(svg.contains("width=\"200.0\"") && svg.contains("width=\"400.0\""), "{svg}");
        assert!(svg.contains(">45,000<") && svg.contains(">90,000<"), "{svg}");
    }
}
