//! Files on their way to the library: parts of a multipart body.

/// A file and the parameters that it is sent with.
pub(super) struct File<'a> {
    pub(super) fields: Vec<(&'a str, &'a str)>,
    pub(super) part: &'a str,
    pub(super) name: &'a str,
    pub(super) content: &'a [u8],
}

impl File<'_> {
    /// Boundary and body; `also` are more parameters.
    pub(super) fn multipart(&self, also: &[(&str, &str)]) -> (String, Vec<u8>) {
        let mut boundary = "adops-file".to_owned();
        while self.content.windows(boundary.len()).any(|part| part == boundary.as_bytes()) {
            boundary.push('-');
        }
        let mut body = Vec::with_capacity(self.content.len() + 1024);
        for (name, value) in self.fields.iter().copied().chain(also.iter().copied()) {
            let head = format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
            body.extend_from_slice(head.as_bytes());
        }
        let head = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"{}\"; filename=\"{}\"\r\nContent-Type: \
             application/octet-stream\r\n\r\n",
            self.part, self.name
        );
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(self.content);
        body.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
        (boundary, body)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_boundary_is_not_in_the_content() {
        let file = File { fields: vec![("title", "t")], part: "source", name: "a.mp4", content: b"--adops-file--" };
        let (boundary, body) = file.multipart(&[]);
        let body = String::from_utf8(body).unwrap();
        assert!(!"--adops-file--".contains(&boundary));
        assert_eq!(body.matches(&format!("--{boundary}\r\n")).count(), 2);
        assert!(body.ends_with(&format!("\r\n--{boundary}--\r\n")), "{body}");
    }
}
