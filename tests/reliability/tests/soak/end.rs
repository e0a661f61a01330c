//! The end of a month: one assertion.

use std::collections::BTreeMap;

use adops_core::campaign::line::CampaignId;
use adops_core::marker::Token;
use adops_e2e::world::World;
use adops_reliability::state::settings;
use adsim::AccountView;
use adsim::google::view::CampaignView;
use jiff::SignedDuration;
use kube::ResourceExt;
use serde_json::Value;

use crate::month::Month;
use crate::plan::{CAMPAIGNS, Plan};
use crate::stage::{CUSTOMERS, world_at};

/// Lets all settle, then checks that the platforms are what the specs say, and what the ledger tells.
pub async fn check(month: &mut Month, seed: u64) {
    // The longest quota lock is over, and what was refused is tried again.
    month.stage.pass(SignedDuration::from_hours(26)).await;
    for name in CAMPAIGNS {
        let mut plan = match month.plans.get(name) {
            Some(plan) => plan.clone(),
            None => comes_back(month, name).await,
        };
        plan.last();
        month.apply(plan).await;
    }
    month.stage.informed().await;
    month.stage.pass(SignedDuration::from_hours(26)).await;
    let mut broken = month.audit.broken(&month.stage.world.sim);
    broken.extend(not_ready(&month.stage.world).await);
    broken.extend(differences(month).await);
    broken.extend(unknown(&month.stage.world).await);
    let changes = month.stage.world.sim.ledger().len();
    month.stage.pass(SignedDuration::from_hours(7)).await;
    let after = &month.stage.world.sim.ledger()[changes..];
    broken.extend(after.iter().map(|entry| format!("written at rest: {entry:?}")));
    if !broken.is_empty() {
        print_ledger(&month.stage.world);
    }
    assert!(broken.is_empty(), "seed {seed}: {broken:#?}");
}

fn print_ledger(world: &World) {
    for entry in world.sim.ledger() {
        let by = if adops_reliability::audit::by_us(&entry) { "us" } else { "hand" };
        let (name, before, after) =
            (&entry.resource_name, Value::from_iter(entry.before), Value::from_iter(entry.after));
        println!("#{} {} {by} {:?} {name}: {before} -> {after}", entry.sequence, entry.at, entry.change);
    }
}

/// A Campaign that was deleted is written once more.
async fn comes_back(month: &mut Month, name: &'static str) -> Plan {
    let gone = month.stage.world.look().await.campaign(name).is_none();
    assert!(gone, "{name} was deleted and is still there: {:#?}", month.stage.world.campaign(name).await.status);
    Plan::new(&mut adops_reliability::dice::Dice::new(0), name)
}

async fn not_ready(world: &World) -> Vec<String> {
    let there = world.look().await;
    let unready = there.campaigns.iter().filter(|campaign| !there.is_ready(&campaign.name_any()));
    unready.map(|campaign| format!("{} is not Ready: {:#?}", campaign.name_any(), campaign.status)).collect()
}

/// All that is enabled, by account and name, with all that is set on it.
type Enabled = BTreeMap<(usize, String), Vec<Value>>;

fn enabled(world: &World) -> Enabled {
    let mut enabled = Enabled::new();
    for (of, customer) in CUSTOMERS.iter().enumerate() {
        for campaign in world.sim.google_account(customer).present() {
            if campaign.status == "ENABLED" && Token::find(&campaign.name).is_some() {
                let mut settings = settings(campaign);
                if let Some(fields) = settings["fields"].as_object_mut() {
                    // The flight has begun: a line starts on the day on which it is made.
                    fields.remove("startDateTime");
                }
                enabled.entry((of, Token::strip(&campaign.name))).or_default().push(settings);
            }
        }
    }
    enabled
}

/// What differs from a world in which nothing but the last specs has ever been.
async fn differences(month: &Month) -> Vec<String> {
    let mut alone = world_at(month.stage.world.now()).await;
    for plan in month.plans.values() {
        alone.apply(&plan.yaml()).await.unwrap();
    }
    alone.start_operator().await;
    for name in CAMPAIGNS {
        alone.until_ready(name).await;
    }
    let (lived, wanted) = (enabled(&month.stage.world), enabled(&alone));
    let keys: std::collections::BTreeSet<_> = lived.keys().chain(wanted.keys()).collect();
    keys.into_iter()
        .filter(|key| lived.get(*key) != wanted.get(*key))
        .map(|key| format!("{key:?}: {}", told(lived.get(key), wanted.get(key))))
        .collect()
}

fn told(lived: Option<&Vec<Value>>, wanted: Option<&Vec<Value>>) -> String {
    match (lived, wanted) {
        (Some(lived), Some(wanted)) if lived.len() == 1 && wanted.len() == 1 => {
            let fields = lived[0].as_object().into_iter().flatten();
            let differ = fields.filter(|(name, value)| wanted[0].get(*name) != Some(value));
            let told: Vec<String> =
                differ.map(|(name, value)| format!("{name} is {value}, to be {}", wanted[0][name])).collect();
            told.join("; ")
        }
        (lived, wanted) => format!("{} run, to be {}", lived.map_or(0, Vec::len), wanted.map_or(0, Vec::len)),
    }
}

/// Whose an object is: by its name or, where somebody has renamed it, by its ad group's.
fn owner(campaign: &CampaignView) -> Option<Token> {
    Token::find(&campaign.name).or_else(|| campaign.ad_groups.iter().find_map(|group| Token::find(&group.name)))
}

/// Objects of ours that no status tells of: neither as a line nor as retired.
async fn unknown(world: &World) -> Vec<String> {
    let mut told = Vec::new();
    for campaign in world.look().await.campaigns {
        let name = campaign.name_any();
        let hash = CampaignId::new(&world.namespace, &name).hash();
        let views = CUSTOMERS.map(|customer| world.sim.google_account(customer));
        let objects = views.iter().flat_map(AccountView::present);
        let there = objects.filter(|one| owner(one).is_some_and(|token| token.campaign == hash)).count();
        let status = campaign.status.unwrap_or_default();
        let lines = status.lines.iter().filter(|line| line.id.is_some()).count();
        let retired = status.retired.as_ref().map_or(0, |retired| usize::try_from(retired.count).unwrap_or(0));
        if there != lines + retired {
            told.push(format!("{name}: {there} objects, but {lines} lines and {retired} retired ones: {status:#?}"));
        }
    }
    told
}
