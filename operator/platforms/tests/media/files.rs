//! Files as small as their formats allow.

/// A PNG of this size, as far as its header goes.
pub fn png(width: u32, height: u32) -> Vec<u8> {
    let mut file = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
    file.extend(width.to_be_bytes());
    file.extend(height.to_be_bytes());
    file.extend(*b"\x08\x02\0\0\0\0\0\0\0");
    file
}

/// A GIF.
pub fn gif(width: u16, height: u16) -> Vec<u8> {
    let mut file = b"GIF89a".to_vec();
    file.extend(width.to_le_bytes());
    file.extend(height.to_le_bytes());
    file.extend(*b"\0\0\0;");
    file
}

/// A JPEG: an application segment, then the frame.
pub fn jpeg(width: u16, height: u16) -> Vec<u8> {
    let mut file = b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0".to_vec();
    file.extend(*b"\xff\xc0\0\x11\x08");
    file.extend(height.to_be_bytes());
    file.extend(width.to_be_bytes());
    file.extend(*b"\x03\x01\x22\0\x02\x11\x01\x03\x11\x01\xff\xd9");
    file
}

/// A WebP of the extended format.
pub fn webp(width: u32, height: u32) -> Vec<u8> {
    let mut file = b"RIFF\x16\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0".to_vec();
    file.extend(&(width - 1).to_le_bytes()[..3]);
    file.extend(&(height - 1).to_le_bytes()[..3]);
    file.extend(*b"\0\0");
    file
}

fn atom(kind: [u8; 4], body: &[u8]) -> Vec<u8> {
    let mut atom = u32::try_from(body.len() + 8).unwrap().to_be_bytes().to_vec();
    atom.extend(kind);
    atom.extend(body);
    atom
}

/// What a movie is made of.
#[allow(clippy::struct_excessive_bools, reason = "each is a way to write one of its own")]
pub struct Movie {
    pub brand: &'static [u8; 4],
    pub width: u32,
    pub height: u32,
    pub scale: u32,
    pub duration: u64,
    /// Boxes with 64-bit fields.
    pub long: bool,
    /// Turned by a quarter.
    pub turned: bool,
    /// The duration stands with the fragments.
    pub fragmented: bool,
    /// The track's handler.
    pub handler: &'static [u8; 4],
    /// The movie's header comes after its content.
    pub header_last: bool,
}

impl Default for Movie {
    fn default() -> Self {
        Self {
            brand: b"isom",
            width: 1080,
            height: 1920,
            scale: 600,
            duration: 600 * 15,
            long: false,
            turned: false,
            fragmented: false,
            handler: b"vide",
            header_last: false,
        }
    }
}

impl Movie {
    pub fn file(&self) -> Vec<u8> {
        let number = |value: u64| {
            if self.long { value.to_be_bytes().to_vec() } else { u32::try_from(value).unwrap().to_be_bytes().to_vec() }
        };
        let version = [u8::from(self.long), 0, 0, 0];
        let in_header = if self.fragmented { 0 } else { self.duration };
        let mvhd =
            [version.to_vec(), number(1), number(2), self.scale.to_be_bytes().to_vec(), number(in_header)].concat();
        let one = 0x1_0000_u32;
        let matrix = if self.turned {
            [0, one, 0, !one + 1, 0, 0, 0, 0, 0x4000_0000]
        } else {
            [one, 0, 0, 0, one, 0, 0, 0, 0x4000_0000]
        };
        let tkhd = [
            version.to_vec(),
            number(1),
            number(2),
            vec![0, 0, 0, 1, 0, 0, 0, 0],
            number(in_header),
            vec![0; 16],
            matrix.iter().flat_map(|value: &u32| value.to_be_bytes()).collect(),
            (self.width << 16).to_be_bytes().to_vec(),
            (self.height << 16).to_be_bytes().to_vec(),
        ]
        .concat();
        let hdlr = [&[0; 8][..], self.handler, &[0; 12]].concat();
        let track = [atom(*b"tkhd", &tkhd), atom(*b"mdia", &atom(*b"hdlr", &hdlr))].concat();
        let mehd = [version.to_vec(), number(self.duration)].concat();
        let extends = if self.fragmented { atom(*b"mvex", &atom(*b"mehd", &mehd)) } else { Vec::new() };
        let moov = atom(*b"moov", &[atom(*b"mvhd", &mvhd), extends, atom(*b"trak", &track)].concat());
        let head = atom(*b"ftyp", &[self.brand, &b"\0\0\0\0"[..]].concat());
        let data = atom(*b"mdat", &[7; 100]);
        if self.header_last { [head, data, moov].concat() } else { [head, moov, data].concat() }
    }
}
