//! Access tokens, `appsecret_proof`, and `debug_token`. Tokens expire on the business clock.

use std::collections::HashSet;

use jiff::Timestamp;
use ring::hmac;
use serde_json::{Value, json};

use super::config::{MetaApp, MetaConfig, MetaToken};
use super::errors::GraphError;
use super::params::Params;

/// What has happened to tokens.
#[derive(Debug, Default)]
pub struct Auth {
    revoked: HashSet<String>,
    expired: HashSet<String>,
}

/// The token of a call: a parameter, or a header.
pub fn token_of(params: &Params, authorization: Option<&str>) -> Option<String> {
    let bearer = || authorization.and_then(|h| h.strip_prefix("Bearer ").or_else(|| h.strip_prefix("OAuth ")));
    params.text("access_token").or_else(|| bearer().map(str::to_owned))
}

impl Auth {
    /// The grant that a call comes with.
    pub fn caller<'c>(
        &self,
        token: Option<&str>,
        params: &Params,
        config: &'c MetaConfig,
        now: Timestamp,
    ) -> Result<&'c MetaToken, GraphError> {
        let Some(token) = token else {
            let message = "An access token is required to request this resource.";
            return Err(GraphError::new(104, message));
        };
        let found = self.check(token, config, now)?;
        let app = config.apps.iter().find(|app| app.id == found.app);
        check_proof(token, params.text("appsecret_proof").as_deref(), app)?;
        Ok(found)
    }

    fn check<'c>(&self, token: &str, config: &'c MetaConfig, now: Timestamp) -> Result<&'c MetaToken, GraphError> {
        let Some(found) = config.tokens.iter().find(|t| t.token == token) else {
            return Err(GraphError::new(190, "Invalid OAuth access token - Cannot parse access token"));
        };
        if self.revoked.contains(token) {
            let message =
                format!("Error validating access token: The user has not authorized application {}.", found.app);
            return Err(GraphError::new(190, message).subcode(458));
        }
        let expired = found.expires_at.filter(|at| *at <= now).or(self.expired.contains(token).then_some(now));
        expired.map_or(Ok(found), |at| {
            let shown = |at: Timestamp| at.strftime("%A, %d-%b-%y %H:%M:%S UTC").to_string();
            let message = format!(
                "Error validating access token: Session has expired on {}. The current time is {}.",
                shown(at),
                shown(now)
            );
            Err(GraphError::new(190, message).subcode(463))
        })
    }

    /// `GET /debug_token`: the caller is the app itself, or a user of it.
    pub fn debug(&self, params: &Params, config: &MetaConfig, now: Timestamp) -> Result<Value, GraphError> {
        let input = params.need("input_token")?;
        let token = params.text("access_token").unwrap_or_default();
        let is_app = config.apps.iter().any(|app| token == format!("{}|{}", app.id, app.secret));
        if !is_app {
            self.caller(Some(&token), params, config, now)?;
        }
        let data = match self.check(&input, config, now) {
            Ok(found) => facts(found, true),
            Err(error) => {
                let mut data = config
                    .tokens
                    .iter()
                    .find(|t| t.token == input)
                    .map_or_else(|| json!({ "is_valid": false, "scopes": [] }), |found| facts(found, false));
                data["error"] = json!({ "code": error.code, "message": error.message, "subcode": error.subcode });
                data
            }
        };
        Ok(json!({ "data": data }))
    }

    /// Lets all access tokens expire.
    pub fn expire_all(&mut self, config: &MetaConfig) {
        self.expired.extend(config.tokens.iter().map(|t| t.token.clone()));
    }

    /// Revokes a token.
    pub fn revoke(&mut self, token: &str) {
        self.revoked.insert(token.to_owned());
    }

    /// Undoes what happened to a token.
    pub fn restore(&mut self, token: &str) {
        self.revoked.remove(token);
        self.expired.remove(token);
    }
}

/// The data that `debug_token` shows of a token. 0 stands for never.
fn facts(token: &MetaToken, valid: bool) -> Value {
    let seconds = |at: Option<Timestamp>| at.map_or(0, Timestamp::as_second);
    json!({
        "app_id": token.app,
        "type": "SYSTEM_USER",
        "application": "adsim",
        "data_access_expires_at": seconds(token.data_access_expires_at),
        "expires_at": seconds(token.expires_at),
        "is_valid": valid,
        "issued_at": 0,
        "scopes": token.scopes,
        "user_id": token.user,
    })
}

fn check_proof(token: &str, proof: Option<&str>, app: Option<&MetaApp>) -> Result<(), GraphError> {
    let error = |message: &str| GraphError { kind: "GraphMethodException", ..GraphError::new(100, message) };
    let Some(app) = app else { return Ok(()) };
    match proof {
        None if app.require_proof => Err(error("API calls from the server require an appsecret_proof argument")),
        Some(proof) if proof != proof_of(token, &app.secret) => {
            Err(error("Invalid appsecret_proof provided in the API argument"))
        }
        _ => Ok(()),
    }
}

/// `appsecret_proof`: the token's HMAC-SHA256 under the app's secret, as hex digits.
pub fn proof_of(token: &str, secret: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    hex(hmac::sign(&key, token.as_bytes()).as_ref())
}

/// Bytes as hex digits.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_proof_is_an_hmac() {
        // Test case 2 of RFC 4231.
        let expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert_eq!(proof_of("what do ya want for nothing?", "Jefe"), expected);
    }

    #[test]
    fn dead_tokens_say_why() {
        let now: Timestamp = "2027-03-01T00:00:00Z".parse().unwrap();
        let mut config = MetaConfig::default();
        config.tokens[0].expires_at = Some(now);
        let auth = Auth::default();
        let params = Params::default();
        let caller =
            |auth: &Auth, token: &str, at| auth.caller(Some(token), &params, &config, at).map_err(|e| e.subcode);
        let before = now - jiff::SignedDuration::from_secs(1);
        assert!(caller(&auth, "adsim-meta-token", before).is_ok());
        assert_eq!(caller(&auth, "adsim-meta-token", now).unwrap_err(), Some(463));
        assert_eq!(caller(&auth, "other", before).unwrap_err(), None);
        let mut auth = Auth::default();
        auth.revoke("adsim-meta-token");
        assert_eq!(caller(&auth, "adsim-meta-token", before).unwrap_err(), Some(458));
    }
}
