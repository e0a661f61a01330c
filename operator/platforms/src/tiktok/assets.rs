//! What ads refer to on the account: the identity that they are shown under, the pixel that reports conversions.

use std::collections::HashMap;

use super::blueprint::rejected;
use super::client::Client;
use super::wire::{Identities, Identity, Pixels};
use crate::error::PlatformError;
use adops_core::reason::Reason;

const IDENTITIES: usize = 100;
const PIXELS: usize = 20;

/// What was looked up; it is asked for once.
#[derive(Debug, Default)]
pub(super) struct Assets {
    identities: tokio::sync::Mutex<HashMap<String, Identity>>,
    pixels: tokio::sync::Mutex<HashMap<String, String>>,
}

impl Assets {
    /// An identity by its id. One of a Business Center is found only through that.
    pub(super) async fn identity(
        &self,
        client: &Client,
        id: &str,
        center: Option<&str>,
    ) -> Result<Identity, PlatformError> {
        let mut held = self.identities.lock().await;
        if let Some(identity) = held.get(id) {
            return Ok(identity.clone());
        }
        let mut queries = vec![Vec::new()];
        queries.extend(center.map(|center| {
            vec![("identity_type", "BC_AUTH_TT".to_owned()), ("identity_authorized_bc_id", center.to_owned())]
        }));
        for query in queries {
            for identity in all_identities(client, &query).await? {
                held.insert(identity.identity_id.clone(), identity);
            }
            if let Some(identity) = held.get(id) {
                return Ok(identity.clone());
            }
        }
        let message = format!("the account has no identity {id}: set tiktok.identityId of the AdAccount");
        Err(rejected(Reason::InvalidSpec, message))
    }

    /// The id of a pixel that is told by its id or by its code.
    pub(super) async fn pixel(&self, client: &Client, told: &str) -> Result<String, PlatformError> {
        if told.bytes().all(|b| b.is_ascii_digit()) {
            return Ok(told.to_owned());
        }
        let mut held = self.pixels.lock().await;
        if let Some(id) = held.get(told) {
            return Ok(id.clone());
        }
        let query = [("code", told.to_owned()), ("page", "1".to_owned()), ("page_size", PIXELS.to_string())];
        let found: Pixels = client.get("pixel/list", &query).await?;
        let pixel = found.pixels.into_iter().find(|pixel| pixel.pixel_code == told).ok_or_else(|| {
            let message = format!("the account has no pixel {told}: set tiktok.pixelId of the AdAccount");
            rejected(Reason::InvalidSpec, message)
        })?;
        held.insert(told.to_owned(), pixel.pixel_id.clone());
        Ok(pixel.pixel_id)
    }
}

async fn all_identities(client: &Client, query: &[(&str, String)]) -> Result<Vec<Identity>, PlatformError> {
    let mut found = Vec::new();
    for page in 1_usize.. {
        let mut query = query.to_vec();
        query.extend([("page", page.to_string()), ("page_size", IDENTITIES.to_string())]);
        let answer: Identities = client.get("identity/get", &query).await?;
        let last = answer.identity_list.len() < IDENTITIES;
        found.extend(answer.identity_list);
        if last {
            break;
        }
    }
    Ok(found)
}
