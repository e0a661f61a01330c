//! Files: what is behind a URL, and whether that is still so.

use std::sync::Arc;

use adops_core::campaign::settings::ContentHash;
use adops_core::catalog::media::{MediaFacts, pinned};
use adops_core::reason::Reason;
use adops_platforms::media::fetch::{FetchError, Fetched, Opened, Version};
use adops_platforms::media::probe::probe;
use jiff::{SignedDuration, Timestamp};

use super::memory::{Content, Reserved};
use super::{FileKey, Library, State};
use crate::account::queue::seed_of;
use crate::runtime::backoff;
use crate::runtime::metrics::Fetch;

/// How long after the first sight of another content the second look is.
const SETTLE: SignedDuration = SignedDuration::from_mins(5);
/// From so many contents in a row on, of which none was there at the second look, it is told.
const UNSETTLED: u32 = 3;
/// How often a file that may be there the next time is asked for before it counts as unreachable.
const PATIENCE: u32 = 3;
/// When a file that is not as it should be is looked at again.
const FIRST_RETRY: SignedDuration = SignedDuration::from_mins(1);
/// How often a server may say another length than before while memory is waited for.
const LENGTHS: usize = 3;

/// What is behind a URL.
#[derive(Default)]
pub(super) struct File {
    /// The content that counts.
    pub(super) facts: Option<MediaFacts>,
    /// Why the last look has failed.
    pub(super) trouble: Option<Trouble>,
    failures: u32,
    version: Option<Version>,
    /// Another content, seen once.
    candidate: Option<ContentHash>,
    /// How many contents in a row there were that nobody has seen twice.
    flips: u32,
    /// When it was last looked at.
    looked: Option<Timestamp>,
    /// When it is looked at next.
    next: Option<Timestamp>,
    /// Its content, as long as it may be of use.
    pub(super) content: Option<Arc<Content>>,
    /// A shelf waits for the content: it stays until it was taken.
    pub(super) requested: bool,
    is_pinned: bool,
}

/// Why a file cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Trouble {
    pub(super) message: String,
    /// It was read, and is nothing that could be used.
    pub(super) is_unusable: bool,
    passing: bool,
}

impl Trouble {
    fn unusable(message: String) -> Self {
        Self { message, is_unusable: true, passing: false }
    }

    fn of(error: &FetchError) -> Self {
        let is_unusable = matches!(error, FetchError::TooLarge { .. });
        Self { message: error.to_string(), is_unusable, passing: error.is_passing() }
    }
}

impl File {
    /// Whether another content may be there at a look.
    pub(super) fn may_have_changed(&self) -> bool {
        self.looked.is_some() && !(self.is_pinned && self.facts.is_some())
    }

    /// Whether the content that counts is to be had.
    pub(super) fn can_be_read(&self) -> bool {
        self.trouble.is_none() && self.candidate.is_none()
    }

    /// Why it cannot be used, if that is to be told already.
    pub(super) fn told(&self) -> Option<&Trouble> {
        self.trouble.as_ref().filter(|trouble| !trouble.passing || self.failures >= PATIENCE)
    }

    /// Takes a content that was read. Answers with what is to be told.
    fn take(&mut self, facts: MediaFacts, in_use: bool, now: Timestamp, recheck: SignedDuration) -> Option<Seen> {
        self.trouble = None;
        self.failures = 0;
        self.next = Some(now + recheck);
        let Some(before) = &self.facts else {
            self.facts = Some(facts);
            return Some(Seen::First);
        };
        if before.hash == facts.hash {
            self.candidate = None;
            self.flips = 0;
            return None;
        }
        if self.candidate.as_ref() == Some(&facts.hash) || (!in_use && self.flips < UNSETTLED) {
            self.flips = if in_use { 0 } else { self.flips + 1 };
            self.candidate = None;
            self.facts = Some(facts);
            return Some(Seen::Another);
        }
        self.candidate = Some(facts.hash);
        self.flips += 1;
        let wait = SETTLE.saturating_mul(1 << (self.flips - 1).min(10));
        self.next = Some(now + wait.min(recheck));
        (self.flips == UNSETTLED).then_some(Seen::Unsettled)
    }

    fn fail(&mut self, trouble: Trouble, now: Timestamp, seed: u64, recheck: SignedDuration) {
        self.failures += 1;
        self.requested = false;
        self.next = Some(if trouble.passing {
            backoff::until(self.failures, now, seed)
        } else {
            // Somebody must put it right: it is looked at less and less often.
            now + FIRST_RETRY.saturating_mul(1 << (self.failures - 1).min(10)).min(recheck)
        });
        self.trouble = Some(trouble);
    }
}

/// What a look has shown.
enum Seen {
    First,
    Another,
    Unsettled,
}

/// One look at a file.
pub(super) async fn look(library: &Library, key: &FileKey) {
    let Some(_turn) = library.enter(key) else { return };
    let version = {
        let state = library.lock();
        let Some(file) = state.files.get(key) else { return };
        // Who waits for the content has no use for the news that it is the same.
        file.version.clone().filter(|_| !file.requested)
    };
    let read = read(library, key, version.as_ref()).await;
    let outcome = match &read {
        Ok(Some(_)) => "read",
        Ok(None) => "unchanged",
        Err(_) => "failed",
    };
    library.metrics.media_fetches.get_or_create(&Fetch { outcome }).inc();
    let mut state = library.lock();
    take(library, &mut state, key, read);
    let next = state.files.get(key).and_then(|file| file.next.filter(|_| file.may_have_changed()));
    let (accounts, campaigns) = (state.accounts_of(key), state.campaigns_of(key));
    drop(state);
    if let Some(next) = next {
        library.files.add_at(key.clone(), next);
    }
    for account in accounts {
        library.shelves.add(account);
    }
    library.wake(campaigns);
}

/// What was read of a file, and what it is.
struct Read {
    facts: MediaFacts,
    version: Option<Version>,
    content: Content,
}

/// Fetches and looks into; none: it is the version that is known.
async fn read(library: &Library, key: &FileKey, known: Option<&Version>) -> Result<Option<Read>, Trouble> {
    let Some((Fetched { content, version }, reserved)) =
        fetch(library, key, known).await.map_err(|error| Trouble::of(&error))?
    else {
        return Ok(None);
    };
    let facts = probe(&content).map_err(|error| Trouble::unusable(error.to_string()))?;
    match pinned(&key.url) {
        Some(Err(problem)) => Err(Trouble::unusable(problem.to_string())),
        Some(Ok(pin)) if pin != facts.hash => Err(Trouble::unusable(format!(
            "its content is another one than the URL names: it has the SHA-256 {}",
            facts.hash
        ))),
        _ => Ok(Some(Read { facts, version, content: Content::new(content, reserved) })),
    }
}

/// Fetches, once there is memory for it. Nobody holds a connection while waiting for that.
async fn fetch(
    library: &Library,
    key: &FileKey,
    known: Option<&Version>,
) -> Result<Option<(Fetched, Reserved)>, FetchError> {
    let memory = &library.memory;
    let mut reserved: Option<Reserved> = None;
    for _ in 0..LENGTHS {
        let body = match library.fetcher.open(&key.url, known).await? {
            Opened::Unchanged => return Ok(None),
            Opened::Body(body) => body,
        };
        let needed = body.length().unwrap_or(memory.largest()).min(memory.largest());
        let enough = reserved.take().filter(|reserved| reserved.bytes() >= needed);
        if let Some(enough) = enough.or_else(|| memory.try_reserve(&key.namespace, needed)) {
            let fetched = body.read(enough.bytes().min(memory.largest())).await?;
            return Ok(Some((fetched, enough)));
        }
        drop(body);
        let free = || library.lock().free_contents();
        reserved = memory.reserve(&key.namespace, needed, free).await;
    }
    Err(FetchError::NoAnswer("it says another length each time".to_owned()))
}

fn take(library: &Library, state: &mut State, key: &FileKey, read: Result<Option<Read>, Trouble>) {
    let now = library.clock.now();
    let recheck = library.options.recheck;
    let in_use = state.shelves.values().any(|shelf| shelf.uses(key));
    let Some(file) = state.files.get_mut(key) else { return };
    file.looked = Some(now);
    file.is_pinned = pinned(&key.url).is_some();
    let seen = match read {
        Err(trouble) => {
            tracing::info!(namespace = key.namespace, url = shown(&key.url), trouble.message, "media not read");
            file.fail(trouble, now, seed_of(&key.url), recheck);
            return;
        }
        Ok(None) => {
            file.trouble = None;
            file.failures = 0;
            file.next = Some(now + recheck);
            return;
        }
        Ok(Some(Read { facts, version, content })) => {
            let hash = facts.hash.clone();
            let seen = file.take(facts, in_use, now, recheck);
            let is_current = file.facts.as_ref().is_some_and(|facts| facts.hash == hash);
            file.version = version.filter(|_| is_current);
            // Kept as long as nobody else needs the memory: most likely it is uploaded now.
            let wanted = file.requested || (seen.is_some() && !library.memory.is_scarce());
            file.content = (is_current && wanted).then(|| Arc::new(content));
            file.requested &= is_current;
            seen
        }
    };
    let url = shown(&key.url);
    match seen {
        Some(Seen::Another) if in_use => {
            let text = format!("another content lies under {url}: the ads get it when the platforms have it");
            state.note(key, Reason::Applied, &text);
        }
        Some(Seen::Unsettled) => {
            let text = format!("{url} has another content at every look; the ads keep the one that they have");
            tracing::warn!(namespace = key.namespace, "{text}");
            state.note(key, Reason::MediaUnsettled, &text);
        }
        _ => {}
    }
}

impl State {
    /// Lets go of contents that no shelf waits for.
    fn free_contents(&mut self) {
        self.files.values_mut().filter(|file| !file.requested).for_each(|file| file.content = None);
    }
}

/// A URL without what may be a key.
pub(super) fn shown(url: &str) -> &str {
    url.split(['?', '#']).next().unwrap_or(url)
}
