//! What is asked for: Campaigns over five accounts.

use adops_e2e::cluster::repository;
use anyhow::Context;
use serde_json::{Value, json};

/// How many accounts there are.
pub const ACCOUNTS: usize = 5;
/// Markets of a usual Campaign.
const MARKETS: usize = 40;
/// Lines of the largest Campaign.
const LARGEST: usize = 1000;

/// Some lines, spread over Campaigns.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    /// How many Campaigns.
    pub campaigns: usize,
    /// How many markets each has, on each account.
    pub markets: usize,
    /// Markets of the one large Campaign.
    pub large: usize,
}

impl Load {
    /// At least so many lines.
    pub fn of(lines: usize) -> Self {
        let markets = (lines / ACCOUNTS).clamp(1, MARKETS);
        let campaigns = lines.div_ceil(ACCOUNTS * markets);
        Self { campaigns, markets, large: (lines / ACCOUNTS).clamp(1, LARGEST / ACCOUNTS) }
    }

    /// Lines of a Campaign.
    pub fn lines_each(self) -> usize {
        self.markets * ACCOUNTS
    }

    /// Lines of all Campaigns but the large one.
    pub fn lines(self) -> usize {
        self.campaigns * self.lines_each()
    }
}

/// The name of an account.
pub fn account(index: usize) -> String {
    format!("google-{index}")
}

/// The platform's id of an account.
pub fn customer(index: usize) -> String {
    format!("30000000{index:02}")
}

/// Countries, by code.
fn countries() -> anyhow::Result<Vec<String>> {
    let file = repository().join("tests/adsim/src/google/data/geo.csv");
    let text = std::fs::read_to_string(&file).with_context(|| file.display().to_string())?;
    let countries = text.lines().filter(|line| line.ends_with("|Country"));
    let mut codes: Vec<String> = countries.filter_map(|line| Some(line.split('|').nth(4)?.to_owned())).collect();
    codes.sort();
    Ok(codes)
}

/// A Campaign on some accounts, in the first of all markets; `extra` is laid over its spec.
pub fn campaign(name: &str, accounts: usize, markets: usize, extra: &Value) -> anyhow::Result<Value> {
    let today = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let markets: Vec<String> = countries()?.into_iter().take(markets).collect();
    let accounts: Vec<String> = (0..accounts).map(account).collect();
    let budget = format!("{}.00", accounts.len() * markets.len() * 10);
    let mut spec = json!({
        "objective": "Traffic",
        "flight": { "start": today.to_string(), "end": today.checked_add(jiff::Span::new().days(60))?.to_string() },
        "accounts": accounts,
        "markets": markets,
        "budget": { "daily": budget, "currency": "EUR" },
        "fallbackLocale": "en",
        "declarations": { "euPoliticalAds": false, "specialAdCategories": [] },
        "ads": [{
            "name": "main",
            "url": "https://example.com/{market}",
            "copy": { "en": {
                "headlines": ["Spring is here", "Watch now", "New season"],
                "descriptions": ["All episodes today.", "Start for free."],
            } },
        }],
        "google": { "keywords": { "en": ["spring series"] } },
    });
    if let (Some(spec), Some(extra)) = (spec.as_object_mut(), extra.as_object()) {
        spec.extend(extra.clone());
    }
    Ok(json!({
        "apiVersion": "adops.dev/v1alpha1",
        "kind": "Campaign",
        "metadata": { "name": name },
        "spec": spec,
    }))
}

/// An AdAccount and its Secret.
pub fn account_yaml(index: usize, endpoint: &str, token_uri: &str) -> String {
    let (name, customer) = (account(index), customer(index));
    let secret = json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": { "name": name },
        "stringData": {
            "client_id": "adsim-client",
            "client_secret": "adsim-secret",
            "refresh_token": "adsim-refresh",
            "token_uri": token_uri,
        },
    });
    let account = json!({
        "apiVersion": "adops.dev/v1alpha1",
        "kind": "AdAccount",
        "metadata": { "name": name },
        "spec": {
            "platform": "Google",
            "accountId": customer,
            "managerId": "1112223333",
            "endpoint": endpoint,
            "credentialsSecretRef": { "name": name },
            "ceiling": { "daily": "10000000.00", "currency": "EUR" },
            "conversionAction": "signup",
            "urlParameters": "utm_source={platform}&utm_campaign={campaign}&utm_content={market}",
        },
    });
    format!("{secret}\n---\n{account}\n")
}
