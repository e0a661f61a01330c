//! A work queue: a key is worked on by one worker at a time, additions meanwhile are one more run,
//! and what is due later waits on business time.

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::sync::Notify;

use super::clock::Clock;

/// A queue of keys.
pub struct WorkQueue<K> {
    state: Mutex<State<K>>,
    changed: Notify,
    timers_changed: Notify,
    clock: Clock,
}

struct State<K> {
    ready: VecDeque<K>,
    queued: HashSet<K>,
    running: HashMap<K, Instant>,
    again: HashSet<K>,
    timers: BTreeSet<(Timestamp, K)>,
    timer_of: HashMap<K, Timestamp>,
    closed: bool,
}

impl<K: Clone + Eq + Hash + Ord + Send + Sync + 'static> WorkQueue<K> {
    /// An empty queue.
    pub fn new(clock: Clock) -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::new(State {
                ready: VecDeque::new(),
                queued: HashSet::new(),
                running: HashMap::new(),
                again: HashSet::new(),
                timers: BTreeSet::new(),
                timer_of: HashMap::new(),
                closed: false,
            }),
            changed: Notify::new(),
            timers_changed: Notify::new(),
            clock,
        })
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State<K>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wants a run of `key` now.
    pub fn add(&self, key: K) {
        let mut state = self.lock();
        if state.running.contains_key(&key) {
            state.again.insert(key);
        } else if state.queued.insert(key.clone()) {
            state.ready.push_back(key);
            drop(state);
            self.changed.notify_one();
        }
    }

    /// Wants a run of `key` at `at` at the latest. Of several wishes the earliest counts.
    pub fn add_at(&self, key: K, at: Timestamp) {
        let mut state = self.lock();
        match state.timer_of.get(&key).copied() {
            Some(earlier) if earlier <= at => return,
            Some(later) => {
                state.timers.remove(&(later, key.clone()));
            }
            None => {}
        }
        state.timer_of.insert(key.clone(), at);
        state.timers.insert((at, key));
        drop(state);
        self.timers_changed.notify_one();
    }

    /// Forgets a wish for later.
    pub fn forget(&self, key: &K) {
        let mut state = self.lock();
        if let Some(at) = state.timer_of.remove(key) {
            state.timers.remove(&(at, key.clone()));
        }
    }

    /// Whether nothing is ready, running or due.
    pub fn is_idle(&self) -> bool {
        let now = self.clock.now();
        let state = self.lock();
        state.ready.is_empty() && state.running.is_empty() && state.timers.first().is_none_or(|(due, _)| *due > now)
    }

    /// How many keys are ready.
    pub fn depth(&self) -> usize {
        self.lock().ready.len()
    }

    /// How long the oldest run has taken up to now.
    pub fn longest_run(&self) -> Duration {
        self.lock().running.values().map(Instant::elapsed).max().unwrap_or_default()
    }

    /// Takes no more work; workers end when what they do is done.
    pub fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_waiters();
        self.changed.notify_one();
        self.timers_changed.notify_one();
    }

    /// Moves keys from the timers to the queue, until the queue is closed.
    pub async fn run_timers(&self) {
        loop {
            let now = self.clock.now();
            let next = {
                let mut state = self.lock();
                if state.closed {
                    return;
                }
                let mut due = Vec::new();
                while let Some((at, _)) = state.timers.first()
                    && *at <= now
                {
                    if let Some((_, key)) = state.timers.pop_first() {
                        state.timer_of.remove(&key);
                        due.push(key);
                    }
                }
                let next = state.timers.first().map(|(at, _)| *at);
                for key in due {
                    if state.running.contains_key(&key) {
                        state.again.insert(key);
                    } else if state.queued.insert(key.clone()) {
                        state.ready.push_back(key);
                    }
                }
                next
            };
            self.changed.notify_one();
            match next {
                Some(at) => tokio::select! {
                    () = self.clock.sleep_until(at) => {}
                    () = self.timers_changed.notified() => {}
                },
                None => self.timers_changed.notified().await,
            }
        }
    }

    /// One worker: takes keys and works on them until the queue is closed.
    pub async fn run_worker<F, R>(&self, work: F)
    where
        F: Fn(K) -> R,
        R: Future<Output = ()>,
    {
        loop {
            let key = loop {
                {
                    let mut state = self.lock();
                    if state.closed {
                        drop(state);
                        // Wake the next worker, too.
                        self.changed.notify_one();
                        return;
                    }
                    if let Some(key) = state.ready.pop_front() {
                        state.queued.remove(&key);
                        state.running.insert(key.clone(), Instant::now());
                        if !state.ready.is_empty() {
                            self.changed.notify_one();
                        }
                        break key;
                    }
                }
                self.changed.notified().await;
            };
            work(key.clone()).await;
            let mut state = self.lock();
            state.running.remove(&key);
            if state.again.remove(&key) && state.queued.insert(key.clone()) {
                state.ready.push_back(key);
                drop(state);
                self.changed.notify_one();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[tokio::test]
    async fn a_key_added_while_it_runs_runs_once_more_and_never_twice_at_once() {
        let queue = WorkQueue::new(Clock::System);
        let (runs, now_running) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let workers: Vec<_> = (0..3)
            .map(|_| {
                let (queue, runs, now_running) = (queue.clone(), runs.clone(), now_running.clone());
                tokio::spawn(async move {
                    let again = queue.clone();
                    queue
                        .run_worker(move |key: u32| {
                            let (again, runs, now_running) = (again.clone(), runs.clone(), now_running.clone());
                            async move {
                                assert_eq!(now_running.fetch_add(1, Ordering::SeqCst), 0);
                                if runs.fetch_add(1, Ordering::SeqCst) == 0 {
                                    again.add(key);
                                    again.add(key);
                                }
                                tokio::task::yield_now().await;
                                now_running.fetch_sub(1, Ordering::SeqCst);
                                if runs.load(Ordering::SeqCst) == 2 {
                                    again.close();
                                }
                            }
                        })
                        .await;
                })
            })
            .collect();
        queue.add(7);
        for worker in workers {
            worker.await.unwrap();
        }
        assert_eq!(runs.load(Ordering::SeqCst), 2);
    }

    #[tokio::test]
    async fn the_earliest_of_several_timers_counts_and_time_is_business_time() {
        let start: Timestamp = "2027-01-01T00:00:00Z".parse().unwrap();
        let clock = Clock::stepped(start);
        let queue: Arc<WorkQueue<u32>> = WorkQueue::new(clock.clone());
        let later = start + jiff::SignedDuration::from_secs(100);
        queue.add_at(1, later);
        queue.add_at(1, start + jiff::SignedDuration::from_secs(10));
        queue.add_at(1, later);
        let timers = tokio::spawn({
            let queue = queue.clone();
            async move { queue.run_timers().await }
        });
        let Clock::Stepped(stepped) = &clock else { unreachable!() };
        while stepped.next_due().is_none() {
            tokio::task::yield_now().await;
        }
        assert_eq!(stepped.next_due(), Some(start + jiff::SignedDuration::from_secs(10)));
        assert!(queue.is_idle());
        stepped.set(start + jiff::SignedDuration::from_secs(10));
        while queue.depth() == 0 {
            tokio::task::yield_now().await;
        }
        assert!(!queue.is_idle());
        queue.close();
        timers.await.unwrap();
    }
}
