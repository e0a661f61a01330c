//! What an MP4 or MOV file says of itself: the boxes of ISO/IEC 14496-12 that hold length and shape, and no more.

/// A box's type.
type Kind = [u8; 4];

/// How many tracks are looked at; no real file has as many.
const TRACKS: usize = 64;

/// What a movie says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Movie {
    pub(super) is_quicktime: bool,
    /// As it is shown, turned if its matrix turns it.
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) duration_ms: u64,
}

/// Whether a file begins as a movie does.
pub(super) fn is_movie(content: &[u8]) -> bool {
    // Old QuickTime files have no `ftyp`.
    content.get(4..8).is_some_and(|kind| [b"ftyp", b"moov", b"mdat", b"wide"].iter().any(|known| kind == *known))
        && !brand(content).is_some_and(is_still)
}

/// The major brand.
fn brand(content: &[u8]) -> Option<Kind> {
    Boxes(content).next().filter(|(kind, _)| kind == b"ftyp")?.1.get(..4)?.try_into().ok()
}

/// HEIF and AVIF are images in the same container.
fn is_still(brand: Kind) -> bool {
    [b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1", b"avif", b"avis"].contains(&&brand)
}

/// Reads a movie.
pub(super) fn read(content: &[u8]) -> Result<Movie, &'static str> {
    let moov = find(content, *b"moov").ok_or("it has no movie header (`moov`)")?;
    let (scale, mut duration) = duration(find(moov, *b"mvhd").ok_or("it has no movie header (`mvhd`)")?)
        .ok_or("its movie header (`mvhd`) is cut off")?;
    if duration == 0 {
        // Of a fragmented file the header tells of the part before the fragments only.
        duration = find(moov, *b"mvex").and_then(|mvex| fragments(find(mvex, *b"mehd")?)).unwrap_or(0);
    }
    if scale == 0 || duration == 0 {
        return Err("it does not say how long it is");
    }
    let tracks = Boxes(moov).filter(|(kind, _)| kind == b"trak").take(TRACKS);
    let (width, height) = tracks
        .filter(|(_, track)| is_video(track))
        .find_map(|(_, track)| shape(track))
        .ok_or("it has no video track")?;
    let duration_ms = u64::try_from(u128::from(duration) * 1000 / u128::from(scale)).unwrap_or(u64::MAX);
    Ok(Movie { is_quicktime: brand(content).is_none_or(|brand| &brand == b"qt  "), width, height, duration_ms })
}

/// Time scale and duration of a full box: `mvhd`.
fn duration(header: &[u8]) -> Option<(u32, u64)> {
    match header.first()? {
        0 => Some((u32_at(header, 12)?, known(u64::from(u32_at(header, 16)?), u64::from(u32::MAX)))),
        _ => Some((u32_at(header, 20)?, known(u64_at(header, 24)?, u64::MAX))),
    }
}

/// All ones: not known.
fn known(duration: u64, unknown: u64) -> u64 {
    if duration == unknown { 0 } else { duration }
}

fn fragments(header: &[u8]) -> Option<u64> {
    match header.first()? {
        0 => u32_at(header, 4).map(u64::from),
        _ => u64_at(header, 4),
    }
}

fn is_video(track: &[u8]) -> bool {
    let handler = find(track, *b"mdia").and_then(|mdia| find(mdia, *b"hdlr"));
    handler.and_then(|handler| handler.get(8..12)).is_some_and(|kind| kind == b"vide")
}

/// Width and height of a track as it is shown.
fn shape(track: &[u8]) -> Option<(u32, u32)> {
    let header = find(track, *b"tkhd")?;
    let matrix = match header.first()? {
        0 => 40,
        _ => 52,
    };
    // 16.16 fixed point.
    let (width, height) = (u32_at(header, matrix + 36)? >> 16, u32_at(header, matrix + 40)? >> 16);
    // a and b of the matrix: turned by a quarter, x goes where y was.
    let turned = u32_at(header, matrix)? == 0 && u32_at(header, matrix + 4)? != 0;
    Some(if turned { (height, width) } else { (width, height) })
}

/// The content of the first box of a type.
fn find(content: &[u8], wanted: Kind) -> Option<&[u8]> {
    Boxes(content).find(|(kind, _)| *kind == wanted).map(|(_, body)| body)
}

/// The boxes that follow each other in what is left. What is cut off ends them.
struct Boxes<'a>(&'a [u8]);

impl<'a> Iterator for Boxes<'a> {
    type Item = (Kind, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let kind: Kind = self.0.get(4..8)?.try_into().ok()?;
        let (head, size) = match u32_at(self.0, 0)? {
            // To the end.
            0 => (8, self.0.len()),
            1 => (16, usize::try_from(u64_at(self.0, 8)?).ok()?),
            size => (8, usize::try_from(size).ok()?),
        };
        let body = self.0.get(head..size)?;
        self.0 = &self.0[size..];
        Some((kind, body))
    }
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_be_bytes(bytes.get(at..at + 8)?.try_into().ok()?))
}
