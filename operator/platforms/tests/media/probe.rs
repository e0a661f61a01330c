//! What a file is, from its content.

use adops_core::catalog::media::MediaKind;
use adops_platforms::media::hash;
use adops_platforms::media::probe::{ProbeError, probe};
use proptest::prelude::*;

use crate::files::{Movie, gif, jpeg, png, webp};

#[test]
fn images_tell_their_format_and_size() {
    for (file, format, (width, height), ratio) in [
        (png(1200, 628), "png", (1200, 628), 1910),
        (gif(600, 600), "gif", (600, 600), 1000),
        (jpeg(1080, 1920), "jpg", (1080, 1920), 562),
        (webp(1080, 1350), "webp", (1080, 1350), 800),
    ] {
        let facts = probe(&file).unwrap();
        assert_eq!((facts.kind, facts.format.as_str(), facts.duration_ms), (MediaKind::Image, format, None));
        assert_eq!(((facts.width, facts.height), facts.ratio()), ((width, height), ratio), "{format}");
        assert_eq!((facts.size, facts.hash), (file.len() as u64, hash(&file)));
    }
}

#[test]
fn the_hash_is_that_of_the_content() {
    let known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!(hash(b"abc").0, known);
}

#[test]
fn videos_tell_their_length_and_how_they_are_shown() {
    let upright = (1080, 1920);
    for (what, movie, format, size, duration) in [
        ("plain", Movie::default(), "mp4", upright, 15_000),
        ("QuickTime", Movie { brand: b"qt  ", ..Movie::default() }, "mov", upright, 15_000),
        ("header last", Movie { header_last: true, ..Movie::default() }, "mp4", upright, 15_000),
        ("64 bits", Movie { long: true, duration: 600 * 7_200, ..Movie::default() }, "mp4", upright, 7_200_000),
        ("turned", Movie { turned: true, ..Movie::default() }, "mp4", (1920, 1080), 15_000),
        ("fragments", Movie { fragmented: true, ..Movie::default() }, "mp4", upright, 15_000),
        ("rounded", Movie { scale: 90_000, duration: 1_351_350, ..Movie::default() }, "mp4", upright, 15_015),
    ] {
        let facts = probe(&movie.file()).unwrap();
        assert_eq!((facts.kind, facts.format.as_str()), (MediaKind::Video, format), "{what}");
        assert_eq!(((facts.width, facts.height), facts.duration_ms), (size, Some(duration)), "{what}");
    }
}

#[test]
fn what_is_no_image_or_video_is_told_as_what_it_is() {
    let whole = Movie::default().file();
    let end = whole.len() - 150;
    for (file, error) in [
        (Vec::new(), ProbeError::Empty),
        (b"<!DOCTYPE html><html>".to_vec(), ProbeError::WebPage),
        (b"\n <HTML><body>not found".to_vec(), ProbeError::WebPage),
        (b"%PDF-1.7 and so on".to_vec(), ProbeError::Unknown),
        (b"BM an old bitmap, which nobody takes".to_vec(), ProbeError::Unknown),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic".to_vec(), ProbeError::Unknown),
        (png(0, 600), ProbeError::Damaged("it has no size")),
        (jpeg(600, 600)[..24].to_vec(), ProbeError::Damaged("its size cannot be read")),
        (whole[..end].to_vec(), ProbeError::Damaged("it has no movie header (`moov`)")),
        (Movie { duration: 0, ..Movie::default() }.file(), ProbeError::Damaged("it does not say how long it is")),
        (Movie { handler: b"soun", ..Movie::default() }.file(), ProbeError::Damaged("it has no video track")),
    ] {
        assert_eq!(probe(&file), Err(error), "{:?}", String::from_utf8_lossy(&file[..file.len().min(20)]));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { fork: false, timeout: 0, ..ProptestConfig::with_cases(500) })]

    #[test]
    fn no_content_makes_it_panic(kind in 0_usize..4, at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<prop::sample::Index>()) {
        let mut file = match kind {
            0 => png(10, 10),
            1 => jpeg(10, 10),
            2 => webp(10, 10),
            _ => Movie { long: byte % 2 == 0, ..Movie::default() }.file(),
        };
        let at = at.index(file.len());
        file[at] = byte;
        file.truncate(cut.index(file.len()) + 1);
        let _ = probe(&file);
    }
}
