//! `adopt`: what others made is not there for the taking.

use adsim::EditAction;
use serde_json::{Value, json};

use crate::Tenancy;

fn made_by_hand(tenancy: &Tenancy) -> String {
    tenancy.owner.by_hand(EditAction::AddForeignCampaign {
        name: "Brand US".into(),
        amount_micros: 10_000_000,
        enabled: true,
        labels: Vec::new(),
        geo_target_ids: vec![2840],
    });
    tenancy.owner.on_platform().into_iter().find(|object| object.name == "Brand US").unwrap().id.to_string()
}

fn adopting(tenancy: &Tenancy, id: &str) -> Value {
    json!({
        "markets": ["US"],
        "state": "Paused",
        "adoptionPolicy": "Adopt",
        "adopt": [{"account": tenancy.account(), "market": "US", "externalId": id}],
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grant_to_use_an_account_is_none_to_take_over_what_others_made_there() {
    let Some(mut tenancy) = Tenancy::start().await else { return };
    let id = made_by_hand(&tenancy);
    let spec = adopting(&tenancy, &id);
    tenancy.apply("spring", spec).await;
    // Without any grant, then with one.
    for allowed in [json!({"from": "Same"}), json!({"from": "All"})] {
        tenancy.grant(allowed).await;
        tenancy.owner.poll().await;
        tenancy.until_stalled("spring", "AccountNotGranted").await;
        tenancy.owner.poll().await;
        assert_eq!(tenancy.owner.changes(), [], "neither touched nor replaced");
    }
    assert_eq!(tenancy.owner.on_platform().len(), 1);
    tenancy.grant(json!({"from": "All", "adopt": true})).await;
    tenancy.until("spring", "Ready", "True").await;
    let object = tenancy.owner.object("spring", "US");
    assert_eq!((object.id.to_string(), object.status.as_str()), (id, "PAUSED"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_campaign_holds_is_not_taken_over_while_its_marker_is_gone() {
    let Some(mut tenancy) = Tenancy::start().await else { return };
    tenancy.grant(json!({"from": "All", "adopt": true})).await;
    tenancy.owner.given("victim", json!({"markets": ["GB"], "suspend": false})).await;
    // Suspended, so that nothing brings the marker back.
    tenancy.owner.patch_campaign("victim", json!({"suspend": true})).await;
    tenancy.owner.rest().await;
    let id = tenancy.owner.object("victim", "GB").id.to_string();
    tenancy.owner.by_hand(EditAction::Rename { campaign: id.clone(), name: "Brand".into() });
    tenancy.owner.by_hand(EditAction::RemoveLabel { campaign: id.clone(), label: "adops:test".into() });
    tenancy.owner.poll().await;
    tenancy.owner.sim.reset_ledger();
    let spec = adopting(&tenancy, &id);
    tenancy.apply("thief", spec).await;
    tenancy.until_stalled("thief", "ClaimedByAnotherCampaign").await;
    tenancy.owner.poll().await;
    assert_eq!(tenancy.owner.changes(), []);
}
