//! Days that begin at another hour than UTC's.

use adops_core::campaign::settings::{Field, Value};
use jiff::civil::date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::subject::{Feature, Shape, Subject};
use crate::world::World;

async fn in_zone<S: Subject>(zone: &'static str, start: &str) -> World<S> {
    World::shaped(1, &Shape { zone, ..Shape::default() }, start.parse::<Timestamp>().unwrap()).await
}

/// The first and the last day are whole days there.
pub async fn flights_go_there_and_back_in_every_zone<S: Subject>() {
    for zone in ["Pacific/Kiritimati", "Pacific/Honolulu", "Asia/Kolkata", "Asia/Kathmandu", "Europe/Berlin", "UTC"] {
        let mut world = in_zone::<S>(zone, "2027-03-01T17:00:00Z").await;
        world.settle().await;
        let line = world.line("US").await;
        let (Some(Value::Instant(start)), Some(Value::Instant(end))) =
            (line.settings.get(Field::Start), line.settings.get(Field::End))
        else {
            panic!("{zone}: {:?}", line.settings)
        };
        assert_eq!((start.date(), end.date()), (date(2027, 3, 10), date(2027, 5, 31)), "{zone}");
        assert_eq!((start.hour(), end.hour()), (0, 23), "{zone}");
        // Under way, and still as it is to be.
        world.sim.set_now("2027-03-20T12:00:00Z".parse().unwrap());
        assert!(world.plan().await.is_empty(), "{zone}: {:#?}", world.plan().await.changes().collect::<Vec<_>>());
    }
}

/// The day on which clocks change has 23 hours, or 25.
pub async fn a_flight_over_a_change_of_clocks_goes_there_and_back<S: Subject>() {
    for (zone, from, to) in [
        ("America/New_York", date(2027, 3, 14), date(2027, 3, 14)),
        ("America/New_York", date(2027, 11, 7), date(2027, 11, 7)),
        ("Europe/Berlin", date(2027, 3, 28), date(2027, 3, 29)),
        ("Europe/Berlin", date(2027, 10, 30), date(2027, 10, 31)),
    ] {
        let mut world = in_zone::<S>(zone, "2027-03-01T17:00:00Z").await;
        (world.spec.flight.start, world.spec.flight.end) = (from, to);
        world.settle().await;
        let line = world.line("US").await;
        let days = [Field::Start, Field::End].map(|field| match line.settings.get(field) {
            Some(Value::Instant(at)) => at.date(),
            other => panic!("{other:?}"),
        });
        assert_eq!(days, [from, to], "{zone}");
        world.restart();
        assert!(world.plan().await.is_empty(), "{zone}");
    }
}

/// A day's spend is the account's day's.
pub async fn spend_is_told_by_the_accounts_own_days<S: Subject>() {
    for zone in ["America/New_York", "Pacific/Kiritimati", "Asia/Kolkata"] {
        let mut world = in_zone::<S>(zone, "2027-03-09T20:00:00Z").await;
        world.spec.flight.start = date(2027, 3, 8);
        world.settle().await;
        for _ in 0..48 {
            world.sim.set_now(world.sim.now() + SignedDuration::from_mins(90));
        }
        let spend = world.platform.spend(date(2027, 3, 8)).await.unwrap();
        let days = &spend[&world.id("US")];
        let own = if S::lacks().contains(&Feature::Zones) { TimeZone::UTC } else { TimeZone::get(zone).unwrap() };
        assert_eq!(world.account().await.time_zone, own, "{zone}");
        let today = world.sim.now().to_zoned(own.clone()).date();
        let began = "2027-03-09T20:00:00Z".parse::<Timestamp>().unwrap();
        let first = began.to_zoned(own).date();
        assert!(days.keys().all(|day| *day >= first && *day <= today), "{zone}: {days:?}, {first} to {today}");
        assert!(days.len() >= 3, "{zone}: {days:?}");
        // A whole day may go beyond its budget, but not far.
        let budget = world.total();
        assert!(days.values().all(|micros| *micros > 0 && *micros <= budget * 2), "{zone}: {days:?}");
    }
}
