//! Images and videos of an account: uploaded by URL or as a file, processed for a while, told by id.

use std::collections::BTreeMap;

use jiff::Timestamp;
use md5::{Digest, Md5};
use serde_json::{Value, json};

use super::config::{MediaFile, TikTokConfig};
use super::errors::{Refusal, code};
use super::query::Page;
use super::schema::{Doc, text, texts};

/// Pixels of the largest image.
const MOST_PIXELS: u64 = 1440 * 2560;
/// Bytes of the largest video.
const MOST_VIDEO_BYTES: u64 = 500_000_000;
/// Bytes of the largest image.
const MOST_IMAGE_BYTES: u64 = 50_000_000;
/// What the ids of covers begin with that are made from videos.
const COVERS: &str = "tos-adsim-p-0000/";
/// Characters of a file name.
const MOST_NAME: usize = 100;

/// An image or a video.
#[derive(Debug, Clone)]
pub struct Media {
    /// Id that ads use.
    pub id: String,
    /// Name, unique in the account.
    pub file_name: String,
    /// The file.
    pub file: MediaFile,
    /// When it was uploaded.
    pub created: Timestamp,
    /// When it can be used.
    pub ready_at: Timestamp,
    /// The MD5 sum of the content.
    pub signature: String,
}

/// A request to upload.
pub(crate) struct Upload<'a> {
    pub(crate) fields: &'a Doc,
    /// The file in the form.
    pub(crate) file: Option<&'a [u8]>,
    /// Business time.
    pub(crate) now: Timestamp,
}

/// The media of an account.
#[derive(Debug, Default)]
pub struct Library {
    images: BTreeMap<String, Media>,
    videos: BTreeMap<String, Media>,
}

impl Library {
    /// All images.
    pub fn images(&self) -> impl Iterator<Item = &Media> {
        self.images.values()
    }

    /// All videos.
    pub fn videos(&self) -> impl Iterator<Item = &Media> {
        self.videos.values()
    }

    /// The next instant at which a video is ready.
    pub fn next_due(&self, now: Timestamp) -> Option<Timestamp> {
        self.videos.values().map(|v| v.ready_at).filter(|due| *due > now).min()
    }

    /// `file/image/ad/upload/`.
    pub(crate) fn upload_image(
        &mut self,
        upload: &Upload<'_>,
        id: u64,
        config: &TikTokConfig,
    ) -> Result<Value, Refusal> {
        let (file, signature) = upload.read("image", config, code::UNREACHABLE_IMAGE)?;
        let bad = |why: &str| Err(Refusal::new(code::BAD_FILE, format!("image_url: {why}")));
        if file.seconds > 0.0 {
            return bad("The file is no image.");
        }
        if u64::from(file.width) * u64::from(file.height) > MOST_PIXELS {
            return bad("The image has more than 3686400 pixels.");
        }
        if file.bytes > MOST_IMAGE_BYTES {
            return bad("The image is larger than 50 MB.");
        }
        let file_name = name_of(upload.fields, &file, self.images.values())?;
        let (id, created) = (format!("ad-site-i18n/{id}"), upload.now);
        let media = Media { id, file_name, file, created, ready_at: created, signature };
        let answer = image(&media);
        self.images.insert(media.id.clone(), media);
        Ok(answer)
    }

    /// `file/video/ad/upload/`. The same video uploaded again gets another id.
    pub(crate) fn upload_video(
        &mut self,
        upload: &Upload<'_>,
        id: u64,
        config: &TikTokConfig,
    ) -> Result<Value, Refusal> {
        let (file, signature) = upload.read("video", config, code::UNREACHABLE_URL)?;
        let bad = |why: &str| Err(Refusal::new(code::BAD_FILE, format!("video_url: {why}")));
        if file.seconds <= 0.0 {
            return bad("The file is no video.");
        }
        // The ratios are documented as recommended; that others are refused is assumed.
        if ![(9, 16), (16, 9), (1, 1)].iter().any(|(w, h)| is_ratio(&file, *w, *h)) {
            return bad("The ratio must be 9:16, 16:9 or 1:1.");
        }
        if file.width.min(file.height) < 540 {
            return bad("The resolution is too low.");
        }
        if file.bytes > MOST_VIDEO_BYTES {
            return bad("The video is larger than 500 MB.");
        }
        let file_name = name_of(upload.fields, &file, self.videos.values())?;
        let ready_at = upload.now + config.video_processing;
        let media = Media { id: format!("v10033g5{id}"), file_name, file, created: upload.now, ready_at, signature };
        let answer = video(&media, upload.now);
        self.videos.insert(media.id.clone(), media);
        Ok(json!([answer]))
    }

    /// `file/image/ad/info/`.
    pub fn image_info(&self, query: &Doc) -> Result<Value, Refusal> {
        let ids = at_most(query, "image_ids", 100)?;
        let list: Vec<Value> = ids.iter().filter_map(|id| self.images.get(*id)).map(image).collect();
        Ok(json!({ "list": list }))
    }

    /// `file/video/ad/info/`. Videos that cannot be used in ads, as those still being processed, are left out.
    pub fn video_info(&self, query: &Doc, now: Timestamp) -> Result<Value, Refusal> {
        let ids = at_most(query, "video_ids", 60)?;
        let found = ids.iter().filter_map(|id| self.videos.get(*id));
        let list: Vec<Value> = found.filter(|v| v.is_usable(now)).map(|v| video(v, now)).collect();
        Ok(json!({ "list": list }))
    }

    /// `file/image/ad/search/`. Newest first (assumed).
    pub fn image_search(&self, query: &Doc) -> Result<Value, Refusal> {
        search(query, self.images.values().map(image))
    }

    /// `file/video/ad/search/`. That videos which are still processed, or cannot be, are among them is assumed.
    pub fn video_search(&self, query: &Doc, now: Timestamp) -> Result<Value, Refusal> {
        search(query, self.videos.values().map(|v| video(v, now)))
    }

    /// `file/video/suggestcover/`. The code of its refusal is assumed, its words are documented.
    pub fn suggest_covers(&self, query: &Doc, now: Timestamp) -> Result<Value, Refusal> {
        let found = self.videos.get(text(query, "video_id")).filter(|v| v.is_usable(now));
        let found =
            found.ok_or_else(|| Refusal::new(code::NO_PERMISSION, "Insufficient permissions for some videos"))?;
        let most = query.get("poster_number").and_then(Value::as_u64).unwrap_or(10);
        let covers: Vec<Value> = (1..=most.min(3))
            .map(|number| {
                let id = format!("{COVERS}{}_{number}", found.id);
                let url = format!("https://p16.example.com/{id}");
                json!({ "id": id, "url": url, "width": found.file.width, "height": found.file.height })
            })
            .collect();
        Ok(json!({ "list": covers }))
    }

    /// Whether an ad can use an image.
    pub fn check_image(&self, id: &str) -> Result<(), Refusal> {
        let suggested = id.strip_prefix(COVERS).and_then(|rest| rest.rsplit_once('_'));
        let known = self.images.contains_key(id) || suggested.is_some_and(|(video, _)| self.videos.contains_key(video));
        if known { Ok(()) } else { Err(Refusal::invalid(format!("web_uri: The image {id} does not exist."))) }
    }

    /// Whether an ad can use a video.
    pub fn check_video(&self, id: &str, now: Timestamp) -> Result<(), Refusal> {
        match self.videos.get(id) {
            Some(video) if video.ready_at > now => {
                Err(Refusal::new(code::TRANSCODING, "Video transcoding in process."))
            }
            Some(video) if !video.file.broken => Ok(()),
            _ => Err(Refusal::new(code::INVALID_VIDEO, format!("The Video ID {id} is invalid."))),
        }
    }
}

impl Media {
    fn is_usable(&self, now: Timestamp) -> bool {
        self.ready_at <= now && !self.file.broken
    }
}

impl Upload<'_> {
    /// The file and its signature. The simulator reads nothing from the network: what is behind a URL is configured, or
    /// made up. Of a content the size of an image is read; what a video is, is made up, too.
    fn read(&self, kind: &str, config: &TikTokConfig, unreachable: i64) -> Result<(MediaFile, String), Refusal> {
        match text(self.fields, "upload_type") {
            "UPLOAD_BY_URL" => {
                let file = fetch(self.fields, &format!("{kind}_url"), config, unreachable)?;
                let signature = signature(&file);
                Ok((file, signature))
            }
            // Documented as the default.
            "" | "UPLOAD_BY_FILE" => self.read_file(kind, config),
            other => Err(Refusal::not_simulated(other)),
        }
    }

    fn read_file(&self, kind: &str, config: &TikTokConfig) -> Result<(MediaFile, String), Refusal> {
        let content = self.file.ok_or_else(|| Refusal::missing(&format!("{kind}_file")))?;
        let given = text(self.fields, &format!("{kind}_signature"));
        if given.is_empty() {
            return Err(Refusal::missing(&format!("{kind}_signature")));
        }
        let signature = md5(content);
        if given != signature {
            let message = format!("{kind}_signature: The signature does not match the file.");
            return Err(Refusal::new(code::WRONG_SIGNATURE, message));
        }
        let known = config.media.iter().find(|file| !file.content.is_empty() && file.content.as_bytes() == content);
        let mut file = known.cloned().unwrap_or_else(|| made_up(text(self.fields, "file_name")));
        if let (None, Ok(size)) = (known, imagesize::blob_size(content)) {
            let pixels = |side: usize| u32::try_from(side).unwrap_or(u32::MAX);
            (file.width, file.height) = (pixels(size.width), pixels(size.height));
        }
        Ok((file, signature))
    }
}

fn search(query: &Doc, rows: impl DoubleEndedIterator<Item = Value>) -> Result<Value, Refusal> {
    if query.get("filtering").and_then(Value::as_object).is_some_and(|filter| !filter.is_empty()) {
        return Err(Refusal::not_simulated("filters of the library"));
    }
    let page = Page::of(query, 20, 100)?;
    let (rows, info) = page.cut(rows.rev().collect());
    Ok(json!({ "list": rows, "page_info": info }))
}

/// The file behind a URL.
fn fetch(body: &Doc, field: &str, config: &TikTokConfig, unreachable: i64) -> Result<MediaFile, Refusal> {
    let url = text(body, field);
    if !url.starts_with("https://") && !url.starts_with("http://") {
        return Err(Refusal::missing(field));
    }
    let file = config.media.iter().find(|file| file.url == url).cloned().unwrap_or_else(|| made_up(url));
    if file.unreachable {
        return Err(Refusal::new(unreachable, format!("{field}: Unable to fetch the URL.")));
    }
    Ok(file)
}

fn made_up(url: &str) -> MediaFile {
    let path = url.split(['?', '#']).next().unwrap_or_default().to_ascii_lowercase();
    let is_image = [".jpg", ".jpeg", ".png"].iter().any(|end| path.ends_with(end));
    let file = MediaFile { url: url.into(), ..MediaFile::default() };
    if is_image { MediaFile { height: file.width, seconds: 0.0, bytes: 400_000, ..file } } else { file }
}

fn is_ratio(file: &MediaFile, width: u32, height: u32) -> bool {
    let (is, wanted) = (u64::from(file.width) * u64::from(height), u64::from(file.height) * u64::from(width));
    is.abs_diff(wanted) * 50 <= wanted
}

fn name_of<'a>(body: &Doc, file: &MediaFile, others: impl Iterator<Item = &'a Media>) -> Result<String, Refusal> {
    let from_url = file.url.split(['?', '#']).next().and_then(|path| path.rsplit('/').next()).unwrap_or_default();
    let name = match text(body, "file_name") {
        "" => from_url.chars().take(MOST_NAME).collect(),
        name if name.chars().count() > MOST_NAME => {
            return Err(Refusal::invalid("file_name: Length must be between 1 and 100."));
        }
        name => name.to_owned(),
    };
    let mut others = others;
    if others.any(|other| other.file_name == name) {
        return Err(Refusal::new(code::DUPLICATE_NAME, "The material's name has a duplicate."));
    }
    Ok(name)
}

fn at_most<'a>(query: &'a Doc, field: &str, most: usize) -> Result<Vec<&'a str>, Refusal> {
    let ids = texts(query, field);
    if ids.is_empty() || ids.len() > most {
        return Err(Refusal::invalid(format!("{field}: Length must be between 1 and {most}.")));
    }
    Ok(ids)
}

/// The MD5 sum of a configured file's content, or of what stands for it.
pub fn signature(file: &MediaFile) -> String {
    md5(if file.content.is_empty() { file.url.as_bytes() } else { file.content.as_bytes() })
}

fn md5(content: &[u8]) -> String {
    use std::fmt::Write as _;
    Md5::digest(content).iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

fn material(media: &Media) -> String {
    media.id.bytes().filter(u8::is_ascii_digit).map(char::from).collect()
}

fn iso(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

fn image(media: &Media) -> Value {
    json!({
        "image_id": media.id,
        "material_id": material(media),
        "is_carousel_usable": true,
        "displayable": true,
        "width": media.file.width,
        "height": media.file.height,
        "format": media.file_name.rsplit('.').next().unwrap_or("jpeg"),
        "image_url": media.file.url,
        "signature": media.signature,
        "size": media.file.bytes,
        "file_name": media.file_name,
        "create_time": iso(media.created),
        "modify_time": iso(media.created),
    })
}

fn video(media: &Media, now: Timestamp) -> Value {
    json!({
        "video_id": media.id,
        "material_id": material(media),
        "displayable": media.is_usable(now),
        "width": media.file.width,
        "height": media.file.height,
        "format": "mp4",
        "duration": media.file.seconds,
        "bit_rate": 2_000_000,
        "video_cover_url": format!("https://p16.example.com/{}.image", media.id),
        "preview_url": format!("https://v16.example.com/{}", media.id),
        "signature": media.signature,
        "size": media.file.bytes,
        "allowed_placements": ["PLACEMENT_TIKTOK", "PLACEMENT_PANGLE"],
        "allow_download": true,
        "file_name": media.file_name,
        "create_time": iso(media.created),
        "modify_time": iso(media.created),
    })
}
