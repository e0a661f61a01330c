//! The platforms' APIs as somebody's script uses them.

use adops_e2e::files::Files;
use adops_e2e::reach::{META, TIKTOK};
use adops_e2e::world::World;
use serde_json::{Value, json};

/// A script's way to the simulated platforms.
pub struct Api {
    http: reqwest::Client,
    meta: String,
    tiktok: String,
}

impl Api {
    pub fn new(world: &World) -> Self {
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let meta = format!("{}/v26.0/act_{META}", world.sim.meta_url());
        Self { http, meta, tiktok: format!("{}/v1.3", world.sim.tiktok_url()) }
    }

    /// The content of a file.
    pub async fn read(&self, files: &Files, path: &str) -> Vec<u8> {
        let answer = self.http.get(format!("{}/{path}", files.url())).send().await.unwrap();
        answer.error_for_status().unwrap().bytes().await.unwrap().to_vec()
    }

    /// Creates an object on an edge of the Meta account; answers with its id.
    pub async fn meta(&self, edge: &str, mut params: Value) -> String {
        params["access_token"] = "adsim-meta-token".into();
        let answer = self.http.post(format!("{}/{edge}", self.meta)).json(&params).send().await.unwrap();
        let answer: Value = answer.json().await.unwrap();
        answer["id"].as_str().unwrap_or_else(|| panic!("{edge} {params}: {answer}")).to_owned()
    }

    /// Puts an image into Meta's library; answers with Meta's hash of it.
    pub async fn meta_image(&self, name: &str, content: &[u8]) -> String {
        let token = ("access_token", "adsim-meta-token");
        let answer = self.form(&format!("{}/adimages", self.meta), "", &[token], ("file", name, content)).await;
        let image = answer["images"].as_object().and_then(|images| images.values().next()).unwrap();
        image["hash"].as_str().unwrap().to_owned()
    }

    /// Creates something on the TikTok account; answers with the data.
    pub async fn tiktok(&self, path: &str, mut body: Value) -> Value {
        body["advertiser_id"] = TIKTOK.into();
        let request = self.http.post(format!("{}/{path}/", self.tiktok)).header("Access-Token", "adsim-tiktok-token");
        let answer: Value = request.json(&body).send().await.unwrap().json().await.unwrap();
        assert_eq!(answer["code"], json!(0), "{path} {body}: {answer}");
        answer["data"].clone()
    }

    /// Puts a video into TikTok's library under a name; answers with its id.
    pub async fn tiktok_video(&self, name: &str, content: &[u8]) -> String {
        let data = self.tiktok_file("video", name, content).await;
        data[0]["video_id"].as_str().unwrap_or_else(|| panic!("{data}")).to_owned()
    }

    /// The same with an image.
    pub async fn tiktok_image(&self, name: &str, content: &[u8]) -> String {
        let data = self.tiktok_file("image", name, content).await;
        data["image_id"].as_str().unwrap_or_else(|| panic!("{data}")).to_owned()
    }

    async fn tiktok_file(&self, kind: &str, name: &str, content: &[u8]) -> Value {
        let signature = adops_platforms::media::md5(content);
        let fields = [
            ("advertiser_id", TIKTOK),
            ("upload_type", "UPLOAD_BY_FILE"),
            ("file_name", name),
            (&format!("{kind}_signature"), &signature),
        ];
        let part = format!("{kind}_file");
        let url = format!("{}/file/{kind}/ad/upload/", self.tiktok);
        let answer = self.form(&url, "adsim-tiktok-token", &fields, (&part, name, content)).await;
        assert_eq!(answer["code"], json!(0), "{answer}");
        answer["data"].clone()
    }

    async fn form(&self, url: &str, token: &str, fields: &[(&str, &str)], file: (&str, &str, &[u8])) -> Value {
        const BOUNDARY: &str = "somebodys-script";
        let mut body = Vec::new();
        for (name, value) in fields {
            let part = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
            body.extend_from_slice(part.as_bytes());
        }
        let (part, name, content) = file;
        let head =
            format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{part}\"; filename=\"{name}\"\r\n\r\n");
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(content);
        body.extend_from_slice(format!("\r\n--{BOUNDARY}--\r\n").as_bytes());
        let kind = format!("multipart/form-data; boundary={BOUNDARY}");
        let request = self.http.post(url).header("content-type", kind).header("Access-Token", token);
        request.body(body).send().await.unwrap().json().await.unwrap()
    }
}
