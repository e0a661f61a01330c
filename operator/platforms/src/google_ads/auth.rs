//! Access tokens: from a refresh token, or from a service account's key (RFC 7523).
//!
//! A token is used until a minute before its end, by the real clock. Requests that find it ended wait
//! for one common refresh.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use adops_core::reason::Reason;
use adops_core::secret::{Secret, scrub};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use rustls_pki_types::PrivatePkcs8KeyDer;
use rustls_pki_types::pem::PemObject;
use serde::Deserialize;
use serde_json::json;
use tokio::sync::Mutex;

use super::errors::cut;
use crate::error::PlatformError;
use crate::port::ConnectError;
use crate::transport::Transport;

const TOKEN_URI: &str = "https://oauth2.googleapis.com/token";
/// The cloud that the platform's own endpoints belong to.
const UNIVERSE: &str = "googleapis.com";
const SCOPE: &str = "https://www.googleapis.com/auth/adwords";
/// How long before its end a token is not used any more.
const MARGIN: Duration = Duration::from_mins(1);
/// How long a service account's assertion is valid; Google takes no more.
const ASSERTION_SECONDS: i64 = 3600;

/// Gives access tokens.
pub(super) struct Auth {
    grant: Grant,
    token_uri: String,
    token: Mutex<Option<Token>>,
}

enum Grant {
    RefreshToken { client_id: Secret, client_secret: Secret, refresh_token: Secret },
    ServiceAccount { email: String, key: Box<RsaKeyPair> },
}

/// The cloud project that credentials belong to, as far as they tell: a client id begins with the project's number, a
/// service account's address ends in the project's id. What does not tell is a project of its own.
fn project(grant: &Grant) -> String {
    match grant {
        Grant::RefreshToken { client_id, .. } => {
            let id = client_id.reveal();
            let number = id.split_once('-').map(|(number, _)| number).filter(|number| is_number(number));
            number.unwrap_or(id).to_owned()
        }
        Grant::ServiceAccount { email, .. } => {
            let domain = email.split_once('@').map_or("", |(_, domain)| domain);
            domain.strip_suffix(".iam.gserviceaccount.com").unwrap_or(email).to_owned()
        }
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

struct Token {
    value: Secret,
    ends: Instant,
}

#[derive(Deserialize)]
struct ServiceAccountKey {
    client_email: String,
    private_key: String,
    #[serde(default)]
    token_uri: Option<String>,
    #[serde(default)]
    universe_domain: Option<String>,
}

#[derive(Deserialize)]
struct Granted {
    access_token: String,
    #[serde(default)]
    expires_in: u64,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Refused {
    error: String,
    error_description: String,
}

impl Auth {
    /// Reads the Secret's keys: `key.json`, or `client_id`, `client_secret` and `refresh_token`; in
    /// both cases `token_uri` names another token endpoint.
    pub(super) fn new(credentials: &BTreeMap<String, Secret>) -> Result<Self, ConnectError> {
        let given_uri = credentials.get("token_uri").map(|uri| uri.reveal().trim().to_owned());
        let (grant, own_uri) = match credentials.get("key.json") {
            Some(key) => service_account(key)?,
            None => (refresh_token(credentials)?, None),
        };
        let token_uri = given_uri.or(own_uri).unwrap_or_else(|| TOKEN_URI.to_owned());
        Ok(Self { grant, token_uri, token: Mutex::new(None) })
    }

    /// The cloud project that the credentials belong to.
    pub(super) fn project(&self) -> String {
        project(&self.grant)
    }

    /// Where tokens come from.
    pub(super) fn token_uri(&self) -> &str {
        &self.token_uri
    }

    /// A token that is good for a minute at least.
    pub(super) async fn token(&self, transport: &Transport) -> Result<Secret, PlatformError> {
        let mut held = self.token.lock().await;
        if let Some(token) = held.as_ref().filter(|token| Instant::now() + MARGIN < token.ends) {
            return Ok(token.value.clone());
        }
        let token = self.fetch(transport).await?;
        Ok(held.insert(token).value.clone())
    }

    /// Forgets a token that the platform did not accept, unless another one was fetched meanwhile.
    pub(super) async fn forget(&self, refused: &Secret) {
        let mut held = self.token.lock().await;
        if held.as_ref().is_some_and(|token| token.value == *refused) {
            *held = None;
        }
    }

    async fn fetch(&self, transport: &Transport) -> Result<Token, PlatformError> {
        let form = self.form()?;
        let asked = Instant::now();
        let answer = transport
            .send(false, |client| client.post(&self.token_uri).form(&form))
            .await
            .map_err(|error| super::client::read_error(error, "the token endpoint"))?;
        if answer.status != 200 {
            let body = scrub(&String::from_utf8_lossy(&answer.body), self.secrets());
            return Err(refused(answer.status, body.as_bytes()));
        }
        let granted: Granted = serde_json::from_slice(&answer.body)
            .map_err(|_| PlatformError::Unreadable { message: "the token endpoint's answer is no token".to_owned() })?;
        let ends = asked + Duration::from_secs(granted.expires_in);
        Ok(Token { value: Secret::new(granted.access_token), ends })
    }

    /// What no message may repeat.
    pub(super) fn secrets(&self) -> Vec<&Secret> {
        match &self.grant {
            Grant::RefreshToken { client_secret, refresh_token, .. } => vec![client_secret, refresh_token],
            Grant::ServiceAccount { .. } => Vec::new(),
        }
    }

    fn form(&self) -> Result<Vec<(&'static str, String)>, PlatformError> {
        Ok(match &self.grant {
            Grant::RefreshToken { client_id, client_secret, refresh_token } => vec![
                ("grant_type", "refresh_token".to_owned()),
                ("client_id", client_id.reveal().to_owned()),
                ("client_secret", client_secret.reveal().to_owned()),
                ("refresh_token", refresh_token.reveal().to_owned()),
            ],
            Grant::ServiceAccount { email, key } => vec![
                ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer".to_owned()),
                ("assertion", assertion(email, key, &self.token_uri, jiff::Timestamp::now().as_second())?),
            ],
        })
    }
}

fn refresh_token(credentials: &BTreeMap<String, Secret>) -> Result<Grant, ConnectError> {
    let key = |name: &str| {
        credentials
            .get(name)
            .map(|secret| Secret::new(secret.reveal().trim()))
            .filter(|secret| !secret.reveal().is_empty())
            .ok_or_else(|| ConnectError::MissingKey {
                key: name.to_owned(),
                hint: "client_id, client_secret and refresh_token of an OAuth client, or key.json of a service account"
                    .to_owned(),
            })
    };
    Ok(Grant::RefreshToken {
        client_id: key("client_id")?,
        client_secret: key("client_secret")?,
        refresh_token: key("refresh_token")?,
    })
}

fn service_account(secret: &Secret) -> Result<(Grant, Option<String>), ConnectError> {
    let bad = |message: &str| ConnectError::BadKey { key: "key.json".to_owned(), message: message.to_owned() };
    let account: ServiceAccountKey = serde_json::from_str(secret.reveal())
        .map_err(|_| bad("it is not the JSON key of a service account (client_email, private_key)"))?;
    if account.universe_domain.is_some_and(|universe| universe != UNIVERSE) {
        return Err(bad("universe_domain is not googleapis.com: the key is for another cloud than Google Ads'"));
    }
    let der = PrivatePkcs8KeyDer::from_pem_slice(account.private_key.as_bytes())
        .map_err(|_| bad("private_key is not a PKCS #8 key in PEM"))?;
    let key = RsaKeyPair::from_pkcs8(der.secret_pkcs8_der()).map_err(|_| bad("private_key is not an RSA key"))?;
    Ok((Grant::ServiceAccount { email: account.client_email, key: Box::new(key) }, account.token_uri))
}

/// A signed statement of who asks, for `now` in seconds of the Unix epoch.
fn assertion(email: &str, key: &RsaKeyPair, audience: &str, now: i64) -> Result<String, PlatformError> {
    let part = |value: &serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let header = part(&json!({ "alg": "RS256", "typ": "JWT" }));
    let claims = part(&json!({
        "iss": email,
        "scope": SCOPE,
        "aud": audience,
        "iat": now,
        "exp": now + ASSERTION_SECONDS,
    }));
    let signed = format!("{header}.{claims}");
    let mut signature = vec![0; key.public().modulus_len()];
    key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature)
        .map_err(|_| PlatformError::CredentialsInvalid { message: "the key in key.json cannot sign".to_owned() })?;
    Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
}

fn refused(status: u16, body: &[u8]) -> PlatformError {
    let refused: Refused = serde_json::from_slice(body).unwrap_or_default();
    let message = match refused.error_description.as_str() {
        "" => format!("the token endpoint answers {} {}", status, cut(&refused.error)),
        description => format!("{} ({})", cut(description), cut(&refused.error)),
    };
    match (status, refused.error.as_str()) {
        (_, "invalid_grant") => PlatformError::CredentialsRevoked { message },
        (_, "invalid_client" | "unauthorized_client" | "invalid_scope" | "deleted_client") => {
            PlatformError::CredentialsInvalid { message }
        }
        (429, _) => PlatformError::RateLimited { retry_after: None, message },
        (500.., _) => PlatformError::Unavailable { message },
        (401 | 403, _) => PlatformError::CredentialsInvalid { message },
        _ => PlatformError::Rejected { reason: Reason::CredentialsInvalid, message },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_token_says_what_a_person_must_do() {
        let reason = |status, body: &str| refused(status, body.as_bytes()).reason();
        let revoked = r#"{"error":"invalid_grant","error_description":"Token has been expired or revoked."}"#;
        assert_eq!(reason(400, revoked), Reason::CredentialsRevoked);
        assert_eq!(reason(401, r#"{"error":"invalid_client"}"#), Reason::CredentialsInvalid);
        assert_eq!(reason(503, "<html>"), Reason::PlatformUnavailable);
        assert_eq!(reason(400, "nonsense"), Reason::CredentialsInvalid);
    }

    #[test]
    fn clients_of_one_project_are_told_by_its_number() {
        let client = |id: &str| Grant::RefreshToken {
            client_id: Secret::new(id),
            client_secret: Secret::new("s"),
            refresh_token: Secret::new("r"),
        };
        let (one, other) = ("123-abc.apps.googleusercontent.com", "123-xyz.apps.googleusercontent.com");
        assert_eq!((project(&client(one)), project(&client(other))), ("123".to_owned(), "123".to_owned()));
        assert_eq!(project(&client("adsim-client")), "adsim-client");
    }

    #[test]
    fn an_assertion_is_signed_with_the_key_and_says_who_asks_whom() {
        let pem = include_str!("../../tests/google_ads/service-account.pem");
        let secret = json!({ "client_email": "a@b.example", "private_key": pem }).to_string();
        let (Grant::ServiceAccount { email, key }, None) = service_account(&Secret::new(secret)).unwrap() else {
            panic!()
        };
        let assertion = assertion(&email, &key, "https://token.example", 1_000).unwrap();
        let (signed, signature) = assertion.rsplit_once('.').unwrap();
        let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
        let public = ring::signature::UnparsedPublicKey::new(
            &ring::signature::RSA_PKCS1_2048_8192_SHA256,
            key.public().as_ref(),
        );
        assert!(public.verify(signed.as_bytes(), &signature).is_ok());
        let claims = URL_SAFE_NO_PAD.decode(signed.split_once('.').unwrap().1).unwrap();
        let claims: serde_json::Value = serde_json::from_slice(&claims).unwrap();
        assert_eq!((&claims["aud"], &claims["exp"]), (&json!("https://token.example"), &json!(4_600)));
    }

    #[test]
    fn a_secret_without_a_key_is_told_which_one() {
        let credentials = BTreeMap::from([("client_id".to_owned(), Secret::new("id"))]);
        let Err(ConnectError::MissingKey { key, .. }) = Auth::new(&credentials) else { panic!() };
        assert_eq!(key, "client_secret");
        let bad = BTreeMap::from([("key.json".to_owned(), Secret::new("{\"private\": \"s3cret\"}"))]);
        let Err(error @ ConnectError::BadKey { .. }) = Auth::new(&bad) else { panic!() };
        assert!(!error.to_string().contains("s3cret"));
    }
}
