//! What the tests of all connectors share.

#![allow(dead_code, reason = "not the tests of every connector use all of it")]

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use adops_platforms::clock::BusinessClock;
use adops_platforms::transport::{Call, Interceptor};
use adsim::AdSim;
use async_trait::async_trait;
use jiff::Timestamp;

/// The simulator's clock.
pub struct SimClock(pub AdSim);

impl BusinessClock for SimClock {
    fn now(&self) -> Timestamp {
        self.0.now()
    }
}

/// Counts requests, and keeps their paths.
#[derive(Default)]
pub struct Counter {
    reads: AtomicUsize,
    writes: AtomicUsize,
    paths: Mutex<Vec<String>>,
}

impl Counter {
    pub fn reset(&self) {
        self.reads.store(0, Ordering::SeqCst);
        self.writes.store(0, Ordering::SeqCst);
        self.paths.lock().unwrap().clear();
    }

    pub fn reads(&self) -> usize {
        self.reads.load(Ordering::SeqCst)
    }

    pub fn writes(&self) -> usize {
        self.writes.load(Ordering::SeqCst)
    }

    /// In the order in which they were asked for.
    pub fn paths(&self) -> Vec<String> {
        self.paths.lock().unwrap().clone()
    }

    /// How many requests were for a path, or one that ends with it.
    pub fn of(&self, end: &str) -> usize {
        let end = format!("/{end}");
        self.paths().iter().filter(|path| path.trim_end_matches('/').ends_with(&end)).count()
    }
}

#[async_trait]
impl Interceptor for Counter {
    async fn before(&self, call: &Call<'_>) {
        let counter = if call.write { &self.writes } else { &self.reads };
        counter.fetch_add(1, Ordering::SeqCst);
        self.paths.lock().unwrap().push(call.path.to_owned());
    }

    async fn after(&self, _call: &Call<'_>, _status: Option<u16>) {}
}
