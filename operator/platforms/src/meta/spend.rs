//! Spend by campaign and account day.

use std::collections::BTreeSet;

use adops_core::campaign::observed::ExternalId;
use adops_core::marker::Installation;
use jiff::ToSpan;
use jiff::civil::Date;
use serde_json::json;

use super::account::Basics;
use super::client::Client;
use super::money;
use super::wire::Insight;
use crate::error::PlatformError;
use crate::port::Spend;

/// Insights are kept for so long.
const MONTHS: i64 = 37;
/// Ids that are asked for together.
const TOGETHER: usize = 100;

/// What was spent from `since` to `today` by everything of ours, removed or not: what our token is in the name of, and
/// what is ours though its name has none.
pub(super) async fn read(
    client: &Client,
    installation: &Installation,
    basics: &Basics,
    unnamed: &BTreeSet<ExternalId>,
    since: Date,
    today: Date,
) -> Result<Spend, PlatformError> {
    let mut spend = Spend::new();
    let oldest = today.saturating_sub(MONTHS.months()).saturating_add(1.day());
    let since = since.max(oldest);
    if since > today {
        return Ok(spend);
    }
    let named = json!([{ "field": "campaign.name", "operator": "CONTAIN", "value": installation.token_prefix() }]);
    let unnamed: Vec<&ExternalId> = unnamed.iter().collect();
    let by_ids =
        unnamed.chunks(TOGETHER).map(|ids| json!([{ "field": "campaign.id", "operator": "IN", "value": ids }]));
    for filter in std::iter::once(named).chain(by_ids) {
        let range = json!({ "since": since.to_string(), "until": today.to_string() });
        let params = vec![
            ("level", "campaign".to_owned()),
            ("time_increment", "1".to_owned()),
            ("time_range", range.to_string()),
            ("fields", "campaign_id,spend".to_owned()),
            ("filtering", filter.to_string()),
        ];
        let rows: Vec<Insight> = client.pages(&client.edge("insights"), &params, usize::MAX).await?;
        for row in rows {
            let unreadable = |what: &str| PlatformError::Unreadable { message: format!("`{what}` of spend") };
            let date: Date = row.date_start.parse().map_err(|_| unreadable(&row.date_start))?;
            let micros = money::of_major(&row.spend, basics.currency).map_err(|_| unreadable(&row.spend))?;
            if micros > 0 {
                // A campaign that both filters find has one row in each.
                spend.entry(row.campaign_id).or_default().insert(date, micros);
            }
        }
    }
    Ok(spend)
}
