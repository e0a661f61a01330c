//! Images and videos.

use serde_json::json;

use crate::support::{ACCOUNT, Client, PAGE, act, creative, with};

/// A PNG of one pixel, as far as its head goes.
const PIXEL: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

#[tokio::test]
async fn the_same_image_is_stored_once_and_used_by_its_hash() {
    let client = Client::start().await;
    let first = client.ok("POST", &act("adimages"), json!({"bytes": PIXEL, "name": "pixel"})).await;
    let again = client.ok("POST", &act("adimages"), json!({"bytes": PIXEL})).await;
    let image = &first["images"]["bytes"];
    assert_eq!((&image["hash"], &image["width"]), (&again["images"]["bytes"]["hash"], &json!(1)));
    assert_eq!(client.sim.meta_account(ACCOUNT).images.len(), 1);
    let listed = client.get(&act("adimages"), json!({"fields": "hash,name"})).await;
    assert_eq!(listed["data"][0]["name"], "pixel");
    let link = json!({"link": "https://example.com/", "image_hash": image["hash"]});
    let story = json!({"object_story_spec": {"page_id": PAGE, "link_data": link}});
    client.create("adcreatives", with(creative("a"), story.clone())).await;
    client.ok("DELETE", &act("adimages"), json!({"hash": image["hash"]})).await;
    assert_eq!(client.error("POST", &act("adcreatives"), with(creative("a"), story)).await, (100, Some(1_487_212)));
    assert_eq!(client.error("POST", &act("adimages"), json!({"bytes": "aGVsbG8="})).await, (100, Some(1_487_411)));
    assert_eq!(client.error("POST", &act("adimages"), json!({"bytes": "?"})).await, (100, None));
}

#[tokio::test]
async fn a_video_is_processed_before_it_can_be_used() {
    let client = Client::start().await;
    let video = client.create("advideos", json!({"file_url": "https://cdn.example.com/a.mp4", "title": "a"})).await;
    let status = async |id: &str| {
        client.get(id, json!({"fields": "status"})).await["status"]["video_status"].as_str().unwrap().to_owned()
    };
    let data = json!({"video_id": video, "image_url": "https://cdn.example.com/a.png"});
    let story = with(creative("a"), json!({"object_story_spec": {"page_id": PAGE, "video_data": data}}));
    assert_eq!(status(&video).await, "processing");
    assert_eq!(client.error("POST", &act("adcreatives"), story.clone()).await, (100, Some(1_885_252)));
    client.sim.set_now(client.sim.next_due().unwrap());
    assert_eq!(status(&video).await, "ready");
    client.create("adcreatives", story).await;
    let broken = client.create("advideos", json!({"file_url": "https://unreachable.example/a.mp4"})).await;
    client.sim.set_now(client.sim.next_due().unwrap());
    assert_eq!(status(&broken).await, "error");
    assert_eq!(client.error("POST", &act("advideos"), json!({"file_url": "a.mp4"})).await, (100, None));
}
