//! Images and videos: what is known of a file, whatever platform it is for.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::campaign::settings::ContentHash;

/// An image or a video.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum MediaKind {
    /// A still image.
    Image,
    /// A video.
    Video,
}

impl fmt::Display for MediaKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Image => "image",
            Self::Video => "video",
        })
    }
}

/// What was read from a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MediaFacts {
    /// The hash of its content.
    pub hash: ContentHash,
    /// The MD5 sum of its content in hexadecimal digits: what some platforms tell their files apart by. It proves
    /// nothing to anybody.
    pub md5: String,
    /// Image or video.
    pub kind: MediaKind,
    /// The format, by its usual file ending: `jpg`, `png`, `mp4`.
    pub format: String,
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
    /// Of a video, in milliseconds.
    pub duration_ms: Option<u64>,
    /// In bytes.
    pub size: u64,
}

impl MediaFacts {
    /// Width by height, in thousandths: 1000 is a square, 563 is 9:16.
    pub fn ratio(&self) -> u32 {
        let ratio = u64::from(self.width) * 1000 / u64::from(self.height.max(1));
        u32::try_from(ratio).unwrap_or(u32::MAX)
    }
}

/// A URL that names a content in a way that none has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("what follows #sha256= in its URL is not 64 hexadecimal digits")]
pub struct PinError;

/// The one content that a URL names, if it ends in `#sha256=` and a hash.
pub fn pinned(url: &str) -> Option<Result<ContentHash, PinError>> {
    let (_, pin) = url.rsplit_once("#sha256=")?;
    let is_hash = pin.len() == 64 && pin.bytes().all(|byte| byte.is_ascii_hexdigit());
    Some(if is_hash { Ok(ContentHash(pin.to_ascii_lowercase())) } else { Err(PinError) })
}

/// What is known of the file behind a URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MediaState {
    /// It was read.
    Known(MediaFacts),
    /// It was not read yet, or is being read.
    Pending,
    /// It cannot be read.
    Unreachable(String),
    /// It was read, and is no image or video that could be used, or not the content that `#sha256=` names.
    Unusable(String),
}

/// A file that an ad names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Medium {
    /// The URL, placeholders filled in.
    pub url: String,
    /// What is known of it.
    pub state: MediaState,
}

/// A file in an account's library, whoever put it there, as the platform tells of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LibraryFile {
    /// The platform's id of it.
    pub id: String,
    /// Its name in the library.
    pub name: String,
    /// What the platform tells files apart by: on Meta an image's hash, on TikTok an MD5 sum; none where it tells no such
    /// thing.
    pub checksum: Option<String>,
    /// An address at the platform that lasts.
    pub url: Option<String>,
}

/// What is known of files, by the account (as the Campaign names it) that they are for, and URL. On an account a file
/// is [`MediaState::Known`] when the platform has taken and processed it, or would not take it anyway.
pub type MediaBook = BTreeMap<(String, String), MediaState>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_may_name_the_one_content_that_it_means() {
        let hash = "BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD";
        let pin = |fragment: &str| pinned(&format!("https://cdn.example.com/spring.mp4?v=1{fragment}"));
        assert_eq!(pin(""), None);
        assert_eq!(pin("#t=10"), None);
        assert_eq!(pin(&format!("#sha256={hash}")), Some(Ok(ContentHash(hash.to_lowercase()))));
        assert_eq!(pin("#sha256="), Some(Err(PinError)));
        assert_eq!(pin(&format!("#sha256={hash}0")), Some(Err(PinError)));
        assert_eq!(pin(&format!("#sha256=g{}", &hash[1..])), Some(Err(PinError)));
    }
}
