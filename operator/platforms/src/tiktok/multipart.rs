//! A form with a file in it (`multipart/form-data`, RFC 7578).

/// Stands between the parts. It is long and says what it is, so that no file has it by chance.
const BOUNDARY: &str = "adops-form-boundary-5f0c2b7d9a4e4c1c8f6e";

/// A form that is being filled in.
#[derive(Debug, Default)]
pub(super) struct Form(Vec<u8>);

impl Form {
    /// Adds a text.
    #[must_use]
    pub(super) fn text(mut self, name: &str, value: &str) -> Self {
        self.begin(&format!("name=\"{name}\""), None);
        self.0.extend_from_slice(value.as_bytes());
        self.0.extend_from_slice(b"\r\n");
        self
    }

    /// Adds a file. The names must be plain.
    #[must_use]
    pub(super) fn file(mut self, name: &str, file_name: &str, content: &[u8]) -> Self {
        self.begin(&format!("name=\"{name}\"; filename=\"{file_name}\""), Some("application/octet-stream"));
        self.0.extend_from_slice(content);
        self.0.extend_from_slice(b"\r\n");
        self
    }

    fn begin(&mut self, disposition: &str, kind: Option<&str>) {
        let kind = kind.map_or_else(String::new, |kind| format!("Content-Type: {kind}\r\n"));
        let head = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; {disposition}\r\n{kind}\r\n");
        self.0.extend_from_slice(head.as_bytes());
    }

    /// The value of the header `Content-Type`.
    pub(super) fn content_type() -> String {
        format!("multipart/form-data; boundary={BOUNDARY}")
    }

    /// The whole body.
    pub(super) fn into_body(mut self) -> Vec<u8> {
        self.0.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_has_its_parts_between_boundaries() {
        let form = Form::default().text("upload_type", "UPLOAD_BY_FILE").file("image_file", "a.jpg", b"\xff\xd8");
        let body = form.into_body();
        let text = String::from_utf8_lossy(&body);
        assert_eq!(text.matches(BOUNDARY).count(), 3);
        assert!(text.contains("name=\"upload_type\"\r\n\r\nUPLOAD_BY_FILE\r\n"), "{text}");
        assert!(body.windows(4).any(|window| window == b"\xff\xd8\r\n"));
        assert!(text.ends_with("--\r\n"));
    }
}
