//! One run for an account: what is missing in its library is asked for, and sent.

use std::collections::{BTreeMap, BTreeSet};

use adops_core::campaign::settings::ContentHash;
use adops_core::queue::Use;
use adops_platforms::error::{Disposition, PlatformError};
use adops_platforms::port::{AdPlatform, Outcome, Processing, Upload, Uploaded};
use adops_platforms::quota::spend;
use jiff::Timestamp;

use super::file::{File, shown};
use super::shelf::{Copy, REFUSED, Sending, Shelf, Step};
use super::{FileKey, Library, State, Ways};
use crate::account::queue::seed_of;
use crate::runtime::backoff;
use crate::runtime::metrics::Changed;
use crate::runtime::watch::Key;

/// How many files one run sends.
const UPLOADS: usize = 4;

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
        shelf.missing(&state.files, rules.as_ref(), now)
    };
    let answer = if asked.is_empty() { Ok(BTreeMap::new()) } else { spend(Use::Grow, platform.media(&asked)).await.0 };
    let now = library.clock.now();
    let mut state = library.lock();
    let state = &mut *state;
    let Some(shelf) = state.shelves.get_mut(account) else { return Ok(()) };
    let woken = match answer {
        Ok(_) if asked.is_empty() => shelf.settle(&state.files),
        Ok(mut there) => {
            recognize(shelf, &state.files, platform, &asked, &mut there);
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

/// What is not there under a name of ours may be there under another one: then it is used, and not sent.
fn recognize(
    shelf: &mut Shelf,
    files: &BTreeMap<FileKey, File>,
    platform: &dyn AdPlatform,
    asked: &BTreeSet<ContentHash>,
    there: &mut BTreeMap<ContentHash, Uploaded>,
) {
    let mut found = Vec::new();
    for hash in asked {
        let words = shelf.of(files, hash).flat_map(|(url, facts)| platform.recognize(url, facts));
        found.extend(words.map(|word| (word, hash.clone())));
    }
    for (word, hash) in found {
        let uploaded = Uploaded { id: word.0.clone(), state: Processing::Ready };
        there.entry(hash.clone()).or_insert(uploaded);
        shelf.recognized.insert(word, hash);
    }
}

/// Takes the next file to send; what is missing for others is fetched meanwhile.
fn next(library: &Library, account: &Key) -> Option<Sending> {
    let now = library.clock.now();
    let mut state = library.lock();
    let state = &mut *state;
    let shelf = state.shelves.get(account)?;
    let (sending, requests) = shelf.next_upload(&mut state.files, now);
    for file in requests {
        library.files.add(file);
    }
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

impl State {
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
                shelf.has(key)
                    && !shelf.unfit.contains(&facts.hash)
                    && matches!(copy, None | Some(Step::Unasked | Step::Absent))
            };
            if !shelves.values().any(lacks) {
                file.content = None;
            }
        }
    }
}
