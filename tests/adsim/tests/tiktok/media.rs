//! Images and videos.

use adsim::tiktok::config::MediaFile;
use serde_json::{Value, json};

use crate::support::{ADVERTISER, Client, ad, id, told};

fn video(url: &str) -> Value {
    json!({"advertiser_id": ADVERTISER, "upload_type": "UPLOAD_BY_URL", "video_url": url})
}

fn image(url: &str) -> Value {
    json!({"advertiser_id": ADVERTISER, "upload_type": "UPLOAD_BY_URL", "image_url": url})
}

fn file(url: &str) -> MediaFile {
    MediaFile { url: url.into(), ..MediaFile::default() }
}

#[tokio::test]
async fn a_video_can_be_used_once_it_is_processed() {
    let client = Client::start().await;
    let campaign = client.campaign("spring", 50.0).await;
    let group = client.adgroup(&campaign, "de", json!({})).await;
    let cover = id(&client.post_ok("file/image/ad/upload", &image("https://cdn.example.com/a.jpg")).await["image_id"]);
    let uploaded = client.post_ok("file/video/ad/upload", &video("https://cdn.example.com/a.mp4")).await;
    let video = id(&uploaded[0]["video_id"]);
    let info = json!({"advertiser_id": ADVERTISER, "video_ids": [video]});
    assert_eq!(client.get_ok("file/video/ad/info", &info).await["list"], json!([]), "not there while it is processed");
    let media = (video, cover);
    let answer = client.post("smart_plus/ad/create", &ad(&group, "trailer", &media)).await;
    assert_eq!(told(&answer), (40901, "Video transcoding in process."));
    client.sim.set_now(client.sim.next_due().unwrap());
    let row = client.get_ok("file/video/ad/info", &info).await["list"][0].clone();
    assert_eq!(
        (&row["displayable"], &row["width"], &row["signature"]),
        (&json!(true), &json!(1080), &uploaded[0]["signature"])
    );
    client.post_ok("smart_plus/ad/create", &ad(&group, "trailer", &media)).await;
    let images = json!({"advertiser_id": ADVERTISER, "image_ids": [media.1]});
    assert_eq!(client.get_ok("file/image/ad/info", &images).await["list"][0]["file_name"], "a.jpg");
}

#[tokio::test]
async fn files_that_do_not_fit_are_refused() {
    let client = Client::configured(|config| {
        config.media = vec![
            MediaFile { unreachable: true, ..file("https://cdn.example.com/gone.mp4") },
            MediaFile { unreachable: true, seconds: 0.0, ..file("https://cdn.example.com/gone.jpg") },
            MediaFile { height: 1350, ..file("https://cdn.example.com/4x5.mp4") },
            MediaFile { width: 360, height: 640, ..file("https://cdn.example.com/small.mp4") },
            MediaFile { bytes: 600_000_000, ..file("https://cdn.example.com/big.mp4") },
            MediaFile { width: 3_600, height: 1_256, seconds: 0.0, ..file("https://cdn.example.com/big.jpg") },
            MediaFile { broken: true, ..file("https://cdn.example.com/broken.mp4") },
        ];
    })
    .await;
    for (name, code) in [
        ("gone.mp4", 40902),
        ("4x5.mp4", 40915),
        ("small.mp4", 40915),
        ("big.mp4", 40915),
        ("a.jpg", 40915),
        ("a.mp4", 0),
        ("a.mp4", 40911),
    ] {
        let answer = client.post("file/video/ad/upload", &video(&format!("https://cdn.example.com/{name}"))).await;
        assert_eq!(told(&answer).0, code, "{name}");
    }
    for (name, code) in [("gone.jpg", 40913), ("big.jpg", 40915), ("a.mp4", 40915), ("a.jpg", 0), ("a.jpg", 40911)] {
        let answer = client.post("file/image/ad/upload", &image(&format!("https://cdn.example.com/{name}"))).await;
        assert_eq!(told(&answer).0, code, "{name}");
    }
    let broken = client.post_ok("file/video/ad/upload", &video("https://cdn.example.com/broken.mp4")).await;
    client.sim.set_now(client.sim.next_due().unwrap());
    let info = json!({"advertiser_id": ADVERTISER, "video_ids": [broken[0]["video_id"]]});
    assert_eq!(client.get_ok("file/video/ad/info", &info).await["list"], json!([]), "its processing has failed");
    let file = json!({"advertiser_id": ADVERTISER, "video_file": "x"});
    assert_eq!(told(&client.post("file/video/ad/upload", &file).await).1, "adsim does not simulate UPLOAD_BY_FILE");
}

#[tokio::test]
async fn the_same_content_has_the_same_signature_and_another_id() {
    let client = Client::configured(|config| {
        let of = |url: &str, content: &str| MediaFile { content: content.into(), ..file(url) };
        config.media = vec![
            of("https://cdn.example.com/a.mp4", "trailer"),
            of("https://cdn.example.com/b.mp4", "trailer"),
            of("https://cdn.example.com/c.mp4", "other"),
        ];
    })
    .await;
    let mut found = Vec::new();
    for name in ["a", "b", "c"] {
        let url = format!("https://cdn.example.com/{name}.mp4");
        found.push(client.post_ok("file/video/ad/upload", &video(&url)).await[0].clone());
    }
    assert_eq!(found[0]["signature"], found[1]["signature"]);
    assert_ne!(found[0]["signature"], found[2]["signature"]);
    assert_ne!(found[0]["video_id"], found[1]["video_id"]);
    assert_eq!(found[0]["signature"].as_str().unwrap().len(), 32);
}
