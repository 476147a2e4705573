//! How a browser names a file that it saves (RFC 6266, RFC 8187).

/// Save it under that name.
pub(crate) fn attachment(name: &str) -> String {
    with_name("attachment", name)
}

/// Show it in the page, and save it under that name if asked to.
pub(crate) fn inline(name: &str) -> String {
    with_name("inline", name)
}

/// Twice: in letters that every client reads, and as it is.
fn with_name(disposition: &str, name: &str) -> String {
    let plain: String = name.chars().map(plain).collect();
    let mut encoded = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"!#$&+-.^_`|~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    format!("{disposition}; filename=\"{plain}\"; filename*=UTF-8''{encoded}")
}

/// What would end the quoted text, be decoded, or be part of a path is left out.
fn plain(c: char) -> char {
    if (c.is_ascii_graphic() && !"\"\\%/".contains(c)) || c == ' ' { c } else { '_' }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, expected: &str) {
        assert_eq!(attachment(name), format!("attachment; {expected}"));
    }

    #[test]
    fn names_in_both_forms() {
        check("cat.png", "filename=\"cat.png\"; filename*=UTF-8''cat.png");
        check(
            "Kätzchen 1.png",
            "filename=\"K_tzchen 1.png\"; filename*=UTF-8''K%C3%A4tzchen%201.png",
        );
        check("a\"b\\c%d.png", "filename=\"a_b_c_d.png\"; filename*=UTF-8''a%22b%5Cc%25d.png");
        check("../x", "filename=\".._x\"; filename*=UTF-8''..%2Fx");
        check(
            "a\r\nSet-Cookie: x",
            "filename=\"a__Set-Cookie: x\"; filename*=UTF-8''a%0D%0ASet-Cookie%3A%20x",
        );
    }
}
