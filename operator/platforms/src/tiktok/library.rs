//! The account's library of images and videos. A file's name there is the hash of its content, by which it is found
//! again; TikTok's own signature is an MD5 sum, which nobody else in adops knows.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use adops_core::campaign::settings::{AdSettings, ContentHash};
use adops_core::catalog::media::{LibraryFile, MediaFacts, MediaKind};
use adops_core::reason::Reason;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::blueprint::rejected;
use super::client::{Client, list};
use super::creative::{self, Piece};
use super::errors::{DUPLICATE_NAME, stops_all};
use super::multipart::Form;
use super::wire::{Ad, Covers, File, Files};
use crate::error::PlatformError;
use crate::media::md5;
use crate::port::{Outcome, Processing, Upload, Uploaded};

/// Files of a page: TikTok's most.
const PAGE: usize = 100;
/// Images, videos that are asked for by id at once.
const IMAGES: usize = 100;
const VIDEOS: usize = 60;
/// A video that is not ready after so long (business time) never will be. TikTok speaks of minutes.
const PROCESSING: SignedDuration = SignedDuration::from_hours(1);
/// Covers that TikTok is asked to suggest.
const COVERS: usize = 10;

/// What is known of the library.
#[derive(Debug, Default)]
pub(super) struct Library(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    files: BTreeMap<ContentHash, Stored>,
    /// The hashes of ids that ads name; none for what somebody else has put there.
    hashes: HashMap<String, Option<ContentHash>>,
    /// Videos that others have named, by the MD5 sum of their content.
    strangers: HashMap<String, Stored>,
    /// What was seen of the library, whoever put it there, by id.
    seen: HashMap<String, LibraryFile>,
    /// The covers that were made from videos, by the video's id.
    covers: HashMap<String, String>,
}

/// A file of ours in the library.
#[derive(Debug, Clone)]
struct Stored {
    id: String,
    kind: MediaKind,
    width: u32,
    height: u32,
    state: Processing,
}

/// What an ad shows: a video and the image that is its cover, by their ids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Creative {
    pub(super) video: String,
    pub(super) cover: String,
}

impl Library {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What there is of some files. The library is listed only if one of them is not known to be ready.
    pub(super) async fn find(
        &self,
        client: &Client,
        wanted: &BTreeSet<ContentHash>,
    ) -> Result<BTreeMap<ContentHash, Uploaded>, PlatformError> {
        let is_ready = |known: &Known| {
            wanted.iter().all(|hash| known.files.get(hash).is_some_and(|file| file.state == Processing::Ready))
        };
        if !is_ready(&self.known()) {
            self.list(client).await?;
        }
        let known = self.known();
        let uploaded = |file: &Stored| Uploaded { id: file.id.clone(), state: file.state.clone() };
        Ok(wanted.iter().filter_map(|hash| Some((hash.clone(), uploaded(known.files.get(hash)?)))).collect())
    }

    async fn list(&self, client: &Client) -> Result<(), PlatformError> {
        let (images, videos) = tokio::join!(
            client.pages::<File>("file/image/ad/search", &[], PAGE),
            client.pages::<File>("file/video/ad/search", &[], PAGE),
        );
        let now = client.clock.now();
        let mut files: BTreeMap<ContentHash, Stored> = BTreeMap::new();
        let (mut strangers, mut seen) = (HashMap::new(), Vec::new());
        let of = |kind, rows: Vec<File>| rows.into_iter().map(move |row| (kind, row));
        for (kind, row) in of(MediaKind::Image, images?).chain(of(MediaKind::Video, videos?)) {
            seen.push(library_file(&row));
            let (hash, signature) = (hash_of(&row.file_name), row.signature.clone());
            let found = stored(kind, row, now);
            let Some(hash) = hash else {
                if kind == MediaKind::Video && !signature.is_empty() {
                    strangers.insert(signature, found);
                }
                continue;
            };
            // Of several, one that can be used.
            let better = files.get(&hash).is_none_or(|other| other.state != Processing::Ready);
            if better {
                files.insert(hash, found);
            }
        }
        let mut known = self.known();
        for (hash, file) in &files {
            known.hashes.insert(file.id.clone(), Some(hash.clone()));
        }
        // Those that were recognized are used by their hash.
        for file in strangers.values() {
            if let Some(Some(hash)) = known.hashes.get(&file.id) {
                files.entry(hash.clone()).or_insert_with(|| file.clone());
            }
        }
        known.seen.extend(seen.into_iter().map(|file| (file.id.clone(), file)));
        known.strangers = strangers;
        known.files = files;
        Ok(())
    }

    /// Forgets what was found: something of it was not there any more.
    pub(super) fn forget(&self) {
        let mut known = self.known();
        known.files.clear();
        known.covers.clear();
    }

    /// Puts a file into the library.
    pub(super) async fn upload(&self, client: &Client, file: &Upload) -> Outcome {
        let facts = &file.facts;
        let (kind, path) = match facts.kind {
            MediaKind::Image => ("image", "file/image/ad/upload"),
            MediaKind::Video => ("video", "file/video/ad/upload"),
        };
        let signature = md5(&file.content);
        let name = format!("{}.{}", facts.hash, facts.format);
        let form = Form::default()
            .text("upload_type", "UPLOAD_BY_FILE")
            .text("file_name", &name)
            .text(&format!("{kind}_signature"), &signature)
            .file(&format!("{kind}_file"), &name, &file.content);
        match client.upload::<Value>(path, form).await {
            Ok(data) => match uploaded_id(facts.kind, &data) {
                Some(id) => Outcome::Applied { id },
                None => Outcome::Unknown(PlatformError::Unreadable {
                    message: "the answer does not name the file that was uploaded".to_owned(),
                }),
            },
            // The name says what is in it: an earlier attempt had its effect.
            Err(refusal) if refusal.code == Some(DUPLICATE_NAME) => self.there_already(client, &facts.hash).await,
            Err(refusal) if refusal.error.may_have_happened() => Outcome::Unknown(refusal.error),
            Err(refusal) => Outcome::Failed(refusal.error),
        }
    }

    async fn there_already(&self, client: &Client, hash: &ContentHash) -> Outcome {
        let unknown = |message: String| Outcome::Unknown(PlatformError::UnknownOutcome { message });
        match self.find(client, &BTreeSet::from([hash.clone()])).await {
            Ok(found) => match found.get(hash) {
                Some(file) => Outcome::Applied { id: file.id.clone() },
                None => unknown(format!("TikTok says that {hash} is there, but lists no such file yet")),
            },
            Err(error) => unknown(format!("{hash} is there, and cannot be looked up: {error}")),
        }
    }

    /// What ads are made of: for each its videos and their covers, or why it cannot be made.
    pub(super) async fn creatives<'a>(
        &self,
        client: &Client,
        ads: impl Iterator<Item = &'a AdSettings>,
    ) -> Result<BTreeMap<AdSettings, Result<Vec<Creative>, PlatformError>>, PlatformError> {
        let ads: BTreeSet<&AdSettings> = ads.collect();
        let wanted: BTreeSet<ContentHash> = ads.iter().flat_map(|ad| ad.media.iter().cloned()).collect();
        if !wanted.is_empty() {
            self.find(client, &wanted).await?;
        }
        let mut made = BTreeMap::new();
        for ad in ads {
            let creatives = match self.pieces(ad) {
                Ok(pieces) => self.creatives_of(client, &pieces).await,
                Err(error) => Err(error),
            };
            if let Err(error) = &creatives
                && stops_all(error)
            {
                return Err(error.clone());
            }
            made.insert(ad.clone(), creatives);
        }
        Ok(made)
    }

    fn pieces(&self, ad: &AdSettings) -> Result<BTreeSet<Piece>, PlatformError> {
        let known = self.known();
        ad.media
            .iter()
            .map(|hash| match known.files.get(hash) {
                Some(Stored { kind, width, height, state: Processing::Ready, .. }) => {
                    Ok(Piece { hash: hash.clone(), kind: *kind, width: *width, height: *height })
                }
                Some(Stored { state: Processing::Failed(wrong), .. }) => {
                    Err(rejected(Reason::MediaNotAccepted, format!("the file {hash}: {wrong}")))
                }
                Some(_) => Err(rejected(Reason::MediaNotReady, format!("TikTok still processes the file {hash}"))),
                None => {
                    Err(rejected(Reason::MediaNotReady, format!("the file {hash} is not in the account's library")))
                }
            })
            .collect()
    }

    async fn creatives_of(&self, client: &Client, pieces: &BTreeSet<Piece>) -> Result<Vec<Creative>, PlatformError> {
        let mut creatives = Vec::new();
        for (video, cover) in creative::pair(pieces) {
            let id = |piece: &Piece| self.known().files.get(&piece.hash).map(|file| file.id.clone());
            let Some(video_id) = id(video) else { continue };
            let cover = match cover.and_then(id) {
                Some(cover) => cover,
                None => self.suggested_cover(client, &video_id, video).await?,
            };
            creatives.push(Creative { video: video_id, cover });
        }
        if creatives.is_empty() {
            return Err(rejected(Reason::InvalidSpec, "TikTok shows videos, and the ad has none"));
        }
        Ok(creatives)
    }

    /// A frame of a video, of its shape; of several the largest.
    async fn suggested_cover(&self, client: &Client, id: &str, video: &Piece) -> Result<String, PlatformError> {
        if let Some(cover) = self.known().covers.get(id) {
            return Ok(cover.clone());
        }
        let query = [("video_id", id.to_owned()), ("poster_number", COVERS.to_string())];
        let suggested: Covers = client.get("file/video/suggestcover", &query).await?;
        let is_alike = |width, height| creative::is_alike((width, height), (video.width, video.height));
        let fitting = suggested.list.into_iter().filter(|cover| is_alike(cover.width, cover.height));
        let cover = fitting.max_by_key(|cover| cover.width).ok_or_else(|| {
            let message = format!(
                "TikTok suggests no cover for the video {}: add an image of its shape to `media`, or wait until it is \
                 processed",
                video.hash
            );
            rejected(Reason::MediaNotReady, message)
        })?;
        self.known().covers.insert(id.to_owned(), cover.id.clone());
        Ok(cover.id)
    }

    /// Learns the hashes of all that some ads show.
    pub(super) async fn learn<'a>(
        &self,
        client: &Client,
        ads: impl Iterator<Item = &'a Ad>,
    ) -> Result<(), PlatformError> {
        let (mut images, mut videos) = (BTreeSet::new(), BTreeSet::new());
        for info in ads.flat_map(|ad| &ad.creative_list).map(|creative| &creative.creative_info) {
            images.extend(info.image_info.iter().map(|image| image.web_uri.clone()));
            videos.insert(info.video_info.video_id.clone());
        }
        let unknown = |ids: BTreeSet<String>| -> Vec<String> {
            let known = self.known();
            ids.into_iter().filter(|id| !id.is_empty() && !known.hashes.contains_key(id)).collect()
        };
        let kinds = [
            ("file/image/ad/info", "image_ids", unknown(images), IMAGES),
            ("file/video/ad/info", "video_ids", unknown(videos), VIDEOS),
        ];
        for (path, name, ids, most) in kinds {
            for chunk in ids.chunks(most) {
                let found: Files = client.get(path, &[(name, list(chunk))]).await?;
                let mut known = self.known();
                // What the library does not tell of is none of ours, such as a cover that TikTok has suggested.
                known.hashes.extend(chunk.iter().map(|id| (id.clone(), None)));
                for file in found.list {
                    let seen = library_file(&file);
                    known.seen.insert(seen.id.clone(), seen);
                    let id = if file.image_id.is_empty() { file.video_id } else { file.image_id };
                    known.hashes.insert(id, hash_of(&file.file_name));
                }
            }
        }
        Ok(())
    }

    /// What an ad shows, by the hashes of the files. What somebody else has put there is told by its id.
    pub(super) fn media_of(&self, ad: &Ad) -> BTreeSet<ContentHash> {
        let known = self.known();
        let hash = |id: &String| known.hashes.get(id).cloned().flatten();
        let mut media = BTreeSet::new();
        for info in ad.creative_list.iter().map(|creative| &creative.creative_info) {
            let video = &info.video_info.video_id;
            let shows_images = video.is_empty();
            if !shows_images {
                media.insert(hash(video).unwrap_or_else(|| of_stranger(video)));
            }
            if !info.tiktok_item_id.is_empty() {
                media.insert(ContentHash(format!("post {}", info.tiktok_item_id)));
            }
            for id in info.image_info.iter().map(|image| &image.web_uri) {
                match hash(id) {
                    Some(hash) => _ = media.insert(hash),
                    None if shows_images => _ = media.insert(ContentHash(format!("image {id}"))),
                    // The cover of a video that was made from it.
                    None => {}
                }
            }
        }
        media
    }
}

impl Library {
    /// What was seen of the videos that some ads show, by the hash by which settings tell them.
    pub(super) fn shown<'a>(&self, ads: impl Iterator<Item = &'a Ad>) -> BTreeMap<ContentHash, LibraryFile> {
        let known = self.known();
        let videos = ads.flat_map(|ad| &ad.creative_list).map(|creative| &creative.creative_info.video_info.video_id);
        let file = |id: &String| {
            let hash = known.hashes.get(id).cloned().flatten().unwrap_or_else(|| of_stranger(id));
            Some((hash, known.seen.get(id)?.clone()))
        };
        videos.filter_map(file).collect()
    }

    /// Whether a video that others have put there is this content: its signature is an MD5 sum. Images are left out:
    /// they are covers, which a listing tells only where they are ours.
    pub(super) fn recognize(&self, facts: &MediaFacts) -> BTreeSet<ContentHash> {
        let mut known = self.known();
        // What is named by the hash of its content is that, and nothing else.
        let is_free = |id: &String| known.hashes.get(id).is_none_or(Option::is_none);
        let has_content = |file: &&LibraryFile| file.checksum.as_ref() == Some(&facts.md5);
        let found = known.seen.values().filter(|_| facts.kind == MediaKind::Video).filter(has_content);
        let found: BTreeSet<String> = found.map(|file| file.id.clone()).filter(is_free).collect();
        for id in &found {
            known.hashes.insert(id.clone(), Some(facts.hash.clone()));
        }
        if let Some(file) = known.strangers.get(&facts.md5).cloned() {
            known.files.entry(facts.hash.clone()).or_insert(file);
        }
        found.iter().map(|id| of_stranger(id)).collect()
    }
}

/// What stands for the content of a video that is not ours.
fn of_stranger(video: &str) -> ContentHash {
    ContentHash(format!("video {video}"))
}

fn library_file(row: &File) -> LibraryFile {
    let id = if row.image_id.is_empty() { &row.video_id } else { &row.image_id };
    let checksum = Some(row.signature.clone()).filter(|signature| !signature.is_empty());
    // Its addresses do not last.
    LibraryFile { id: id.clone(), name: row.file_name.clone(), checksum, url: None }
}

fn stored(kind: MediaKind, row: File, now: Timestamp) -> Stored {
    let usable = kind == MediaKind::Image || row.displayable == Some(true);
    let since = row.create_time.parse::<Timestamp>().ok();
    let state = if usable {
        Processing::Ready
    } else if since.is_some_and(|since| now.duration_since(since) > PROCESSING) {
        Processing::Failed("TikTok has not processed it within an hour, so that it cannot be shown".to_owned())
    } else {
        Processing::Underway
    };
    let id = if kind == MediaKind::Image { row.image_id } else { row.video_id };
    Stored { id, kind, width: row.width, height: row.height, state }
}

/// The hash that a file's name is.
fn hash_of(file_name: &str) -> Option<ContentHash> {
    let stem = file_name.split('.').next()?;
    let is_hash = stem.len() == 64 && stem.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    is_hash.then(|| ContentHash(stem.to_owned()))
}

/// Of an image one answer comes, of a video a list with one.
fn uploaded_id(kind: MediaKind, data: &Value) -> Option<String> {
    let id = match kind {
        MediaKind::Image => &data["image_id"],
        MediaKind::Video if data.is_array() => &data[0]["video_id"],
        MediaKind::Video => &data["video_id"],
    };
    id.as_str().filter(|id| !id.is_empty()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_ours_is_known_by_its_name() {
        let hash = "0".repeat(64);
        for (name, ours) in [
            (format!("{hash}.mp4"), true),
            (hash.clone(), true),
            (format!("{}.mp4", "0".repeat(63)), false),
            ("trailer.mp4".to_owned(), false),
        ] {
            assert_eq!(hash_of(&name).is_some(), ours, "{name}");
        }
    }

    #[test]
    fn a_video_that_is_never_processed_has_failed() {
        let row = |displayable| File {
            displayable: Some(displayable),
            create_time: "2027-03-01T12:00:00Z".to_owned(),
            ..File::default()
        };
        let state = |displayable, now: &str| stored(MediaKind::Video, row(displayable), now.parse().unwrap()).state;
        assert_eq!(state(true, "2027-03-01T12:01:00Z"), Processing::Ready);
        assert_eq!(state(false, "2027-03-01T12:59:00Z"), Processing::Underway);
        assert!(matches!(state(false, "2027-03-01T13:01:00Z"), Processing::Failed(_)));
    }

    #[test]
    fn all_videos_of_others_with_one_content_are_recognized_by_their_sum() {
        let library = Library::default();
        let row = |id: &str, name: &str, signature: &str| File {
            video_id: id.to_owned(),
            file_name: name.to_owned(),
            signature: signature.to_owned(),
            ..File::default()
        };
        {
            let mut known = library.known();
            for row in [row("v1", "a.mp4", "5u"), row("v2", "copy of a.mp4", "5u"), row("v3", "b.mp4", "51")] {
                known.seen.insert(row.video_id.clone(), library_file(&row));
            }
        }
        let facts = |md5: &str, kind| MediaFacts {
            hash: ContentHash("content".to_owned()),
            md5: md5.to_owned(),
            kind,
            format: "mp4".to_owned(),
            width: 1080,
            height: 1920,
            duration_ms: None,
            size: 1,
        };
        let words = |facts| library.recognize(&facts).into_iter().map(|word| word.0).collect::<Vec<_>>();
        assert_eq!(words(facts("none", MediaKind::Video)), [""; 0]);
        assert_eq!(words(facts("5u", MediaKind::Image)), [""; 0]);
        assert_eq!(words(facts("5u", MediaKind::Video)), ["video v1", "video v2"]);
        assert_eq!(words(facts("5u", MediaKind::Video)), [""; 0], "from now on they are told by the hash");
    }
}
