//! OAuth2: the token endpoint and access tokens. Tokens live on the real clock.
//!
//! The signature of a service account's assertion is not verified, only its claims.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use http::StatusCode;
use serde_json::{Value, json};

use super::errors::AdsError;
use crate::config::GoogleConfig;
use crate::urlencoded::base64;

const SCOPE: &str = "https://www.googleapis.com/auth/adwords";
const JWT_GRANT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
/// Audiences that the real endpoint accepts besides its own URL.
const AUDIENCES: &[&str] = &["https://oauth2.googleapis.com/token", "https://accounts.google.com/o/oauth2/token"];

/// Who a request comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The user or service account.
    pub user: String,
    /// The cloud project of the client.
    pub project: String,
}

#[derive(Debug)]
struct Token {
    caller: Caller,
    expires: Instant,
    revoked: bool,
}

/// Tokens and grants.
#[derive(Debug, Default)]
pub struct Auth {
    tokens: HashMap<String, Token>,
    revoked_grants: HashSet<String>,
    issued: u64,
}

impl Auth {
    /// Answers a request to the token endpoint.
    pub fn token(
        &mut self,
        form: &HashMap<String, String>,
        config: &GoogleConfig,
        token_url: &str,
    ) -> (StatusCode, Value) {
        let get = |name: &str| form.get(name).map_or("", String::as_str);
        let caller = match get("grant_type") {
            "refresh_token" => {
                self.by_refresh_token(get("client_id"), get("client_secret"), get("refresh_token"), config)
            }
            JWT_GRANT => self.by_assertion(get("assertion"), config, token_url),
            "" => Err(refused("invalid_request", "Missing required parameter: grant_type")),
            other => Err(refused("unsupported_grant_type", &format!("Invalid grant_type: {other}"))),
        };
        let caller = match caller {
            Ok(caller) => caller,
            Err(answer) => return answer,
        };
        self.issued += 1;
        let token = format!("ya29.adsim-{:x}-{}", self.issued.wrapping_mul(0x9E37_79B9_7F4A_7C15), self.issued);
        let lifetime = Duration::from_secs(config.token_lifetime_seconds);
        self.tokens.insert(token.clone(), Token { caller, expires: Instant::now() + lifetime, revoked: false });
        let body = json!({
            "access_token": token,
            "expires_in": config.token_lifetime_seconds,
            "scope": SCOPE,
            "token_type": "Bearer",
        });
        (StatusCode::OK, body)
    }

    fn by_refresh_token(
        &self,
        id: &str,
        secret: &str,
        refresh: &str,
        config: &GoogleConfig,
    ) -> Result<Caller, (StatusCode, Value)> {
        let clients: Vec<_> = config.clients.iter().filter(|c| c.client_id == id).collect();
        if clients.is_empty() {
            return Err((
                StatusCode::UNAUTHORIZED,
                json!({"error": "invalid_client", "error_description": "The OAuth client was not found."}),
            ));
        }
        if clients.iter().all(|c| c.client_secret != secret) {
            return Err((
                StatusCode::UNAUTHORIZED,
                json!({"error": "invalid_client", "error_description": "Unauthorized"}),
            ));
        }
        match clients.iter().find(|c| c.refresh_token == refresh && !self.revoked_grants.contains(refresh)) {
            Some(client) => Ok(Caller { user: client.user.clone(), project: client.project.clone() }),
            None => Err(refused("invalid_grant", "Token has been expired or revoked.")),
        }
    }

    fn by_assertion(
        &self,
        assertion: &str,
        config: &GoogleConfig,
        token_url: &str,
    ) -> Result<Caller, (StatusCode, Value)> {
        let claims = claims(assertion).ok_or_else(|| refused("invalid_grant", "Invalid JWT."))?;
        let text = |name: &str| claims.get(name).and_then(Value::as_str).unwrap_or_default();
        let number = |name: &str| claims.get(name).and_then(Value::as_i64).unwrap_or_default();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs().cast_signed();
        let Some(account) = config.service_accounts.iter().find(|a| a.email == text("iss")) else {
            return Err(refused("invalid_grant", "Invalid grant: account not found"));
        };
        if self.revoked_grants.contains(&account.email) {
            return Err(refused("invalid_grant", "Invalid JWT Signature."));
        }
        if text("aud") != token_url && !AUDIENCES.contains(&text("aud")) {
            return Err(refused("invalid_grant", "Invalid JWT: Failed audience check."));
        }
        let (issued, expires) = (number("iat"), number("exp"));
        if expires <= now || issued > now + 60 || expires - issued > 3600 {
            return Err(refused(
                "invalid_grant",
                "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your iat and exp values in the JWT claim.",
            ));
        }
        if !text("scope").split(' ').any(|scope| scope == SCOPE) {
            return Err(refused("invalid_scope", "Invalid OAuth scope or ID token audience provided."));
        }
        let user = if text("sub").is_empty() { &account.email } else { text("sub") };
        Ok(Caller { user: user.to_owned(), project: account.project.clone() })
    }

    /// Who an `Authorization` header belongs to.
    pub fn caller(&self, header: Option<&str>) -> Result<Caller, AdsError> {
        let error = |code: &str, message: &str| AdsError::new("authenticationError", code, message);
        let Some(token) = header.and_then(|h| h.strip_prefix("Bearer ")) else {
            return Err(error("OAUTH_TOKEN_HEADER_INVALID", "The OAuth token in the header is missing or malformed."));
        };
        match self.tokens.get(token) {
            None => Err(error("OAUTH_TOKEN_INVALID", "The OAuth access token in the header is not valid.")),
            Some(t) if t.revoked => {
                Err(error("OAUTH_TOKEN_REVOKED", "The OAuth access token in the header has been revoked."))
            }
            Some(t) if t.expires <= Instant::now() => {
                Err(error("OAUTH_TOKEN_EXPIRED", "The OAuth access token in the header has expired."))
            }
            Some(t) => Ok(t.caller.clone()),
        }
    }

    /// Lets all access tokens expire.
    pub fn expire_tokens(&mut self) {
        let now = Instant::now();
        self.tokens.values_mut().for_each(|t| t.expires = now);
    }

    /// Revokes a refresh token or a service account's key, and all access tokens.
    pub fn revoke(&mut self, grant: &str) {
        self.revoked_grants.insert(grant.to_owned());
        self.tokens.values_mut().for_each(|t| t.revoked = true);
    }

    /// Undoes a revocation. Access tokens stay revoked.
    pub fn restore(&mut self, grant: &str) {
        self.revoked_grants.remove(grant);
    }
}

fn refused(error: &str, description: &str) -> (StatusCode, Value) {
    (StatusCode::BAD_REQUEST, json!({ "error": error, "error_description": description }))
}

/// The claims of a JSON web token.
fn claims(token: &str) -> Option<Value> {
    let mut parts = token.split('.');
    let (header, payload, _signature) = (parts.next()?, parts.next()?, parts.next()?);
    let header: Value = serde_json::from_slice(&base64(header)?).ok()?;
    if header.get("alg").and_then(Value::as_str) != Some("RS256") {
        return None;
    }
    serde_json::from_slice(&base64(payload)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(pairs: &[(&str, &str)]) -> HashMap<String, String> {
        pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
    }

    fn refresh(auth: &mut Auth) -> (StatusCode, Value) {
        let form = form(&[
            ("grant_type", "refresh_token"),
            ("client_id", "adsim-client"),
            ("client_secret", "adsim-secret"),
            ("refresh_token", "adsim-refresh"),
        ]);
        auth.token(&form, &GoogleConfig::default(), "http://localhost/token")
    }

    #[test]
    fn a_refresh_token_gives_access_until_it_is_revoked() {
        let mut auth = Auth::default();
        let (status, body) = refresh(&mut auth);
        assert_eq!((status, &body["expires_in"]), (StatusCode::OK, &json!(3599)));
        let header = format!("Bearer {}", body["access_token"].as_str().unwrap());
        assert_eq!(auth.caller(Some(&header)).unwrap().user, "user@example.com");
        auth.revoke("adsim-refresh");
        assert_eq!(auth.caller(Some(&header)).unwrap_err().code, "OAUTH_TOKEN_REVOKED");
        let (status, body) = refresh(&mut auth);
        assert_eq!((status, &body["error"]), (StatusCode::BAD_REQUEST, &json!("invalid_grant")));
    }

    #[test]
    fn an_assertion_is_checked_by_its_claims() {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        // Base64url without padding of the JSON text, written by hand to keep a dependency out.
        let encode = |text: &str| {
            const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
            text.as_bytes().chunks(3).fold(String::new(), |mut out, chunk| {
                let n = chunk.iter().fold(0u32, |n, b| (n << 8) | u32::from(*b)) << (8 * (3 - chunk.len()));
                for i in 0..=chunk.len() {
                    out.push(DIGITS[((n >> (18 - 6 * i)) & 63) as usize] as char);
                }
                out
            })
        };
        let ask = |claims: Value| {
            let assertion = format!("{}.{}.c2ln", encode("{\"alg\":\"RS256\"}"), encode(&claims.to_string()));
            let form = form(&[("grant_type", JWT_GRANT), ("assertion", &assertion)]);
            Auth::default().token(&form, &GoogleConfig::default(), "http://localhost/token").0
        };
        let good = json!({"iss": "adops@adsim.iam.gserviceaccount.com", "scope": SCOPE, "aud": "http://localhost/token", "iat": now, "exp": now + 3600});
        assert_eq!(ask(good.clone()), StatusCode::OK);
        for (claim, value) in [
            ("iss", json!("x")),
            ("scope", json!("x")),
            ("aud", json!("x")),
            ("exp", json!(now - 1)),
            ("exp", json!(now + 9999)),
        ] {
            let mut bad = good.clone();
            bad[claim] = value;
            assert_eq!(ask(bad), StatusCode::BAD_REQUEST, "{claim}");
        }
    }
}
