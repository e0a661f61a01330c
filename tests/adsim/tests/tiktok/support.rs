//! A client of the simulator, and bodies that it sends.

use adsim::{AdSim, AdvertiserView, ClockConfig, Config, TikTokConfig};
use serde_json::{Value, json};

/// The account of the default configuration.
pub const ADVERTISER: &str = "7000000000000000001";
/// The token of the default configuration.
pub const TOKEN: &str = "adsim-tiktok-token";
/// The United States.
pub const US: &str = "6252001";
/// Germany.
pub const DE: &str = "2921044";

/// A simulator and a client of it.
pub struct Client {
    pub sim: AdSim,
    pub http: reqwest::Client,
    pub token: String,
    requests: std::sync::atomic::AtomicU64,
}

/// A stepped configuration: noon in New York on Monday, 1 March 2027. Ads can be written at any time.
pub fn config() -> Config {
    let tiktok = TikTokConfig { ad_write_seconds: 0.0, ..TikTokConfig::default() };
    Config {
        clock: ClockConfig::Stepped { start: "2027-03-01T17:00:00Z".parse().unwrap() },
        tiktok,
        ..Config::default()
    }
}

impl Client {
    pub async fn start() -> Client {
        Client::with(config()).await
    }

    /// With some rules changed.
    pub async fn configured(change: impl FnOnce(&mut TikTokConfig)) -> Client {
        let mut config = config();
        change(&mut config.tiktok);
        Client::with(config).await
    }

    pub async fn with(config: Config) -> Client {
        let sim = AdSim::start(config).await.unwrap();
        // A process has one provider; the tests that come later find it installed.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Client { sim, http, token: TOKEN.into(), requests: 1.into() }
    }

    /// A number that has not been used as `request_id`.
    pub fn request_id(&self) -> String {
        self.requests.fetch_add(1, std::sync::atomic::Ordering::Relaxed).to_string()
    }

    /// Sends a request as it is: HTTP status and text.
    pub async fn raw(&self, request: reqwest::RequestBuilder) -> (u16, String) {
        let answer = request.header("Access-Token", &self.token).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    pub async fn post(&self, path: &str, body: &Value) -> Value {
        let url = format!("{}/v1.3/{path}/", self.sim.tiktok_url());
        let (status, text) = self.raw(self.http.post(url).json(body)).await;
        assert_eq!(status, 200, "{text}");
        serde_json::from_str(&text).unwrap()
    }

    /// Parameters that are not text are sent as JSON text.
    pub async fn get(&self, path: &str, query: &Value) -> Value {
        let url = format!("{}/v1.3/{path}/", self.sim.tiktok_url());
        let pairs = query.as_object().unwrap().iter().map(|(name, value)| {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            format!("{name}={}", encode(&text))
        });
        let url = format!("{url}?{}", pairs.collect::<Vec<_>>().join("&"));
        let (status, text) = self.raw(self.http.get(url)).await;
        assert_eq!(status, 200, "{text}");
        serde_json::from_str(&text).unwrap()
    }

    /// The data of an answer that must be a success.
    pub async fn post_ok(&self, path: &str, body: &Value) -> Value {
        ok(self.post(path, body).await)
    }

    pub async fn get_ok(&self, path: &str, query: &Value) -> Value {
        ok(self.get(path, query).await)
    }

    /// The rows of a list.
    pub async fn rows(&self, path: &str, filtering: &Value) -> Vec<Value> {
        let query = json!({"advertiser_id": ADVERTISER, "filtering": filtering, "page_size": 100});
        self.get_ok(path, &query).await["list"].as_array().unwrap().clone()
    }

    /// Creates a campaign with a daily budget and returns its id.
    pub async fn campaign(&self, name: &str, budget: f64) -> String {
        let body = campaign(&self.request_id(), name, json!({ "budget": budget }));
        id(&self.post_ok("smart_plus/campaign/create", &body).await["campaign_id"])
    }

    /// Creates a campaign whose ad groups have budgets.
    pub async fn campaign_of_groups(&self, name: &str) -> String {
        let body = campaign(&self.request_id(), name, json!({ "budget_optimize_on": false }));
        id(&self.post_ok("smart_plus/campaign/create", &body).await["campaign_id"])
    }

    /// Creates an ad group in Germany.
    pub async fn adgroup(&self, campaign: &str, name: &str, more: Value) -> String {
        let body = adgroup(&self.request_id(), campaign, name, more);
        id(&self.post_ok("smart_plus/adgroup/create", &body).await["adgroup_id"])
    }

    /// Uploads a video and a cover and waits until the video is ready.
    pub async fn media(&self) -> (String, String) {
        let body =
            |field: &str, url: &str| json!({"advertiser_id": ADVERTISER, "upload_type": "UPLOAD_BY_URL", field: url});
        let video = self.post_ok("file/video/ad/upload", &body("video_url", "https://cdn.example.com/a.mp4")).await;
        let image = self.post_ok("file/image/ad/upload", &body("image_url", "https://cdn.example.com/a.jpg")).await;
        self.sim.set_now(self.sim.now() + jiff::SignedDuration::from_mins(1));
        (id(&video[0]["video_id"]), id(&image["image_id"]))
    }

    /// Creates an ad.
    pub async fn ad(&self, adgroup: &str, name: &str, media: &(String, String)) -> String {
        id(&self.post_ok("smart_plus/ad/create", &ad(adgroup, name, media)).await["smart_plus_ad_id"])
    }

    /// A campaign with one ad group and one reviewed ad, all enabled: their ids.
    pub async fn line(&self, name: &str, budget: f64) -> (String, String, String) {
        let campaign = self.campaign(name, budget).await;
        let adgroup = self.adgroup(&campaign, name, json!({})).await;
        let media = self.media().await;
        let ad = self.ad(&adgroup, name, &media).await;
        self.sim.set_now(self.sim.now() + jiff::SignedDuration::from_mins(10));
        (campaign, adgroup, ad)
    }

    pub fn view(&self) -> AdvertiserView {
        self.sim.tiktok_account(ADVERTISER).unwrap()
    }
}

/// Percent-encodes a value.
fn encode(text: &str) -> String {
    let byte = |b: u8| if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") };
    text.bytes().map(byte).collect()
}

/// The data of a success.
pub fn ok(answer: Value) -> Value {
    assert_eq!(answer["code"], 0, "{answer:#}");
    assert_eq!(answer["message"], "OK");
    answer["data"].clone()
}

/// Code and message of an answer.
pub fn told(answer: &Value) -> (i64, &str) {
    (answer["code"].as_i64().unwrap(), answer["message"].as_str().unwrap())
}

pub fn id(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// A body with other fields; `null` takes one out.
pub fn with(mut body: Value, more: Value) -> Value {
    for (name, value) in more.as_object().unwrap() {
        if value.is_null() {
            body.as_object_mut().unwrap().remove(name);
        } else {
            body[name] = value.clone();
        }
    }
    body
}

pub fn campaign(request_id: &str, name: &str, more: Value) -> Value {
    let body = json!({
        "advertiser_id": ADVERTISER,
        "request_id": request_id,
        "campaign_name": name,
        "objective_type": "WEB_CONVERSIONS",
        "sales_destination": "WEBSITE",
    });
    with(body, more)
}

pub fn adgroup(request_id: &str, campaign: &str, name: &str, more: Value) -> Value {
    let body = json!({
        "advertiser_id": ADVERTISER,
        "request_id": request_id,
        "campaign_id": campaign,
        "adgroup_name": name,
        "promotion_type": "WEBSITE",
        "optimization_goal": "CONVERT",
        "pixel_id": "7100000000000000001",
        "optimization_event": "SHOPPING",
        "billing_event": "OCPM",
        "bid_type": "BID_TYPE_NO_BID",
        "schedule_type": "SCHEDULE_FROM_NOW",
        "schedule_start_time": "2027-03-01 17:00:00",
        "targeting_optimization_mode": "MANUAL",
        "targeting_spec": {"location_ids": [DE], "age_groups": ["AGE_18_24", "AGE_25_34"]},
    });
    with(body, more)
}

pub fn ad(adgroup: &str, name: &str, (video, image): &(String, String)) -> Value {
    json!({
        "advertiser_id": ADVERTISER,
        "adgroup_id": adgroup,
        "ad_name": name,
        "creative_list": [{"creative_info": {
            "ad_format": "SINGLE_VIDEO",
            "video_info": {"video_id": video},
            "image_info": [{"web_uri": image}],
        }}],
        "ad_text_list": [{"ad_text": "Spring is here"}],
        "call_to_action_list": [{"call_to_action": "WATCH_NOW"}],
        "landing_page_url_list": [{"landing_page_url": "https://example.com/de/spring"}],
        "ad_configuration": {"identity_type": "CUSTOMIZED_USER", "identity_id": "7200000000000000001"},
    })
}
