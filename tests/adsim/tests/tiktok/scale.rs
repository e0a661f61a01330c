//! Ten thousand campaigns can be listed.

use adsim::{TikTokAction, TikTokEdit};
use serde_json::json;

use crate::support::{ADVERTISER, Client};

#[tokio::test]
async fn ten_thousand_campaigns_come_in_pages_of_a_thousand() {
    let client = Client::start().await;
    for i in 0..10_001 {
        let action = TikTokAction::AddForeignCampaign {
            name: format!("c{i}"),
            budget_micros: 50_000_000,
            enabled: true,
            smart_plus: true,
            location_ids: vec![],
        };
        client.sim.edit_tiktok(&TikTokEdit::by_hand(ADVERTISER, action)).unwrap();
    }
    let mut names = std::collections::BTreeSet::new();
    for page in 1..=11 {
        let query = json!({"advertiser_id": ADVERTISER, "page": page, "page_size": 1000, "fields": ["campaign_name"]});
        let data = client.get_ok("smart_plus/campaign/get", &query).await;
        assert_eq!(data["page_info"]["total_page"], 11);
        names.extend(data["list"].as_array().unwrap().iter().map(|row| row["campaign_name"].to_string()));
    }
    assert_eq!(names.len(), 10_001);
    assert_eq!(client.sim.ledger().last().unwrap().live_daily_budget_micros, 10_001 * 50_000_000);
    assert_eq!(client.view().live_daily_budget_micros, 10_001 * 50_000_000);
}
