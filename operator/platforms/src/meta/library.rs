//! The account's images and videos. A file of ours is named by the hash of its content: that is how it is found again.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use adops_core::campaign::settings::ContentHash;
use adops_core::catalog::media::{LibraryFile, MediaFacts, MediaKind};
use adops_core::reason::Reason;
use serde_json::Value;

use super::client::{Call, Client};
use super::desk::{Desk, Program};
use super::errors::{Refusal, cut};
use super::file::File;
use super::wire::{Id, Image, Video};
use crate::error::PlatformError;
use crate::port::{Outcome, Processing, Upload, Uploaded};

const IMAGE_FIELDS: &str = "hash,name,status,permalink_url";
const VIDEO_FIELDS: &str = "id,title,picture,status";
/// Hexadecimal digits of a SHA-256.
const HASH_LENGTH: usize = 64;
/// Bytes of an image at most.
const IMAGE_SIZE: u64 = 30 << 20;
/// Bytes of a video at most.
const VIDEO_SIZE: u64 = 4 << 30;
/// Milliseconds of a video: a second to 241 minutes.
const VIDEO_LENGTH: std::ops::RangeInclusive<u64> = 1_000..=241 * 60_000;

/// What a creative refers to: an image by Meta's hash, a video by its id.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Reference {
    Image(String),
    Video(String),
}

/// A file that can be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Medium {
    pub(super) reference: Reference,
    /// The address of a video's preview picture.
    pub(super) picture: String,
}

/// What is known of the library.
#[derive(Debug, Default)]
pub(super) struct Library(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    usable: HashMap<ContentHash, Medium>,
    hashes: HashMap<Reference, ContentHash>,
    /// What was seen of the library, whoever put it there.
    files: HashMap<Reference, LibraryFile>,
    /// Images by their lasting addresses.
    permalinks: HashMap<String, Reference>,
}

impl Library {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the library holds of these files.
    pub(super) async fn find(
        &self,
        client: &Client,
        wanted: &BTreeSet<ContentHash>,
    ) -> Result<BTreeMap<ContentHash, Uploaded>, PlatformError> {
        let mut found: BTreeMap<ContentHash, Uploaded> = {
            let known = self.known();
            let usable = wanted.iter().filter_map(|hash| Some((hash.clone(), ready(known.usable.get(hash)?))));
            usable.collect()
        };
        if found.len() == wanted.len() {
            return Ok(found);
        }
        let fields = |fields: &str| vec![("fields", fields.to_owned())];
        let images: Vec<Image> = client.pages(&client.edge("adimages"), &fields(IMAGE_FIELDS), usize::MAX).await?;
        let videos: Vec<Video> = client.pages(&client.edge("advideos"), &fields(VIDEO_FIELDS), usize::MAX).await?;
        let mut known = self.known();
        for image in &images {
            known.note_image(image);
        }
        for video in &videos {
            known.note_video(video);
        }
        let images = images.iter().filter_map(|image| Some((hash_in(&image.name)?, of_image(image))));
        let videos = videos.iter().filter_map(|video| Some((hash_in(&video.title)?, of_video(video))));
        for (hash, (uploaded, medium)) in images.chain(videos) {
            known.learn(&hash, &medium, &uploaded.state);
            if wanted.contains(&hash) && better(found.get(&hash), &uploaded) {
                found.insert(hash, uploaded);
            }
        }
        Ok(found)
    }

    /// Puts a file into the library.
    pub(super) async fn upload(&self, client: &Client, file: &Upload) -> Outcome {
        let sent = match file.facts.kind {
            MediaKind::Image => self.upload_image(client, file).await,
            MediaKind::Video => self.upload_video(client, file).await,
        };
        match sent {
            Ok(id) => Outcome::Applied { id },
            Err(refusal) if refusal.error.may_have_happened() => Outcome::Unknown(refusal.error),
            Err(refusal) => Outcome::Failed(refusal.error),
        }
    }

    async fn upload_image(&self, client: &Client, file: &Upload) -> Result<String, Refusal> {
        let name = format!("{}.{}", file.facts.hash, file.facts.format);
        let sent = File { fields: Vec::new(), part: "file", name: &name, content: &file.content };
        let answer: Value = client.post_file(&client.edge("adimages"), &sent).await?;
        let image = answer["images"].as_object().and_then(|images| images.values().next());
        let Some(hash) = image.and_then(|image| image["hash"].as_str()) else { return Err(unreadable("image").into()) };
        let medium = Medium { reference: Reference::Image(hash.to_owned()), picture: String::new() };
        self.known().learn(&file.facts.hash, &medium, &Processing::Ready);
        Ok(hash.to_owned())
    }

    async fn upload_video(&self, client: &Client, file: &Upload) -> Result<String, Refusal> {
        let hash = &file.facts.hash.0;
        let name = format!("{hash}.{}", file.facts.format);
        let sent =
            File { fields: vec![("title", hash), ("name", hash)], part: "source", name: &name, content: &file.content };
        let answer: Id = client.post_file(&client.edge("advideos"), &sent).await?;
        if answer.id.is_empty() { Err(unreadable("video").into()) } else { Ok(answer.id) }
    }

    /// The files that ads are made of, by their hashes. What is not there, or not ready, is absent.
    pub(super) async fn shelf(
        &self,
        client: &Client,
        wanted: &BTreeSet<ContentHash>,
    ) -> Result<HashMap<ContentHash, Medium>, PlatformError> {
        self.find(client, wanted).await?;
        let known = self.known();
        Ok(wanted.iter().filter_map(|hash| Some((hash.clone(), known.usable.get(hash)?.clone()))).collect())
    }

    /// Forgets that files can be used: one was not where it should be.
    pub(super) fn forget(&self, files: &BTreeSet<ContentHash>) {
        self.known().usable.retain(|hash, _| !files.contains(hash));
    }

    /// The content of what creatives refer to. What is not named by a hash is somebody else's and stays what it is.
    pub(super) async fn hashes(
        &self,
        client: &Client,
        references: &BTreeSet<Reference>,
    ) -> Result<HashMap<Reference, ContentHash>, PlatformError> {
        let missing: Vec<Reference> = {
            let known = self.known();
            references.iter().filter(|reference| !known.hashes.contains_key(*reference)).cloned().collect()
        };
        if !missing.is_empty() {
            self.look_up(client, &missing).await?;
        }
        Ok(self.known_hashes(references))
    }

    /// The content of what was looked up before.
    pub(super) fn known_hashes(&self, references: &BTreeSet<Reference>) -> HashMap<Reference, ContentHash> {
        let known = self.known();
        references.iter().filter_map(|of| Some((of.clone(), known.hashes.get(of)?.clone()))).collect()
    }

    async fn look_up(&self, client: &Client, missing: &[Reference]) -> Result<(), PlatformError> {
        let images: Vec<&str> = missing.iter().filter_map(image).collect();
        for chunk in images.chunks(50) {
            let params = vec![("fields", IMAGE_FIELDS.to_owned()), ("hashes", Value::from(chunk.to_vec()).to_string())];
            let found: Vec<Image> = client.pages(&client.edge("adimages"), &params, usize::MAX).await?;
            let mut known = self.known();
            for image in &found {
                known.note_image(image);
                if let Some(hash) = hash_in(&image.name) {
                    let (uploaded, medium) = of_image(image);
                    known.learn(&hash, &medium, &uploaded.state);
                }
            }
        }
        let desk = Desk::new(client);
        let lost = || Err(PlatformError::Unavailable { message: "a video was not read".to_owned() });
        let programs = missing.iter().filter_map(video).map(|id| read_video(&desk, id)).collect();
        let videos: Result<Vec<_>, PlatformError> = desk.run(programs, lost).await.into_iter().collect();
        let videos = videos?;
        let mut known = self.known();
        for video in videos.iter().flatten() {
            known.note_video(video);
            if let Some(hash) = hash_in(&video.title) {
                let (uploaded, medium) = of_video(video);
                known.learn(&hash, &medium, &uploaded.state);
            }
        }
        for reference in missing {
            known.hashes.entry(reference.clone()).or_insert_with(|| ContentHash(foreign(reference)));
        }
        Ok(())
    }
}

impl Library {
    /// What was seen of some files, by the hash by which settings tell them.
    pub(super) fn shown(&self, references: &BTreeSet<Reference>) -> BTreeMap<ContentHash, LibraryFile> {
        let known = self.known();
        let file = |reference| Some((known.hashes.get(reference)?.clone(), known.files.get(reference)?.clone()));
        references.iter().filter_map(file).collect()
    }

    /// Whether an image that others have put there is this content: it was read at the address of the image, or Meta's
    /// hash of the image is its MD5 sum. Of a video Meta tells nothing of the kind.
    pub(super) fn recognize(&self, url: &str, facts: &MediaFacts) -> BTreeSet<ContentHash> {
        let mut known = self.known();
        let at_address = known.permalinks.get(url.split('#').next().unwrap_or_default()).cloned();
        let by_sum = Some(Reference::Image(facts.md5.clone())).filter(|image| known.files.contains_key(image));
        let found: BTreeSet<Reference> = at_address.into_iter().chain(by_sum).collect();
        let mut words = BTreeSet::new();
        for reference in found {
            let word = ContentHash(foreign(&reference));
            // What is named by the hash of its content is that, and nothing else.
            if known.hashes.get(&reference).is_none_or(|hash| *hash == word) {
                known.learn(&facts.hash, &Medium { reference, picture: String::new() }, &Processing::Ready);
                words.insert(word);
            }
        }
        words
    }
}

impl Known {
    fn note_image(&mut self, image: &Image) {
        if image.status == "DELETED" || image.hash.is_empty() {
            return;
        }
        let reference = Reference::Image(image.hash.clone());
        let url = Some(image.permalink_url.clone()).filter(|url| !url.is_empty());
        if let Some(url) = &url {
            self.permalinks.insert(url.clone(), reference.clone());
        }
        let (id, checksum) = (image.hash.clone(), Some(image.hash.clone()));
        self.files.insert(reference, LibraryFile { id, name: image.name.clone(), checksum, url });
    }

    fn note_video(&mut self, video: &Video) {
        let file = LibraryFile { id: video.id.clone(), name: video.title.clone(), checksum: None, url: None };
        self.files.insert(Reference::Video(video.id.clone()), file);
    }

    fn learn(&mut self, hash: &ContentHash, medium: &Medium, state: &Processing) {
        self.hashes.insert(medium.reference.clone(), hash.clone());
        if *state == Processing::Ready {
            self.usable.entry(hash.clone()).or_insert_with(|| medium.clone());
        }
    }
}

fn read_video<'a>(desk: &'a Desk<'_>, id: &'a str) -> Program<'a, Result<Option<Video>, PlatformError>> {
    Box::pin(async move {
        match desk.read(Call::get(id, vec![("fields", VIDEO_FIELDS.to_owned())])).await {
            Ok(video) => Ok(Some(video)),
            // It was deleted.
            Err(refusal) if refusal.is_rejected() => Ok(None),
            Err(refusal) => Err(refusal.error),
        }
    })
}

fn image(reference: &Reference) -> Option<&str> {
    match reference {
        Reference::Image(hash) => Some(hash),
        Reference::Video(_) => None,
    }
}

fn video(reference: &Reference) -> Option<&str> {
    match reference {
        Reference::Video(id) => Some(id),
        Reference::Image(_) => None,
    }
}

/// What stands for the content of a file that is not ours.
fn foreign(reference: &Reference) -> String {
    match reference {
        Reference::Image(hash) => format!("meta:image:{hash}"),
        Reference::Video(id) => format!("meta:video:{id}"),
    }
}

fn unreadable(what: &str) -> PlatformError {
    PlatformError::Unreadable { message: format!("the {what} that was uploaded is not named in the answer") }
}

fn ready(medium: &Medium) -> Uploaded {
    let id = match &medium.reference {
        Reference::Image(hash) => hash.clone(),
        Reference::Video(id) => id.clone(),
    };
    Uploaded { id, state: Processing::Ready }
}

fn of_image(image: &Image) -> (Uploaded, Medium) {
    let state = match image.status.as_str() {
        "DELETED" => Processing::Failed("the image was deleted".to_owned()),
        _ => Processing::Ready,
    };
    let medium = Medium { reference: Reference::Image(image.hash.clone()), picture: String::new() };
    (Uploaded { id: image.hash.clone(), state }, medium)
}

fn of_video(video: &Video) -> (Uploaded, Medium) {
    let state = match video.status.word.as_str() {
        "ready" => Processing::Ready,
        "error" | "expired" => {
            let phases = [&video.status.uploading_phase, &video.status.processing_phase];
            let why = phases.into_iter().flat_map(|phase| &phase.errors).map(|error| cut(&error.message)).next();
            Processing::Failed(why.unwrap_or_else(|| "Meta could not process it and does not say why".to_owned()))
        }
        _ => Processing::Underway,
    };
    let medium = Medium { reference: Reference::Video(video.id.clone()), picture: video.picture.clone() };
    (Uploaded { id: video.id.clone(), state }, medium)
}

/// Of several files with one content the one that is furthest counts.
fn better(known: Option<&Uploaded>, other: &Uploaded) -> bool {
    let rank = |state: &Processing| match state {
        Processing::Ready => 0,
        Processing::Underway => 1,
        Processing::Failed(_) => 2,
    };
    known.is_none_or(|known| rank(&other.state) < rank(&known.state))
}

/// The hash that a file is named by.
fn hash_in(name: &str) -> Option<ContentHash> {
    let stem = name.split('.').next().unwrap_or_default();
    let fits =
        stem.len() == HASH_LENGTH && stem.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    fits.then(|| ContentHash(stem.to_owned()))
}

/// Whether Meta takes a file; if not, what is wrong with it.
pub(super) fn takes(file: &MediaFacts) -> Result<(), String> {
    let one_of = |formats: &[&str]| {
        let known = formats.contains(&file.format.as_str());
        if known {
            Ok(())
        } else {
            Err(format!("Meta takes no {} as {}; it takes {}", file.format, file.kind, formats.join(", ")))
        }
    };
    let at_most = |most: u64| {
        if file.size <= most {
            Ok(())
        } else {
            Err(format!("it has {} MB; Meta takes {} MB", file.size >> 20, most >> 20))
        }
    };
    match file.kind {
        MediaKind::Image => one_of(&["jpg", "jpeg", "png"]).and_then(|()| at_most(IMAGE_SIZE)),
        MediaKind::Video => {
            one_of(&["mp4", "mov"])?;
            at_most(VIDEO_SIZE)?;
            match file.duration_ms.filter(|length| !VIDEO_LENGTH.contains(length)) {
                Some(length) => Err(format!("it is {} s long; Meta takes 1 s to 241 minutes", length / 1000)),
                None => Ok(()),
            }
        }
    }
}

/// A file that an ad needs is not in the library any more; it is put there again.
pub(super) fn not_there(hash: &ContentHash, now: jiff::Timestamp) -> PlatformError {
    PlatformError::NotSent {
        reason: Reason::MediaNotReady,
        until: now + jiff::SignedDuration::from_mins(2),
        message: format!("the account's library has no file with the content {hash} that is ready"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_ours_is_known_by_its_name() {
        let hash = "a".repeat(64);
        assert_eq!(hash_in(&format!("{hash}.jpg")), Some(ContentHash(hash.clone())));
        assert_eq!(hash_in(&hash), Some(ContentHash(hash.clone())));
        for other in ["summer.jpg", "", &hash[1..], &hash.to_uppercase()] {
            assert_eq!(hash_in(other), None, "{other}");
        }
    }

    #[test]
    fn an_image_of_others_is_recognized_by_its_address_or_its_sum_and_one_of_ours_is_what_its_name_says() {
        let library = Library::default();
        let image = |hash: &str, name: &str| Image {
            hash: hash.to_owned(),
            name: name.to_owned(),
            permalink_url: format!("https://meta.example/?d={hash}"),
            ..Image::default()
        };
        let named = ContentHash("a".repeat(64));
        {
            let mut known = library.known();
            for image in [image("7", "summer.jpg"), image("c0ffee", "b.jpg"), image("9", &format!("{named}.jpg"))] {
                known.note_image(&image);
            }
            known.hashes.insert(Reference::Image("9".to_owned()), named);
        }
        let facts = |hash: &str, md5: &str| MediaFacts {
            hash: ContentHash(hash.to_owned()),
            md5: md5.to_owned(),
            kind: MediaKind::Image,
            format: "jpg".to_owned(),
            width: 1080,
            height: 1080,
            duration_ms: None,
            size: 1,
        };
        let words =
            |url: &str, facts| library.recognize(url, &facts).into_iter().map(|word| word.0).collect::<Vec<_>>();
        assert_eq!(words("https://meta.example/?d=7#x", facts("one", "1")), ["meta:image:7"]);
        assert_eq!(words("https://cdn.example.com/b.jpg", facts("two", "c0ffee")), ["meta:image:c0ffee"]);
        assert_eq!(words("https://meta.example/?d=9", facts("three", "3")), [""; 0]);
        assert_eq!(words("https://cdn.example.com/c.jpg", facts("four", "4")), [""; 0]);
        let known = library.known_hashes(&BTreeSet::from([Reference::Image("7".to_owned())]));
        assert_eq!(known[&Reference::Image("7".to_owned())], ContentHash("one".to_owned()));
    }

    #[test]
    fn what_meta_does_not_take_is_told_with_what_it_takes() {
        let file = |kind, format: &str, size, duration_ms| MediaFacts {
            hash: ContentHash(String::new()),
            md5: String::new(),
            kind,
            format: format.to_owned(),
            width: 1080,
            height: 1080,
            duration_ms,
            size,
        };
        assert!(takes(&file(MediaKind::Image, "png", 1 << 20, None)).is_ok());
        assert!(takes(&file(MediaKind::Video, "mp4", 1 << 20, Some(15_000))).is_ok());
        assert!(takes(&file(MediaKind::Image, "webp", 1, None)).unwrap_err().contains("jpg"));
        assert!(takes(&file(MediaKind::Image, "jpg", 31 << 20, None)).unwrap_err().contains("31 MB"));
        assert!(takes(&file(MediaKind::Video, "mp4", 1, Some(500))).unwrap_err().contains("0 s"));
    }
}
