//! The access token, what proves that its app sends it, and when it ends.

use std::collections::BTreeMap;
use std::fmt::Write;

use adops_core::marker::CampaignHash;
use adops_core::secret::Secret;
use ring::hmac;

use crate::port::ConnectError;

/// The credentials.
pub(super) struct Auth {
    token: Secret,
    app: Option<String>,
    app_secret: Option<Secret>,
    proof: Option<Secret>,
}

impl Auth {
    /// Reads the Secret's keys: `access_token` of a system user, `app_secret` where the app asks for proofs, and
    /// `app_id`, by which accounts that share a quota are known.
    pub(super) fn new(credentials: &BTreeMap<String, Secret>) -> Result<Self, ConnectError> {
        let key = |name: &str| {
            let secret = credentials.get(name).map(|secret| Secret::new(secret.reveal().trim()));
            secret.filter(|secret| !secret.reveal().is_empty())
        };
        let token = key("access_token").ok_or_else(|| ConnectError::MissingKey {
            key: "access_token".to_owned(),
            hint: "an access token of a system user with ads_management".to_owned(),
        })?;
        if !token.reveal().bytes().all(|byte| byte.is_ascii_graphic()) {
            let message = "it is not one word of ASCII characters".to_owned();
            return Err(ConnectError::BadKey { key: "access_token".to_owned(), message });
        }
        let app_secret = key("app_secret");
        let proof = app_secret.as_ref().map(|secret| Secret::new(proof(&token, secret)));
        Ok(Self { token, app: key("app_id").map(|id| id.reveal().to_owned()), app_secret, proof })
    }

    /// The token.
    pub(super) fn token(&self) -> &Secret {
        &self.token
    }

    /// What speaks for the app itself, if both its id and its secret are known.
    pub(super) fn app_token(&self) -> Option<String> {
        Some(format!("{}|{}", self.app.as_ref()?, self.app_secret.as_ref()?.reveal()))
    }

    /// `appsecret_proof`, if it can be made.
    pub(super) fn proof(&self) -> Option<&Secret> {
        self.proof.as_ref()
    }

    /// What no message may repeat.
    pub(super) fn secrets(&self) -> impl Iterator<Item = &Secret> {
        [&self.token].into_iter().chain(&self.app_secret).chain(&self.proof)
    }

    /// A name of the app that calls are counted by, as far as the credentials tell: without an id each token is an app
    /// of its own. No secret.
    pub(super) fn app(&self) -> String {
        let known = self.app.clone().unwrap_or_else(|| self.token.reveal().to_owned());
        CampaignHash::of(&known).to_string()
    }
}

/// The token's HMAC-SHA256 under the app's secret, in hexadecimal.
fn proof(token: &Secret, secret: &Secret) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.reveal().as_bytes());
    let tag = hmac::sign(&key, token.reveal().as_bytes());
    tag.as_ref().iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn auth(keys: &[(&str, &str)]) -> Result<Auth, ConnectError> {
        Auth::new(&keys.iter().map(|(key, value)| ((*key).to_owned(), Secret::new(*value))).collect())
    }

    #[test]
    fn the_proof_is_an_hmac() {
        // Test case 2 of RFC 4231.
        let auth = auth(&[("access_token", "what do ya want for nothing?"), ("app_secret", "Jefe")]);
        assert!(auth.is_err(), "a token has no spaces");
        assert_eq!(
            proof(&Secret::new("what do ya want for nothing?"), &Secret::new("Jefe")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }

    #[test]
    fn a_secret_without_a_token_is_told_what_is_missing() {
        let Err(ConnectError::MissingKey { key, .. }) = auth(&[("access_token", " \n")]) else { panic!() };
        assert_eq!(key, "access_token");
        assert!(auth(&[("access_token", "EAAB\n")]).is_ok());
    }

    #[test]
    fn tokens_of_one_app_share_its_name() {
        let app = |token: &str, id: &str| auth(&[("access_token", token), ("app_id", id)]).unwrap().app();
        assert_eq!(app("a", "7"), app("b", "7"));
        assert_ne!(app("a", ""), app("b", ""));
    }
}
