//! Spend by campaign and day of UTC, from the analytics of campaigns.

use std::collections::BTreeSet;

use adops_core::campaign::observed::ExternalId;
use adops_core::marker::{Installation, Token};
use jiff::civil::Date;
use serde_json::{Map, Value};

use super::client::Client;
use super::listing::{campaigns, days, figures};
use crate::error::PlatformError;
use crate::port::Spend;

const COLUMN: &str = "SPEND_IN_MICRO_DOLLAR";

/// What was spent from `since` on by everything of ours, archived or not. What is ours is known by its name, or because
/// it was listed as ours under another one. Days before those that Pinterest tells are absent; no flight that is under
/// way and whose budget is for the whole of it has such days, for a longer one is not supported.
pub(super) async fn read(
    client: &Client,
    installation: &Installation,
    listed: BTreeSet<ExternalId>,
    since: Date,
) -> Result<Spend, PlatformError> {
    let (earliest, today) = days(client);
    let mut ours = listed;
    let is_ours = |name: &str| Token::find(name).is_some_and(|token| token.installation == *installation);
    ours.extend(campaigns(client).await?.into_iter().filter(|found| is_ours(&found.name)).map(|found| found.id));
    let mut spend = Spend::new();
    if since > today {
        return Ok(spend);
    }
    for row in figures(client, &ours, (since.max(earliest), today), &[COLUMN], "DAY").await? {
        let (id, day, micros) = read_row(&row).ok_or_else(|| {
            let message = format!("a row of analytics: {}", Value::Object(row.clone()));
            PlatformError::Unreadable { message: adops_core::text::cut(&message, 400) }
        })?;
        if micros > 0 {
            *spend.entry(id).or_default().entry(day).or_default() += micros;
        }
    }
    Ok(spend)
}

/// A row's campaign, day and spend in micros of the account's currency. What was not spent may be absent.
fn read_row(row: &Map<String, Value>) -> Option<(ExternalId, Date, i64)> {
    let id = match row.get("CAMPAIGN_ID")? {
        Value::String(id) => id.clone(),
        Value::Number(id) => id.to_string(),
        _ => return None,
    };
    let day = row.get("DATE")?.as_str()?.parse().ok()?;
    let micros = match row.get(COLUMN) {
        None | Some(Value::Null) => 0,
        // Fractions of a micro are left out.
        Some(Value::Number(number)) => number.to_string().split('.').next()?.parse().ok()?,
        Some(_) => return None,
    };
    Some((id, day, micros))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_row_is_read_to_the_micro() {
        let read = |row: Value| read_row(row.as_object().unwrap()).map(|(.., micros)| micros);
        let row = |spend: Value| json!({ "CAMPAIGN_ID": "7", "DATE": "2027-03-01", "SPEND_IN_MICRO_DOLLAR": spend });
        for (spend, micros) in [(json!(1_234_567), Some(1_234_567)), (json!(12.75), Some(12)), (json!(null), Some(0))] {
            assert_eq!(read(row(spend.clone())), micros, "{spend}");
        }
        assert_eq!(read(row(json!("a"))), None);
        assert_eq!(read(json!({ "CAMPAIGN_ID": "7" })), None);
    }
}
