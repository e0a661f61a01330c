//! What was spent, by the account's days.

use adops_platforms::port::AdPlatform;
use adsim::MetaEditAction;
use jiff::SignedDuration;
use jiff::civil::date;

use crate::support::{World, config};

#[tokio::test]
async fn spend_is_told_by_the_accounts_days_in_micros() {
    for (currency, zone) in [("USD", "America/New_York"), ("JPY", "Asia/Tokyo"), ("EUR", "Pacific/Auckland")] {
        let mut config = config();
        config.meta.accounts[0].currency = currency.into();
        config.meta.accounts[0].timezone_name = zone.into();
        let mut world = World::with(config).await;
        world.spec.budget.amount = adops_core::money::Money::parse("90000", currency.parse().unwrap()).unwrap();
        world.spec.rates = adops_core::rates::Rates::none(world.spec.budget.amount.currency());
        world.spec.flight.start = date(2027, 2, 1);
        world.settle().await;
        let first = world.sim.now().to_zoned(jiff::tz::TimeZone::get(zone).unwrap()).date();
        for _ in 0..4 {
            world.sim.set_now(world.sim.now() + SignedDuration::from_hours(20));
        }
        let spend = world.meta.spend(date(2027, 2, 20)).await.unwrap();
        let of_line = &spend[&world.id("US")];
        assert!(of_line.len() >= 3, "{zone}: {of_line:?}");
        assert!(of_line.keys().all(|day| *day >= first), "{zone}: no day before the first: {of_line:?}");
        let unit = if currency == "JPY" { 1_000_000 } else { 10_000 };
        assert!(of_line.values().all(|micros| *micros > 0 && micros % unit == 0), "{currency}: {of_line:?}");
        let told: i64 = of_line.values().sum();
        let real = world.campaign("US").metrics.cost_micros;
        assert!((told - real).abs() <= 4 * unit, "{told} {real}");
        // From a later day on there is less.
        let later = world.meta.spend(*of_line.keys().last().unwrap()).await.unwrap();
        assert_eq!(later[&world.id("US")].len(), 1);
    }
}

#[tokio::test]
async fn what_was_removed_or_renamed_has_spent_all_the_same() {
    let mut world = World::start().await;
    world.spec.flight.start = date(2027, 2, 1);
    world.settle().await;
    world.edit(MetaEditAction::AddForeignCampaign {
        name: "theirs".into(),
        daily_budget: 50_000,
        enabled: true,
        labels: Vec::new(),
        countries: Vec::new(),
    });
    world.tick(2 * 86_400);
    let (us, de) = (world.id("US"), world.id("DE"));
    world.edit(MetaEditAction::Delete { object: us.clone() });
    world.edit(MetaEditAction::Rename { object: de.clone(), name: "Summer".into() });
    world.observe().await;
    let spend = world.meta.spend(date(2027, 2, 20)).await.unwrap();
    assert_eq!(spend.len(), 3, "ours, and nobody else's: {spend:?}");
    assert!(spend.contains_key(&us) && spend.contains_key(&de));
    assert!(world.meta.spend(date(2027, 4, 1)).await.unwrap().is_empty(), "the future has no spend");
}
