//! Text that must never be printed.

use std::fmt;

/// A secret: it has no `Display`, its `Debug` hides it, and it is read by one named method.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a secret.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text, for the one place that sends it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(hidden)")
    }
}

/// Texts shorter than this are found in any prose; no secret that guards something is that short.
const SHORTEST: usize = 6;

/// The text with every one of the secrets taken out: what answers a request may repeat it.
pub fn scrub<'a>(text: &str, secrets: impl IntoIterator<Item = &'a Secret>) -> String {
    let mut text = text.to_owned();
    for secret in secrets.into_iter().map(Secret::reveal).filter(|secret| secret.len() >= SHORTEST) {
        text = text.replace(secret, "(hidden)");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_answer_repeats_of_a_secret_is_taken_out() {
        let secrets = [Secret::new("s3cr3t-value"), Secret::new("")];
        assert_eq!(scrub("bad s3cr3t-value, s3cr3t-value!", &secrets), "bad (hidden), (hidden)!");
        assert_eq!(format!("{:?}", secrets[0]), "Secret(hidden)");
    }
}
