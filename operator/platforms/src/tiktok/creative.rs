//! Which files TikTok takes, and what ads are made of: each video with a cover of its shape.

use std::collections::BTreeSet;

use adops_core::campaign::settings::ContentHash;
use adops_core::catalog::media::{MediaFacts, MediaKind};

/// Bytes of the largest video.
const MOST_VIDEO_BYTES: u64 = 500_000_000;
/// Bytes of the largest image.
const MOST_IMAGE_BYTES: u64 = 50_000_000;
/// Pixels of the largest image.
const MOST_PIXELS: u64 = 1440 * 2560;
/// Pixels of the shorter side of a video.
const LEAST_SIDE: u32 = 540;
/// Length of a video in milliseconds.
const LENGTH: std::ops::RangeInclusive<u64> = 1_000..=600_000;
/// Shapes of a video: width and height.
const SHAPES: &[(u32, u32)] = &[(9, 16), (1, 1), (16, 9)];
const VIDEO_FORMATS: &[&str] = &["mp4", "mov", "mpeg", "mpg", "3gp", "avi"];
const IMAGE_FORMATS: &[&str] = &["jpg", "jpeg", "png"];

/// What must be known of a file to make a creative of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Piece {
    pub(super) hash: ContentHash,
    pub(super) kind: MediaKind,
    pub(super) width: u32,
    pub(super) height: u32,
}

impl From<&MediaFacts> for Piece {
    fn from(facts: &MediaFacts) -> Self {
        Self { hash: facts.hash.clone(), kind: facts.kind, width: facts.width, height: facts.height }
    }
}

/// Whether TikTok takes a file; if not, what is wrong with it.
pub(super) fn takes(file: &MediaFacts) -> Result<(), String> {
    let MediaFacts { kind, format, width, height, size, .. } = file;
    let (formats, most) = match kind {
        MediaKind::Video => (VIDEO_FORMATS, MOST_VIDEO_BYTES),
        MediaKind::Image => (IMAGE_FORMATS, MOST_IMAGE_BYTES),
    };
    if !formats.contains(&format.as_str()) {
        return Err(format!("TikTok takes no {kind} of the format {format}, but {}", formats.join(", ")));
    }
    if *size > most {
        return Err(format!("it has {} MB, TikTok takes {} MB", size.div_ceil(1_000_000), most / 1_000_000));
    }
    match kind {
        MediaKind::Image if u64::from(*width) * u64::from(*height) > MOST_PIXELS => {
            Err(format!("it has {width} x {height} pixels, TikTok takes {MOST_PIXELS} in all"))
        }
        MediaKind::Video if SHAPES.iter().all(|(w, h)| !is_alike((*width, *height), (*w, *h))) => {
            Err(format!("it is {width} x {height}, TikTok takes videos of 9:16, 1:1 and 16:9"))
        }
        MediaKind::Video if (*width).min(*height) < LEAST_SIDE => {
            Err(format!("it is {width} x {height}, TikTok takes no video with a side below {LEAST_SIDE} pixels"))
        }
        MediaKind::Video if file.duration_ms.is_some_and(|length| !LENGTH.contains(&length)) => {
            Err("it is shorter than a second or longer than ten minutes".to_owned())
        }
        MediaKind::Image | MediaKind::Video => Ok(()),
    }
}

/// Whether two sizes have the same shape, but for two in a hundred.
pub(super) fn is_alike((width, height): (u32, u32), (w, h): (u32, u32)) -> bool {
    let (is, wanted) = (u64::from(width) * u64::from(h), u64::from(height) * u64::from(w));
    wanted > 0 && is.abs_diff(wanted) * 50 <= wanted
}

/// The videos of some files, each with the image that is its cover: the first one of its shape. A video without one
/// has a cover made from it.
pub(super) fn pair(pieces: &BTreeSet<Piece>) -> Vec<(&Piece, Option<&Piece>)> {
    let of = |kind| pieces.iter().filter(move |piece| piece.kind == kind);
    of(MediaKind::Video)
        .map(|video| {
            let size = (video.width, video.height);
            (video, of(MediaKind::Image).find(|image| is_alike((image.width, image.height), size)))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(kind: MediaKind, format: &str, width: u32, height: u32) -> MediaFacts {
        MediaFacts {
            hash: ContentHash(format!("{kind}{width}x{height}")),
            md5: String::new(),
            kind,
            format: format.to_owned(),
            width,
            height,
            duration_ms: (kind == MediaKind::Video).then_some(15_000),
            size: 4_000_000,
        }
    }

    #[test]
    fn files_are_taken_by_format_shape_length_and_size() {
        let video = |format: &str, width, height| file(MediaKind::Video, format, width, height);
        let long = MediaFacts { duration_ms: Some(601_000), ..video("mp4", 1080, 1920) };
        let big = MediaFacts { size: 500_000_001, ..video("mp4", 1080, 1920) };
        for (file, wrong) in [
            (video("mp4", 1080, 1920), None),
            (video("mov", 1080, 1080), None),
            (video("mp4", 1920, 1080), None),
            (video("mp4", 1080, 1350), Some("1080 x 1350")),
            (video("mp4", 360, 640), Some("below 540")),
            (video("webm", 1080, 1920), Some("webm")),
            (long, Some("ten minutes")),
            (big, Some("501 MB")),
            (file(MediaKind::Image, "jpg", 1080, 1920), None),
            (file(MediaKind::Image, "png", 1200, 628), None),
            (file(MediaKind::Image, "gif", 100, 100), Some("gif")),
            (file(MediaKind::Image, "png", 4000, 4000), Some("4000 x 4000")),
        ] {
            let found = takes(&file).err();
            assert_eq!(found.is_some(), wrong.is_some(), "{file:?}: {found:?}");
            assert!(found.unwrap_or_default().contains(wrong.unwrap_or_default()), "{file:?}");
        }
    }

    #[test]
    fn a_video_has_the_first_image_of_its_shape_for_its_cover() {
        let pieces: BTreeSet<Piece> = [
            file(MediaKind::Video, "mp4", 1080, 1920),
            file(MediaKind::Video, "mp4", 1920, 1080),
            file(MediaKind::Image, "jpg", 720, 1280),
            file(MediaKind::Image, "jpg", 1080, 1080),
        ]
        .iter()
        .map(Piece::from)
        .collect();
        let covers: Vec<(&str, Option<&str>)> = pair(&pieces)
            .into_iter()
            .map(|(video, cover)| (video.hash.0.as_str(), cover.map(|cover| cover.hash.0.as_str())))
            .collect();
        assert_eq!(covers, [("video1080x1920", Some("image720x1280")), ("video1920x1080", None)]);
    }
}
