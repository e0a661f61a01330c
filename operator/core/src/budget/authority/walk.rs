//! Random sequences of grants, outcomes, lost answers, late effects, lagging readings and restarts against a model of a
//! platform: at every instant, whatever of the writes on their way happens, the sums stay below their caps.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::{AccountRef, Cap, Claim, Members, ObjectRef, Permit, Reading, Scope, SpendAuthority};
use crate::marker::CampaignHash;
use crate::money::{Currency, Money};
use crate::rates::{Rate, Rates};
use crate::testing::{at, cases};

const ACCOUNTS: [&str; 2] = ["a", "b"];
const CAMPAIGNS: [&str; 3] = ["spring", "summer", "autumn"];
/// A request has had its effect after so many seconds, or never.
const TIMEOUT: i64 = 30;
/// A reading shows what was so at most so many seconds ago.
const LAG: i64 = 5;

/// What a euro buys of the second account's currency.
const PRICES: [&str; 6] = ["1", "1.087", "0.8123", "0.333333333", "3.000000001", "0.000000007"];
const BILLION: u128 = 1_000_000_000;

fn money(whole: u64) -> Money {
    of_account(0, whole)
}

fn currency(account: usize) -> Currency {
    ["EUR", "USD"][account].parse().unwrap()
}

fn of_account(account: usize, whole: u64) -> Money {
    Money::from_micros(whole * 1_000_000, currency(account)).unwrap()
}

/// What becomes of a write.
#[derive(Debug, Clone, Copy)]
enum Fate {
    Done,
    Refused,
    Lost,
    Late(i64),
    /// The process dies before it is sent.
    Unsent,
}

#[derive(Debug, Clone)]
enum Step {
    /// Set the budget of an object (0 pauses it), as a Campaign's pass does.
    Write {
        object: usize,
        to: u64,
        fate: Fate,
    },
    /// List an account, as it was some seconds ago.
    List {
        account: usize,
        lag: i64,
    },
    /// Read one object back.
    Read {
        object: usize,
        lag: i64,
    },
    /// Time goes by.
    Wait(i64),
    Ceiling {
        account: usize,
        limit: u64,
    },
    Budget {
        campaign: usize,
        limit: u64,
    },
    /// The user writes another rate.
    Rate(&'static str),
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    let fate = prop_oneof![
        5 => Just(Fate::Done),
        1 => Just(Fate::Refused),
        1 => Just(Fate::Lost),
        2 => (0..=TIMEOUT).prop_map(Fate::Late),
        1 => Just(Fate::Unsent),
    ];
    prop_oneof![
        8 => (0_usize..8, 0_u64..120, fate).prop_map(|(object, to, fate)| Step::Write { object, to, fate }),
        4 => (0_usize..2, 0..=LAG).prop_map(|(account, lag)| Step::List { account, lag }),
        3 => (0_usize..8, 0..=LAG).prop_map(|(object, lag)| Step::Read { object, lag }),
        4 => (1_i64..50).prop_map(Step::Wait),
        1 => (0_usize..2, 50_u64..300).prop_map(|(account, limit)| Step::Ceiling { account, limit }),
        1 => (0_usize..3, 50_u64..300).prop_map(|(campaign, limit)| Step::Budget { campaign, limit }),
        1 => prop::sample::select(PRICES.to_vec()).prop_map(Step::Rate),
        1 => Just(Step::Restart),
    ]
}

/// Object `n` is on account `n % 2`, of Campaign `n % 3`. The accounts have different currencies; Campaigns are in that
/// of the first.
struct World {
    price: &'static str,
    now: i64,
    started: i64,
    /// What each object has had since when, and when it is to have what.
    objects: Vec<Vec<(i64, u64)>>,
    late: Vec<(i64, usize, u64)>,
    ceilings: [u64; 2],
    budgets: [u64; 3],
    authority: SpendAuthority,
}

fn instant(second: i64) -> Timestamp {
    at("2027-03-01T00:00:00Z") + SignedDuration::from_secs(second)
}

fn account(index: usize) -> AccountRef {
    AccountRef::new("growth", ACCOUNTS[index])
}

impl World {
    fn new(price: &'static str) -> Self {
        Self {
            price,
            now: 0,
            started: 0,
            objects: vec![vec![(i64::MIN, 0)]; 8],
            late: Vec::new(),
            ceilings: [200; 2],
            budgets: [150; 3],
            authority: SpendAuthority::default(),
        }
    }

    fn held(&self, object: usize) -> u64 {
        self.objects[object].last().unwrap().1
    }

    fn caps(&self, object: usize) -> Vec<Cap> {
        let (own, campaign) = (account(object % 2), object % 3);
        let rate = Rate { price: self.price.parse().unwrap(), date: jiff::civil::date(2027, 2, 20) };
        let cap = |scope, members, limit: Money, accounts| Cap {
            scope,
            members,
            limit,
            rates: Rates::new(limit.currency(), [(currency(1), rate)]),
            accounts,
            reserved: Money::zero(limit.currency()),
            unknown: None,
        };
        let ceiling = of_account(object % 2, self.ceilings[object % 2]);
        vec![
            cap(
                Scope::Campaign,
                Members::Campaigns(BTreeSet::from([CampaignHash::of(CAMPAIGNS[campaign])])),
                money(self.budgets[campaign]),
                BTreeSet::from([account(0), account(1)]),
            ),
            cap(Scope::Account, Members::Account(own.clone()), ceiling, BTreeSet::from([own])),
        ]
    }

    /// The sum below each cap, and the cap.
    fn sums(&self) -> Vec<(u128, u128)> {
        self.sums_of(&|object| self.held(object))
    }

    /// Exactly, in the part of a euro that the second currency's smallest unit divides.
    fn sums_of(&self, held: &dyn Fn(usize) -> u64) -> Vec<(u128, u128)> {
        let price = self.billionths();
        let worth = [price, BILLION];
        let sum = |is: &dyn Fn(usize) -> bool| -> u128 {
            (0..8).filter(|object| is(*object)).map(|object| u128::from(held(object)) * worth[object % 2]).sum()
        };
        let ceilings =
            (0..2).map(|index| (sum(&|object| object % 2 == index), u128::from(self.ceilings[index]) * worth[index]));
        let budgets = (0..3).map(|index| (sum(&|object| object % 3 == index), u128::from(self.budgets[index]) * price));
        ceilings.chain(budgets).collect()
    }

    fn billionths(&self) -> u128 {
        let (whole, fraction) = self.price.split_once('.').unwrap_or((self.price, ""));
        format!("{whole}{fraction:0<9}").parse().unwrap()
    }

    /// A write has its effect: it may leave a sum above its cap, but not raise it there.
    fn effect(&mut self, object: usize, to: u64, at: i64) {
        let before = self.sums();
        self.objects[object].push((at, to));
        for ((before, _), (after, cap)) in before.into_iter().zip(self.sums()) {
            // No cap is above 300; those of the time of the grant are checked when it is made.
            let most = 300 * (self.billionths() + 4 * BILLION);
            assert!(after <= before || after <= cap.max(most), "{after} of {cap}");
        }
    }

    fn advance(&mut self, seconds: i64) {
        self.now += seconds;
        let now = self.now;
        let mut due: Vec<_> = self.late.iter().filter(|(at, ..)| *at <= now).copied().collect();
        self.late.retain(|(at, ..)| *at > now);
        due.sort_unstable();
        for (at, object, to) in due {
            self.effect(object, to, at);
        }
    }

    fn reading(&self, object: usize, lag: i64) -> Reading {
        let shown = self.objects[object].iter().rev().find(|(since, _)| *since <= self.now - lag).unwrap().1;
        Reading {
            id: object.to_string(),
            owners: BTreeSet::from([CampaignHash::of(CAMPAIGNS[object % 3])]),
            spends: of_account(object % 2, shown),
            seen: instant(self.now),
        }
    }

    fn list(&mut self, index: usize, lag: i64) {
        let readings: Vec<Reading> =
            (0..8).filter(|object| object % 2 == index).map(|object| self.reading(object, lag)).collect();
        let fresh = self.now > self.started + TIMEOUT + LAG;
        self.authority.take_listing(&account(index), currency(index), (instant(self.now), fresh), readings);
    }

    fn write(&mut self, object: usize, to: u64, fate: Fate) {
        let reference = ObjectRef { account: account(object % 2), id: object.to_string() };
        let caps = self.caps(object);
        if to == 0 {
            // A pause needs no grant.
            match fate {
                Fate::Done => self.effect(object, 0, self.now),
                Fate::Late(seconds) => self.late.push((self.now + seconds, object, 0)),
                _ => {}
            }
            return;
        }
        let to_money = of_account(object % 2, to);
        let claim = Claim { object: reference, owner: CampaignHash::of(CAMPAIGNS[object % 3]), to: to_money };
        if let Ok(permit) = self.authority.grant(claim, &caps) {
            self.sent(object, to, fate, permit);
        }
    }

    fn sent(&mut self, object: usize, to: u64, fate: Fate, permit: Permit) {
        let unknown = instant(self.now + TIMEOUT + LAG);
        match fate {
            Fate::Done => {
                self.effect(object, to, self.now);
                self.authority.settle(permit, instant(self.now + LAG));
            }
            Fate::Refused => self.authority.release(permit),
            Fate::Lost => self.authority.settle(permit, unknown),
            Fate::Late(seconds) => {
                self.late.push((self.now + seconds, object, to));
                self.authority.settle(permit, unknown);
            }
            Fate::Unsent => self.restart(),
        }
    }

    fn restart(&mut self) {
        self.started = self.now;
        self.authority = SpendAuthority::default();
    }
}

/// What could be live if any of the writes on their way had its effect, and the others not.
fn worst(world: &World) -> Vec<(u128, u128)> {
    let mut most: BTreeMap<usize, u64> = (0..8).map(|object| (object, world.held(object))).collect();
    for (_, object, to) in &world.late {
        let held = most.entry(*object).or_default();
        *held = (*held).max(*to);
    }
    world.sums_of(&|object| most[&object])
}

proptest! {
    #![proptest_config(cases(400))]

    #[test]
    fn whatever_becomes_of_the_writes_no_grant_passes_a_cap_at_any_rate(
        steps in prop::collection::vec(step(), 1..80),
        price in prop::sample::select(PRICES.to_vec()),
    ) {
        let mut world = World::new(price);
        world.advance(TIMEOUT + LAG + 1);
        for step in steps {
            let before = worst(&world);
            match step {
                Step::Write { object, to, fate } => {
                    world.write(object, to, fate);
                    // Not even if all that is on its way happens.
                    for ((before, _), (after, cap)) in before.into_iter().zip(worst(&world)) {
                        prop_assert!(after <= before || after <= cap, "{} of {}", after, cap);
                    }
                }
                Step::List { account, lag } => world.list(account, lag),
                Step::Read { object, lag } => {
                    let reading = world.reading(object, lag);
                    world.authority.take_readings(&account(object % 2), [reading]);
                }
                Step::Wait(seconds) => world.advance(seconds),
                Step::Ceiling { account, limit } => world.ceilings[account] = limit,
                Step::Budget { campaign, limit } => world.budgets[campaign] = limit,
                Step::Rate(price) => world.price = price,
                Step::Restart => world.restart(),
            }
        }
    }

    #[test]
    fn running_totals_are_the_sums_they_stand_for(steps in prop::collection::vec(step(), 1..80)) {
        let mut world = World::new("1.087");
        world.advance(TIMEOUT + LAG + 1);
        for step in steps {
            match step {
                Step::Write { object, to, fate } => world.write(object, to, fate),
                Step::List { account, lag } => world.list(account, lag),
                Step::Read { object, lag } => {
                    let reading = world.reading(object, lag);
                    world.authority.take_readings(&account(object % 2), [reading]);
                }
                Step::Wait(seconds) => world.advance(seconds),
                _ => {}
            }
            for book in world.authority.books.values() {
                book.check_totals();
            }
        }
    }

    #[test]
    fn below_its_level_an_account_fits_and_is_as_full_as_it_can_be(
        budgets in prop::collection::vec(1_u64..1_000, 1..40),
        limit in 1_u64..20_000,
        cut_already in any::<prop::sample::Index>(),
    ) {
        let mut authority = SpendAuthority::default();
        let readings = |cut: Option<u64>| {
            let first = cut_already.index(budgets.len());
            let spends = move |(index, budget): (usize, &u64)| {
                let budget = if index <= first { cut.map_or(*budget, |cut| cut.min(*budget)) } else { *budget };
                (index.to_string(), money(budget))
            };
            budgets.iter().enumerate().map(spends).map(|(id, spends)| Reading {
                id, owners: BTreeSet::new(), spends, seen: instant(0),
            }).collect::<Vec<_>>()
        };
        let list = |authority: &mut SpendAuthority, readings| {
            authority.take_listing(&account(0), money(0).currency(), (instant(0), true), readings);
            authority.level(&account(0), money(limit), |_| true)
        };
        let level = list(&mut authority, readings(None));
        let sum: u64 = budgets.iter().sum();
        prop_assert_eq!(level.is_some(), sum > limit);
        if let Some(level) = level {
            let fits: i64 = budgets.iter().map(|budget| money(*budget).min(level).micros()).sum();
            let limit_micros = money(limit).micros();
            prop_assert!(fits <= limit_micros && limit_micros - fits < 40, "{} of {}", fits, limit_micros);
            // Whole euros, so that the cut is the same whoever is cut first.
            if level.micros() % 1_000_000 == 0 {
                let again = list(&mut authority, readings(Some(level.micros().unsigned_abs() / 1_000_000)));
                prop_assert!(again.is_none_or(|again| again == level));
            }
        }
    }
}
