//! The one way to write to an account (S10). What Campaigns want is put in order, class by class of importance and in
//! fair shares, and goes out in requests of bounded size; what arrives meanwhile has its place in the next one.
//!
//! Writes and read-backs are two lanes, each with one request under way: neither waits for the other.

mod block;
mod serve;
#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use adops_core::campaign::observed::ExternalId;
use adops_core::campaign::plan::{Action, Importance};
use adops_core::queue::Use;
use adops_core::queue::schedule::Schedule;
use adops_core::reason::Reason;
use adops_platforms::error::PlatformError;
use adops_platforms::port::Outcome;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::{Notify, oneshot};
use tokio::time::Instant;

pub use self::block::{block, needs_human, seed_of};
pub use self::serve::run;

use super::state::{AccountState, Block};
use crate::runtime::activity::Working;
use crate::runtime::metrics::{Class, Metrics};
use crate::runtime::watch::Key;
use crate::shared::Shared;

/// How long growth waits in its place for stops that were announced and are about to arrive: they need a write to the
/// API server, no more. By the machine's clock.
const PATIENCE: Duration = Duration::from_secs(2);
/// Then it is turned away, and asks again after so long, or when what it waits for is due.
const ASIDE: SignedDuration = SignedDuration::from_secs(1);
/// But after so long at the latest: what holds up a stop may be over before its time.
const ASIDE_AT_MOST: SignedDuration = SignedDuration::from_mins(1);
/// So long after what was announced is due, it is not waited for any more: a Campaign whose stops cannot be sent, for
/// its status cannot be written, say, does not hold up all others of the account.
const ANNOUNCED: SignedDuration = SignedDuration::from_mins(1);

/// Whose changes they are.
#[derive(Debug, Clone)]
pub struct Who {
    /// The Campaign.
    pub campaign: Key,
    /// The generation of its spec that the changes were planned for.
    pub generation: i64,
}

/// What waits to be sent to one account.
pub struct Queue {
    state: Mutex<State>,
    writes_changed: Notify,
    reads_changed: Notify,
    metrics: Metrics,
}

#[derive(Default)]
struct State {
    writes: Schedule<Task>,
    reads: Vec<Read>,
    /// Campaigns that are to send what stops or shrinks spend, and when.
    announced: HashMap<Key, Timestamp>,
    closed: bool,
}

/// One change.
struct Task {
    action: Action,
    who: Who,
    cost: u64,
    place: usize,
    answers: Arc<Answers>,
    since: Instant,
}

/// Some objects to read back.
struct Read {
    ids: BTreeSet<ExternalId>,
    of: Use,
    reply: oneshot::Sender<Result<(), PlatformError>>,
    working: Working,
}

/// Collects the outcomes of what one Campaign has sent together.
struct Answers(Mutex<Open>);

struct Open {
    outcomes: Vec<Option<Outcome>>,
    left: usize,
    reply: Option<(oneshot::Sender<Vec<Outcome>>, Working)>,
}

impl Answers {
    fn put(&self, place: usize, outcome: Outcome) {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        open.outcomes[place] = Some(outcome);
        open.left -= 1;
        if open.left == 0
            && let Some((reply, _working)) = open.reply.take()
        {
            let outcomes = std::mem::take(&mut open.outcomes);
            let _ = reply.send(outcomes.into_iter().map(|outcome| outcome.unwrap_or_else(ended)).collect());
        }
    }
}

/// What is to be done while nothing is to be sent.
enum Wait {
    /// Until something comes.
    Idle,
    /// For so long at most.
    InPlace(Duration),
    /// Growth shall ask again then.
    Aside(Timestamp),
}

impl State {
    /// When the last of the stops is due that are waited for, if there are any.
    fn stops_due(&self, now: Timestamp) -> Option<Timestamp> {
        self.announced.values().filter(|at| **at + ANNOUNCED > now).max().copied()
    }
}

impl Task {
    fn answer(self, outcome: Outcome) {
        self.answers.put(self.place, outcome);
    }
}

/// Sends changes, creates among them, and waits for their outcomes.
pub async fn send(shared: &Shared, account: &AccountState, who: &Who, actions: Vec<Action>) -> Vec<Outcome> {
    let (reply, answer) = oneshot::channel();
    let count = actions.len();
    if count == 0 || !account.queue.push(account, who, actions, (reply, shared.activity.begin())) {
        return (0..count).map(|_| ended()).collect();
    }
    answer.await.unwrap_or_else(|_| (0..count).map(|_| ended()).collect())
}

/// Reads objects back into what is known of the account.
pub async fn read(
    shared: &Shared,
    account: &AccountState,
    ids: BTreeSet<ExternalId>,
    of: Use,
) -> Result<(), PlatformError> {
    let (reply, answer) = oneshot::channel();
    account.queue.lock().reads.push(Read { ids, of, reply, working: shared.activity.begin() });
    account.queue.reads_changed.notify_one();
    answer.await.unwrap_or_else(|_| Err(stops()))
}

fn ended() -> Outcome {
    Outcome::Failed(stops())
}

fn stops() -> PlatformError {
    PlatformError::Unavailable { message: "the operator stops".to_owned() }
}

impl Queue {
    /// An empty queue.
    pub fn new(metrics: Metrics) -> Self {
        Self { state: Mutex::default(), writes_changed: Notify::new(), reads_changed: Notify::new(), metrics }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(
        &self,
        account: &AccountState,
        who: &Who,
        actions: Vec<Action>,
        reply: (oneshot::Sender<Vec<Outcome>>, Working),
    ) -> bool {
        let platform = account.platform();
        let outcomes = vec![None; actions.len()];
        let answers = Arc::new(Answers(Mutex::new(Open { outcomes, left: actions.len(), reply: Some(reply) })));
        let mut state = self.lock();
        if state.closed {
            return false;
        }
        for (place, action) in actions.into_iter().enumerate() {
            let importance = action.importance();
            let cost = platform.as_ref().map_or(1, |platform| platform.cost(&action));
            self.metrics.waiting.get_or_create(&Class::of(importance)).inc();
            let (answers, since) = (answers.clone(), Instant::now());
            let task = Task { action, who: who.clone(), cost, place, answers, since };
            state.writes.push(importance, (&who.campaign.namespace, &who.campaign.name), cost, task);
        }
        drop(state);
        self.writes_changed.notify_one();
        true
    }

    /// Says when a Campaign is to send what stops or shrinks spend, if it has such: growth lets it pass. What is due and
    /// does not come is not waited for longer because it is said again.
    pub fn announce(&self, campaign: &Key, stops: Option<Timestamp>, now: Timestamp) {
        if let Some(at) = stops {
            let mut state = self.lock();
            let known = state.announced.entry(campaign.clone()).or_insert(at);
            if at > now || *known > at {
                *known = at;
            }
        } else if self.lock().announced.remove(campaign).is_some() {
            self.writes_changed.notify_one();
        }
    }

    /// What Campaigns had announced was sent, and whether it need not be sent again: what must be is still waited for.
    fn arrived<'a>(&self, stops: impl Iterator<Item = (&'a Key, bool)>, now: Timestamp) {
        let mut state = self.lock();
        let (done, again): (Vec<_>, Vec<_>) = stops.partition(|(_, done)| *done);
        for (campaign, _) in done {
            state.announced.remove(campaign);
        }
        for (campaign, _) in again {
            state.announced.insert(campaign.clone(), now);
        }
    }

    /// Takes back what a Campaign has not sent yet of what another generation of its spec asked for, but for what
    /// shrinks spend.
    pub fn withdraw(&self, campaign: &Key, generation: Option<i64>, now: Timestamp) {
        let stale = |task: &Task| task.who.campaign == *campaign && Some(task.who.generation) != generation;
        self.turn_away(&mut |task| stale(task) && grows(task), || PlatformError::NotSent {
            reason: Reason::Updating,
            until: now,
            message: "the spec has changed meanwhile".to_owned(),
        });
    }

    /// Takes back all that has not been sent yet, but for what shrinks spend: the AdAccount has changed.
    pub fn withdraw_growth(&self, now: Timestamp) {
        self.turn_away(&mut grows, || PlatformError::NotSent {
            reason: Reason::Updating,
            until: now,
            message: "the AdAccount has changed meanwhile".to_owned(),
        });
    }

    /// Nothing can be sent for now: who waits is told so, and plans anew when the time has come.
    fn turn_all_away(&self, block: &Block) {
        self.turn_away(&mut |_| true, || block.not_sent());
        let reads = std::mem::take(&mut self.lock().reads);
        for read in reads {
            let _ = read.reply.send(Err(block.not_sent()));
        }
    }

    fn turn_away(&self, unwanted: &mut dyn FnMut(&Task) -> bool, error: impl Fn() -> PlatformError) {
        let taken = self.lock().writes.take(unwanted);
        for task in taken {
            self.metrics.waiting.get_or_create(&Class::of(task.action.importance())).dec();
            task.answer(Outcome::Failed(error()));
        }
    }

    /// Waits for something to send, and takes what goes into one request. None: nothing will come any more.
    async fn next(&self, most: impl Fn() -> u64, now: impl Fn() -> Timestamp) -> Option<Vec<Task>> {
        let mut patience = None;
        loop {
            let mut changed = std::pin::pin!(self.writes_changed.notified());
            changed.as_mut().enable();
            let wait = {
                let (mut state, now) = (self.lock(), now());
                match state.writes.first() {
                    None if state.closed => return None,
                    None => Wait::Idle,
                    Some(first) if first >= Importance::Increase => match state.stops_due(now) {
                        None => return Some(self.taken(state.writes.next(most()))),
                        // It does not come before its time.
                        Some(due) if due > now => Wait::Aside(due.min(now + ASIDE_AT_MOST)),
                        Some(_) => {
                            let end = *patience.get_or_insert_with(|| Instant::now() + PATIENCE);
                            match end.saturating_duration_since(Instant::now()) {
                                // Not for ever in its place: what it waits for may itself wait for the next second.
                                Duration::ZERO => Wait::Aside(now + ASIDE),
                                left => Wait::InPlace(left),
                            }
                        }
                    },
                    Some(_) => return Some(self.taken(state.writes.next(most()))),
                }
            };
            match wait {
                Wait::Idle => changed.await,
                Wait::Aside(until) => {
                    patience = None;
                    self.turn_growth_aside(until);
                }
                Wait::InPlace(left) => {
                    let _ = tokio::time::timeout(left, changed).await;
                }
            }
        }
    }

    /// S10: what stops or shrinks spend is announced and not here yet; growth asks again later.
    fn turn_growth_aside(&self, until: Timestamp) {
        self.turn_away(&mut grows, || PlatformError::NotSent {
            reason: Reason::Updating,
            until,
            message: "what stops or shrinks spend on the account goes first".to_owned(),
        });
    }

    fn taken(&self, batch: Vec<Task>) -> Vec<Task> {
        for task in &batch {
            let class = Class::of(task.action.importance());
            self.metrics.waiting.get_or_create(&class).dec();
            self.metrics.wait_seconds.get_or_create(&class).observe(task.since.elapsed().as_secs_f64());
        }
        batch
    }

    /// Waits for something to read back, and takes all of it.
    async fn next_reads(&self) -> Option<Vec<Read>> {
        loop {
            let mut changed = std::pin::pin!(self.reads_changed.notified());
            changed.as_mut().enable();
            {
                let mut state = self.lock();
                if !state.reads.is_empty() {
                    return Some(std::mem::take(&mut state.reads));
                }
                if state.closed {
                    return None;
                }
            }
            changed.await;
        }
    }

    /// Takes nothing new any more.
    pub fn close(&self) {
        self.lock().closed = true;
        self.writes_changed.notify_one();
        self.reads_changed.notify_one();
    }
}

fn grows(task: &Task) -> bool {
    task.action.importance() >= Importance::Increase
}
