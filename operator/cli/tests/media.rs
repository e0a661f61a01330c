//! Images and videos, looked into from here.

#![allow(clippy::unwrap_used, clippy::panic)] // Helpers of tests are not in a function that clippy knows as one.

mod support;

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::TcpListener;

use adops_cli::media::{needed, read};
use adops_core::catalog::media::MediaState;
use adops_platforms::allow::AllowList;

use support::{CAMPAIGN, manifests, with, world};

#[tokio::test]
async fn a_file_is_looked_into_and_what_is_wrong_with_it_is_told() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut head = [0; 1024];
            let read = stream.read(&mut head).unwrap();
            let image = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x02\x58\0\0\x02\x58\x08\x02\0\0\0\0\0\0\0";
            let body: &[u8] = if head[..read].starts_with(b"GET /a.png") { image } else { b"a word" };
            let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
            stream.write_all(&[head.as_bytes(), body].concat()).unwrap();
        }
    });
    let url = |path: &str| format!("http://{address}/{path}");
    let pinned = url("a.png#sha256=ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    let urls = BTreeSet::from([url("a.png"), url("word.png"), pinned.clone()]);
    let files = read(urls.clone(), AllowList::new(&["http://127.0.0.1".to_owned()]).unwrap()).await;
    assert!(matches!(&files[&url("a.png")], MediaState::Known(facts) if facts.width == 600 && facts.ratio() == 1000));
    assert!(matches!(&files[&url("word.png")], MediaState::Unusable(told) if told.contains("neither JPEG")));
    assert!(matches!(&files[&pinned], MediaState::Unusable(told) if told.contains("another one than the URL names")));

    let files = read(urls, AllowList::default()).await;
    assert!(matches!(&files[&url("a.png")], MediaState::Unreachable(told) if told.contains("may not be fetched")));
}

#[test]
fn files_are_read_for_platforms_only_whose_ads_are_made_of_them() {
    let text = with(
        CAMPAIGN,
        "url: https://example.com/{market}",
        "url: https://example.com\n    media: [https://cdn.example.com/a.png]",
    );
    // Google's search ads are words.
    assert_eq!(needed(&manifests(&[&text]), &world(None).accounts), BTreeSet::new());
}
