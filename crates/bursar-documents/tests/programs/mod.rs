//! The programs that look at the files from outside. One that is missing fails the test.
#![allow(dead_code, reason = "each test file uses some of these")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Runs a program of poppler-utils.
pub(crate) fn poppler(name: &str, arguments: &[&str]) -> Output {
    let output = Command::new(name).args(arguments).output();
    let output = output.unwrap_or_else(|error| {
        panic!("can't run {name} ({error}); install poppler-utils, or run `cargo xtask test`")
    });
    assert!(output.status.success(), "{name} failed: {}", String::from_utf8_lossy(&output.stderr));
    output
}

/// The text of a PDF, laid out as on the page.
pub(crate) fn text(pdf: &[u8]) -> String {
    let file = file(pdf);
    let output = poppler("pdftotext", &["-layout", "-enc", "UTF-8", arg(file.path()), "-"]);
    let text = String::from_utf8(output.stdout).unwrap();
    let lines = text.replace('\u{a0}', " ");
    let lines: Vec<_> = lines.lines().map(str::trim_end).collect();
    lines.join("\n")
}

/// A word on a page, in points from the page's top left corner.
#[derive(Debug)]
pub(crate) struct Word {
    pub(crate) page: usize,
    pub(crate) text: String,
    /// Left, top, right, bottom.
    pub(crate) edges: [f64; 4],
}

/// Where each word of a PDF is.
pub(crate) fn words(pdf: &[u8]) -> Vec<Word> {
    let file = file(pdf);
    let output = poppler("pdftotext", &["-bbox", arg(file.path()), "-"]);
    let html = String::from_utf8(output.stdout).unwrap();
    let mut page = 0;
    let mut words = Vec::new();
    for line in html.lines().map(str::trim) {
        if line.starts_with("<page ") {
            page += 1;
        }
        if let Some(word) = line.strip_prefix("<word ") {
            let (attributes, rest) = word.split_once('>').unwrap();
            let values = attributes.split('"').skip(1).step_by(2);
            let edges: Vec<f64> = values.map(|value| value.parse().unwrap()).collect();
            words.push(Word {
                page,
                text: rest.trim_end_matches("</word>").to_owned(),
                edges: edges.try_into().unwrap(),
            });
        }
    }
    words
}

/// One page as a picture: grey, one byte a point.
pub(crate) struct Picture {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) grey: Vec<u8>,
}

impl Picture {
    /// How much of a rectangle is not white, from 0 to 1.
    pub(crate) fn ink(&self, x: std::ops::Range<usize>, y: std::ops::Range<usize>) -> f64 {
        let points = y.flat_map(|y| x.clone().map(move |x| y * self.width + x));
        let points: Vec<u8> = points.filter_map(|at| self.grey.get(at).copied()).collect();
        let dark = points.iter().filter(|grey| **grey < 250).count();
        f64::from(u32::try_from(dark).unwrap()) / f64::from(u32::try_from(points.len()).unwrap())
    }
}

/// The pages as pictures, a pixel a point.
pub(crate) fn pictures(pdf: &[u8]) -> Vec<Picture> {
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("a.pdf");
    std::fs::write(&input, pdf).unwrap();
    let stem = folder.path().join("page");
    poppler("pdftoppm", &["-r", "72", "-gray", arg(&input), arg(&stem)]);
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "pgm"))
        .collect();
    files.sort();
    files.iter().map(|path| picture(&std::fs::read(path).unwrap())).collect()
}

/// A binary PGM: `P5`, width, height, 255, then the points.
fn picture(bytes: &[u8]) -> Picture {
    let mut fields = bytes.splitn(4, |byte| byte.is_ascii_whitespace());
    assert_eq!(fields.next(), Some(b"P5".as_slice()));
    let mut number = || -> usize {
        let text = std::str::from_utf8(fields.next().unwrap()).unwrap();
        text.parse().unwrap()
    };
    let (width, height) = (number(), number());
    let rest = fields.next().unwrap();
    Picture { width, height, grey: rest.strip_prefix(b"255\n").unwrap().to_vec() }
}

/// The Python with the rules of EN 16931.
pub(crate) fn einvoice_python() -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let python = target.join("tools/einvoice/bin/python");
    assert!(
        python.exists(),
        "the rules of EN 16931 are not installed; run `cargo xtask test`, or: \
         python3 -m venv target/tools/einvoice && target/tools/einvoice/bin/pip install \
         -r crates/bursar-documents/tests/einvoice/requirements.txt"
    );
    python
}

pub(crate) fn arg(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn file(pdf: &[u8]) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), pdf).unwrap();
    file
}
