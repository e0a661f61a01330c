//! Tokens: who calls, and which accounts the caller may use.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::config::{AppConfig, TikTokConfig, TokenConfig};
use super::errors::{Refusal, code};
use super::schema::{Doc, text};

/// What has become of tokens and codes.
#[derive(Debug, Default)]
pub struct Auth {
    revoked: BTreeSet<String>,
    expired: bool,
    used_codes: BTreeSet<String>,
}

impl Auth {
    /// The token that a request carries.
    pub fn caller<'a>(
        &self,
        token: Option<&str>,
        config: &'a TikTokConfig,
        now: Timestamp,
    ) -> Result<&'a TokenConfig, Refusal> {
        let token = token.filter(|t| !t.is_empty()).ok_or_else(|| {
            let message = "Access token is null, you should set it in http header with key Access-Token.";
            Refusal::new(code::TOKEN_EMPTY, message)
        })?;
        let invalid = || Refusal::new(code::TOKEN_INVALID, "Access token is incorrect or has been revoked.");
        let found = config.tokens.iter().find(|t| t.token == token).ok_or_else(invalid)?;
        if self.revoked.contains(token) {
            return Err(invalid());
        }
        if self.expired || found.expires_at.is_some_and(|at| at <= now) {
            return Err(Refusal::new(code::TOKEN_EXPIRED, "Access token has expired."));
        }
        Ok(found)
    }

    /// Revokes a token.
    pub fn revoke(&mut self, token: &str) {
        self.revoked.insert(token.to_owned());
    }

    /// Undoes a revocation, and the end of all tokens.
    pub fn restore(&mut self, token: &str) {
        self.revoked.remove(token);
        self.expired = false;
    }

    /// Ends all tokens until one is restored.
    pub fn expire(&mut self) {
        self.expired = true;
    }

    /// `oauth2/access_token/`: exchanges a code, which works once.
    pub fn exchange(&mut self, body: &Doc, config: &TikTokConfig) -> Result<Value, Refusal> {
        let app = app(body, config)?;
        let given = text(body, "auth_code");
        let found = app.auth_codes.iter().find(|(auth_code, _)| auth_code == given);
        let Some((auth_code, token)) = found.filter(|(auth_code, _)| !self.used_codes.contains(auth_code)) else {
            let message = "The auth_code is canceled. Please re-authorize and try again with a new auth_code.";
            return Err(Refusal::new(code::AUTH_CODE, message));
        };
        self.used_codes.insert(auth_code.clone());
        self.revoked.remove(token);
        let token_config = config.tokens.iter().find(|t| t.token == *token);
        let advertisers: Vec<&str> = token_config.map(|t| may_use(t, config)).unwrap_or_default();
        Ok(json!({ "access_token": token, "scope": [1, 2, 3, 4, 6, 11], "advertiser_ids": advertisers }))
    }

    /// `oauth2/advertiser/get/`.
    pub fn advertisers(query: &Doc, token: &TokenConfig, config: &TikTokConfig) -> Result<Value, Refusal> {
        app(query, config)?;
        let allowed = may_use(token, config);
        let list: Vec<Value> = config
            .advertisers
            .iter()
            .filter(|a| allowed.contains(&a.advertiser_id.as_str()))
            .map(|a| json!({ "advertiser_id": a.advertiser_id, "advertiser_name": a.name }))
            .collect();
        Ok(json!({ "list": list }))
    }
}

fn app<'a>(doc: &Doc, config: &'a TikTokConfig) -> Result<&'a AppConfig, Refusal> {
    let app = config.apps.iter().find(|app| app.app_id == text(doc, "app_id"));
    let app = app.ok_or_else(|| Refusal::new(code::NO_APP, "The app has been blocked or does not exist."))?;
    if app.secret == text(doc, "secret") {
        Ok(app)
    } else {
        Err(Refusal::new(code::BAD_AUTH, "Secret and app ID do not match."))
    }
}

/// The accounts that a token may use.
pub fn may_use<'a>(token: &TokenConfig, config: &'a TikTokConfig) -> Vec<&'a str> {
    let all = config.advertisers.iter().map(|a| a.advertiser_id.as_str());
    all.filter(|id| token.advertisers.is_empty() || token.advertisers.iter().any(|t| t == id)).collect()
}
