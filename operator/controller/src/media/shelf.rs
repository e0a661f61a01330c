//! Shelves: what an account's library has of the files that are wanted on it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use adops_core::campaign::settings::ContentHash;
use adops_core::catalog::media::{MediaFacts, MediaState};
use adops_core::platform::PlatformRules;
use adops_platforms::port::{Processing, Uploaded};
use jiff::{SignedDuration, Timestamp};

use super::FileKey;
use super::file::File;
use super::memory::Content;
use crate::runtime::watch::Key;

/// How many contents one account may have fetched for it at a time.
const REQUESTED: usize = 2;
/// The first wait for what a platform makes of a file; later ones are longer.
const POLL: SignedDuration = SignedDuration::from_secs(5);
/// The longest one.
const LONGEST_POLL: SignedDuration = SignedDuration::from_mins(2);
/// A platform that does not have what it has taken must have lost it after so long.
const LOST: SignedDuration = SignedDuration::from_mins(10);
/// What a platform does not take it may take some day: its rules change, seldom.
pub(super) const REFUSED: SignedDuration = SignedDuration::from_hours(24);

/// The files that are wanted on one account.
#[derive(Default)]
pub(super) struct Shelf {
    pub(super) placements: BTreeMap<FileKey, Placement>,
    pub(super) copies: BTreeMap<ContentHash, Copy>,
    /// Contents that others have put into the account's library, by the word by which listings told them before they
    /// were recognized.
    pub(super) recognized: BTreeMap<ContentHash, ContentHash>,
    /// Contents that the platform would not take.
    pub(super) unfit: BTreeSet<ContentHash>,
    /// How often in a row nothing could be asked or sent.
    pub(super) failures: u32,
    /// When the account is asked again after a failure.
    pub(super) retry: Option<Timestamp>,
}

/// A file that is wanted.
#[derive(Default)]
pub(super) struct Placement {
    campaigns: BTreeMap<Key, bool>,
    /// What the account had last, and its ads show.
    live: Option<MediaFacts>,
    /// What the Campaigns know of it.
    told: Option<(ContentHash, Step)>,
}

/// A content in the account's library.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Copy {
    pub(super) step: Step,
    /// When it is to be asked for, or sent, at the earliest.
    pub(super) next: Timestamp,
    /// How often it was asked for since it was sent.
    pub(super) asked: u32,
    /// When it was sent.
    pub(super) sent: Option<Timestamp>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
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
        // It may be meant for another platform: whether an ad can do without it is the connector's to say.
        if rules.takes(facts).is_err() {
            return MediaState::Known(facts.clone());
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
    pub(super) fn missing(
        &mut self,
        files: &BTreeMap<FileKey, File>,
        rules: &dyn PlatformRules,
        now: Timestamp,
    ) -> BTreeSet<ContentHash> {
        let of_files = self.placements.keys().filter_map(|key| files.get(key)?.facts.as_ref());
        let (wanted, unfit): (Vec<_>, Vec<_>) = of_files.partition(|facts| rules.takes(facts).is_ok());
        let hashes = |of: Vec<&MediaFacts>| of.into_iter().map(|facts| facts.hash.clone()).collect::<BTreeSet<_>>();
        let (wanted, unfit) = (hashes(wanted), hashes(unfit));
        self.unfit = unfit;
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
    pub(super) fn take(
        &mut self,
        asked: &BTreeSet<ContentHash>,
        mut there: BTreeMap<ContentHash, Uploaded>,
        now: Timestamp,
    ) {
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

    /// The URLs of a content, and what is known of it.
    pub(super) fn of<'a>(
        &'a self,
        files: &'a BTreeMap<FileKey, File>,
        hash: &'a ContentHash,
    ) -> impl Iterator<Item = (&'a str, &'a MediaFacts)> {
        let facts = |key: &FileKey| files.get(key)?.facts.as_ref().filter(|facts| facts.hash == *hash);
        self.placements.keys().filter_map(move |key| Some((key.url.as_str(), facts(key)?)))
    }

    /// The platform says that something is not there which should be: all is asked for again.
    pub(super) fn doubt(&mut self, now: Timestamp) {
        for copy in self.copies.values_mut().filter(|copy| copy.step == Step::Ready) {
            *copy = Copy { step: Step::Unasked, next: now, asked: 0, sent: None };
        }
    }

    /// Makes what is ready what ads show. Answers with the Campaigns that do not know yet what has come of it.
    pub(super) fn settle(&mut self, files: &BTreeMap<FileKey, File>) -> BTreeSet<Key> {
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
    pub(super) fn next_upload(
        &self,
        files: &mut BTreeMap<FileKey, File>,
        now: Timestamp,
    ) -> (Option<Sending>, Vec<FileKey>) {
        let (mut sending, mut requests, mut seen) = (None, Vec::new(), BTreeSet::new());
        if self.retry.is_some_and(|retry| retry > now) {
            return (sending, requests);
        }
        let is_requested = |key: &&FileKey| files.get(key).is_some_and(|file| file.requested);
        let mut requested = self.placements.keys().filter(is_requested).count();
        for (key, _) in self.placements.iter().filter(|(_, placement)| placement.may_write()) {
            let Some(file) = files.get_mut(key) else { continue };
            let Some(facts) = file.facts.clone() else { continue };
            let is_due = |copy: &Copy| copy.step == Step::Absent && copy.next <= now;
            if !self.copies.get(&facts.hash).is_some_and(is_due) || !seen.insert(facts.hash.clone()) {
                continue;
            }
            if let Some(content) = &file.content {
                if sending.is_none() {
                    sending = Some(Sending { key: key.clone(), facts, content: content.clone() });
                    file.requested = false;
                }
            } else if requested < REQUESTED && !file.requested && file.can_be_read() {
                requested += 1;
                file.requested = true;
                requests.push(key.clone());
            }
        }
        (sending, requests)
    }

    /// When there is something to do again.
    pub(super) fn next(&self) -> Option<Timestamp> {
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
pub(super) struct Sending {
    pub(super) key: FileKey,
    pub(super) facts: MediaFacts,
    pub(super) content: Arc<Content>,
}
