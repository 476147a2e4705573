//! Media types: what a content is said to be, and what it looks like.

/// How much of a content is looked at, in bytes.
pub(crate) const HEAD_BYTES: usize = 8 * 1024;

/// What says nothing about a content, and so is contradicted by none.
pub const ANYTHING: &str = "application/octet-stream";

/// The types that a browser may show in a page instead of saving them: none of them can run anything.
const SHOWN: &[&str] = &[
    "image/png",
    "image/jpeg",
    "image/gif",
    "image/webp",
    "image/avif",
    "video/mp4",
    "video/webm",
];

/// Types that can be told from the first bytes. Those of one row can't be told apart with certainty, or
/// are names of the same thing.
#[rustfmt::skip]
const FAMILIES: &[&[&str]] = &[
    &["image/png"],
    &["image/jpeg", "image/jpg", "image/pjpeg"],
    &["image/gif"],
    &["image/webp"],
    &["image/avif"],
    &["image/heif", "image/heic"],
    &["image/jxl"],
    &["image/tiff"],
    &["image/bmp", "image/x-ms-bmp"],
    &["image/vnd.adobe.photoshop"],
    &["video/mp4", "video/x-m4v", "video/quicktime", "audio/mp4", "audio/m4a", "audio/x-m4a"],
    &["video/webm", "video/x-matroska", "audio/webm"],
    &["video/x-msvideo", "video/avi"],
    &["video/mpeg"],
    &["video/x-flv"],
    &["audio/mpeg", "audio/mp3"],
    &["audio/x-wav", "audio/wav", "audio/wave", "audio/vnd.wave"],
    &["audio/ogg", "audio/opus", "video/ogg", "application/ogg"],
    &["audio/x-flac", "audio/flac"],
    &["audio/aac"],
    &["audio/x-aiff", "audio/aiff"],
    &["application/pdf"],
    &["application/zip", "application/epub+zip", "image/openraster",
      "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
      "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
      "application/vnd.openxmlformats-officedocument.presentationml.presentation",
      "application/vnd.oasis.opendocument.text",
      "application/vnd.oasis.opendocument.spreadsheet",
      "application/vnd.oasis.opendocument.presentation"],
    &["application/gzip", "application/x-gzip"],
    &["application/x-tar"],
    &["application/x-7z-compressed"],
];

/// A content isn't what it is said to be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Contradiction {
    /// It is something else.
    #[error("the content is declared as {declared} and looks like {found}")]
    Other {
        /// What it is said to be.
        declared: String,
        /// What it looks like.
        found: &'static str,
    },
    /// It has nothing of what it is said to be.
    #[error("the content is declared as {declared} and doesn't begin as one does")]
    Unlike {
        /// What it is said to be.
        declared: String,
    },
}

/// Does a content that begins so contradict what it is said to be? A type that can be told from its
/// first bytes has to be there; any other type only mustn't be a page, a script or a program.
///
/// # Errors
/// What it is said to be, and what it looks like.
pub fn check(declared: &str, head: &[u8]) -> Result<(), Contradiction> {
    if declared == ANYTHING {
        return Ok(());
    }
    let found = look(head);
    let contradicted = |declared: &str| match found {
        Some(found) => Contradiction::Other { declared: declared.to_owned(), found },
        None => Contradiction::Unlike { declared: declared.to_owned() },
    };
    let agrees = match family(declared) {
        Some(family) => found.is_some_and(|found| family.contains(&found)),
        None => found.is_none_or(|found| found == declared || !runs(found)),
    };
    if agrees { Ok(()) } else { Err(contradicted(declared)) }
}

/// May a browser show content of this type in a page of another origin? Only what can run nothing may;
/// everything else is saved as a file.
pub fn may_be_shown(media_type: &str) -> bool {
    SHOWN.contains(&media_type)
}

/// Is it a media type as Bursar writes them: `type/subtype` in lower case, without parameters, at most
/// 127 characters?
pub fn is_media_type(text: &str) -> bool {
    let is_part = |part: &str| {
        let allowed =
            |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"!#$&-^_.+".contains(&b);
        part.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric()) && part.bytes().all(allowed)
    };
    let parts = text.split_once('/');
    text.len() <= 127 && parts.is_some_and(|(kind, subtype)| is_part(kind) && is_part(subtype))
}

fn family(media_type: &str) -> Option<&'static [&'static str]> {
    FAMILIES.iter().copied().find(|family| family.contains(&media_type))
}

/// What a content looks like.
fn look(head: &[u8]) -> Option<&'static str> {
    let start = text_start(head);
    if begins_with_any(start, &[b"<svg", b"<!doctype svg"]) {
        return Some("image/svg+xml");
    }
    match infer::get(head).as_ref().map(infer::Type::mime_type) {
        // Its list of brands isn't complete, and it takes no short films.
        None if head.get(4..8) == Some(b"ftyp") => Some("video/mp4"),
        None if head.starts_with(b"\x1a\x45\xdf\xa3") => Some("video/webm"),
        None if begins_with_any(start, &[b"<!doctype html", b"<html", b"<script"]) => {
            Some("text/html")
        }
        found => found,
    }
}

/// Without the mark of byte order and white space, which browsers skip when they guess.
fn text_start(head: &[u8]) -> &[u8] {
    head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start()
}

fn begins_with_any(text: &[u8], words: &[&[u8]]) -> bool {
    let begins =
        |word: &&[u8]| text.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word));
    words.iter().any(begins)
}

/// Is it something that runs where it is opened?
fn runs(found: &str) -> bool {
    const RUNNING: &[&str] = &[
        "text/html",
        "text/xml",
        "image/svg+xml",
        "text/x-shellscript",
        "application/wasm",
        "application/x-executable",
        "application/vnd.microsoft.portable-executable",
        "application/java",
        "application/x-llvm",
        "application/x-mach-binary",
        "application/vnd.android.dex",
        "application/vnd.android.dey",
        "application/x-shockwave-flash",
        "application/x-google-chrome-extension",
        "application/vnd.debian.binary-package",
        "application/x-rpm",
    ];
    RUNNING.contains(&found)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";
    const JPEG: &[u8] = b"\xff\xd8\xff\xe0\0\x10JFIF";
    const WEBM: &[u8] = b"\x1a\x45\xdf\xa3\x01\0\0\0\0\0\0\x1f\x42\x86\x81\x01\x42\xf7\x81\x01\x42\xf2\x81\x04\x42\xf3\x81\x08\x42\x82\x84webm";
    const MP4: &[u8] = b"\0\0\0\x20ftypisom\0\0\x02\0isomiso2avc1mp41";
    const MP4_OF_A_NEW_BRAND: &[u8] = b"\0\0\0\x20ftypzzzz\0\0\x02\0";
    const EXE: &[u8] = b"MZ\x90\0\x03\0\0\0\x04\0\0\0\xff\xff";
    const ELF: &[u8] = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x02\0\x3e\0\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";

    fn agrees(declared: &str, head: &[u8]) {
        assert_eq!(check(declared, head), Ok(()));
    }

    fn contradicts(declared: &str, head: &[u8], expected: &str) {
        let error = check(declared, head).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }

    #[test]
    fn content_that_is_what_it_is_said_to_be() {
        agrees("image/png", PNG);
        agrees("image/jpeg", JPEG);
        agrees("image/jpg", JPEG);
        agrees("video/webm", WEBM);
        agrees("video/x-matroska", WEBM);
        agrees("video/mp4", MP4);
        agrees("video/quicktime", MP4);
        agrees("video/mp4", MP4_OF_A_NEW_BRAND);
        agrees("application/zip", b"PK\x03\x04\x14\0\0\0\x08\0");
        agrees("application/json", b"{\"a\": 1}");
        agrees("text/plain", b"<3 this is text");
        agrees("image/svg+xml", b"<svg xmlns='http://www.w3.org/2000/svg'/>");
        agrees(ANYTHING, b"<html>");
        agrees(ANYTHING, b"");
    }

    #[test]
    fn content_that_would_run_is_not_a_picture() {
        contradicts("image/png", b"<html><script>alert(1)</script>", "looks like text/html");
        contradicts("image/png", b"<svg onload='alert(1)'>", "looks like image/svg+xml");
        contradicts("image/png", b"\xef\xbb\xbf \n<SVG>", "looks like image/svg+xml");
        contradicts("image/png", b"<?xml version='1.0'?><svg/>", "looks like text/xml");
        contradicts("image/jpeg", EXE, "portable-executable");
        contradicts("video/mp4", ELF, "x-executable");
        contradicts("image/png", JPEG, "declared as image/png and looks like image/jpeg");
        contradicts("image/png", b"", "doesn't begin as one does");
        contradicts("image/png", b"\x89PN", "doesn't begin as one does");
    }

    #[test]
    fn content_that_would_run_is_not_plain_text() {
        contradicts("text/plain", b"  <!DOCTYPE html><p>", "text/html");
        contradicts("application/json", b"#!/bin/sh\nrm -rf /", "shellscript");
        contradicts("text/csv", b"<Script\n>", "text/html");
        contradicts("model/gltf-binary", ELF, "x-executable");
    }

    #[test]
    fn only_what_can_run_nothing_is_shown_in_a_page() {
        assert!(may_be_shown("image/png") && may_be_shown("video/mp4"));
        for running in ["image/svg+xml", "text/html", "application/pdf", "text/plain", ANYTHING] {
            assert!(!may_be_shown(running), "{running}");
        }
    }

    #[test]
    fn media_types_are_of_one_form() {
        assert!(is_media_type("image/png") && is_media_type("application/vnd.ms-excel"));
        for text in
            ["", "image", "image/", "/png", "Image/PNG", "image/png; q=1", "a/b/c", "é/é", "a b/c"]
        {
            assert!(!is_media_type(text), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_content_makes_it_stumble(head in proptest::collection::vec(any::<u8>(), 0..600), which in 0..FAMILIES.len()) {
            let _ = check(FAMILIES[which][0], &head);
            let _ = check("text/plain", &head);
        }
    }
}
