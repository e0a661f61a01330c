//! Who may send how much of a day's operations.
//!
//! Everybody who wants to send says what it costs; that stays known until they ask again, so that what arrives first
//! does not take what others, or what is more important, wait for. While there is enough, all is granted. When there is
//! not, growth is dealt out item by item, to the namespace that has had least today first, within it to the account and
//! the Campaign that have had least; a part is kept for namespaces that come later, and nobody has more than a portion
//! at once, so that others have spoken before the next one.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::Use;
use super::day::Day;
use super::fair::Fair;

/// One part of so many of what is left of a day is kept for namespaces that ask later.
const NEWCOMERS_PART: u64 = 10;
/// In pieces of so many operations.
const PIECE: u64 = 16;
/// Of what is left nobody has more than one part of so many at once, when it is scarce.
const PORTIONS: u64 = 8;
/// A portion is not smaller than this: each one is read back.
const LEAST_PORTION: u64 = 150;
/// No namespace has this name.
const NEWCOMERS: &str = "";

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Asker {
    /// The Campaign's namespace.
    pub namespace: String,
    /// The account, by the name that its AdAccount has in the cluster.
    pub account: String,
    /// The Campaign's name.
    pub campaign: String,
}

/// What somebody wants to send: the cost of each item, in the order in which they are to be sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Demand {
    /// What stops or shrinks spend.
    pub protect: Vec<u64>,
    /// What begins or grows it.
    pub grow: Vec<u64>,
    /// All else.
    pub polish: Vec<u64>,
}

impl Demand {
    /// Whether nothing is wanted.
    pub fn is_empty(&self) -> bool {
        self.count() == 0
    }

    fn count(&self) -> usize {
        self.protect.len() + self.grow.len() + self.polish.len()
    }
}

/// How many items, from the first on, may be sent now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Granted {
    /// Of what stops or shrinks spend.
    pub protect: usize,
    /// Of what begins or grows it.
    pub grow: usize,
    /// Of all else.
    pub polish: usize,
    /// For the rest.
    pub wait: Option<Wait>,
    /// Whether something else waits than when it was last asked.
    pub news: bool,
}

impl Granted {
    fn all(demand: &Demand, news: bool) -> Self {
        Self { protect: demand.protect.len(), grow: demand.grow.len(), polish: demand.polish.len(), wait: None, news }
    }
}

/// What waits, and for how long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wait {
    /// How many items wait.
    pub count: usize,
    /// When to ask again.
    pub again: Timestamp,
    /// About when the last of them can be sent.
    pub done: Timestamp,
    /// How many operations a day has.
    pub size: u64,
}

#[derive(Debug, Clone)]
struct Asked {
    demand: Demand,
    wait: Option<Wait>,
}

/// One scope of a platform's quota: its days, and who wants what of them.
#[derive(Debug, Clone)]
pub struct Quota {
    /// What a day has and what of it is used.
    pub day: Day,
    asked: BTreeMap<Asker, Asked>,
    had: BTreeMap<Asker, u64>,
    had_until: Timestamp,
}

impl Quota {
    /// Of a process that began at `started`; a day begins at midnight in `zone`.
    pub fn new(zone: TimeZone, started: Timestamp) -> Self {
        Self { day: Day::new(zone, started), asked: BTreeMap::new(), had: BTreeMap::new(), had_until: Timestamp::MIN }
    }

    /// Says what somebody wants, instead of what they wanted before, and answers what of it may be sent now.
    pub fn ask(&mut self, asker: &Asker, demand: &Demand, now: Timestamp) -> Granted {
        let before = self.asked.remove(asker).and_then(|asked| asked.wait);
        let mut granted = Granted::all(demand, before.is_some());
        if demand.is_empty() {
            return granted;
        }
        self.asked.insert(asker.clone(), Asked { demand: demand.clone(), wait: None });
        let Some(size) = self.day.size() else { return granted };
        let rooms = self.rooms(size, now);
        granted.protect = fitting(&demand.protect, rooms.protect);
        granted.grow = self.dealt(asker, &rooms, now);
        granted.polish = fitting(&demand.polish, rooms.polish);
        let sent = granted.protect + granted.grow + granted.polish;
        granted.wait = (sent < demand.count()).then(|| Wait {
            count: demand.count() - sent,
            again: self.day.again(now),
            done: self.done(demand, &granted, &rooms, now),
            size,
        });
        if let Some(asked) = self.asked.get_mut(asker) {
            asked.wait.clone_from(&granted.wait);
        }
        let told = |wait: &Wait| (wait.count, wait.done);
        granted.news = before.as_ref().map(told) != granted.wait.as_ref().map(told);
        granted
    }

    /// Forgets what a Campaign wants, but for the accounts named.
    pub fn withdraw(&mut self, namespace: &str, campaign: &str, but: impl Fn(&str) -> bool) {
        self.asked.retain(|asker, _| asker.namespace != namespace || asker.campaign != campaign || but(&asker.account));
    }

    /// Counts an item that was sent into what somebody has had of today's growth; it is not wanted any more.
    pub fn had(&mut self, asker: &Asker, cost: u64, now: Timestamp) {
        if now >= self.had_until {
            self.had.clear();
            self.had_until = self.day.reset(now);
        }
        *self.had.entry(asker.clone()).or_default() += cost;
        let wanted = self.asked.get_mut(asker).map(|asked| &mut asked.demand.grow);
        if let Some(wanted) = wanted
            && let Some(place) = wanted.iter().position(|other| *other == cost)
        {
            wanted.remove(place);
        }
    }

    /// What waits on an account: how many items, and when the last of them can be sent.
    pub fn waiting_on(&self, account: &str) -> Option<Wait> {
        let waits = self.asked.iter().filter(|(asker, _)| asker.account == account);
        waits.filter_map(|(_, asked)| asked.wait.clone()).reduce(|sum, wait| Wait {
            count: sum.count + wait.count,
            again: sum.again.min(wait.again),
            done: sum.done.max(wait.done),
            size: wait.size,
        })
    }

    fn rooms(&mut self, size: u64, now: Timestamp) -> Rooms {
        let protect = self.day.room(Use::Protect, now);
        // What stops spend has its reserve; if more of it waits, growth leaves that, too.
        let wanted = self.wanted(|demand| &demand.protect);
        let grow = self.day.room(Use::Grow, now).min(protect.saturating_sub(wanted));
        let newcomers = self.day.part_left(size / NEWCOMERS_PART, now).min(grow);
        let rest = (grow - newcomers).saturating_sub(self.wanted(|demand| &demand.grow));
        Rooms { protect, grow, newcomers, polish: self.day.room(Use::Polish, now).min(rest) }
    }

    fn wanted(&self, of: impl Fn(&Demand) -> &Vec<u64>) -> u64 {
        self.asked.values().flat_map(|asked| of(&asked.demand)).sum()
    }

    /// How many of its items somebody has when the room is dealt out to all who ask.
    fn dealt(&self, asker: &Asker, rooms: &Rooms, now: Timestamp) -> usize {
        let own = self.asked.get(asker).map_or(0, |asked| asked.demand.grow.len());
        if own == 0 || self.wanted(|demand| &demand.grow) <= rooms.grow - rooms.newcomers {
            return own;
        }
        let mut fair = Fair::default();
        if now < self.had_until {
            for (who, cost) in &self.had {
                fair.charge(&path(who), *cost);
            }
        }
        for (who, asked) in &self.asked {
            for cost in &asked.demand.grow {
                fair.push(&path(who), *cost, Some(who));
            }
        }
        for _ in 0..rooms.newcomers / PIECE {
            fair.push(&[NEWCOMERS], PIECE, None);
        }
        let (mut room, mut dealt) = (rooms.grow, 0);
        let mut portion = (rooms.grow / PORTIONS).max(LEAST_PORTION);
        while let Some((cost, who)) = fair.pop(room) {
            room -= cost;
            if who == Some(asker) {
                if dealt > 0 && cost > portion {
                    break;
                }
                portion = portion.saturating_sub(cost);
                dealt += 1;
            }
        }
        dealt
    }

    /// About when all that somebody wants can have been sent, if nobody comes to want more.
    fn done(&self, demand: &Demand, granted: &Granted, rooms: &Rooms, now: Timestamp) -> Timestamp {
        let sum = |costs: &[u64]| costs.iter().sum::<u64>();
        let before = |of: fn(&Demand) -> &Vec<u64>| {
            let own = sum(of(demand));
            self.asked.values().map(|asked| sum(of(&asked.demand)).min(own)).sum::<u64>()
        };
        let mut ahead = before(|demand| &demand.grow);
        if granted.polish < demand.polish.len() {
            ahead = self.wanted(|demand| &demand.grow) + before(|demand| &demand.polish);
        }
        if granted.protect < demand.protect.len() {
            ahead += self.wanted(|demand| &demand.protect);
        }
        let a_day = self.day.growth_of_a_day().unwrap_or(u64::MAX);
        let days = ahead.saturating_sub(rooms.grow).div_ceil(a_day).max(1);
        self.day.end_after(days - 1, now)
    }
}

struct Rooms {
    protect: u64,
    grow: u64,
    /// Of what growth has, the part for namespaces that ask later.
    newcomers: u64,
    polish: u64,
}

fn path(asker: &Asker) -> [&str; 3] {
    [&asker.namespace, &asker.account, &asker.campaign]
}

/// How many of the costs, from the first on, fit into a room.
fn fitting(costs: &[u64], mut room: u64) -> usize {
    costs
        .iter()
        .take_while(|cost| match room.checked_sub(**cost) {
            Some(left) => {
                room = left;
                true
            }
            None => false,
        })
        .count()
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use proptest::prelude::*;

    use super::*;

    const NIGHT: &str = "2027-02-24T08:00:00Z";

    fn quota(size: Option<u64>) -> (Quota, Timestamp) {
        let now: Timestamp = NIGHT.parse().unwrap();
        let mut quota = Quota::new(TimeZone::get("America/Los_Angeles").unwrap(), now);
        quota.day.declare(size);
        (quota, now)
    }

    fn asker(namespace: &str, account: &str, campaign: &str) -> Asker {
        Asker { namespace: namespace.into(), account: account.into(), campaign: campaign.into() }
    }

    /// Asks for creates and makes what is granted, until nothing is; answers how many were made.
    fn made(quota: &mut Quota, who: &Asker, mut count: usize, now: Timestamp) -> usize {
        let mut made = 0;
        loop {
            let granted = quota.ask(who, &creates(count), now).grow;
            if granted == 0 {
                return made;
            }
            let cost = granted as u64 * 15;
            quota.day.take(Use::Grow, cost, now).unwrap();
            (0..granted).for_each(|_| quota.had(who, 15, now));
            made += granted;
            count -= granted;
        }
    }

    fn creates(count: usize) -> Demand {
        Demand { grow: vec![15; count], ..Demand::default() }
    }

    #[test]
    fn while_nothing_is_known_of_a_quota_all_is_granted() {
        let (mut quota, now) = quota(None);
        let granted = quota.ask(&asker("a", "x", "big"), &creates(10_000), now);
        assert_eq!((granted.grow, granted.wait), (10_000, None));
    }

    #[test]
    fn a_namespace_that_came_first_leaves_some_to_one_that_comes_later() {
        let (mut quota, now) = quota(Some(15_000));
        let big = asker("big", "x", "one");
        // 15,000 less reserve, observing and newcomers, by 15.
        assert_eq!(made(&mut quota, &big, 10_000, now), (15_000 - 750 - 3_000 - 1_500) / 15);
        let small = quota.ask(&asker("small", "x", "two"), &creates(5), now);
        assert_eq!((small.grow, small.wait), (5, None));
        // Nor does the rest go to the one who has had so much.
        assert_eq!(quota.ask(&big, &creates(9_000), now).grow, 0);
    }

    #[test]
    fn what_waits_knows_about_when_it_is_done() {
        let (mut quota, now) = quota(Some(2_880));
        let wait = quota.ask(&asker("a", "x", "big"), &creates(1_000), now).wait.unwrap();
        // 15,000 operations, at 2,160 a day: 6 days after today.
        assert_eq!(wait.done, now + SignedDuration::from_hours(6 * 24));
        assert_eq!((wait.again, wait.size), (now + SignedDuration::from_hours(1), 2_880));
        assert!(wait.count > 800);
        // Somebody who wants little does not wait for the many.
        let little = quota.ask(&asker("b", "x", "small"), &creates(5), now);
        assert_eq!((little.grow, little.wait), (5, None));
        assert_eq!(quota.waiting_on("x").unwrap().count, wait.count);
        assert_eq!(quota.waiting_on("y"), None);
        quota.withdraw("a", "big", |_| false);
        assert_eq!(quota.waiting_on("x"), None);
    }

    #[test]
    fn two_accounts_of_a_namespace_have_equal_parts() {
        let (mut quota, now) = quota(Some(2_880));
        let (first, second) = (asker("a", "x", "one"), asker("a", "y", "two"));
        quota.ask(&first, &creates(500), now);
        // The first has a portion before the second has said a word; in the end that makes no difference.
        let portion = quota.ask(&first, &creates(500), now).grow;
        quota.day.take(Use::Grow, portion as u64 * 15, now).unwrap();
        (0..portion).for_each(|_| quota.had(&first, 15, now));
        let two = made(&mut quota, &second, 500, now);
        let one = portion + made(&mut quota, &first, 500 - portion, now);
        assert!(one.abs_diff(two) <= 1 && one > 50, "{one} {two}");
    }

    #[test]
    fn growth_leaves_what_waits_to_stop_more_than_the_reserve_holds() {
        let (mut quota, now) = quota(Some(1_000));
        quota.ask(&asker("a", "x", "stops"), &Demand { protect: vec![2; 300], ..Demand::default() }, now);
        let granted = quota.ask(&asker("b", "x", "grows"), &creates(100), now);
        assert!(granted.grow as u64 * 15 <= 400, "{granted:?}");
    }

    proptest! {
        /// What is granted to all together, each asked once all have spoken, never passes what growth has; what stops
        /// is granted before anything else is; and of two namespaces that want more than they get, one gets at most an
        /// item more, counted in operations.
        #[test]
        fn grants_are_fair_and_never_pass_the_room(
            size in 200..5_000_u64,
            wants in prop::collection::vec((0..3_usize, 0..2_usize, 0..3_usize, 0..80_usize, 0..30_usize), 1..12),
        ) {
            let (mut quota, now) = quota(Some(size));
            let mut all = BTreeMap::new();
            for (namespace, account, campaign, grow, protect) in wants {
                let who = asker(&format!("n{namespace}"), &format!("x{account}"), &format!("c{campaign}"));
                let demand = Demand { grow: vec![14; grow], protect: vec![2; protect], polish: vec![3; 5] };
                all.insert(who, demand);
            }
            for (who, demand) in &all {
                quota.ask(who, demand, now);
            }
            let room = quota.day.room(Use::Grow, now);
            let stopping: u64 = all.values().map(|demand| demand.protect.len() as u64 * 2).sum();
            let (mut grown, mut polished) = (BTreeMap::<String, (u64, u64)>::new(), 0);
            for (who, demand) in &all {
                grown.entry(who.namespace.clone()).or_default().1 += demand.grow.len() as u64 * 14;
            }
            // Round after round, until nobody is granted anything.
            let mut going = true;
            while std::mem::take(&mut going) {
                for (who, demand) in &mut all {
                    let granted = quota.ask(who, demand, now);
                    if stopping <= size {
                        prop_assert_eq!(granted.protect, demand.protect.len());
                    } else {
                        prop_assert_eq!(granted.grow, 0);
                    }
                    let cost = granted.grow as u64 * 14;
                    quota.day.take(Use::Grow, cost, now).unwrap();
                    (0..granted.grow).for_each(|_| quota.had(who, 14, now));
                    grown.get_mut(&who.namespace).unwrap().0 += cost;
                    polished += granted.polish as u64 * 3;
                    demand.grow.drain(..granted.grow);
                    going |= granted.grow > 0;
                    let (grow, polish) = (demand.grow.len(), demand.polish.len());
                    prop_assert!(granted.wait.is_some() || (granted.polish == polish && grow == 0));
                }
            }
            prop_assert!(grown.values().map(|(had, _)| had).sum::<u64>() <= room);
            let hungry: Vec<u64> = grown.values().filter(|(had, want)| had < want).map(|(had, _)| *had).collect();
            if let (Some(least), Some(most)) = (hungry.iter().min(), hungry.iter().max()) {
                prop_assert!(most - least <= 14, "{grown:?}");
            }
            if !hungry.is_empty() {
                prop_assert_eq!(polished, 0, "{:?} of {}", grown, room);
            }
        }
    }
}
