//! A server of images and videos on the loopback: what a CDN is to Campaigns.
//!
//! Every path that ends as a file does is there, with a content of its own; what a file is follows from its name, as
//! `spring-en-9x16.mp4` or `spring-de-1x1.jpg`.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The host of the examples' media.
const CDN: &str = "https://cdn.example.com";
/// Pixels of the shorter side.
const SIDE: u16 = 1080;

/// The server. It lives as long as the process.
#[derive(Clone)]
pub struct Files {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    /// How often the content of a path was changed.
    changes: HashMap<String, u32>,
    /// How often each path was read.
    reads: HashMap<String, usize>,
}

impl Files {
    /// Starts a server.
    pub fn start() -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let files = Self { address: listener.local_addr()?, state: Arc::default() };
        let server = files.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let server = server.clone();
                // A client that goes away is no concern of the others.
                std::thread::spawn(move || server.serve(stream));
            }
        });
        Ok(files)
    }

    /// Its base URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// A manifest of the examples whose media lie here.
    pub fn instead_of_the_cdn(&self, text: &str) -> String {
        text.replace(CDN, &self.url())
    }

    /// Puts another content under a path.
    pub fn change(&self, path: &str) {
        *self.lock().changes.entry(path.to_owned()).or_default() += 1;
    }

    /// How often a path was read.
    pub fn reads(&self, path: &str) -> usize {
        self.lock().reads.get(path).copied().unwrap_or(0)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn serve(&self, mut stream: TcpStream) -> std::io::Result<()> {
        let mut lines = BufReader::new(stream.try_clone()?).lines();
        let first = lines.next().transpose()?.unwrap_or_default();
        for line in lines {
            if line?.is_empty() {
                break;
            }
        }
        let path = first.split(' ').nth(1).unwrap_or_default().trim_start_matches('/').to_owned();
        let change = self.lock().changes.get(&path).copied().unwrap_or(0);
        *self.lock().reads.entry(path.clone()).or_default() += 1;
        let (status, body) = match content(&path, change) {
            Some(body) => ("200 OK", body),
            None => ("404 Not Found", Vec::new()),
        };
        let head = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
        stream.write_all(&[head.as_bytes(), &body].concat())
    }
}

/// What lies under a path after so many changes.
fn content(path: &str, change: u32) -> Option<Vec<u8>> {
    let (name, format) = path.rsplit_once('.')?;
    let (width, height) = match name.rsplit('-').next() {
        Some("9x16") => (SIDE, SIDE / 9 * 16),
        Some("16x9") => (SIDE / 9 * 16, SIDE),
        _ => (SIDE, SIDE),
    };
    let own = format!("{path} {change}");
    match format {
        "jpg" => Some(jpeg(width, height, own.as_bytes())),
        "png" => Some(png(width, height, own.as_bytes())),
        "mp4" => Some(mp4(width, height, own.as_bytes())),
        _ => None,
    }
}

/// A JPEG: an application segment, the frame, the end; `own` follows, where no reader looks.
fn jpeg(width: u16, height: u16, own: &[u8]) -> Vec<u8> {
    [
        &b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0\xff\xc0\0\x11\x08"[..],
        &height.to_be_bytes(),
        &width.to_be_bytes(),
        b"\x03\x01\x22\0\x02\x11\x01\x03\x11\x01\xff\xd9",
        own,
    ]
    .concat()
}

/// A PNG, as far as its header goes.
fn png(width: u16, height: u16, own: &[u8]) -> Vec<u8> {
    let (width, height) = (u32::from(width).to_be_bytes(), u32::from(height).to_be_bytes());
    [&b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"[..], &width, &height, b"\x08\x02\0\0\0\0\0\0\0", own].concat()
}

fn atom(kind: [u8; 4], parts: &[&[u8]]) -> Vec<u8> {
    let body = parts.concat();
    let length = u32::try_from(body.len() + 8).expect("a small file");
    [&length.to_be_bytes()[..], &kind, &body].concat()
}

/// An MP4 of fifteen seconds with one track.
fn mp4(width: u16, height: u16, own: &[u8]) -> Vec<u8> {
    const SCALE: u32 = 600;
    let number = |value: u32| value.to_be_bytes();
    let length = number(SCALE * 15);
    let mvhd = atom(*b"mvhd", &[&[0; 4], &number(1), &number(2), &number(SCALE), &length]);
    let matrix: Vec<u8> =
        [0x1_0000, 0, 0, 0, 0x1_0000, 0, 0, 0, 0x4000_0000].into_iter().flat_map(u32::to_be_bytes).collect();
    let size = [number(u32::from(width) << 16), number(u32::from(height) << 16)].concat();
    let head = [number(0), number(1), number(2), number(1), number(0), length].concat();
    let tkhd = atom(*b"tkhd", &[&head, &[0; 16], &matrix, &size]);
    let mdia = atom(*b"mdia", &[&atom(*b"hdlr", &[&[0; 8], b"vide", &[0; 12]])]);
    let moov = atom(*b"moov", &[&mvhd, &atom(*b"trak", &[&tkhd, &mdia])]);
    [atom(*b"ftyp", &[b"isom\0\0\0\0"]), moov, atom(*b"mdat", &[own])].concat()
}

#[cfg(test)]
mod tests {
    use adops_core::catalog::media::MediaKind;
    use adops_platforms::media::probe::probe;

    use super::*;

    #[test]
    fn the_files_are_what_their_names_say() {
        for (path, kind, width, height) in [
            ("spring-en-9x16.mp4", MediaKind::Video, 1080, 1920),
            ("spring-en-16x9.mp4", MediaKind::Video, 1920, 1080),
            ("spring-en-1x1.jpg", MediaKind::Image, 1080, 1080),
            ("cover-9x16.png", MediaKind::Image, 1080, 1920),
        ] {
            let facts = probe(&content(path, 0).unwrap()).unwrap();
            assert_eq!((facts.kind, facts.width, facts.height), (kind, width, height), "{path}");
            assert_eq!(facts.duration_ms, (kind == MediaKind::Video).then_some(15_000), "{path}");
            assert_ne!(facts.hash, probe(&content(path, 1).unwrap()).unwrap().hash, "{path}");
        }
        assert!(content("spring.txt", 0).is_none());
    }
}
