//! File names that every system can unpack.

use std::collections::HashMap;

/// The longest name of a file, in bytes: what common file systems take, less room for a number.
const NAME_BYTES_MOST: usize = 200;
/// Names that Windows keeps for devices, with any extension.
const RESERVED: &[&str] = &["con", "prn", "aux", "nul", "conin$", "conout$"];
/// Characters that some file system doesn't take, or that a path is made of.
const FORBIDDEN: &[char] = &['/', '\\', ':', '*', '?', '"', '<', '>', '|'];

/// Hands out each name once per folder. Names that differ by case alone are the same to some systems.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// How often a name was asked for.
    taken: HashMap<String, u64>,
}

impl Names {
    /// A path in the archive: the folder and a safe form of the name, numbered if it is there already.
    pub(super) fn choose(&mut self, folder: &str, name: &str) -> String {
        let name = safe(name);
        let (stem, extension) = split(&name);
        let mut path = format!("{folder}/{name}");
        let first = path.to_lowercase();
        while self.taken.contains_key(&path.to_lowercase()) {
            let number = self.taken.entry(first.clone()).or_default();
            *number += 1;
            path = format!("{folder}/{stem} ({number}){extension}", number = *number + 1);
        }
        self.taken.insert(path.to_lowercase(), 0);
        path
    }
}

/// The name without anything that could lead out of its folder, hide it, or stop it from being made.
fn safe(name: &str) -> String {
    let harmless = |c: char| {
        let unprintable = c.is_control() || is_invisible(c);
        if unprintable || FORBIDDEN.contains(&c) { '_' } else { c }
    };
    let replaced: String = name.chars().map(harmless).collect();
    // Dots in front hide a file or lead upwards; dots and spaces at the end are dropped by Windows.
    let trimmed = replaced.trim_matches(|c: char| c == '.' || c.is_whitespace());
    let shortened = shorten(trimmed);
    let stem = shortened.split('.').next().unwrap_or_default().trim_end().to_lowercase();
    if shortened.is_empty() {
        return "file".to_owned();
    }
    if is_reserved(&stem) { format!("_{shortened}") } else { shortened }
}

/// Marks that change how the text around them is read: `exe.gpj` can be made to look like `jpg.exe`.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

fn is_reserved(stem: &str) -> bool {
    let port = (stem.strip_prefix("com").or_else(|| stem.strip_prefix("lpt"))).unwrap_or_default();
    let is_port =
        matches!(port, "0" | "1" | "2" | "3" | "4" | "5" | "6" | "7" | "8" | "9" | "¹" | "²" | "³");
    RESERVED.contains(&stem) || is_port
}

/// Cut at the end of the stem, so that the extension stays.
fn shorten(name: &str) -> String {
    if name.len() <= NAME_BYTES_MOST {
        return name.to_owned();
    }
    let (stem, extension) = split(name);
    let room = NAME_BYTES_MOST.saturating_sub(extension.len());
    let mut short = String::new();
    for c in stem.chars().take_while({
        let mut used = 0;
        move |c| {
            used += c.len_utf8();
            used <= room
        }
    }) {
        short.push(c);
    }
    format!("{}{extension}", short.trim_end())
}

/// Stem and extension with its dot. What is longer than an extension can be is none.
fn split(name: &str) -> (&str, &str) {
    match name.rfind('.') {
        Some(dot) if dot > 0 && name.len() - dot <= 17 => name.split_at(dot),
        _ => (name, ""),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(name: &str, expected: &str) {
        assert_eq!(safe(name), expected);
    }

    #[test]
    fn names_stay_what_people_called_them() {
        check("Kätzchen 🐱 (final).png", "Kätzchen 🐱 (final).png");
        check("قطة.png", "قطة.png");
        check("archive.tar.gz", "archive.tar.gz");
        check("no extension", "no extension");
    }

    #[test]
    fn nothing_leads_out_of_the_folder() {
        check("../../etc/passwd", "_.._etc_passwd");
        check("..", "file");
        check("...", "file");
        check("/etc/passwd", "_etc_passwd");
        check("C:\\Windows\\win.ini", "C__Windows_win.ini");
        check(".bashrc", "bashrc");
        check("a\0b\nc", "a_b_c");
        check("", "file");
        check("   ", "file");
    }

    #[test]
    fn nothing_that_a_system_keeps_for_itself() {
        check("CON", "_CON");
        check("nul.txt", "_nul.txt");
        check("com1.tar.gz", "_com1.tar.gz");
        check("LPT9", "_LPT9");
        check("COM10.txt", "COM10.txt");
        check("console.txt", "console.txt");
        check("ends with a dot.", "ends with a dot");
    }

    #[test]
    fn nothing_that_looks_like_something_else() {
        check("photo\u{202e}gpj.exe", "photo_gpj.exe");
    }

    #[test]
    fn the_same_name_is_numbered() {
        let mut names = Names::default();
        let mut choose = |name: &str| names.choose("image", name);
        assert_eq!(choose("cat.png"), "image/cat.png");
        assert_eq!(choose("cat.png"), "image/cat (2).png");
        assert_eq!(choose("CAT.png"), "image/CAT (3).png");
        assert_eq!(choose("cat (2).png"), "image/cat (2) (2).png");
        assert_eq!(choose("cat.png"), "image/cat (4).png");
        assert_eq!(choose("../cat.png"), "image/_cat.png");
    }

    #[test]
    fn a_long_name_keeps_its_extension() {
        let name = safe(&format!("{}.png", "ü".repeat(255)));
        assert!(name.len() <= NAME_BYTES_MOST && name.ends_with("ü.png"));
    }

    proptest! {
        #[test]
        fn every_name_is_safe_and_its_own(given in proptest::collection::vec("\\PC{0,12}|[./ ]{0,5}|(?i:con|nul|a)(\\.[a-z])?", 1..30)) {
            let mut names = Names::default();
            let chosen: Vec<_> = given.iter().map(|name| names.choose("image", name)).collect();
            let different: std::collections::HashSet<_> = chosen.iter().map(|path| path.to_lowercase()).collect();
            prop_assert_eq!(different.len(), chosen.len());
            for path in &chosen {
                let name = path.strip_prefix("image/").unwrap();
                prop_assert!(!name.is_empty() && !name.starts_with('.') && !name.ends_with(['.', ' ']), "{}", name);
                prop_assert!(!name.contains(FORBIDDEN) && !name.chars().any(char::is_control));
                prop_assert!(name.len() <= NAME_BYTES_MOST + 24);
            }
        }
    }
}
