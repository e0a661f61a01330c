//! Spend by campaign and account day, from the integrated report.

use std::collections::BTreeSet;

use adops_core::campaign::observed::ExternalId;
use adops_core::marker::{Installation, Token};
use adops_core::money::Currency;
use jiff::ToSpan;
use jiff::civil::Date;
use serde_json::{Value, json};

use super::client::{Client, filtering, list};
use super::listing::REPORT;
use super::money;
use super::wire::ReportRow;
use crate::error::PlatformError;
use crate::port::Spend;

/// Days of a report by day.
const DAYS: i64 = 30;
const PAGE: usize = 1_000;

/// What was spent from `since` to `today` by everything of ours, deleted or not. What is ours is known by its name, or
/// because it was listed as ours under another one.
pub(super) async fn read(
    client: &Client,
    installation: &Installation,
    currency: Currency,
    listed: &BTreeSet<ExternalId>,
    since: Date,
    today: Date,
) -> Result<Spend, PlatformError> {
    let mut spend = Spend::new();
    let mut first = since;
    while first <= today {
        let last = first.saturating_add((DAYS - 1).days()).min(today);
        for row in report(client, first, last).await? {
            let Some(id) = text(row.dimensions.get("campaign_id")) else { continue };
            let name = text(row.metrics.get("campaign_name")).unwrap_or_default();
            let is_ours = Token::find(name).is_some_and(|token| token.installation == *installation);
            if !is_ours && !listed.contains(id) {
                continue;
            }
            // `-` where the metric says nothing.
            let amount = row.metrics.get("spend").and_then(|spend| money::read(spend, currency));
            if let Some(amount) = amount.filter(|amount| !amount.is_zero()) {
                let day = text(row.dimensions.get("stat_time_day")).unwrap_or_default();
                let date: Date = day
                    .split(' ')
                    .next()
                    .unwrap_or_default()
                    .parse()
                    .map_err(|_| PlatformError::Unreadable { message: format!("`{day}` is not a day") })?;
                *spend.entry(id.to_owned()).or_default().entry(date).or_default() += amount.micros();
            }
        }
        first = last.saturating_add(1.day());
    }
    Ok(spend)
}

async fn report(client: &Client, first: Date, last: Date) -> Result<Vec<ReportRow>, PlatformError> {
    let all = json!([{
        "field_name": "campaign_status", "filter_type": "IN", "filter_value": list(["STATUS_ALL"]),
    }]);
    let query = [
        ("report_type", "BASIC".to_owned()),
        ("data_level", "AUCTION_CAMPAIGN".to_owned()),
        ("dimensions", list(["campaign_id", "stat_time_day"])),
        ("metrics", list(["spend", "campaign_name"])),
        ("start_date", first.to_string()),
        ("end_date", last.to_string()),
        filtering(&all),
    ];
    client.pages(REPORT, &query, PAGE).await
}

fn text(value: Option<&Value>) -> Option<&str> {
    value.and_then(Value::as_str)
}
