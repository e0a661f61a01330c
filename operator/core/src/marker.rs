//! The marker that proves a platform object ours.
//!
//! A marker is a label (`adops:<installation>`) and a token in the name,
//! `[<installation>.<campaign>.<line>.<replacement>]`, where campaign is an 80-bit hash of
//! `namespace/name` and line a 40-bit hash of the line's key. It never holds a UID: a restore or a move between Git
//! folders gives new UIDs, and the same object must be found again.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::campaign::line::{CampaignId, LineKey};

/// The id of this installation: 1 to 20 of `a-z0-9-`, given by the user, never generated.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Installation(String);

impl Installation {
    /// The id.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name of the label on every object of ours.
    pub fn label(&self) -> String {
        format!("adops:{}", self.0)
    }

    /// The name of the label on what *we* have paused or not yet enabled. A paused object of ours
    /// without it was paused by somebody else.
    pub fn paused_label(&self) -> String {
        format!("adops:{}:paused", self.0)
    }

    /// What every token of this installation begins with, for a search by name.
    pub fn token_prefix(&self) -> String {
        format!("[{}.", self.0)
    }
}

impl fmt::Display for Installation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a text is not an installation id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an installation id: 1 to 20 of a-z, 0-9 and -, beginning with a letter")]
pub struct InstallationError(pub String);

impl FromStr for Installation {
    type Err = InstallationError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fits = (1..=20).contains(&text.len())
            && text.starts_with(|c: char| c.is_ascii_lowercase())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if fits { Ok(Self(text.to_owned())) } else { Err(InstallationError(text.to_owned())) }
    }
}

impl TryFrom<String> for Installation {
    type Error = InstallationError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Installation> for String {
    fn from(installation: Installation) -> Self {
        installation.0
    }
}

/// `5 × N` bits of a SHA-256, as `N` characters of Crockford's base 32 in lower case.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NameHash<const N: usize>([u8; N]);

/// Of a Campaign: so long that nobody can look for a name with the hash of somebody else's Campaign, whose objects it
/// would then be taken for the owner of.
pub type CampaignHash = NameHash<16>;

/// Of a line: it is told from the lines of its own Campaign only.
pub type LineHash = NameHash<8>;

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

impl<const N: usize> NameHash<N> {
    /// The hash of a text.
    pub fn of(text: &str) -> Self {
        let digest = Sha256::digest(text.as_bytes());
        let bits = digest.iter().take(16).fold(0_u128, |bits, byte| bits << 8 | u128::from(*byte));
        let mut out = [0; N];
        for (index, slot) in out.iter_mut().enumerate() {
            *slot = ALPHABET[(bits >> (123 - 5 * index) & 31) as usize];
        }
        Self(out)
    }

    fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    fn parse(text: &str) -> Option<Self> {
        let bytes: [u8; N] = text.as_bytes().try_into().ok()?;
        bytes.iter().all(|b| ALPHABET.contains(b)).then_some(Self(bytes))
    }
}

impl<const N: usize> fmt::Display for NameHash<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl<const N: usize> fmt::Debug for NameHash<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The token in a name: which installation, Campaign, line and replacement an object belongs to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Token {
    /// Whose object this is.
    pub installation: Installation,
    /// Hash of the Campaign's `namespace/name`.
    pub campaign: CampaignHash,
    /// Hash of the line's key.
    pub line: LineHash,
    /// 0 for the first object of a line, then one more for each that replaces it.
    pub replacement: u32,
}

impl Token {
    /// The token of a line's `replacement`-th object.
    pub fn new(installation: &Installation, campaign: &CampaignId, line: &LineKey, replacement: u32) -> Self {
        Self { installation: installation.clone(), campaign: campaign.hash(), line: line.hash(), replacement }
    }

    /// The last token in a name, of whichever installation.
    pub fn find(name: &str) -> Option<Self> {
        Self::locate(name).map(|(token, _)| token)
    }

    /// A name without any token in it.
    pub fn strip(name: &str) -> String {
        let mut plain = name.to_owned();
        while let Some((_, range)) = Self::locate(&plain) {
            plain.replace_range(range, "");
        }
        plain.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    fn locate(name: &str) -> Option<(Self, std::ops::Range<usize>)> {
        let mut rest = name;
        while let Some(open) = rest.rfind('[') {
            if let Some((inner, _)) = rest[open + 1..].split_once(']')
                && let Some(token) = Self::parse_inner(inner)
            {
                return Some((token, open..open + inner.len() + 2));
            }
            rest = &rest[..open];
        }
        None
    }

    fn parse_inner(inner: &str) -> Option<Self> {
        let mut parts = inner.split('.');
        let token = Self {
            installation: parts.next()?.parse().ok()?,
            campaign: CampaignHash::parse(parts.next()?)?,
            line: LineHash::parse(parts.next()?)?,
            replacement: parts.next()?.parse().ok()?,
        };
        parts.next().is_none().then_some(token)
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}.{}.{}.{}]", self.installation, self.campaign, self.line, self.replacement)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token() -> Token {
        let campaign = CampaignId::new("growth", "spring");
        Token::new(&"prod".parse().unwrap(), &campaign, &LineKey::new("google-global", "US"), 3)
    }

    #[test]
    fn a_token_is_found_again_in_a_name() {
        let token = token();
        assert_eq!(Token::find(&format!("spring US {token}")), Some(token.clone()));
        assert_eq!(Token::find(&format!("[old] spring {token} (copy) [x]")), Some(token));
        assert_eq!(Token::find("spring US [prod.12345678.12345678.0]"), None);
        assert_eq!(Token::find("spring US"), None);
        let twice = format!("{} spring [x] {} US", super::tests::token(), super::tests::token());
        assert_eq!(Token::strip(&twice), "spring [x] US");
    }

    #[test]
    fn a_token_depends_on_names_only() {
        assert_eq!(token().to_string(), token().to_string());
        let other = Token::new(
            &"prod".parse().unwrap(),
            &CampaignId::new("growth", "spring"),
            &LineKey::new("google-global", "GB"),
            3,
        );
        assert_ne!(token().line, other.line);
        assert_eq!(token().campaign, other.campaign);
    }

    #[test]
    fn a_campaigns_hash_is_too_long_to_look_for_another_name_that_has_it() {
        assert!(token().campaign.to_string().len() * 5 >= 80);
        // The longest token leaves room for a name of 200 characters in the 255 that Google takes.
        let longest = Token { installation: "a-twenty-letter-id-x".parse().unwrap(), replacement: 99_999, ..token() };
        assert!(longest.to_string().len() <= 54, "{longest}");
    }

    #[test]
    fn an_installation_id_is_short_and_plain() {
        for bad in ["", "Prod", "1prod", "a.b", "a]b", "a-very-long-installation"] {
            assert!(bad.parse::<Installation>().is_err(), "{bad}");
        }
    }
}
