//! Images and videos by URL: how they are fetched, and what they are.
//!
//! A URL is a tenant's: it is judged before anything is sent, what its name resolves to is judged at each connection
//! ([`crate::resolve`]), redirects are not followed, and nobody can make us read more than a limit (S7).

mod bmff;
pub mod fetch;
pub mod probe;

use md5::Md5;
use sha2::{Digest, Sha256};

use adops_core::campaign::settings::ContentHash;

/// The hash of a file's content.
pub fn hash(content: &[u8]) -> ContentHash {
    ContentHash(hexadecimal(&Sha256::digest(content)))
}

/// The MD5 sum of a file's content, which some platforms tell files apart by.
pub fn md5(content: &[u8]) -> String {
    hexadecimal(&Md5::digest(content))
}

fn hexadecimal(digest: &[u8]) -> String {
    digest.iter().fold(String::with_capacity(2 * digest.len()), |mut hex, byte| {
        use std::fmt::Write;
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
