//! Images and videos.

use ring::digest;
use serde_json::{Map, Value, json};

use super::auth::hex;
use super::errors::GraphError;
use super::params::Params;
use super::write::Context;
use crate::urlencoded::base64;

/// The name, the document and the content of an image.
pub type Upload = (String, Map<String, Value>, Vec<u8>);

/// The path of images' lasting addresses.
const PERMALINKS: &str = "/ads/image/";

/// The address of an image that lasts.
pub fn permalink(origin: &str, hash: &str) -> String {
    format!("{origin}{PERMALINKS}?d={hash}")
}

/// The hash that a lasting address is of.
pub fn hash_of<'a>(path: &str, query: &'a str) -> Option<&'a str> {
    query.strip_prefix("d=").filter(|_| path == PERMALINKS)
}

/// The documents of uploaded images: name and document of each. Content comes as base64 text or as a file; this edge
/// takes no URL, but creatives do.
pub fn images(params: &Params) -> Result<Vec<Upload>, GraphError> {
    if let Some(file) = params.file() {
        let name = params.text("filename").unwrap_or_else(|| "file".into());
        check_image(file)?;
        return Ok(vec![(name.clone(), image(&name, file), file.to_vec())]);
    }
    let Some(bytes) = params.text("bytes") else { return Err(GraphError::required("bytes")) };
    let not_base64 = || GraphError::parameter("bytes", "Param bytes must be a base64 encoded string");
    let content = base64(&bytes).ok_or_else(not_base64)?;
    check_image(&content)?;
    let doc = image(&params.text("name").unwrap_or_default(), &content);
    Ok(vec![("bytes".into(), doc, content)])
}

/// The hash of an image is an MD5 sum on the real service; here it is the first half of a SHA-256 sum.
fn image(name: &str, content: &[u8]) -> Map<String, Value> {
    let sum = hex(digest::digest(&digest::SHA256, content).as_ref());
    let hash = &sum[..32];
    let (width, height) = size_of(content).unwrap_or((1080, 1080));
    let shown = json!({
        "hash": hash,
        "name": name,
        "width": width,
        "height": height,
        "original_width": width,
        "original_height": height,
        "status": "ACTIVE",
        "url": format!("https://scontent.example/{hash}.png"),
    });
    shown.as_object().cloned().unwrap_or_default()
}

fn check_image(content: &[u8]) -> Result<(), GraphError> {
    let known: [&[u8]; 3] = [b"\x89PNG", b"\xFF\xD8\xFF", b"GIF8"];
    if known.iter().any(|magic| content.starts_with(magic)) {
        return Ok(());
    }
    let message = "The image couldn't be read. Upload a JPEG, PNG or GIF file.";
    Err(GraphError::invalid(1_487_411, "Invalid Image", message).at("bytes"))
}

/// Width and height of a PNG.
fn size_of(content: &[u8]) -> Option<(u32, u32)> {
    let number = |at: usize| Some(u32::from_be_bytes(content.get(at..at + 4)?.try_into().ok()?));
    content.starts_with(b"\x89PNG").then_some(())?;
    Some((number(16)?, number(20)?))
}

/// The document of a new video: by URL, or as a file. The video of a URL that cannot be fetched ends with an error.
pub fn video(params: &Params) -> Result<Map<String, Value>, GraphError> {
    let url = params.text("file_url");
    if url.is_none() && params.file().is_none() {
        return Err(GraphError::parameter("file_url", "No video file was given: file_url or source is needed"));
    }
    if let Some(url) = &url {
        check_scheme("file_url", url)?;
    }
    let title = params.text("name").or_else(|| params.text("title")).unwrap_or_default();
    let doc = json!({
        "title": title,
        "description": params.text("description").unwrap_or_default(),
        "file_url": url.unwrap_or_default(),
        "length": 15.0,
    });
    Ok(doc.as_object().cloned().unwrap_or_default())
}

fn check_scheme(name: &str, url: &str) -> Result<(), GraphError> {
    if url.starts_with("https://") || url.starts_with("http://") {
        return Ok(());
    }
    Err(GraphError::parameter(name, format_args!("{name} should represent a valid URL")))
}

/// Refuses the URL of an image that is none, or that cannot be fetched.
pub fn check_url(context: Context<'_>, name: &str, url: &str) -> Result<(), GraphError> {
    check_scheme(name, url)?;
    if context.config.broken_media_words.iter().any(|word| url.contains(word.as_str())) {
        let message = format!("The image at {url} couldn't be downloaded.");
        return Err(GraphError::invalid(1_487_411, "Image Not Reachable", message).at(name));
    }
    Ok(())
}
