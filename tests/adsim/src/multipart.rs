//! Forms with a file in them: `multipart/form-data`.

/// A part of a form.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Part<'a> {
    pub(crate) name: String,
    /// The name of the file that the part is; none for a text.
    pub(crate) file_name: Option<String>,
    pub(crate) content: &'a [u8],
}

/// The parts of a body. What is no part is left out.
pub(crate) fn parts<'a>(content_type: &str, body: &'a [u8]) -> Vec<Part<'a>> {
    let Some(boundary) = content_type.split("boundary=").nth(1) else { return Vec::new() };
    let boundary = format!("--{}", boundary.split(';').next().unwrap_or_default().trim_matches('"'));
    let mut parts = Vec::new();
    let mut rest = body;
    while let Some(at) = find(rest, boundary.as_bytes()) {
        rest = &rest[at + boundary.len()..];
        let end = find(rest, boundary.as_bytes()).unwrap_or(rest.len());
        parts.extend(read(&rest[..end]));
    }
    parts
}

fn read(part: &[u8]) -> Option<Part<'_>> {
    let at = find(part, b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&part[..at]).into_owned();
    let content = part[at + 4..].strip_suffix(b"\r\n").unwrap_or(&part[at + 4..]);
    let attribute = |name: &str| {
        let start = head.find(&format!("{name}=\""))? + name.len() + 2;
        Some(head[start..].split('"').next().unwrap_or_default().to_owned())
    };
    // `filename="` contains `name="`, but comes after it.
    Some(Part { name: attribute(" name")?, file_name: attribute("filename"), content })
}

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len()).position(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_has_texts_and_files() {
        let body = "--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nb c\r\n--x\r\nContent-Disposition: \
                    form-data; name=\"file\"; filename=\"f.jpg\"\r\nContent-Type: image/jpeg\r\n\r\n\u{1}\r\n\r\n--x--\r\n";
        let found = parts("multipart/form-data; boundary=x", body.as_bytes());
        assert_eq!(found.len(), 2);
        assert_eq!((found[0].name.as_str(), found[0].content), ("a", &b"b c"[..]));
        assert_eq!((found[1].file_name.as_deref(), found[1].content), (Some("f.jpg"), &b"\x01\r\n"[..]));
        assert!(parts("application/json", b"{}").is_empty());
    }
}
