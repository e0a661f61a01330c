//! What belongs to an account: its own data, pixels, identities.

use serde_json::{Value, json};

use super::account::Advertiser;
use super::errors::Refusal;
use super::query::Page;
use super::schema::{Doc, text, texts};

/// A row of `advertiser/info/`.
pub(crate) fn advertiser(account: &Advertiser, fields: &[&str]) -> Value {
    let config = &account.config;
    let row = json!({
        "advertiser_id": config.advertiser_id,
        "name": config.name,
        "company": config.name,
        "status": config.status,
        "role": "ROLE_ADVERTISER",
        "currency": config.currency,
        // The real service names some zones by their offset (`Etc/GMT+5`); which, is not documented.
        "timezone": config.timezone,
        "display_timezone": config.timezone,
        "country": config.country,
        "balance": config.balance,
        "language": "en",
        "advertiser_account_type": "AUCTION",
        "create_time": 1_700_000_000,
    });
    match row {
        Value::Object(doc) if !fields.is_empty() => {
            doc.into_iter().filter(|(name, _)| name == "advertiser_id" || fields.contains(&name.as_str())).collect()
        }
        row => row,
    }
}

/// `pixel/list/`.
pub(crate) fn pixels(account: &Advertiser, query: &Doc) -> Result<Value, Refusal> {
    let page = Page::of(query, 10, 20)?;
    let is = |name: &str, value: &str| text(query, name).is_empty() || text(query, name) == value;
    let pixels = account.config.pixels.iter().filter(|pixel| {
        is("pixel_id", &pixel.pixel_id) && is("code", &pixel.pixel_code) && pixel.name.contains(text(query, "name"))
    });
    let rows: Vec<Value> = pixels
        .map(|pixel| {
            let events: Vec<Value> = pixel
                .optimization_events
                .iter()
                .map(|event| json!({ "event_type": event, "optimization_event": event, "statistic_type": "EVERY_TIME", "deprecated": false }))
                .collect();
            json!({
                "pixel_id": pixel.pixel_id,
                "pixel_code": pixel.pixel_code,
                "pixel_name": pixel.name,
                "pixel_setup_mode": "DEVELOPER",
                "create_time": "2026-01-01 00:00:00",
                "events": events,
            })
        })
        .collect();
    let (rows, info) = page.cut(rows);
    Ok(json!({ "pixels": rows, "page_info": info }))
}

/// `identity/get/`.
pub(crate) fn identities(account: &Advertiser, query: &Doc) -> Result<Value, Refusal> {
    let page = Page::of(query, 20, 100)?;
    let (kind, center) = (text(query, "identity_type"), text(query, "identity_authorized_bc_id"));
    if kind == "BC_AUTH_TT" && center.is_empty() {
        return Err(Refusal::missing("identity_authorized_bc_id"));
    }
    let rows: Vec<Value> = account
        .config
        .identities
        .iter()
        .filter(|i| kind.is_empty() || i.identity_type == kind)
        .filter(|i| center.is_empty() || i.identity_authorized_bc_id.as_deref() == Some(center))
        .map(|i| {
            let mut row = json!({
                "identity_id": i.identity_id,
                "identity_type": i.identity_type,
                "display_name": i.display_name,
                "profile_image": "https://p16.example.com/profile.image",
            });
            if let Some(center) = &i.identity_authorized_bc_id {
                row["identity_authorized_bc_id"] = center.as_str().into();
            }
            if i.identity_type != "CUSTOMIZED_USER" {
                row["available_status"] = "AVAILABLE".into();
            }
            row
        })
        .collect();
    let (rows, info) = page.cut(rows);
    Ok(json!({ "identity_list": rows, "page_info": info }))
}

/// The fields that a query asks for.
pub(crate) fn fields(query: &Doc) -> Vec<&str> {
    texts(query, "fields")
}
