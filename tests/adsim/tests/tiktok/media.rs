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
    assert_eq!(told(&client.post("file/video/ad/upload", &file).await).1, "Missing required field(s): video_file.");
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

fn form(kind: &str, name: &str, content: &str, signature: &str) -> (String, String) {
    let text =
        |name: &str, value: &str| format!("--x\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
    let texts = [
        text("advertiser_id", ADVERTISER),
        text("upload_type", "UPLOAD_BY_FILE"),
        text("file_name", name),
        text(&format!("{kind}_signature"), signature),
    ];
    let file = format!(
        "--x\r\nContent-Disposition: form-data; name=\"{kind}_file\"; filename=\"{name}\"\r\n\r\n{content}\r\n--x--\r\n"
    );
    ("multipart/form-data; boundary=x".to_owned(), texts.concat() + &file)
}

#[tokio::test]
async fn a_file_is_uploaded_with_its_md5_sum_and_listed() {
    let client = Client::configured(|config| {
        config.media = vec![MediaFile { content: "tall".into(), seconds: 0.0, ..file("") }];
    })
    .await;
    let send = async |(content_type, body): (String, String)| -> Value {
        let url = format!("{}/v1.3/file/image/ad/upload/", client.sim.tiktok_url());
        let (_, text) = client.raw(client.http.post(url).header("Content-Type", content_type).body(body)).await;
        serde_json::from_str(&text).unwrap()
    };
    // MD5 of `tall` and of nothing.
    let (tall, nothing) = ("6ce1a133fa63d64306c463bdd3122598", "d41d8cd98f00b204e9800998ecf8427e");
    assert_eq!(told(&send(form("image", "a.jpg", "tall", nothing)).await).0, 40900);
    assert_eq!(told(&send(form("image", "a.jpg", "tall", tall)).await).0, 0);
    let listed = client.get_ok("file/image/ad/search", &json!({"advertiser_id": ADVERTISER})).await;
    assert_eq!(listed["page_info"]["total_number"], 1);
    assert_eq!((&listed["list"][0]["file_name"], &listed["list"][0]["signature"]), (&json!("a.jpg"), &json!(tall)));
    assert_eq!(listed["list"][0]["height"], 1920, "as the content is configured");
}

#[tokio::test]
async fn a_video_that_is_processed_has_covers_that_ads_can_use() {
    let client = Client::start().await;
    let campaign = client.campaign("spring", 50.0).await;
    let group = client.adgroup(&campaign, "de", json!({})).await;
    let uploaded = client.post_ok("file/video/ad/upload", &video("https://cdn.example.com/a.mp4")).await;
    let video = id(&uploaded[0]["video_id"]);
    let query = json!({"advertiser_id": ADVERTISER, "video_id": video});
    let search = json!({"advertiser_id": ADVERTISER});
    assert_eq!(
        told(&client.get("file/video/suggestcover", &query).await).1,
        "Insufficient permissions for some videos"
    );
    assert_eq!(client.get_ok("file/video/ad/search", &search).await["list"][0]["displayable"], false);
    client.sim.set_now(client.sim.next_due().unwrap());
    assert_eq!(client.get_ok("file/video/ad/search", &search).await["list"][0]["displayable"], true);
    let covers = client.get_ok("file/video/suggestcover", &query).await["list"].clone();
    assert_eq!((&covers[0]["width"], &covers[0]["height"]), (&json!(1080), &json!(1920)));
    client.ad(&group, "trailer", &(video, id(&covers[0]["id"]))).await;
}
