//! The simulated Google Ads API over HTTP.

mod support;

use serde_json::json;
use support::{CID, Client, line, search};

#[tokio::test]
async fn a_line_is_created_in_one_request_found_by_its_label_and_removed() {
    let client = Client::start().await;
    let label = client.mutate_ok(&json!([{"labelOperation": {"create": {"name": "ours"}}}])).await;
    let label = label["mutateOperationResponses"][0]["labelResult"]["resourceName"].as_str().unwrap().to_owned();
    let created = client.mutate_ok(&line("spring", "50000000", Some(&label))).await;
    assert_eq!(created["mutateOperationResponses"].as_array().unwrap().len(), 9);

    let query = format!(
        "SELECT campaign.id, campaign.name, campaign.status, campaign.primary_status, campaign_budget.amount_micros, \
         customer.currency_code FROM campaign WHERE campaign.labels CONTAINS ANY ('{label}') AND campaign.status != 'REMOVED'"
    );
    let (status, found) = client.post("googleAds:search", &search(&query)).await;
    assert_eq!(status, 200, "{found}");
    let row = &found["results"][0];
    assert_eq!(row["campaign"]["name"], "spring");
    assert_eq!(row["campaign"]["primaryStatus"], "PAUSED");
    assert_eq!(row["campaignBudget"]["amountMicros"], "50000000");
    assert_eq!(row["customer"]["currencyCode"], "USD");

    let name = row["campaign"]["resourceName"].as_str().unwrap();
    client.mutate_ok(&json!([{"campaignOperation": {"remove": name}}])).await;
    let (_, found) = client.post("googleAds:search", &search(&query)).await;
    assert!(found.get("results").is_none(), "{found}");

    let view = client.sim.google_account(CID);
    assert_eq!(view.campaigns[0].status, "REMOVED");
    assert_eq!(view.campaigns[0].budget.as_ref().unwrap().status, "REMOVED");
    client.sim.shutdown().await;
}
