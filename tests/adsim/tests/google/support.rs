//! A client of the simulator, and requests that it sends.

use adsim::{AdSim, ClockConfig, Config};
use serde_json::{Value, json};

/// The account of the default configuration.
pub const CID: &str = "1234567890";

/// A simulator and an authorized client of it.
pub struct Client {
    pub sim: AdSim,
    http: reqwest::Client,
    token: String,
}

/// A stepped configuration: noon in New York on 1 March 2027.
pub fn config() -> Config {
    Config { clock: ClockConfig::Stepped { start: "2027-03-01T17:00:00Z".parse().unwrap() }, ..Config::default() }
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
        let mut client = Client { sim, http, token: String::new() };
        client.authorize().await;
        client
    }

    /// Gets a new access token.
    pub async fn authorize(&mut self) {
        let form = [
            ("grant_type", "refresh_token"),
            ("client_id", "adsim-client"),
            ("client_secret", "adsim-secret"),
            ("refresh_token", "adsim-refresh"),
        ];
        let answer = self.http.post(self.sim.token_url()).form(&form).send().await.unwrap();
        let body: Value = answer.json().await.unwrap();
        body["access_token"].as_str().unwrap_or_default().clone_into(&mut self.token);
    }

    /// Sends a body to a method of the account.
    pub async fn send(&self, method: &str, body: &Value) -> Result<(u16, Value), reqwest::Error> {
        self.send_to(&format!("/v26/customers/{CID}/{method}"), body, None).await
    }

    pub async fn send_to(&self, path: &str, body: &Value, login: Option<&str>) -> Result<(u16, Value), reqwest::Error> {
        let mut request =
            self.http.post(format!("{}{path}", self.sim.google_url())).bearer_auth(&self.token).json(body);
        if let Some(login) = login {
            request = request.header("login-customer-id", login);
        }
        let answer = request.send().await?;
        Ok((answer.status().as_u16(), answer.json().await?))
    }

    pub async fn post(&self, method: &str, body: &Value) -> (u16, Value) {
        self.send(method, body).await.unwrap()
    }

    pub async fn mutate(&self, operations: &Value) -> (u16, Value) {
        self.post("googleAds:mutate", &json!({ "mutateOperations": operations })).await
    }

    pub async fn mutate_ok(&self, operations: &Value) -> Value {
        let (status, body) = self.mutate(operations).await;
        assert_eq!(status, 200, "{body:#}");
        body
    }

    /// The rows of a query.
    pub async fn rows(&self, query: &str) -> Vec<Value> {
        let (status, body) = self.post("googleAds:search", &search(query)).await;
        assert_eq!(status, 200, "{body:#}");
        body["results"].as_array().cloned().unwrap_or_default()
    }
}

pub fn search(query: &str) -> Value {
    json!({ "query": query })
}

/// The errors of an answer: category and code, and the place as text.
pub fn errors(body: &Value) -> Vec<(String, String)> {
    let details = body["error"]["details"].as_array().or_else(|| body["partialFailureError"]["details"].as_array());
    details
        .into_iter()
        .flatten()
        .flat_map(|d| d["errors"].as_array().cloned().unwrap_or_default())
        .map(|error| {
            let (category, code) = error["errorCode"].as_object().unwrap().iter().next().unwrap();
            let place: Vec<String> = error["location"]["fieldPathElements"]
                .as_array()
                .into_iter()
                .flatten()
                .map(|e| {
                    let name = e["fieldName"].as_str().unwrap();
                    e.get("index").map_or_else(|| name.to_owned(), |i| format!("{name}[{i}]"))
                })
                .collect();
            (format!("{category}.{}", code.as_str().unwrap()), place.join("."))
        })
        .collect()
}

/// The codes of the errors of an answer.
pub fn codes(body: &Value) -> Vec<String> {
    errors(body).into_iter().map(|(code, _)| code.split_once('.').unwrap().1.to_owned()).collect()
}

/// The operations that make a paused Search campaign with budget, label, place, ad group, keyword and ad.
pub fn line(name: &str, amount: &str, label: Option<&str>) -> Value {
    let at = |collection: &str, id: i64| format!("customers/{CID}/{collection}/{id}");
    let mut operations = vec![
        json!({"campaignBudgetOperation": {"create": {"resourceName": at("campaignBudgets", -1), "amountMicros": amount,
            "explicitlyShared": false}}}),
        json!({"campaignOperation": {"create": campaign(name, -2, -1)}}),
        json!({"campaignCriterionOperation": {"create": {"campaign": at("campaigns", -2),
            "location": {"geoTargetConstant": "geoTargetConstants/2840"}}}}),
        json!({"campaignCriterionOperation": {"create": {"campaign": at("campaigns", -2),
            "language": {"languageConstant": "languageConstants/1000"}}}}),
        json!({"adGroupOperation": {"create": {"resourceName": at("adGroups", -3), "campaign": at("campaigns", -2),
            "name": "all", "type": "SEARCH_STANDARD", "status": "ENABLED"}}}),
        json!({"adGroupCriterionOperation": {"create": {"adGroup": at("adGroups", -3), "status": "ENABLED",
            "keyword": {"text": "spring series", "matchType": "BROAD"}}}}),
        json!({"adGroupCriterionOperation": {"create": {"adGroup": at("adGroups", -3), "negative": true,
            "keyword": {"text": "free", "matchType": "EXACT"}}}}),
        json!({"adGroupAdOperation": {"create": {"adGroup": at("adGroups", -3), "status": "ENABLED", "ad": ad("Spring is here")}}}),
    ];
    if let Some(label) = label {
        operations
            .push(json!({"campaignLabelOperation": {"create": {"campaign": at("campaigns", -2), "label": label}}}));
    }
    Value::Array(operations)
}

/// A campaign to be created.
pub fn campaign(name: &str, id: i64, budget: i64) -> Value {
    json!({
        "resourceName": format!("customers/{CID}/campaigns/{id}"),
        "name": name,
        "status": "PAUSED",
        "advertisingChannelType": "SEARCH",
        "campaignBudget": format!("customers/{CID}/campaignBudgets/{budget}"),
        "manualCpc": {},
        "networkSettings": {"targetGoogleSearch": true, "targetSearchNetwork": false, "targetContentNetwork": false},
        "geoTargetTypeSetting": {"positiveGeoTargetType": "PRESENCE"},
        "containsEuPoliticalAdvertising": "DOES_NOT_CONTAIN_EU_POLITICAL_ADVERTISING",
    })
}

/// A responsive search ad to be created.
pub fn ad(headline: &str) -> Value {
    json!({
        "finalUrls": ["https://example.com/us/spring"],
        "responsiveSearchAd": {
            "headlines": [{"text": headline}, {"text": "Watch now"}, {"text": "New season"}],
            "descriptions": [{"text": "All episodes today."}, {"text": "Start for free."}],
        },
    })
}
