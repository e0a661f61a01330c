//! How much of files is in memory: what is fetched is reserved before, by the length that the server tells.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// What is counted.
const UNIT: u64 = 1024;

/// The memory that contents may take.
pub(super) struct Memory {
    all: Arc<Semaphore>,
    /// One namespace has half of it at most.
    halves: Mutex<HashMap<String, Arc<Semaphore>>>,
    half: u32,
    waiting: AtomicUsize,
}

/// A part of it, until it is dropped.
#[derive(Debug)]
pub(super) struct Reserved {
    of_namespace: OwnedSemaphorePermit,
    of_all: OwnedSemaphorePermit,
}

/// A file's content, and the memory that it takes.
pub(super) struct Content {
    pub(super) bytes: Arc<Vec<u8>>,
    _reserved: Reserved,
}

impl Content {
    pub(super) fn new(bytes: Vec<u8>, mut reserved: Reserved) -> Self {
        reserved.keep(bytes.len() as u64);
        Self { bytes: Arc::new(bytes), _reserved: reserved }
    }
}

impl Memory {
    /// Of so many bytes.
    pub(super) fn new(bytes: u64) -> Self {
        let half = u32::try_from((bytes / 2).div_ceil(UNIT)).unwrap_or(u32::MAX / 2).max(1);
        Self {
            all: Arc::new(Semaphore::new(half as usize * 2)),
            halves: Mutex::default(),
            half,
            waiting: AtomicUsize::default(),
        }
    }

    /// The most that one file may have, in bytes.
    pub(super) fn largest(&self) -> u64 {
        u64::from(self.half) * UNIT
    }

    /// Whether somebody waits for memory: what is not needed is then not kept.
    pub(super) fn is_scarce(&self) -> bool {
        self.waiting.load(Ordering::SeqCst) > 0
    }

    /// Memory for a namespace, if there is enough.
    pub(super) fn try_reserve(&self, namespace: &str, bytes: u64) -> Option<Reserved> {
        let units = self.units(bytes);
        let of_namespace = self.of(namespace).try_acquire_many_owned(units).ok()?;
        let of_all = self.all.clone().try_acquire_many_owned(units).ok()?;
        Some(Reserved { of_namespace, of_all })
    }

    /// Memory for a namespace, when there is enough; none only when the operator ends. Who holds memory waits for no
    /// more, so that nobody waits for ever.
    pub(super) async fn reserve(&self, namespace: &str, bytes: u64, free: impl FnOnce()) -> Option<Reserved> {
        let units = self.units(bytes);
        let _waits = Waits::new(&self.waiting);
        free();
        let of_namespace = self.of(namespace).acquire_many_owned(units).await.ok()?;
        let of_all = self.all.clone().acquire_many_owned(units).await.ok()?;
        Some(Reserved { of_namespace, of_all })
    }

    fn units(&self, bytes: u64) -> u32 {
        u32::try_from(bytes.div_ceil(UNIT)).unwrap_or(self.half).clamp(1, self.half)
    }

    fn of(&self, namespace: &str) -> Arc<Semaphore> {
        let mut halves = self.halves.lock().unwrap_or_else(PoisonError::into_inner);
        // Nobody else has one that is not in use.
        halves.retain(|name, half| name == namespace || Arc::strong_count(half) > 1);
        halves.entry(namespace.to_owned()).or_insert_with(|| Arc::new(Semaphore::new(self.half as usize))).clone()
    }

    #[cfg(test)]
    pub(super) fn used(&self) -> u64 {
        (u64::from(self.half) * 2 - self.all.available_permits() as u64) * UNIT
    }
}

impl Reserved {
    /// How many bytes it is good for.
    pub(super) fn bytes(&self) -> u64 {
        self.of_all.num_permits() as u64 * UNIT
    }

    /// Gives back what is beyond so many bytes.
    fn keep(&mut self, bytes: u64) {
        let units = usize::try_from(bytes.div_ceil(UNIT)).unwrap_or(usize::MAX).max(1);
        for permit in [&mut self.of_namespace, &mut self.of_all] {
            drop(permit.split(permit.num_permits().saturating_sub(units)));
        }
    }
}

struct Waits<'a>(&'a AtomicUsize);

impl<'a> Waits<'a> {
    fn new(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::SeqCst);
        Self(count)
    }
}

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}
