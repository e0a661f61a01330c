//! Media: what ads name by URL is fetched, looked into, and put into the accounts' libraries.
//!
//! # The model
//! A [`File`](file::File) is what is behind a URL, of one namespace; a [`Shelf`](shelf::Shelf) is what an account has
//! of such files. [`Library::states`] says how far all that a Campaign names is, and that it is wanted; what is missing
//! is then worked on here, and the Campaign is woken when that is done.
//!
//! | step | by | then |
//! |---|---|---|
//! | fetched, looked into | the file's run | kind, shape, length, size and hash are known |
//! | held against the platform's rules | the shelf's run | what the platform would not take is never sent; the connector judges whether an ad can do without it |
//! | asked for by its hash | the shelf's run | what is in the account's library is used |
//! | recognized | the shelf's run | what others have put there under a name of their own is used as it is |
//! | uploaded | the shelf's run | once for an account and content, after what the platform makes of it was waited for |
//!
//! # Guarantees
//! - The platform's library is asked first, so that nothing is sent twice, after a restart either; an upload of which
//!   nobody knows what came is asked for before it is repeated.
//! - A content that is in use is used until another one is ready. One that is found under the same URL is believed when
//!   it is there at the second look, too, so that a URL which gives everybody something else makes no storm.
//! - Contents in memory are bounded ([`memory`]); one namespace has half of it at most and a few fetches at a time, one
//!   account one upload at a time (S10).
//! - Nothing of this is stored: at rest nothing is written (S9).

mod file;
mod memory;
mod shelf;
mod tend;
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, reason = "tests")]
mod tests;

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use adops_core::campaign::settings::ContentHash;
use adops_core::catalog::media::MediaState;
use adops_core::platform::PlatformRules;
use adops_core::reason::Reason;
use adops_platforms::media::fetch::Fetcher;
use adops_platforms::port::AdPlatform;
use jiff::{SignedDuration, Timestamp};

use self::file::File;
use self::memory::Memory;
use self::shelf::Shelf;
use crate::runtime::clock::Clock;
use crate::runtime::metrics::Metrics;
use crate::runtime::queue::WorkQueue;
use crate::runtime::watch::Key;

/// How many files of one namespace are fetched at a time.
const FETCHES: usize = 4;

/// A URL in the specs of one namespace.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileKey {
    /// Whose.
    pub namespace: String,
    /// As the spec has it, placeholders filled in.
    pub url: String,
}

/// How media are handled.
#[derive(Debug, Clone)]
pub struct MediaOptions {
    /// How many bytes of contents may be in memory.
    pub memory: u64,
    /// How often it is looked whether another content lies under a URL.
    pub recheck: SignedDuration,
}

impl Default for MediaOptions {
    fn default() -> Self {
        Self { memory: 128 << 20, recheck: SignedDuration::from_hours(6) }
    }
}

/// The way to an account's platform.
pub trait Ways: Send + Sync {
    /// It, or when to ask again.
    fn way(&self, account: &Key) -> Result<Arc<dyn AdPlatform>, Timestamp>;
}

/// A file that a Campaign wants on an account.
pub struct Want<'a> {
    /// On which.
    pub account: Key,
    /// Which.
    pub url: String,
    /// The rules of the account's platform.
    pub rules: &'a dyn PlatformRules,
    /// Whether it may be uploaded for this Campaign now.
    pub may_write: bool,
}

/// All files of all accounts.
pub struct Library {
    /// Files to look at.
    pub files: Arc<WorkQueue<FileKey>>,
    /// Accounts whose files are to be seen to. Apart from the files, whose runs may wait for memory that these give back.
    pub shelves: Arc<WorkQueue<Key>>,
    campaigns: Arc<WorkQueue<Key>>,
    fetcher: Fetcher,
    memory: Memory,
    clock: Clock,
    metrics: Metrics,
    options: MediaOptions,
    /// Nothing is uploaded; what could be counts as if it were.
    observe_only: bool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    files: BTreeMap<FileKey, File>,
    shelves: HashMap<Key, Shelf>,
    /// What each Campaign wants.
    wants: HashMap<Key, BTreeSet<(Key, FileKey)>>,
    /// What Campaigns are to be told.
    notes: HashMap<Key, Vec<(Reason, String)>>,
    /// Namespaces that fetch.
    lanes: HashMap<String, Lane>,
}

/// The fetches of one namespace.
#[derive(Default)]
struct Lane {
    under_way: usize,
    waiting: VecDeque<FileKey>,
}

impl Library {
    /// An empty library; `campaigns` are woken when something has come of what they want.
    pub fn new(
        fetcher: Fetcher,
        campaigns: Arc<WorkQueue<Key>>,
        clock: Clock,
        metrics: Metrics,
        options: MediaOptions,
        observe_only: bool,
    ) -> Self {
        Self {
            files: WorkQueue::new(clock.clone()),
            shelves: WorkQueue::new(clock.clone()),
            campaigns,
            fetcher,
            memory: Memory::new(options.memory),
            clock,
            metrics,
            options,
            observe_only,
            state: Mutex::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How far all is that a Campaign wants, in the order of `wants`; what it does not want any more is forgotten, but on
    /// the accounts of which nothing can be said now (`unsaid`).
    pub fn states(&self, campaign: &Key, wants: &[Want<'_>], unsaid: &BTreeSet<Key>) -> Vec<MediaState> {
        let mut state = self.lock();
        if wants.is_empty() && !state.wants.contains_key(campaign) {
            return Vec::new();
        }
        let key = |want: &Want<'_>| FileKey { namespace: campaign.namespace.clone(), url: want.url.clone() };
        let now: BTreeSet<(Key, FileKey)> = wants.iter().map(|want| (want.account.clone(), key(want))).collect();
        let before = state.wants.remove(campaign).unwrap_or_default();
        let kept = before.iter().filter(|(account, _)| unsaid.contains(account)).cloned();
        let all: BTreeSet<(Key, FileKey)> = now.into_iter().chain(kept).collect();
        for (account, file) in before.difference(&all) {
            state.unwant(campaign, account, file);
        }
        for want in wants {
            self.begin(&mut state, campaign, want, key(want));
        }
        if !all.is_empty() {
            state.wants.insert(campaign.clone(), all);
        }
        wants.iter().map(|want| state.state_of(want, &key(want), self.observe_only)).collect()
    }

    /// Contents that others have put into an account's library, by the word by which listings may still tell them: those
    /// that began before they were recognized.
    pub fn recognized(&self, account: &Key) -> BTreeMap<ContentHash, ContentHash> {
        self.lock().shelves.get(account).map(|shelf| shelf.recognized.clone()).unwrap_or_default()
    }

    /// Forgets what a Campaign that is gone has wanted.
    pub fn forget(&self, campaign: &Key) {
        self.states(campaign, &[], &BTreeSet::new());
        self.lock().notes.remove(campaign);
    }

    /// Looks at a Campaign's files again: its spec has changed, and perhaps they have, too.
    pub fn look_again(&self, campaign: &Key) {
        let state = self.lock();
        for (_, file) in state.wants.get(campaign).into_iter().flatten() {
            if state.files.get(file).is_some_and(File::may_have_changed) {
                self.files.add(file.clone());
            }
        }
    }

    /// An account lacks a file that it had: what it has is asked for again, and what is missing put there.
    pub fn doubt(&self, account: &Key) {
        let now = self.clock.now();
        if let Some(shelf) = self.lock().shelves.get_mut(account) {
            shelf.doubt(now);
            self.shelves.add(account.clone());
        }
    }

    /// What a Campaign is to be told, once.
    pub fn take_notes(&self, campaign: &Key) -> Vec<(Reason, String)> {
        self.lock().notes.remove(campaign).unwrap_or_default()
    }

    /// Looks at a file.
    pub async fn look(&self, file: FileKey) {
        file::look(self, &file).await;
    }

    /// Sees to an account's files.
    pub async fn tend(&self, account: Key, ways: &dyn Ways) {
        tend::tend(self, &account, ways).await;
    }

    /// Whether nothing is under way.
    pub fn is_idle(&self) -> bool {
        self.files.is_idle() && self.shelves.is_idle()
    }

    /// Takes no more work.
    pub fn close(&self) {
        self.files.close();
        self.shelves.close();
    }

    /// Notes a wish, and begins what is to be done for it.
    fn begin(&self, state: &mut State, campaign: &Key, want: &Want<'_>, file: FileKey) {
        let is_new = !state.files.contains_key(&file);
        state.files.entry(file.clone()).or_default();
        let shelf = state.shelves.entry(want.account.clone()).or_default();
        let changed = shelf.want(campaign, &file, want.may_write);
        if is_new {
            self.files.add(file);
        } else if changed {
            self.shelves.add(want.account.clone());
        }
    }

    /// Leave to fetch; without, the file has its turn later.
    fn enter(&self, file: &FileKey) -> Option<Turn<'_>> {
        let mut state = self.lock();
        let lane = state.lanes.entry(file.namespace.clone()).or_default();
        if lane.under_way >= FETCHES {
            if !lane.waiting.contains(file) {
                lane.waiting.push_back(file.clone());
            }
            return None;
        }
        lane.under_way += 1;
        Some(Turn { library: self, namespace: file.namespace.clone() })
    }

    fn wake(&self, campaigns: impl IntoIterator<Item = Key>) {
        campaigns.into_iter().for_each(|campaign| self.campaigns.add(campaign));
    }
}

/// One fetch of a namespace.
struct Turn<'a> {
    library: &'a Library,
    namespace: String,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut state = self.library.lock();
        let Some(lane) = state.lanes.get_mut(&self.namespace) else { return };
        lane.under_way -= 1;
        let next = lane.waiting.pop_front();
        if lane.under_way == 0 && next.is_none() {
            state.lanes.remove(&self.namespace);
        }
        drop(state);
        if let Some(file) = next {
            self.library.files.add(file);
        }
    }
}

impl State {
    fn unwant(&mut self, campaign: &Key, account: &Key, file: &FileKey) {
        if let Some(shelf) = self.shelves.get_mut(account) {
            shelf.unwant(campaign, file);
            if shelf.is_empty() {
                self.shelves.remove(account);
            }
        }
        if !self.shelves.values().any(|shelf| shelf.has(file)) {
            self.files.remove(file);
        }
    }

    fn state_of(&self, want: &Want<'_>, key: &FileKey, observe_only: bool) -> MediaState {
        match (self.files.get(key), self.shelves.get(&want.account)) {
            (Some(file), Some(shelf)) => shelf.state_of(key, file, want.rules, observe_only),
            _ => MediaState::Pending,
        }
    }

    /// The accounts that a file is wanted on.
    fn accounts_of(&self, file: &FileKey) -> Vec<Key> {
        self.shelves.iter().filter(|(_, shelf)| shelf.has(file)).map(|(account, _)| account.clone()).collect()
    }

    /// The Campaigns that want a file.
    fn campaigns_of(&self, file: &FileKey) -> BTreeSet<Key> {
        self.shelves.values().flat_map(|shelf| shelf.campaigns_of(file)).cloned().collect()
    }

    fn note(&mut self, file: &FileKey, reason: Reason, text: &str) {
        for campaign in self.campaigns_of(file) {
            self.notes.entry(campaign).or_default().push((reason, text.to_owned()));
        }
    }
}
