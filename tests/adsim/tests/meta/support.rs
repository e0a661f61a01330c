//! A client of the simulator, and calls that it makes.

use adsim::{AdSim, ClockConfig, Config};
use serde_json::{Value, json};

/// The account of the default configuration.
pub const ACCOUNT: &str = "2345678901";
/// Its Page and its pixel.
pub const PAGE: &str = "900000000000001";
pub const PIXEL: &str = "600000000000001";
/// Its token.
pub const TOKEN: &str = "adsim-meta-token";

/// A simulator and a client of it.
pub struct Client {
    pub sim: AdSim,
    http: reqwest::Client,
    pub token: String,
}

/// A stepped configuration: noon in New York on 1 March 2027.
pub fn config() -> Config {
    let mut config =
        Config { clock: ClockConfig::Stepped { start: "2027-03-01T17:00:00Z".parse().unwrap() }, ..Config::default() };
    // Tests change faster than the real service allows, unless they are about that.
    config.meta.quota.mutations_per_second = None;
    config
}

impl Client {
    pub async fn start() -> Client {
        Client::with(config()).await
    }

    pub async fn with(config: Config) -> Client {
        let sim = AdSim::start(config).await.unwrap();
        // A process has one provider; the tests that come later find it installed.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Client { sim, http, token: TOKEN.into() }
    }

    /// Sends a form, or a query for reads; nested values become JSON text.
    pub async fn send(&self, method: &str, path: &str, params: &Value) -> Result<reqwest::Response, reqwest::Error> {
        let url = format!("{}/v26.0/{path}", self.sim.meta_url());
        let pairs: Vec<(&str, String)> = params
            .as_object()
            .unwrap()
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str().map_or_else(|| value.to_string(), str::to_owned)))
            .chain([("access_token", self.token.clone())])
            .collect();
        let mut url: reqwest::Url = url.parse().unwrap();
        if method == "POST" {
            return self.http.post(url).form(&pairs).send().await;
        }
        url.query_pairs_mut().extend_pairs(&pairs);
        self.http.request(method.parse().unwrap(), url).send().await
    }

    pub async fn call(&self, method: &str, path: &str, params: Value) -> (u16, Value) {
        let answer = self.send(method, path, &params).await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    /// A read that must succeed.
    pub async fn get(&self, path: &str, params: Value) -> Value {
        self.ok("GET", path, params).await
    }

    /// A call that must succeed.
    pub async fn ok(&self, method: &str, path: &str, params: Value) -> Value {
        let (status, body) = self.call(method, path, params.clone()).await;
        assert_eq!(status, 200, "{method} {path} {params:#}: {body:#}");
        body
    }

    /// The code and subcode of a call that must fail.
    pub async fn error(&self, method: &str, path: &str, params: Value) -> (i64, Option<i64>) {
        let (status, body) = self.call(method, path, params.clone()).await;
        assert_ne!(status, 200, "{method} {path} {params:#}");
        (body["error"]["code"].as_i64().unwrap(), body["error"]["error_subcode"].as_i64())
    }

    /// Creates an object on an edge of the account.
    pub async fn create(&self, edge: &str, params: Value) -> String {
        self.ok("POST", &act(edge), params).await["id"].as_str().unwrap().to_owned()
    }

    /// Creates a line: a campaign, an ad set of 50.00 a day, a creative and an ad, all active.
    pub async fn line(&self, name: &str) -> Line {
        let campaign = self.create("campaigns", campaign(name)).await;
        let set = self.create("adsets", ad_set(&campaign)).await;
        let creative = self.create("adcreatives", creative("Spring is here")).await;
        let ad = self.create("ads", ad(&set, &creative)).await;
        Line { campaign, set, creative, ad }
    }
}

/// The ids of a line.
pub struct Line {
    pub campaign: String,
    pub set: String,
    pub creative: String,
    pub ad: String,
}

/// An edge of the account.
pub fn act(edge: &str) -> String {
    format!("act_{ACCOUNT}/{edge}")
}

/// With other values of some parameters; null takes one out.
pub fn with(mut params: Value, changes: Value) -> Value {
    let Value::Object(changes) = changes else { panic!("changes are an object") };
    for (name, value) in changes {
        if value.is_null() {
            params.as_object_mut().unwrap().remove(&name);
        } else {
            params[name] = value;
        }
    }
    params
}

pub fn campaign(name: &str) -> Value {
    json!({
        "name": name,
        "objective": "OUTCOME_SALES",
        "status": "ACTIVE",
        "special_ad_categories": [],
        "is_adset_budget_sharing_enabled": false,
    })
}

pub fn ad_set(campaign: &str) -> Value {
    json!({
        "name": "all",
        "campaign_id": campaign,
        "status": "ACTIVE",
        "daily_budget": 5000,
        "billing_event": "IMPRESSIONS",
        "optimization_goal": "OFFSITE_CONVERSIONS",
        "promoted_object": {"pixel_id": PIXEL, "custom_event_type": "PURCHASE"},
        "targeting": {
            "geo_locations": {"countries": ["US"]},
            "targeting_automation": {"advantage_audience": 0},
        },
    })
}

pub fn creative(message: &str) -> Value {
    json!({
        "name": "creative",
        "object_story_spec": {"page_id": PAGE, "link_data": {
            "link": "https://example.com/us/spring", "message": message,
            "call_to_action": {"type": "LEARN_MORE", "value": {"link": "https://example.com/us/spring"}},
        }},
    })
}

pub fn ad(set: &str, creative: &str) -> Value {
    json!({"name": "ad", "adset_id": set, "status": "ACTIVE", "creative": {"creative_id": creative}})
}

/// The ids of an answer's rows.
pub fn ids(body: &Value) -> Vec<String> {
    body["data"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect()
}
