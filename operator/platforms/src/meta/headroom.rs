//! How much may still be asked for before a limit of the account is reached.
//!
//! Two limits of an account apply side by side: a score, in which a read is a point and a write three, that decays within
//! five minutes; and calls an hour. Who reaches one is blocked for minutes. Each answer says in percent how much is used.
//! How much a point is of a percent depends on the app's tier and on the account's ads; it is learned from one answer to
//! the next. So requests are as large as there is room for, and what is less important leaves room for what is more.

use std::sync::{Mutex, MutexGuard, PoisonError};

use adops_core::queue::Use;
use adops_core::reason::Reason;
use jiff::{SignedDuration, Timestamp};

use super::client::{CALLS_PER_BATCH, Client};
use super::pace::WRITES_PER_BATCH;
use super::usage::Usage;
use crate::error::PlatformError;
use crate::quota::current_use;

/// Points of a read.
pub(super) const READ: u32 = 1;
/// Points of a write.
pub(super) const WRITE: u32 = 3;
/// Percent that a point is taken for before anything is known: those of the smallest score that there is, 60 points.
const FIRST: f64 = 100.0 / 60.0;
/// What was learned of a point counts so much less with each point after which less is said.
const FORGET: f64 = 0.7;
/// Percent that a point is at least: those of the largest score that there is, 9,000 points, and of as many calls an hour
/// as an account without ads has in the higher tier.
const LEAST: (f64, f64) = (100.0 / 9_000.0, 100.0 / 100_000.0);
/// Percent of a score that a second takes away.
const DECAY: f64 = 100.0 / 300.0;
/// What was heard longer ago may be over: one call is let through, so that it is heard anew.
const STALE: SignedDuration = SignedDuration::from_secs(90);
/// A score is never waited for longer than it takes to decay.
const LONGEST: i64 = 300;
/// A limit of which so many answers, from the first one on, say nothing does not apply until one does. Not the first one
/// alone: the answer to a search is not about the account.
const SILENCE: u32 = 3;

/// Up to how many percent of a limit requests of a use are sent.
fn ceiling(of: Use) -> f64 {
    match of {
        Use::Protect => 97.0,
        Use::Observe => 85.0,
        Use::Grow => 75.0,
        Use::Polish => 60.0,
    }
}

/// One limit.
#[derive(Debug, Clone, Copy)]
struct Window {
    /// Percent, when it was last heard.
    used: f64,
    heard: Option<Timestamp>,
    /// Percent that a point is.
    point: f64,
    /// The least that it can be.
    least: f64,
    /// Percent that a second takes away.
    decay: f64,
    /// Answers so far that said nothing of it.
    silent: u32,
}

impl Window {
    const fn new(least: f64, decay: f64) -> Self {
        Self { used: 0.0, heard: None, point: FIRST, least, decay, silent: 0 }
    }

    fn age(&self, now: Timestamp) -> SignedDuration {
        self.heard.map_or(SignedDuration::ZERO, |heard| now.duration_since(heard))
    }

    fn used(&self, now: Timestamp) -> f64 {
        (self.used - self.decay * self.age(now).as_secs_f64()).max(0.0)
    }

    /// Whether it limits anything, as far as is known: where answers say nothing of it, there is no such limit.
    fn limits(&self) -> bool {
        self.heard.is_some() || self.silent < SILENCE
    }

    /// An answer to requests of so many points says that so many percent are used, or says nothing of it.
    fn hear(&mut self, percent: Option<f64>, points: u32, now: Timestamp) {
        let Some(percent) = percent else {
            self.silent = self.silent.saturating_add(1);
            return;
        };
        let (before, first) = (self.used(now), self.heard.is_none());
        let points = f64::from(points.max(1));
        // What was used before the first answer is not known.
        if !first {
            let seen = (percent - before) / points;
            self.point = seen.max(self.point * FORGET.powf(points)).max(self.least);
        }
        (self.used, self.heard) = (percent, Some(now));
    }

    /// How many calls of so many points fit below a ceiling, while others are under way.
    fn room(&self, ceiling: f64, points: u32, under_way: u32, now: Timestamp) -> usize {
        if !self.limits() {
            return usize::MAX;
        }
        let free = ceiling - self.used(now) - self.point * f64::from(under_way);
        let calls = calls(free / (self.point * f64::from(points)));
        if calls == 0 && under_way == 0 && self.age(now) >= STALE { 1 } else { calls }
    }

    /// How long to wait until half of what is below a ceiling is free.
    fn wait(&self, ceiling: f64, now: Timestamp) -> SignedDuration {
        if self.decay == 0.0 {
            return STALE;
        }
        let over = (self.used(now) - ceiling / 2.0).max(0.0) / self.decay;
        let seconds = i64::try_from(calls(over)).unwrap_or(LONGEST).clamp(1, LONGEST);
        SignedDuration::from_secs(seconds)
    }
}

/// Whole calls, or seconds.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "cut to a small positive number")]
fn calls(number: f64) -> usize {
    number.clamp(0.0, 1e6) as usize
}

#[derive(Debug)]
struct State {
    score: Window,
    hour: Window,
    /// Points of requests that are not answered yet.
    under_way: u32,
}

/// What is left of an account's limits.
#[derive(Debug)]
pub(super) struct Headroom(Mutex<State>);

impl Default for Headroom {
    fn default() -> Self {
        Self(Mutex::new(State { score: Window::new(LEAST.0, DECAY), hour: Window::new(LEAST.1, 0.0), under_way: 0 }))
    }
}

impl State {
    /// How many calls of so many points may be sent at once now.
    fn room(&self, of: Use, points: u32, now: Timestamp) -> usize {
        let of_window = |window: &Window| window.room(ceiling(of), points, self.under_way, now);
        of_window(&self.score).min(of_window(&self.hour))
    }
}

impl Headroom {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many calls of so many points may be sent at once now.
    pub(super) fn room(&self, of: Use, points: u32, now: Timestamp) -> usize {
        self.state().room(of, points, now)
    }

    /// How many there could be if nothing were used yet.
    pub(super) fn whole(&self, of: Use, points: u32) -> usize {
        let state = self.state();
        let limiting = [&state.score, &state.hour].into_iter().filter(|window| window.limits());
        calls(ceiling(of) / (limiting.map(|window| window.point).fold(LEAST.1, f64::max) * f64::from(points)))
    }

    /// That there is no room, and until when.
    pub(super) fn full(&self, of: Use, now: Timestamp) -> PlatformError {
        let state = self.state();
        let full = [&state.score, &state.hour].into_iter().filter(|window| window.used(now) >= ceiling(of) / 2.0);
        let wait = full.map(|window| window.wait(ceiling(of), now)).max().unwrap_or(SignedDuration::from_secs(1));
        let message = "by what the platform says of the account's limits, it is too early for it".to_owned();
        PlatformError::NotSent { reason: Reason::RateLimited, until: now + wait, message }
    }

    /// Lets calls of so many points pass, if there is room for all of them.
    pub(super) fn pass(
        &self,
        of: Use,
        calls: usize,
        points: u32,
        now: Timestamp,
    ) -> Result<Passage<'_>, PlatformError> {
        let mut state = self.state();
        if state.room(of, points, now) < calls {
            drop(state);
            return Err(self.full(of, now));
        }
        let points = u32::try_from(calls).unwrap_or(u32::MAX).saturating_mul(points);
        state.under_way = state.under_way.saturating_add(points);
        Ok(Passage { headroom: self, points })
    }
}

/// A request that is under way.
pub(super) struct Passage<'a> {
    headroom: &'a Headroom,
    points: u32,
}

impl Passage<'_> {
    /// What its answer says.
    pub(super) fn heard(&self, usage: &Usage, now: Timestamp) {
        let mut state = self.headroom.state();
        state.score.hear(usage.score, self.points, now);
        state.hour.hear(usage.management, self.points, now);
    }
}

impl Drop for Passage<'_> {
    fn drop(&mut self) {
        let mut state = self.headroom.state();
        state.under_way = state.under_way.saturating_sub(self.points);
    }
}

impl Client {
    /// How many calls a batch may have now; none if there is no room.
    pub(super) fn batch_size(&self, write: bool) -> usize {
        let (most, points) = if write { (WRITES_PER_BATCH, WRITE) } else { (CALLS_PER_BATCH, READ) };
        self.headroom.room(current_use(), points, self.clock.now()).min(most)
    }

    /// Of lines that take so many writes each: how many of them can be created to their ends now. One that takes more
    /// than there ever is room for begins when half of that is free.
    pub(super) fn lines_that_fit(&self, calls: impl Iterator<Item = usize>) -> usize {
        let of = current_use();
        let room = self.headroom.room(of, WRITE, self.clock.now());
        let half = (self.headroom.whole(of, WRITE) / 2).max(1);
        let mut sum = 0;
        let fits = calls.enumerate().take_while(|(at, calls)| {
            sum += calls;
            sum <= room || *at == 0 && half <= room
        });
        fits.count()
    }

    /// What is told of what there is no room for.
    pub(super) fn no_room(&self) -> PlatformError {
        let held = self.meter.look(current_use());
        held.err().unwrap_or_else(|| self.headroom.full(current_use(), self.clock.now()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        "2027-03-01T00:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_secs(seconds)
    }

    /// An account of so many points, of which the headers tell.
    struct Account {
        headroom: Headroom,
        most: f64,
        used: f64,
    }

    impl Account {
        fn new(most: f64) -> Self {
            Self { headroom: Headroom::default(), most, used: 0.0 }
        }

        /// Sends as many calls as there is room for, at most `calls`; answers how many.
        fn send(&mut self, of: Use, calls: usize, points: u32, now: Timestamp) -> usize {
            let calls = calls.min(self.headroom.room(of, points, now));
            let Ok(passage) = self.headroom.pass(of, calls, points, now) else { return 0 };
            self.used += f64::from(u32::try_from(calls).unwrap() * points);
            assert!(self.used <= self.most, "{} of {}", self.used, self.most);
            let percent = (self.used / self.most * 10_000.0).round() / 100.0;
            passage.heard(&Usage { score: Some(percent), ..Usage::default() }, now);
            calls
        }
    }

    #[test]
    fn a_small_account_is_filled_to_each_uses_ceiling_and_never_over() {
        let mut account = Account::new(60.0);
        for _ in 0..3 {
            assert_eq!(account.send(Use::Observe, 1, READ, at(0)), 1);
        }
        while account.send(Use::Grow, 50, WRITE, at(0)) > 0 {}
        assert!((39.0..=45.0).contains(&account.used), "{}", account.used);
        while account.send(Use::Observe, 1, READ, at(0)) > 0 {}
        assert!((45.0..=51.0).contains(&account.used), "{}", account.used);
        assert_eq!(account.send(Use::Grow, 1, WRITE, at(0)), 0);
        assert!(account.send(Use::Protect, 2, WRITE, at(0)) > 0, "what stops spend still goes");
        while account.send(Use::Protect, 1, WRITE, at(0)) > 0 {}
    }

    #[test]
    fn a_large_account_has_whole_batches_as_soon_as_it_has_said_how_large_it_is() {
        let mut account = Account::new(9_000.0);
        assert!(account.headroom.room(Use::Grow, WRITE, at(0)) < 50, "that is not known yet");
        for second in 0..10 {
            account.send(Use::Observe, 1, READ, at(second));
        }
        assert!(account.headroom.room(Use::Grow, WRITE, at(10)) >= 50);
    }

    #[test]
    fn a_limit_of_which_no_answer_says_anything_does_not_limit_until_one_does() {
        let headroom = Headroom::default();
        let answer = |score, management| {
            let passage = headroom.pass(Use::Protect, 1, READ, at(0)).unwrap();
            passage.heard(&Usage { score, management, ..Usage::default() }, at(0));
        };
        assert!(headroom.room(Use::Grow, WRITE, at(0)) < 50);
        (0..SILENCE).for_each(|_| answer(None, None));
        assert!(headroom.room(Use::Grow, WRITE, at(0)) > 1_000, "nothing is known of a limit");
        answer(Some(70.0), None);
        assert!(headroom.room(Use::Grow, WRITE, at(0)) <= 1, "now there is one");
        answer(None, None);
        assert!(headroom.room(Use::Grow, WRITE, at(0)) <= 1, "of which one answer needs say nothing");
    }

    #[test]
    fn a_score_decays_and_is_waited_for_until_there_is_room_for_more_than_one_call() {
        let mut account = Account::new(60.0);
        account.send(Use::Observe, 1, READ, at(0));
        while account.send(Use::Grow, 50, WRITE, at(0)) > 0 {}
        let PlatformError::NotSent { until, .. } = account.headroom.full(Use::Grow, at(0)) else { panic!() };
        assert!(until > at(60) && until <= at(150), "{until}");
        account.used = 0.0;
        assert!(account.headroom.room(Use::Grow, WRITE, until) >= 4);
    }

    #[test]
    fn an_hour_is_asked_about_again_by_one_call() {
        let headroom = Headroom::default();
        let heard = |percent: f64, now| {
            let passage = headroom.pass(Use::Protect, 1, READ, now).unwrap();
            passage.heard(&Usage { management: Some(percent), ..Usage::default() }, now);
        };
        heard(10.0, at(0));
        heard(80.0, at(1));
        assert_eq!(headroom.room(Use::Grow, WRITE, at(60)), 0);
        assert_eq!(headroom.room(Use::Grow, WRITE, at(92)), 1);
        let passage = headroom.pass(Use::Grow, 1, WRITE, at(92)).unwrap();
        assert_eq!(headroom.room(Use::Grow, WRITE, at(92)), 0, "and not by two at once");
        drop(passage);
    }
}
