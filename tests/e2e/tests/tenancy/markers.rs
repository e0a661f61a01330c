//! Markers that a tenant writes itself.

use adops_core::campaign::line::{CampaignId, LineKey};
use adops_core::marker::Token;
use adops_e2e::given;
use adops_e2e::world::INSTALLATION;
use serde_json::json;

use crate::{Tenancy, essence};

fn token_of(tenancy: &Tenancy, campaign: &str, market: &str) -> String {
    let id = CampaignId::new(tenancy.owner.namespace.clone(), campaign);
    Token::new(&INSTALLATION.parse().unwrap(), &id, &LineKey::new("google-global", market), 0).to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_of_somebody_else_in_names_and_texts_makes_nobody_its_owner() {
    let Some(mut tenancy) = Tenancy::start().await else { return };
    tenancy.grant(json!({"from": "All"})).await;
    tenancy.owner.given("victim", json!({"markets": ["GB"]})).await;
    let victim = tenancy.owner.object("victim", "GB");
    let token = token_of(&tenancy, "victim", "GB");
    assert!(victim.name.ends_with(&token));
    tenancy.owner.sim.reset_ledger();
    // Whole, cut so that what is stripped leaves another one, and after a text that looks like a beginning.
    let (head, tail) = token.split_at(token.len() / 2);
    for (name, template) in [
        ("whole", token.clone()),
        ("nested", format!("{head}{token}{tail}")),
        ("open", format!("{{campaign}} {token} [")),
    ] {
        let ads = given::ad(json!({"copy": {"en": {"headlines": ["Spring is here", "Watch now", "[test.0.0.0]"]}}}));
        let spec = json!({"markets": ["US"], "budget": {"daily": "10.00"}, "nameTemplate": template, "ads": ads});
        tenancy.apply(name, spec).await;
        tenancy.until(name, "Ready", "True").await;
    }
    tenancy.owner.poll().await;
    let objects = tenancy.owner.on_platform();
    let with_token = objects.iter().filter(|object| object.name.contains(&token)).count();
    assert_eq!((objects.len(), with_token), (4, 1), "{:?}", objects.iter().map(|o| &o.name).collect::<Vec<_>>());
    assert_eq!(essence(&tenancy.owner.object("victim", "GB")), essence(&victim));
    assert!(tenancy.owner.look().await.is_ready("victim"));
    // At rest: a name that is never what is wanted would be written again and again.
    tenancy.owner.sim.reset_ledger();
    tenancy.owner.poll().await;
    assert_eq!(tenancy.owner.writes(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resolution_that_names_an_object_of_another_campaign_resolves_nothing() {
    let Some(mut tenancy) = Tenancy::start().await else { return };
    tenancy.grant(json!({"from": "All"})).await;
    tenancy.owner.given("victim", json!({"markets": ["US"]})).await;
    let theirs = tenancy.owner.object("victim", "US").id.to_string();
    tenancy.apply("thief", json!({"markets": ["US"]})).await;
    tenancy.until("thief", "Ready", "True").await;
    let own = tenancy.owner.object("thief", "US").id.to_string();
    tenancy.owner.sim.reset_ledger();
    let line = format!("{}/US={theirs}", tenancy.account());
    tenancy.tenant.annotate("thief", "adops.dev/resolve", &line).await;
    tenancy.tenant.patch_campaign("thief", json!({"budget": {"daily": "50.00"}})).await;
    tenancy.until("thief", "Ready", "True").await;
    tenancy.tenant.delete_campaign("thief").await;
    for _ in 0..200 {
        tenancy.owner.step().await;
        if tenancy.tenant.names().await.is_empty() {
            break;
        }
    }
    assert!(!tenancy.owner.writes().is_empty());
    assert!(tenancy.owner.runs("victim", "US") && tenancy.owner.budget("victim", "US") == 100_000_000);
    assert_ne!(own, theirs);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_annotation_of_another_object_abandons_and_confirms_nothing() {
    let Some(mut world) = given::world().await else { return };
    world.given("other", json!({"markets": ["AU"], "budget": {"daily": "10.00"}})).await;
    let uid = world.campaign("other").await.metadata.uid.unwrap();
    world.given("spring", json!({})).await;
    for annotation in ["adops.dev/abandon", "adops.dev/confirm-removes"] {
        world.annotate("spring", annotation, &uid).await;
    }
    // Out of reach: only the Campaign's own uid would let it go.
    assert!(world.as_admin(&["delete", "secret", "google-ads"], "").status.success());
    world.kill_operator();
    world.start_operator().await;
    world.delete_campaign("spring").await;
    world.pass(jiff::SignedDuration::from_mins(15)).await;
    assert!(world.names().await.contains(&"spring".to_owned()));
    assert!(world.runs("spring", "US"));
    let own = world.campaign("spring").await.metadata.uid.unwrap();
    world.annotate("spring", "adops.dev/abandon", &own).await;
    world.until_gone("spring").await;
}
