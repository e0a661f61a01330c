//! 10,000 campaigns: created in seconds, listed in well under a second even in a development build.

use std::time::{Duration, Instant};

use adsim::Config;
use serde_json::{Value, json};

use crate::support::{CID, Client, line};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes a while in a development build: run with --ignored --nocapture"]
async fn ten_thousand_lines() {
    let client = Client::with(Config::default()).await;
    let mut creating = Duration::ZERO;
    for batch in 0..50 {
        let mut operations: Vec<Value> = Vec::new();
        for i in 0..200i64 {
            let text = line(&format!("line {batch}/{i}"), "50000000", None).to_string();
            let text =
                (1..=3).fold(text, |t, id| t.replace(&format!("/-{id}\""), &format!("/-{}\"", 1000 + i * 3 + id)));
            operations.extend(serde_json::from_str::<Vec<Value>>(&text).unwrap());
        }
        let operations = json!(operations);
        let begun = Instant::now();
        client.mutate_ok(&operations).await;
        creating += begun.elapsed();
    }
    println!("created 10,000 lines in {creating:?}");
    let begun = Instant::now();
    let rows = client
        .rows(
            "SELECT campaign.id, campaign.name, campaign.status, campaign.primary_status, campaign.primary_status_reasons, \
             campaign.start_date_time, campaign.end_date_time, campaign.labels, campaign_budget.id, campaign_budget.amount_micros, \
             campaign_budget.explicitly_shared, customer.currency_code, metrics.impressions, metrics.cost_micros FROM campaign WHERE campaign.status != 'REMOVED'",
        )
        .await;
    println!("listed {} campaigns in {:?}", rows.len(), begun.elapsed());
    assert_eq!(rows.len(), 10_000);
    let begun = Instant::now();
    let view = client.sim.google_account(CID);
    println!("viewed the account in {:?}", begun.elapsed());
    assert_eq!(view.campaigns.len(), 10_000);
    let begun = Instant::now();
    client.mutate_ok(&json!([{"labelOperation": {"create": {"name": "one more"}}}])).await;
    println!("one more write in {:?}", begun.elapsed());
    assert!(begun.elapsed() < Duration::from_secs(1));
}
