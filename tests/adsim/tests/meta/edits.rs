//! Edits by hand, from the library and from the admin API.

use adsim::{Actor, Change, MetaEdit, MetaEditAction as Action};
use serde_json::{Value, json};

use crate::support::{ACCOUNT, Client, creative};

fn edit(client: &Client, action: Action) -> Vec<adsim::LedgerEntry> {
    client.sim.edit_meta(&MetaEdit::by_hand(ACCOUNT, action)).unwrap()
}

#[tokio::test]
async fn people_change_what_they_like() {
    let client = Client::start().await;
    let line = client.line("spring").await;
    let other = client.create("adcreatives", creative("Summer")).await;
    let object = || line.set.clone();
    let targeting = json!({"geo_locations": {"countries": ["CA"]}, "targeting_automation": {"advantage_audience": 0}});
    for action in [
        Action::SetBudget { object: object(), daily_budget: 7000 },
        Action::Pause { object: "spring".into() },
        Action::Enable { object: "spring".into() },
        Action::Rename { object: object(), name: "mine".into() },
        Action::AddLabel { object: object(), label: "hands off".into() },
        Action::SetTargeting { ad_set: object(), targeting: targeting.clone() },
        Action::SwapCreative { ad: line.ad.clone(), creative: other.clone() },
        Action::Update { object: object(), params: json!({"end_time": "2027-06-01T00:00:00-0400"}) },
    ] {
        let entries = edit(&client, action.clone());
        let ours = entries.iter().all(|e| e.actor == Actor::Hand && e.request_id.is_empty() && e.sequence > 0);
        assert!(ours && entries.iter().any(|e| e.change == Change::Update), "{action:?}");
    }
    let view = client.sim.meta_account(ACCOUNT);
    let set = &view.campaign("spring").unwrap().ad_sets[0];
    assert_eq!((set.object.name.as_str(), set.object.daily_budget), ("mine", Some(7000)));
    assert_eq!((&set.object.labels, &set.targeting), (&vec!["hands off".to_owned()], &targeting));
    assert_eq!(set.ads[0].creative.to_string(), other);
    edit(&client, Action::RemoveLabel { object: object(), label: "hands off".into() });
    edit(&client, Action::Archive { object: object() });
    edit(&client, Action::Delete { object: "spring".into() });
    assert_eq!(client.sim.meta_account(ACCOUNT).present().count(), 0);
    let unknown = client.sim.edit_meta(&MetaEdit::by_hand(ACCOUNT, Action::Pause { object: "spring".into() }));
    assert!(unknown.unwrap_err().to_string().contains("spring"));
}

#[tokio::test]
async fn a_foreign_campaign_is_there_with_all_that_it_needs() {
    let client = Client::start().await;
    let foreign = Action::AddForeignCampaign {
        name: "theirs".into(),
        daily_budget: 3000,
        enabled: true,
        labels: vec!["agency".into()],
        countries: vec!["DE".into()],
    };
    edit(&client, foreign);
    let view = client.sim.meta_account(ACCOUNT);
    assert_eq!(view.live_daily_budget_micros, 30_000_000);
    assert_eq!(view.campaign("theirs").unwrap().object.labels, ["agency"]);
}

#[tokio::test]
async fn the_admin_api_takes_edits_and_shows_accounts() {
    let client = Client::start().await;
    client.line("spring").await;
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let admin = client.sim.admin_url();
    let body = json!({"platform": "meta", "account": ACCOUNT, "action": {"pause": {"object": "spring"}}});
    let answer = http.post(format!("{admin}/edits")).json(&body).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let view: Value = http.get(format!("{admin}/accounts/{ACCOUNT}")).send().await.unwrap().json().await.unwrap();
    assert_eq!((&view["campaigns"][0]["status"], &view["liveDailyBudgetMicros"]), (&json!("PAUSED"), &json!(0)));
    let accounts: Value = http.get(format!("{admin}/accounts")).send().await.unwrap().json().await.unwrap();
    assert!(accounts.as_array().unwrap().contains(&json!(ACCOUNT)));
}
