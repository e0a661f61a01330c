//! Whether there is work under way: what a stepped clock waits for before it moves.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Counts work under way.
#[derive(Debug, Clone, Default)]
pub struct Activity(Arc<AtomicUsize>);

/// One piece of work; it ends when this is dropped.
#[derive(Debug)]
pub struct Working(Arc<AtomicUsize>);

impl Activity {
    /// Begins a piece of work.
    pub fn begin(&self) -> Working {
        self.0.fetch_add(1, Ordering::SeqCst);
        Working(self.0.clone())
    }

    /// Whether none is under way.
    pub fn is_idle(&self) -> bool {
        self.0.load(Ordering::SeqCst) == 0
    }
}

impl Drop for Working {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}
