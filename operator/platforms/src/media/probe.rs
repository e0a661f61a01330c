//! What a file is, from its content: neither its name nor what a server says of it counts.

use adops_core::catalog::media::{MediaFacts, MediaKind};
use imagesize::ImageType;

use super::{bmff, hash, md5};

/// Why a file is no image or video that could be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProbeError {
    /// Nothing is in it.
    #[error("it is empty")]
    Empty,
    /// A web page, as servers answer with where a file was.
    #[error("it is a web page, not an image or a video; give the address of the file itself")]
    WebPage,
    /// Anything else.
    #[error("it is neither JPEG, PNG, GIF or WebP nor MP4 or MOV")]
    Unknown,
    /// The head is that of an image or video, the rest is not.
    #[error("it is damaged: {0}")]
    Damaged(&'static str),
}

/// Looks into a whole file.
pub fn probe(content: &[u8]) -> Result<MediaFacts, ProbeError> {
    if content.is_empty() {
        return Err(ProbeError::Empty);
    }
    let shape = match imagesize::image_type(content) {
        Ok(kind) => image(kind, content)?,
        Err(_) if bmff::is_movie(content) => movie(content)?,
        Err(_) if is_web_page(content) => return Err(ProbeError::WebPage),
        Err(_) => return Err(ProbeError::Unknown),
    };
    if shape.width == 0 || shape.height == 0 {
        return Err(ProbeError::Damaged("it has no size"));
    }
    Ok(MediaFacts {
        hash: hash(content),
        md5: md5(content),
        kind: shape.kind,
        format: shape.format.to_owned(),
        width: shape.width,
        height: shape.height,
        duration_ms: shape.duration_ms,
        size: u64::try_from(content.len()).unwrap_or(u64::MAX),
    })
}

struct Shape {
    kind: MediaKind,
    format: &'static str,
    width: u32,
    height: u32,
    duration_ms: Option<u64>,
}

fn image(kind: ImageType, content: &[u8]) -> Result<Shape, ProbeError> {
    let format = match kind {
        ImageType::Jpeg => "jpg",
        ImageType::Png => "png",
        ImageType::Gif => "gif",
        ImageType::Webp => "webp",
        _ => return Err(ProbeError::Unknown),
    };
    let size = imagesize::blob_size(content).map_err(|_| ProbeError::Damaged("its size cannot be read"))?;
    let pixels = |count: usize| u32::try_from(count).map_err(|_| ProbeError::Damaged("its size cannot be true"));
    let (width, height) = (pixels(size.width)?, pixels(size.height)?);
    Ok(Shape { kind: MediaKind::Image, format, width, height, duration_ms: None })
}

fn movie(content: &[u8]) -> Result<Shape, ProbeError> {
    let movie = bmff::read(content).map_err(ProbeError::Damaged)?;
    let format = if movie.is_quicktime { "mov" } else { "mp4" };
    let (width, height) = (movie.width, movie.height);
    Ok(Shape { kind: MediaKind::Video, format, width, height, duration_ms: Some(movie.duration_ms) })
}

fn is_web_page(content: &[u8]) -> bool {
    let head = String::from_utf8_lossy(&content[..content.len().min(512)]).to_ascii_lowercase();
    let head = head.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']);
    head.starts_with("<!doctype html") || head.starts_with("<html")
}
