//! Shelves: what an account's library has of the files that are wanted on it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use adops_core::campaign::settings::ContentHash;
use adops_core::catalog::media::{MediaFacts, MediaState};
use adops_core::platform::PlatformRules;
use adops_core::queue::Use;
use adops_platforms::error::{Disposition, PlatformError};
use adops_platforms::port::{AdPlatform, Outcome, Processing, Upload, Uploaded};
use adops_platforms::quota::spend;
use jiff::{SignedDuration, Timestamp};

use super::file::{File, shown};
use super::memory::Content;
use super::{FileKey, Library, Ways};
use crate::account::queue::seed_of;
use crate::runtime::backoff;
use crate::runtime::metrics::Changed;
use crate::runtime::watch::Key;

/// How many contents one account may have fetched for it at a time.
const REQUESTED: usize = 2;
/// How many files one run sends.
const UPLOADS: usize = 4;
/// The first wait for what a platform makes of a file; later ones are longer.
const POLL: SignedDuration = SignedDuration::from_secs(5);
/// The longest one.
const LONGEST_POLL: SignedDuration = SignedDuration::from_mins(2);
/// A platform that does not have what it has taken must have lost it after so long.
const LOST: SignedDuration = SignedDuration::from_mins(10);
/// What a platform does not take it may take some day: its rules change, seldom.
const REFUSED: SignedDuration = SignedDuration::from_hours(24);

/// The files that are wanted on one account.
#[derive(Default)]
pub(super) struct Shelf {
    placements: BTreeMap<FileKey, Placement>,
    copies: BTreeMap<ContentHash, Copy>,
    failures: u32,
    /// When the account is asked again after a failure.
    retry: Option<Timestamp>,
}

/// A file that is wanted.
#[derive(Default)]
struct Placement {
    campaigns: BTreeMap<Key, bool>,
    /// What the account had last, and its ads show.
    live: Option<MediaFacts>,
    /// What the Campaigns know of it.
    told: Option<(ContentHash, Step)>,
}

/// A content in the account's library.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Copy {
    step: Step,
    /// When it is to be asked for, or sent, at the earliest.
    next: Timestamp,
    /// How often it was asked for since it was sent.
    asked: u32,
    /// When it was sent.
    sent: Option<Timestamp>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    /// Whether it is there is not known.
    Unasked,
    /// It is not there.
    Absent,
    /// The platform works on it.
    Underway,
    /// It can be used.
    Ready,
    /// The platform does not take it.
    Refused(String),
}

impl Shelf {
    /// Notes a wish. Answers whether there is something new to do.
    pub(super) fn want(&mut self, campaign: &Key, file: &FileKey, may_write: bool) -> bool {
        let is_new = !self.placements.contains_key(file);
        let placement = self.placements.entry(file.clone()).or_default();
        let before = placement.may_write();
        placement.campaigns.insert(campaign.clone(), may_write);
        is_new || placement.may_write() != before
    }

    pub(super) fn unwant(&mut self, campaign: &Key, file: &FileKey) {
        if let Some(placement) = self.placements.get_mut(file) {
            placement.campaigns.remove(campaign);
            if placement.campaigns.is_empty() {
                self.placements.remove(file);
            }
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.placements.is_empty()
    }

    pub(super) fn has(&self, file: &FileKey) -> bool {
        self.placements.contains_key(file)
    }

    /// Whether ads may show a content of the file.
    pub(super) fn uses(&self, file: &FileKey) -> bool {
        self.placements.get(file).is_some_and(|placement| placement.live.is_some())
    }

    pub(super) fn campaigns_of(&self, file: &FileKey) -> impl Iterator<Item = &Key> {
        self.placements.get(file).into_iter().flat_map(|placement| placement.campaigns.keys())
    }

    /// How far a file is on this account.
    pub(super) fn state_of(
        &self,
        key: &FileKey,
        file: &File,
        rules: &dyn PlatformRules,
        observe_only: bool,
    ) -> MediaState {
        let live = || self.placements.get(key)?.live.clone();
        let Some(facts) = &file.facts else {
            return match file.told() {
                None => MediaState::Pending,
                Some(trouble) if trouble.is_unusable => MediaState::Unusable(trouble.message.clone()),
                Some(trouble) => MediaState::Unreachable(trouble.message.clone()),
            };
        };
        if let Err(wrong) = rules.takes(facts) {
            return MediaState::Unusable(wrong);
        }
        match self.copies.get(&facts.hash).map(|copy| &copy.step) {
            Some(Step::Ready) => MediaState::Known(facts.clone()),
            Some(Step::Refused(message)) => MediaState::Unusable(message.clone()),
            // As far as can be known without a write.
            _ if observe_only => MediaState::Known(facts.clone()),
            _ => live().map_or_else(|| unread(file), MediaState::Known),
        }
    }

    /// Hashes to ask the account for now.
    fn to_ask(
        &mut self,
        files: &BTreeMap<FileKey, File>,
        rules: &dyn PlatformRules,
        now: Timestamp,
    ) -> BTreeSet<ContentHash> {
        let wanted: BTreeSet<ContentHash> = self
            .placements
            .keys()
            .filter_map(|key| files.get(key)?.facts.as_ref())
            .filter(|facts| rules.takes(facts).is_ok())
            .map(|facts| facts.hash.clone())
            .collect();
        self.copies.retain(|hash, _| wanted.contains(hash));
        for hash in wanted {
            self.copies.entry(hash).or_insert(Copy { step: Step::Unasked, next: now, asked: 0, sent: None });
        }
        let asks = |copy: &Copy| match copy.step {
            Step::Unasked | Step::Underway | Step::Refused(_) => copy.next <= now,
            Step::Absent | Step::Ready => false,
        };
        self.copies.iter().filter(|(_, copy)| asks(copy)).map(|(hash, _)| hash.clone()).collect()
    }

    /// Takes what the account has answered.
    fn take(&mut self, asked: &BTreeSet<ContentHash>, mut there: BTreeMap<ContentHash, Uploaded>, now: Timestamp) {
        self.retry = None;
        for hash in asked {
            let Some(copy) = self.copies.get_mut(hash) else { continue };
            copy.asked += 1;
            let wait = POLL.saturating_mul(1 << copy.asked.min(6)).min(LONGEST_POLL);
            copy.next = now + wait;
            copy.step = match there.remove(hash).map(|uploaded| uploaded.state) {
                Some(Processing::Ready) => Step::Ready,
                Some(Processing::Underway) => Step::Underway,
                Some(Processing::Failed(message)) => {
                    copy.next = now + REFUSED;
                    Step::Refused(message)
                }
                // What was sent may not be listed yet.
                None if copy.sent.is_some_and(|sent| now < sent + LOST) => Step::Underway,
                None => {
                    copy.next = now;
                    Step::Absent
                }
            };
        }
    }

    /// Makes what is ready what ads show. Answers with the Campaigns that do not know yet what has come of it.
    fn settle(&mut self, files: &BTreeMap<FileKey, File>) -> BTreeSet<Key> {
        let mut woken = BTreeSet::new();
        for (key, placement) in &mut self.placements {
            let Some(facts) = files.get(key).and_then(|file| file.facts.as_ref()) else { continue };
            let Some(copy) = self.copies.get(&facts.hash) else { continue };
            if copy.step == Step::Ready {
                placement.live = Some(facts.clone());
            }
            let is_end = matches!(copy.step, Step::Ready | Step::Refused(_));
            let news = Some((facts.hash.clone(), copy.step.clone()));
            if is_end && placement.told != news {
                placement.told = news;
                woken.extend(placement.campaigns.keys().cloned());
            }
        }
        woken
    }

    /// The next file to send, of those whose content is there; contents that are missing are asked for.
    fn next_upload(&self, files: &mut BTreeMap<FileKey, File>, now: Timestamp) -> (Option<Sending>, Vec<FileKey>) {
        let (mut sending, mut requests, mut seen) = (None, Vec::new(), BTreeSet::new());
        if self.retry.is_some_and(|retry| retry > now) {
            return (sending, requests);
        }
        let is_requested = |key: &&FileKey| files.get(key).is_some_and(|file| file.requested);
        let mut requested = self.placements.keys().filter(is_requested).count();
        for (key, _) in self.placements.iter().filter(|(_, placement)| placement.may_write()) {
            let Some(file) = files.get_mut(key) else { continue };
            let Some(facts) = file.facts.clone() else { continue };
            let due = |copy: &&Copy| copy.step == Step::Absent && copy.next <= now;
            if self.copies.get(&facts.hash).filter(due).is_none() || !seen.insert(facts.hash.clone()) {
                continue;
            }
            match &file.content {
                Some(content) if sending.is_none() => {
                    sending = Some(Sending { key: key.clone(), facts, content: content.clone() });
                    file.requested = false;
                }
                Some(_) => {}
                None if requested < REQUESTED && !file.requested && file.can_be_read() => {
                    requested += 1;
                    file.requested = true;
                    requests.push(key.clone());
                }
                None => {}
            }
        }
        (sending, requests)
    }

    /// When there is something to do again.
    fn next(&self) -> Option<Timestamp> {
        let waits =
            |copy: &&Copy| matches!(copy.step, Step::Unasked | Step::Underway | Step::Refused(_) | Step::Absent);
        let next = self.copies.values().filter(waits).map(|copy| copy.next).min()?;
        Some(self.retry.map_or(next, |retry| retry.max(next)))
    }
}

/// A file that was not used yet: it is waited for, unless it cannot be read any more.
fn unread(file: &File) -> MediaState {
    match file.told() {
        Some(trouble) if !trouble.is_unusable => MediaState::Unreachable(trouble.message.clone()),
        Some(trouble) => MediaState::Unusable(trouble.message.clone()),
        None => MediaState::Pending,
    }
}

impl Placement {
    fn may_write(&self) -> bool {
        self.campaigns.values().any(|may_write| *may_write)
    }
}

/// A file on its way to an account.
struct Sending {
    key: FileKey,
    facts: MediaFacts,
    content: Arc<Content>,
}

/// One run for an account: asks, sends one file after the other, and says when to come again.
pub(super) async fn tend(library: &Library, account: &Key, ways: &dyn Ways) {
    if library.observe_only {
        return;
    }
    let platform = match ways.way(account) {
        Ok(platform) => platform,
        Err(again) => {
            let mut state = library.lock();
            state.let_go(account);
            drop(state);
            library.shelves.add_at(account.clone(), again);
            return;
        }
    };
    let mut result = ask(library, account, platform.as_ref()).await;
    let mut sent = 0;
    while result.is_ok() && sent < UPLOADS {
        let Some(sending) = next(library, account) else { break };
        send(library, account, platform.as_ref(), &sending).await;
        sent += 1;
    }
    if sent > 0 && result.is_ok() {
        result = ask(library, account, platform.as_ref()).await;
        // What is left has its turn in the next run: a run that does not come to an end looks as if it hung.
        library.shelves.add(account.clone());
    }
    let mut state = library.lock();
    if result.is_err() {
        state.let_go(account);
    }
    let next = state.shelves.get(account).and_then(Shelf::next);
    drop(state);
    if let Some(next) = next.filter(|next| *next > library.clock.now()) {
        library.shelves.add_at(account.clone(), next);
    }
}

/// Asks the account for what is to be asked for, all at once.
async fn ask(library: &Library, account: &Key, platform: &dyn AdPlatform) -> Result<(), PlatformError> {
    let now = library.clock.now();
    let rules = platform.rules();
    let asked = {
        let mut state = library.lock();
        let state = &mut *state;
        let Some(shelf) = state.shelves.get_mut(account) else { return Ok(()) };
        if shelf.retry.is_some_and(|retry| retry > now) {
            return Ok(());
        }
        shelf.to_ask(&state.files, rules.as_ref(), now)
    };
    let answer = if asked.is_empty() { Ok(BTreeMap::new()) } else { spend(Use::Grow, platform.media(&asked)).await.0 };
    let now = library.clock.now();
    let mut state = library.lock();
    let state = &mut *state;
    let Some(shelf) = state.shelves.get_mut(account) else { return Ok(()) };
    let woken = match answer {
        Ok(_) if asked.is_empty() => shelf.settle(&state.files),
        Ok(there) => {
            shelf.take(&asked, there, now);
            if shelf.copies.values().all(|copy| copy.step != Step::Absent) {
                shelf.failures = 0;
            }
            shelf.settle(&state.files)
        }
        Err(error) => {
            tracing::warn!(%account, reason = %error.reason(), %error, "the account's media could not be asked for");
            shelf.failures += 1;
            shelf.retry = Some(again(&error, shelf.failures, now, account));
            return Err(error);
        }
    };
    state.drop_unneeded_contents();
    library.wake(woken);
    Ok(())
}

/// Takes the next file to send; what is missing for others is fetched meanwhile.
fn next(library: &Library, account: &Key) -> Option<Sending> {
    let now = library.clock.now();
    let mut state = library.lock();
    let state = &mut *state;
    let shelf = state.shelves.get(account)?;
    let (sending, requests) = shelf.next_upload(&mut state.files, now);
    requests.into_iter().for_each(|file| library.files.add(file));
    sending
}

async fn send(library: &Library, account: &Key, platform: &dyn AdPlatform, sending: &Sending) {
    let upload =
        Upload { facts: sending.facts.clone(), url: sending.key.url.clone(), content: sending.content.bytes.clone() };
    let held = spend(Use::Grow, platform.hold()).await.0;
    let outcome = match held {
        Ok(()) => spend(Use::Grow, platform.upload(&upload)).await.0,
        Err(error) => Outcome::Failed(error),
    };
    drop(upload);
    let word = match &outcome {
        Outcome::Applied { .. } => "applied",
        Outcome::Failed(_) => "failed",
        Outcome::Unknown(_) => "unknown",
    };
    library.metrics.changes.get_or_create(&Changed { action: "upload", outcome: word }).inc();
    let url = shown(&sending.key.url);
    tracing::info!(%account, url, hash = %sending.facts.hash, outcome = word, "media upload");
    let now = library.clock.now();
    let mut state = library.lock();
    let Some(shelf) = state.shelves.get_mut(account) else { return };
    let failures = shelf.failures + 1;
    let Some(copy) = shelf.copies.get_mut(&sending.facts.hash) else { return };
    copy.asked = 0;
    match outcome {
        Outcome::Applied { .. } => {
            *copy = Copy { step: Step::Underway, next: now, asked: 0, sent: Some(now) };
            shelf.failures = 0;
        }
        // Whether it has arrived is asked when it must be seen.
        Outcome::Unknown(_) => {
            copy.step = Step::Unasked;
            copy.next = now + platform.request_timeout() + platform.read_after_write_lag();
        }
        Outcome::Failed(PlatformError::Rejected { message, .. }) => {
            copy.step = Step::Refused(message);
            copy.next = now + REFUSED;
        }
        Outcome::Failed(error) => {
            tracing::warn!(%account, reason = %error.reason(), %error, "media could not be uploaded");
            let until = again(&error, failures, now, account);
            copy.next = until;
            shelf.failures = failures;
            shelf.retry = Some(until);
            state.let_go(account);
        }
    }
}

fn again(error: &PlatformError, failures: u32, now: Timestamp, account: &Key) -> Timestamp {
    match error.disposition(now) {
        Disposition::RetryAt(at) => at,
        _ => backoff::until(failures, now, seed_of(&account.to_string())),
    }
}

impl super::State {
    /// An account that nothing can be sent to holds no memory.
    fn let_go(&mut self, account: &Key) {
        let Some(shelf) = self.shelves.get(account) else { return };
        for key in shelf.placements.keys() {
            if let Some(file) = self.files.get_mut(key) {
                file.requested = false;
                file.content = None;
            }
        }
    }

    /// Contents that no account lacks any more are let go.
    fn drop_unneeded_contents(&mut self) {
        let Self { files, shelves, .. } = self;
        for (key, file) in files.iter_mut().filter(|(_, file)| file.content.is_some()) {
            let Some(facts) = &file.facts else { continue };
            let lacks = |shelf: &Shelf| {
                let copy = shelf.copies.get(&facts.hash).map(|copy| &copy.step);
                shelf.has(key) && matches!(copy, None | Some(Step::Unasked | Step::Absent))
            };
            if !shelves.values().any(lacks) {
                file.content = None;
            }
        }
    }
}
