//! Where the files of an account's library can be read: at addresses of the platform's that last, and where the user says.
//! Each is read, so that what is written can be applied, and shows what is there already.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use adops_core::campaign::import::{File, Files};
use adops_core::campaign::settings::ContentHash;
use adops_core::catalog::media::{LibraryFile, MediaFacts, MediaState};
use adops_platforms::allow::AllowList;
use adops_platforms::port::AdPlatform;

use crate::args::ImportArgs;
use crate::media;

const NOWHERE: &str =
    "it shows files that are at no address that lasts: say where they can be read (--media, --media-url-template)";

/// Why the user's addresses cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum MediaError {
    /// The file of `--media`.
    #[error("--media {}: {message}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        message: String,
    },
    /// `--media-url-template` is the same URL for every file.
    #[error("--media-url-template has none of {{id}}, {{checksum}} and {{name}}: it would be one URL for all files")]
    Template,
}

/// What the user says of where files can be read.
pub(super) struct Addresses {
    given: BTreeMap<String, String>,
    template: Option<String>,
}

impl Addresses {
    /// Of the command line.
    pub(super) fn new(args: &ImportArgs) -> Result<Self, MediaError> {
        let given = args.media.as_deref().map(read).transpose()?.unwrap_or_default();
        let template = args.media_url_template.clone();
        match &template {
            Some(text) if !PLACES.iter().any(|(place, _)| text.contains(place)) => Err(MediaError::Template),
            _ => Ok(Self { given, template }),
        }
    }

    /// The URL of a file, if there is one.
    fn url(&self, file: &LibraryFile) -> Option<String> {
        let names = [Some(&file.id), file.checksum.as_ref(), Some(&file.name)];
        let given = names.into_iter().flatten().find_map(|name| self.given.get(name)).cloned();
        let filled = || {
            let mut url = self.template.clone()?;
            for (place, value) in PLACES {
                if url.contains(place) {
                    url = url.replace(place, &encoded(value(file).filter(|value| !value.is_empty())?));
                }
            }
            Some(url)
        };
        given.or_else(|| file.url.clone()).or_else(filled)
    }
}

type Value = fn(&LibraryFile) -> Option<&str>;
const PLACES: [(&str, Value); 3] = [
    ("{id}", |file| Some(file.id.as_str())),
    ("{checksum}", |file| file.checksum.as_deref()),
    ("{name}", |file| Some(file.name.as_str())),
];

/// A text as a part of a URL's path.
fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut url, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            url.push(char::from(byte));
        } else {
            let _ = write!(url, "%{byte:02X}");
        }
        url
    })
}

fn read(path: &Path) -> Result<BTreeMap<String, String>, MediaError> {
    let wrong = |message: String| MediaError::File { path: path.to_owned(), message };
    let text = fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
    serde_yaml_ng::from_str(&text).map_err(|error| wrong(error.to_string()))
}

/// The files that Campaigns can name.
pub(super) async fn find(
    library: &BTreeMap<ContentHash, LibraryFile>,
    addresses: &Addresses,
    platform: &dyn AdPlatform,
    allow: AllowList,
) -> Files {
    let urls: BTreeMap<&ContentHash, String> =
        library.iter().filter_map(|(hash, file)| Some((hash, addresses.url(file)?))).collect();
    let read = media::read(urls.values().cloned().collect(), allow).await;
    // By the content: it may lie at several addresses.
    let mut recognized: BTreeMap<&ContentHash, BTreeSet<ContentHash>> = BTreeMap::new();
    for (url, state) in &read {
        if let MediaState::Known(facts) = state {
            recognized.entry(&facts.hash).or_default().extend(platform.recognize(url, facts));
        }
    }
    let one = |(hash, file): (&ContentHash, &LibraryFile)| {
        let Some(url) = urls.get(hash) else { return (hash.clone(), Err(NOWHERE.to_owned())) };
        let is_known = |facts: &MediaFacts| recognized.get(&facts.hash).is_some_and(|words| words.contains(hash));
        let is_it = |facts: &MediaFacts| facts.hash == *hash || is_known(facts);
        (hash.clone(), judge(url, file, read.get(url), is_it, hash))
    };
    library.iter().map(one).collect()
}

fn judge(
    url: &str,
    file: &LibraryFile,
    state: Option<&MediaState>,
    is_it: impl Fn(&MediaFacts) -> bool,
    hash: &ContentHash,
) -> Result<File, String> {
    let shown = url.split(['?', '#']).next().unwrap_or_default();
    match state {
        Some(MediaState::Known(facts)) => {
            let is_the_same = is_it(facts);
            if !is_the_same && file.checksum.is_some() {
                return Err(format!("it shows {} ({}), which {shown} is not known to be", file.id, file.name));
            }
            Ok(File { url: url.to_owned(), facts: MediaFacts { hash: hash.clone(), ..facts.clone() }, is_the_same })
        }
        Some(MediaState::Unreachable(why) | MediaState::Unusable(why)) => {
            Err(format!("it shows {shown}, which cannot be used: {why}"))
        }
        Some(MediaState::Pending) | None => Err(format!("it shows {shown}, which was not read")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(id: &str, name: &str, url: Option<&str>) -> LibraryFile {
        let url = url.map(str::to_owned);
        LibraryFile { id: id.to_owned(), name: name.to_owned(), checksum: Some("c0ffee".to_owned()), url }
    }

    #[test]
    fn what_the_user_says_of_one_file_counts_before_what_the_platform_says_and_that_before_a_template() {
        let given = BTreeMap::from([("a.mp4".to_owned(), "https://cdn.example.com/one.mp4".to_owned())]);
        let addresses = Addresses { given, template: Some("https://cdn.example.com/{checksum}/{id}".to_owned()) };
        let lasting = Some("https://lasting.example.com/7");
        assert_eq!(addresses.url(&file("7", "a.mp4", lasting)).as_deref(), Some("https://cdn.example.com/one.mp4"));
        assert_eq!(addresses.url(&file("7", "b.mp4", lasting)).as_deref(), lasting);
        assert_eq!(addresses.url(&file("7", "b.mp4", None)).as_deref(), Some("https://cdn.example.com/c0ffee/7"));
        let named = Addresses { given: BTreeMap::new(), template: Some("https://cdn.example.com/{name}".to_owned()) };
        let url = named.url(&file("7", "Summer (final)/1.mp4", None));
        assert_eq!(url.as_deref(), Some("https://cdn.example.com/Summer%20%28final%29%2F1.mp4"));
        let without = LibraryFile { checksum: None, ..file("7", "b.mp4", None) };
        assert_eq!(addresses.url(&without), None);
    }
}
