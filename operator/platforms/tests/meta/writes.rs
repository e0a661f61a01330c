//! Changes do what they say, to what is ours, and no more.

use adops_core::campaign::observed::{Delivery, Existence};
use adops_core::campaign::plan::Action;
use adops_core::campaign::settings::{Field, Value};
use adops_core::money::Money;
use adops_core::platform::Manner;
use adops_core::rates::Rates;
use adops_core::reason::Reason;
use adops_platforms::error::PlatformError;
use adops_platforms::port::{AdPlatform, Outcome};
use adsim::{Effect, Fault, Match, MetaEditAction, PlatformName};
use serde_json::json;

use crate::support::{World, applied, changes, config, problems, words};

fn money(text: &str, currency: &str) -> Money {
    Money::parse(text, currency.parse().unwrap()).unwrap()
}

fn pause(id: &str) -> Action {
    Action::Pause { id: id.to_owned() }
}

fn enable(id: &str) -> Action {
    Action::Enable { id: id.to_owned(), budget: money("200", "USD") }
}

fn budget(id: &str, from: &str, to: &str) -> Action {
    Action::SetBudget { id: id.to_owned(), from: money(from, "USD"), to: money(to, "USD"), live: true }
}

#[tokio::test]
async fn a_pause_and_an_enable_carry_their_label_and_touch_the_campaign_alone() {
    let mut world = World::start().await;
    world.settle().await;
    let id = world.id("US");
    world.sim.reset_ledger();
    assert_eq!(applied(&world.meta.change(&[pause(&id)]).await), 1);
    assert_eq!(world.campaign("US").object.labels, ["adops:prod", "adops:prod:paused"]);
    assert_eq!(world.line("US").await.delivery, Delivery::PausedByUs);
    assert_eq!(applied(&world.meta.change(&[enable(&id)]).await), 1);
    assert_eq!(world.campaign("US").object.labels, ["adops:prod"]);
    assert_eq!(world.line("US").await.delivery, Delivery::Enabled);
    let changed = world.sim.ledger();
    assert_eq!(changed.len(), 2, "status and label are one change");
    assert!(changed.iter().all(|entry| entry.kind == "campaign"));
}

#[tokio::test]
async fn a_change_is_idempotent() {
    let mut world = World::start().await;
    world.settle().await;
    let id = world.id("US");
    for action in [budget(&id, "200", "150"), pause(&id), enable(&id)] {
        for _ in 0..2 {
            assert_eq!(applied(&world.meta.change(std::slice::from_ref(&action)).await), 1, "{action}");
        }
    }
    assert_eq!(world.line("US").await.budget, money("150", "USD"));
    assert_eq!(world.campaign("US").object.labels, ["adops:prod"]);
}

#[tokio::test]
async fn labels_of_others_that_came_meanwhile_stay_on_the_object() {
    let mut world = World::start().await;
    world.settle().await;
    let id = world.id("US");
    world.edit(MetaEditAction::AddLabel { object: id.clone(), label: "Q2".into() });
    // What was read before is younger than half a minute, so the connector is one that has read nothing.
    world.restart();
    assert_eq!(applied(&world.meta.change(&[pause(&id)]).await), 1);
    assert_eq!(world.campaign("US").object.labels, ["adops:prod", "Q2", "adops:prod:paused"]);
}

#[tokio::test]
async fn a_pause_does_not_wait_for_a_label_that_was_removed() {
    let mut world = World::start().await;
    world.settle().await;
    let paused = world.view().labels.iter().find(|label| label.name == "adops:prod:paused").unwrap().id;
    world.edit(MetaEditAction::Delete { object: paused.to_string() });
    let (us, de) = (world.id("US"), world.id("DE"));
    assert_eq!(applied(&world.meta.change(&[pause(&us)]).await), 1);
    assert_eq!(world.campaign("US").object.status, "PAUSED");
    // The next one has a label again.
    assert_eq!(applied(&world.meta.change(&[pause(&de)]).await), 1);
    assert_eq!(world.line("DE").await.delivery, Delivery::PausedByUs);
}

#[tokio::test]
async fn budgets_are_changed_together_and_one_that_is_refused_stops_no_other() {
    let mut world = World::start().await;
    world.settle().await;
    let set = world.set("DE").object.id.to_string();
    let effect = Effect::Reject { category: "100".into(), code: "1885272".into() };
    let when = Match::platform(PlatformName::Meta).operation("adset.update").contains("daily_budget=\"100\"");
    world.sim.faults().add(Fault::new(when, effect));
    let all = ["US", "DE", "CA-ON"].map(|market| world.id(market));
    world.counter.reset();
    let outcomes = world
        .meta
        .change(&[budget(&all[0], "200", "150"), budget(&all[1], "200", "1"), budget(&all[2], "200", "250")])
        .await;
    assert_eq!(applied(&outcomes), 2);
    assert_eq!(world.counter.writes(), 1, "{set}");
    let Outcome::Failed(error) = &outcomes[1] else { panic!("{outcomes:?}") };
    assert_eq!(error.reason(), Reason::BudgetBelowMinimum);
    assert_eq!(world.line("DE").await.budget, money("200", "USD"));
    assert_eq!(world.line("CA-ON").await.budget, money("250", "USD"));
}

#[tokio::test]
async fn budgets_follow_metas_own_table_of_units() {
    for (currency, amount, minor) in
        [("JPY", "90000", 30_000), ("TWD", "9000", 3_000), ("HUF", "90000", 30_000), ("USD", "900.03", 30_001)]
    {
        let mut config = config();
        config.meta.accounts[0].currency = currency.into();
        let mut world = World::with(config).await;
        world.spec.budget.amount = money(amount, currency);
        world.spec.rates = Rates::none(world.spec.budget.amount.currency());
        world.settle().await;
        assert_eq!(world.set("US").object.daily_budget, Some(minor), "{currency}");
        world.restart();
        assert!(world.plan().await.is_empty(), "{currency}");
        assert_eq!(world.line("US").await.budget.currency().as_str(), currency);
    }
}

#[tokio::test]
async fn a_budget_that_is_changed_too_often_waits_for_its_lock_and_says_so() {
    for error in [(613, Some(1_487_632)), (17, None)] {
        let mut config = config();
        config.meta.rules.budget_lock_error = error;
        let mut world = World::with(config).await;
        world.settle().await;
        let id = world.id("US");
        assert_eq!(world.meta.rules().budget_changes_per_hour(), Some(4));
        for (from, to) in [("200", "210"), ("210", "220"), ("220", "230"), ("230", "240")] {
            assert_eq!(applied(&world.meta.change(&[budget(&id, from, to)]).await), 1, "{to}");
        }
        let outcomes = world.meta.change(&[budget(&id, "240", "250")]).await;
        let Outcome::Failed(PlatformError::NotSent { reason: Reason::BudgetBraked, until, .. }) = &outcomes[0] else {
            panic!("{outcomes:?}")
        };
        assert_eq!(*until, world.sim.now() + jiff::SignedDuration::from_hours(1));
        // What must shrink and cannot is told as refused: it is paused if a cap needs it.
        let outcomes = world.meta.change(&[budget(&id, "240", "100")]).await;
        let Outcome::Failed(PlatformError::Rejected { reason: Reason::BudgetBraked, .. }) = &outcomes[0] else {
            panic!("{outcomes:?}")
        };
        // Another line's budget is not locked, nor is anything else of this one.
        assert_eq!(applied(&world.meta.change(&[budget(&world.id("DE"), "200", "210"), pause(&id)]).await), 2);
        world.tick(3_601);
        assert_eq!(applied(&world.meta.change(&[budget(&id, "240", "250")]).await), 1);
    }
}

#[tokio::test]
async fn a_platform_that_rounds_budgets_silently_is_no_drift() {
    let mut config = config();
    config.meta.rules.budget_rounding = 10;
    let mut world = World::with(config).await;
    world.spec.budget.amount = money("600.07", "USD");
    world.spec.split.markets.insert("US".into(), 7);
    for _ in 0..6 {
        let plan = world.plan().await;
        world.apply(&plan).await;
    }
    assert!(world.plan().await.is_empty(), "{:#?}", changes(&world.plan().await));
    assert_eq!(world.account().await.budget_unit, 100_000, "the account's unit is what it rounds to");
    let total: i64 = world.observe().await.lines.values().map(|line| line.budget.micros()).sum();
    assert!(total <= 600_070_000 && total > 599_000_000, "{total}");
    world.sim.reset_ledger();
    world.settle().await;
    assert!(world.sim.ledger().is_empty());
}

#[tokio::test]
async fn a_share_below_the_accounts_minimum_is_told_before_anything_is_created() {
    let mut config = config();
    config.meta.accounts[0].minimum_daily_budget = Some(500);
    let mut world = World::with(config).await;
    world.spec.budget.amount = money("12", "USD");
    let plan = world.plan().await;
    assert!(words(&plan).is_empty());
    assert_eq!(problems(&plan).len(), 3);
    let told =
        |problem: &String| problem.contains("5.00") && problem.contains("a budget of 15.00 USD a day would be needed");
    assert!(problems(&plan).iter().all(told), "{:?}", problems(&plan));
}

#[tokio::test]
async fn a_campaign_is_removed_and_removing_it_again_changes_nothing() {
    let mut world = World::start().await;
    world.settle().await;
    let id = world.id("US");
    let remove = Action::Remove { id: id.clone() };
    for _ in 0..2 {
        assert_eq!(applied(&world.meta.change(std::slice::from_ref(&remove)).await), 1);
    }
    assert_eq!(world.campaign("US").object.status, "DELETED");
    let line = world.line("US").await;
    assert_eq!(line.existence, Existence::Removed);
    let outcomes = world.meta.change(&[enable(&id)]).await;
    let Outcome::Failed(error) = &outcomes[0] else { panic!("{outcomes:?}") };
    assert_eq!(error.reason(), Reason::RemovedOnPlatform);
}

#[tokio::test]
async fn what_is_not_ours_is_never_changed() {
    let world = World::start().await;
    for labels in [vec![], vec!["adops:test".to_owned()]] {
        let name = format!("theirs {}", labels.len());
        world.edit(MetaEditAction::AddForeignCampaign {
            name: name.clone(),
            daily_budget: 5_000,
            enabled: true,
            labels,
            countries: Vec::new(),
        });
        let id = world.view().campaign(&name).unwrap().object.id.to_string();
        world.sim.reset_ledger();
        let set = Action::Set {
            id: id.clone(),
            field: Field::Name,
            from: None,
            to: Value::Text("ours".to_owned()),
            manner: Manner::InPlace,
        };
        let actions = [pause(&id), budget(&id, "50", "60"), set, Action::Remove { id: id.clone() }];
        for outcome in world.meta.change(&actions).await {
            let Outcome::Failed(error) = &outcome else { panic!("{outcome:?}") };
            assert_eq!(error.reason(), Reason::ForeignMarker);
        }
        assert!(world.sim.ledger().iter().all(|entry| entry.kind == "label"), "only labels of our own are made");
    }
}

#[tokio::test]
async fn a_marker_is_written_where_the_spec_names_the_object_but_not_over_anothers() {
    let world = World::start().await;
    for (labels, fits) in [(vec![], true), (vec!["adops:test".to_owned()], false)] {
        let name = format!("theirs {}", labels.len());
        world.edit(MetaEditAction::AddForeignCampaign {
            name: name.clone(),
            daily_budget: 5_000,
            enabled: false,
            labels,
            countries: Vec::new(),
        });
        let id = world.view().campaign(&name).unwrap().object.id.to_string();
        let token = "[prod.0123456789abcdef.01234567.0]".to_owned();
        let mark = Action::Mark { id: id.clone(), token: token.clone(), name: format!("{name} {token}"), paused: true };
        assert_eq!(applied(&world.meta.change(&[mark]).await), usize::from(fits));
        let seen = world.meta.observe(&adops_platforms::port::Scope::Ids([id.clone()].into())).await.unwrap();
        let marker = &seen.lines[&id].marker;
        assert_eq!((marker.label, marker.token.is_some(), marker.inner_token.is_some()), (fits, fits, fits));
        assert_eq!(marker.foreign_label.is_some(), !fits);
    }
}

#[tokio::test]
async fn an_outcome_that_nobody_knows_is_told_as_such() {
    let mut world = World::start().await;
    world.settle().await;
    let id = world.id("US");
    for effect in [Effect::CutAfter, Effect::CutBefore] {
        let when = Match::platform(PlatformName::Meta).operation("campaign.update");
        world.sim.faults().add(Fault::new(when, effect).times(1));
        let outcomes = world.meta.change(&[pause(&id)]).await;
        assert!(matches!(outcomes[0], Outcome::Unknown(_)), "{outcomes:?}");
    }
    assert_eq!(world.campaign("US").object.status, "PAUSED");
}

#[tokio::test]
async fn a_setting_that_is_refused_takes_no_other_with_it() {
    let mut world = World::start().await;
    world.settle().await;
    let effect = Effect::Reject { category: "100".into(), code: "1487488".into() };
    let when = Match::platform(PlatformName::Meta).operation("adset.update").contains("end_time");
    world.sim.faults().add(Fault::new(when, effect));
    world.spec.flight.end = jiff::civil::date(2027, 7, 31);
    world.spec.audience.ages = None;
    world.spec.markets.truncate(1);
    let plan = world.plan().await;
    let outcomes = world.apply(&plan).await;
    let failed = outcomes.iter().filter(|outcome| matches!(outcome, Outcome::Failed(_))).count();
    assert!(failed == 1 && applied(&outcomes) >= 1, "{outcomes:?}");
    assert_eq!(world.set("US").targeting["age_max"], json!(65));
}

#[tokio::test]
async fn an_objective_or_a_published_conversion_needs_a_new_object_and_an_unpublished_one_does_not() {
    let mut world = World::start().await;
    let plan = world.plan().await;
    world.apply(&plan).await;
    // Before it was enabled for the first time.
    world.conversion_action = Some("Lead".to_owned());
    let plan = world.plan().await;
    assert_eq!(words(&plan), ["set"; 3]);
    world.settle().await;
    assert_eq!(world.set("US").object.fields["promoted_object"]["custom_event_type"], "LEAD");
    // Afterwards it is locked, whether it runs now or not.
    world.conversion_action = Some("Contact".to_owned());
    for pause_first in [false, true] {
        if pause_first {
            world.meta.change(&[pause(&world.id("US"))]).await;
        }
        let plan = world.plan().await;
        let manners: Vec<Manner> = changes(&plan)
            .iter()
            .filter_map(|action| match action {
                Action::Set { field: Field::ConversionAction, manner, .. } => Some(*manner),
                _ => None,
            })
            .collect();
        assert_eq!(manners, [Manner::Replace; 3]);
    }
    world.spec.policies.on_replace = adops_core::campaign::spec::OnReplace::Allow;
    let old = world.id("US");
    world.settle_any().await;
    assert_ne!(world.id("US"), old);
    assert_eq!(world.set("US").object.fields["promoted_object"]["custom_event_type"], "CONTACT");
    assert_eq!(world.view().live_daily_budget_micros, 600_000_000, "the old ones are paused");
}

#[tokio::test]
async fn special_ad_categories_are_declared_with_the_countries_of_the_line() {
    let mut world = World::start().await;
    world.spec.audience = adops_core::campaign::spec::Audience::default();
    world.spec.declarations.special_ad_categories = ["HOUSING".to_owned()].into();
    world.settle().await;
    let campaign = world.campaign("CA-ON").object.fields;
    assert_eq!(campaign["special_ad_categories"], json!(["HOUSING"]));
    assert_eq!(campaign["special_ad_category_country"], json!(["CA"]));
    world.spec.declarations.special_ad_categories.clear();
    world.settle().await;
    world.restart();
    assert!(world.plan().await.is_empty());
}

#[tokio::test]
async fn a_page_that_may_run_no_more_ads_is_told_on_the_line() {
    let mut config = config();
    config.meta.limits.ads_per_page = 2;
    let mut world = World::with(config).await;
    let plan = world.plan().await;
    world.apply(&plan).await;
    let plan = world.plan().await;
    let outcomes = world.apply(&plan).await;
    assert_eq!(applied(&outcomes), 2);
    let failed: Vec<_> = outcomes.iter().filter(|outcome| !matches!(outcome, Outcome::Applied { .. })).collect();
    let [Outcome::Failed(PlatformError::Rejected { reason: Reason::ObjectLimit, message })] = &failed[..] else {
        panic!("{failed:?}")
    };
    assert!(message.contains("Page Ad Limit Reached"), "{message}");
    assert_eq!(world.view().live_daily_budget_micros, 400_000_000);
}

#[tokio::test]
async fn how_many_ads_may_run_under_the_page_is_read() {
    let mut config = config();
    config.meta.limits.ads_per_page = 7;
    let mut world = World::with(config).await;
    let count = async |world: &World| world.meta.account().await.unwrap().ads.map(|ads| (ads.live, ads.limit));
    assert_eq!(count(&world).await, Some((0, 7)));
    world.settle().await;
    assert_eq!(count(&world).await, Some((3, 7)));
    let us = world.id("US");
    assert_eq!(applied(&world.meta.change(&[pause(&us)]).await), 1);
    assert_eq!(count(&world).await, Some((2, 7)), "what is paused does not count");
    // A page that the token may not ask about is no reason to do nothing.
    let mut connection = crate::support::connection(&world.sim, &world.counter);
    connection.identity.insert("pageId".into(), "900000000000009".into());
    let elsewhere = adops_platforms::meta::Meta::new(connection).unwrap();
    assert_eq!(elsewhere.account().await.unwrap().ads, None);
}

#[tokio::test]
async fn many_campaigns_are_stopped_with_a_listing_and_few_batches() {
    let mut world = World::start().await;
    world.spec.budget.amount = money("30000", "USD");
    world.spec.markets = crate::support::markets(110);
    world.settle().await;
    world.restart();
    let pauses: Vec<Action> = world.records.values().map(|record| pause(record.id.as_ref().unwrap())).collect();
    world.counter.reset();
    assert_eq!(applied(&world.meta.change(&pauses).await), 110);
    assert_eq!(world.counter.writes(), 3, "fifty a batch");
    assert!(world.counter.reads() <= 10, "{:?}", world.counter.paths());
    assert_eq!(world.view().live_daily_budget_micros, 0);
}

#[tokio::test]
async fn a_campaign_that_others_gave_the_budget_has_it_changed_there() {
    let world = World::start().await;
    let campaign = json!({
        "name": "theirs", "objective": "OUTCOME_TRAFFIC", "status": "PAUSED", "special_ad_categories": [],
        "daily_budget": 5_000, "bid_strategy": "LOWEST_COST_WITHOUT_CAP",
    });
    world.edit(MetaEditAction::Create { edge: "campaigns".into(), params: campaign });
    let id = world.view().campaign("theirs").unwrap().object.id.to_string();
    let set = json!({
        "name": "set", "campaign_id": id, "status": "PAUSED", "billing_event": "IMPRESSIONS",
        "optimization_goal": "LINK_CLICKS",
        "targeting": {"geo_locations": {"countries": ["US"]}, "targeting_automation": {"advantage_audience": 0}},
    });
    world.edit(MetaEditAction::Create { edge: "adsets".into(), params: set });
    let scope = adops_platforms::port::Scope::Ids([id.clone()].into());
    assert_eq!(world.meta.observe(&scope).await.unwrap().lines[&id].budget, money("50", "USD"));
    let token = "[prod.0123456789abcdef.01234567.0]".to_owned();
    let mark = Action::Mark { id: id.clone(), name: format!("theirs {token}"), token, paused: true };
    assert_eq!(
        applied(&world.meta.change(&[mark, budget(&id, "50", "60")]).await),
        1,
        "it is ours when it was read again"
    );
    assert_eq!(applied(&world.meta.change(&[budget(&id, "50", "60")]).await), 1);
    let line = world.meta.observe(&scope).await.unwrap().lines.remove(&id).unwrap();
    assert_eq!((line.budget, line.delivery), (money("60", "USD"), Delivery::PausedByUs));
}

#[tokio::test]
async fn what_others_made_is_taken_over_and_becomes_what_the_spec_says() {
    let mut world = World::start().await;
    world.edit(MetaEditAction::AddForeignCampaign {
        name: "theirs".into(),
        daily_budget: 5_000,
        enabled: false,
        labels: Vec::new(),
        countries: vec!["GB".into()],
    });
    let theirs = world.view().campaign("theirs").unwrap().object.id;
    world.spec.objective = adops_core::campaign::spec::Objective::Traffic;
    world.spec.markets.truncate(1);
    world.spec.adopt.push(adops_core::campaign::spec::Adoption {
        account: crate::support::ACCOUNT.to_owned(),
        market: "US".to_owned(),
        object: adops_core::campaign::spec::Adoptee::Id(theirs.to_string()),
    });
    let key = adops_core::campaign::line::LineKey::new(crate::support::ACCOUNT, "US");
    let record = adops_core::campaign::observed::LineRecord { id: Some(theirs.to_string()), ..Default::default() };
    world.records.insert(key, record);
    world.settle().await;
    assert_eq!(world.view().campaigns.len(), 1);
    let (set, line) = (world.set("US"), world.line("US").await);
    assert_eq!(set.targeting["geo_locations"]["countries"], json!(["US"]));
    assert_eq!((line.delivery, line.budget), (Delivery::Enabled, money("600", "USD")));
    assert_eq!(set.ads.iter().filter(|ad| ad.object.status == "ACTIVE").count(), 1);
    assert_eq!(world.view().live_daily_budget_micros, 600_000_000);
}
