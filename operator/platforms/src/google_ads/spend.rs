//! Spend by campaign and account day.

use adops_core::marker::Installation;
use jiff::civil::Date;

use super::client::Client;
use super::labels::LabelBook;
use super::listing;
use super::wire::CampaignRow;
use crate::error::PlatformError;
use crate::port::Spend;

/// What was spent from `since` to `today` by everything of ours, removed or not.
pub(super) async fn read(
    client: &Client,
    installation: &Installation,
    labels: &LabelBook,
    since: Date,
    today: Date,
) -> Result<Spend, PlatformError> {
    let mut spend = Spend::new();
    if since > today {
        return Ok(spend);
    }
    for filter in listing::ours(installation, labels) {
        let query = format!(
            "SELECT campaign.id, segments.date, metrics.cost_micros FROM campaign \
             WHERE segments.date BETWEEN '{since}' AND '{today}' AND {filter}"
        );
        let rows: Vec<CampaignRow> = client.search(&query).await?;
        for row in rows.into_iter().filter(|row| row.metrics.cost_micros > 0) {
            let date: Date =
                row.segments.date.parse().map_err(|_| PlatformError::Unreadable {
                    message: format!("`{}` is not a date", row.segments.date),
                })?;
            *spend.entry(row.campaign.id).or_default().entry(date).or_default() += row.metrics.cost_micros;
        }
    }
    Ok(spend)
}
