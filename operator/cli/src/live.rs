//! `plan --live`: what the platforms themselves say of a plan. Objects that are to be adopted are read, and all changes
//! are rehearsed (`validateOnly`, `validate_only`), where a platform can; nothing is written.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use adops_api::AdAccount;
use adops_core::campaign::observed::{ExternalId, Snapshot};
use adops_core::campaign::plan::{Action, Cause, Change, NewLine};
use adops_core::campaign::settings::ContentHash;
use adops_core::campaign::spec::{Adoptee, CampaignSpec};
use adops_core::catalog::media::{MediaFacts, MediaState};
use adops_core::marker::Installation;
use adops_core::reason::Reason;
use adops_platforms::error::PlatformError;
use adops_platforms::port::{AdPlatform, Rehearsed, Scope};

use crate::access::Access;
use crate::cluster::Cluster;
use crate::load::{Key, Manifests};
use crate::media::Files;
use crate::plan::{Planned, placeholder};
use crate::report::{LineReport, Report, Verdict, VerdictKind};

/// What is to be adopted as it was seen, by account.
pub type Seen = BTreeMap<Key, Snapshot>;

/// The platforms of the accounts of a plan; of those that cannot be reached, why.
pub struct Live {
    platforms: BTreeMap<Key, Result<Arc<dyn AdPlatform>, String>>,
}

impl Live {
    /// Connects to the accounts that there are. Nothing is sent yet.
    pub async fn connect(
        cluster: &Cluster,
        access: &Access,
        installation: Option<&Installation>,
        accounts: &BTreeMap<Key, AdAccount>,
    ) -> Self {
        let mut platforms = BTreeMap::new();
        for (key, account) in accounts {
            let installation = installation.cloned().or_else(|| holder_of(account)).unwrap_or_else(placeholder);
            let platform = access.connect(cluster, key, account, installation, true).await;
            platforms.insert(key.clone(), platform.map_err(|error| error.to_string()));
        }
        Self { platforms }
    }

    /// Reads what `adopt` names; what an account does not tell is absent.
    pub async fn look(&self, manifests: &Manifests) -> Seen {
        let mut wished: BTreeMap<Key, Wished> = BTreeMap::new();
        for (key, manifest) in &manifests.campaigns {
            let Ok(spec) = CampaignSpec::try_from(&manifest.object) else { continue };
            for wish in &spec.adopt {
                let of_account = wished.entry(Key::account(key, &wish.account)).or_default();
                match &wish.object {
                    Adoptee::Id(id) => _ = of_account.ids.insert(id.clone()),
                    Adoptee::Name(name) => _ = of_account.names.insert(name.clone()),
                }
            }
        }
        let mut seen = Seen::new();
        for (key, wished) in wished {
            if let Some(Ok(platform)) = self.platforms.get(&key)
                && let Ok(snapshot) = wished.look(platform.as_ref()).await
            {
                seen.insert(key, snapshot);
            }
        }
        seen
    }

    /// Tells the files that adopted objects show by their content, where it is that of a file that was read.
    pub async fn recognize(&self, files: &Files, seen: &mut Seen) {
        let known: Vec<(&String, &MediaFacts)> = files
            .iter()
            .filter_map(|(url, state)| match state {
                MediaState::Known(facts) => Some((url, facts)),
                _ => None,
            })
            .collect();
        let hashes: BTreeSet<ContentHash> = known.iter().map(|(_, facts)| facts.hash.clone()).collect();
        for (key, snapshot) in seen.iter_mut().filter(|_| !hashes.is_empty()) {
            let Some(Ok(platform)) = self.platforms.get(key) else { continue };
            if !platform.rules().uses_media() || platform.media(&hashes).await.is_err() {
                continue;
            }
            let words = known.iter().flat_map(|(url, facts)| {
                platform.recognize(url, facts).into_iter().map(|word| (word, facts.hash.clone()))
            });
            snapshot.rename_media(&words.collect());
        }
    }

    /// Rehearses plans and notes the verdicts beside the lines of their report.
    pub async fn rehearse(&self, planned: &[Planned], report: &mut Report) {
        for (key, platform) in &self.platforms {
            let mut parts = Vec::new();
            for (at, one) in planned.iter().enumerate() {
                parts.extend(of_account(at, one, key));
            }
            if parts.is_empty() {
                continue;
            }
            // What is to be adopted is nobody's to ask about before it carries our marker.
            let (asked, later): (Vec<_>, Vec<_>) = parts.into_iter().partition(|part| !part.follows_a_mark);
            let verdicts = match platform {
                Ok(platform) => ask(platform.as_ref(), &asked).await,
                Err(why) => asked.iter().map(|_| not_asked(why.clone())).collect(),
            };
            let later = later.into_iter().map(|part| (part, not_asked("our marker is not on it yet".to_owned())));
            for (part, verdict) in asked.into_iter().zip(verdicts).chain(later) {
                let lines = &mut report.campaigns[part.campaign].lines;
                if let Some(line) = lines.iter_mut().find(|line| part.is_of(line)) {
                    line.live.push(Verdict { action: part.action, ..verdict });
                }
            }
        }
        let refused = report.campaigns.iter().flat_map(|campaign| &campaign.lines).flat_map(|line| &line.live);
        report.counts.refused = refused.filter(|verdict| verdict.verdict == VerdictKind::Refused).count();
    }
}

/// What is to be adopted on an account.
#[derive(Default)]
struct Wished {
    ids: BTreeSet<ExternalId>,
    names: BTreeSet<String>,
}

impl Wished {
    async fn look(self, platform: &dyn AdPlatform) -> Result<Snapshot, PlatformError> {
        let mut named = if self.names.is_empty() { BTreeMap::new() } else { platform.named(&self.names).await? };
        for name in self.names {
            named.entry(name).or_default();
        }
        let ids = self.ids.into_iter().chain(named.values().flatten().cloned()).collect();
        Ok(Snapshot { named, ..platform.observe(&Scope::Ids(ids)).await? })
    }
}

/// A change of a plan, and where its verdict belongs.
struct Part<'a> {
    campaign: usize,
    line: String,
    action: String,
    of: &'a Action,
    /// Whether our marker is put on its object before.
    follows_a_mark: bool,
}

impl Part<'_> {
    fn is_of(&self, line: &LineReport) -> bool {
        line.line == self.line || line.id.is_some() && line.id.as_ref() == self.of.id()
    }
}

fn of_account<'a>(campaign: usize, planned: &'a Planned, account: &Key) -> Vec<Part<'a>> {
    let is_there = |name: &str| Key::account(&planned.key, name) == *account;
    let lines = planned.plan.lines.iter().filter(|line| is_there(&line.key.account));
    let lines = lines.flat_map(|line| {
        let is_marked = line.changes.iter().any(is_adoption);
        let of = move |change: &'a Change| {
            let follows = is_marked && !matches!(change.action, Action::Mark { .. });
            (line.key.to_string(), &change.action, follows)
        };
        line.changes.iter().map(of)
    });
    let retired = planned.plan.retired.iter().filter(|retired| is_there(&retired.account));
    let retired =
        retired.flat_map(|retired| retired.changes.iter().map(|change| (String::new(), &change.action, false)));
    let part = |(line, of, follows_a_mark)| Part { campaign, line, action: action(of), of, follows_a_mark };
    lines.chain(retired).map(part).collect()
}

/// Whether a change puts our marker on what others have made.
fn is_adoption(change: &Change) -> bool {
    matches!(change.action, Action::Mark { .. }) && change.cause == Cause::Spec
}

/// What a verdict is about: a setting, or what is done.
fn action(action: &Action) -> String {
    match (action, action.field()) {
        (Action::Set { .. }, Some(field)) => field.to_string(),
        _ => action.word().to_owned(),
    }
}

async fn ask(platform: &dyn AdPlatform, parts: &[Part<'_>]) -> Vec<Verdict> {
    let new = |part: &Part<'_>| match part.of {
        Action::Create(line) => Some(NewLine::clone(line)),
        _ => None,
    };
    let lines: Vec<NewLine> = parts.iter().filter_map(new).collect();
    let is_change = |part: &&Part<'_>| !matches!(part.of, Action::Create(_));
    let changes: Vec<Action> = parts.iter().filter(is_change).map(|part| part.of.clone()).collect();
    let mut of_lines = platform.rehearse(&lines, &changes).await;
    let mut of_changes = of_lines.split_off(lines.len().min(of_lines.len())).into_iter();
    let mut of_lines = of_lines.into_iter();
    parts
        .iter()
        .map(|part| {
            let answer = if is_change(&part) { of_changes.next() } else { of_lines.next() };
            answer.map_or_else(|| not_asked("it was not asked".to_owned()), verdict)
        })
        .collect()
}

fn verdict(answer: Result<Rehearsed, PlatformError>) -> Verdict {
    match answer {
        Ok(Rehearsed { left_out }) => {
            let message = left_out.map(|left_out| format!("not rehearsed: {left_out}"));
            Verdict { action: String::new(), verdict: VerdictKind::Accepted, message }
        }
        Err(PlatformError::Rejected { reason: Reason::Unsupported, message }) => not_asked(message),
        Err(error @ PlatformError::Rejected { .. }) => Verdict {
            action: String::new(),
            verdict: VerdictKind::Refused,
            message: Some(format!("{}: {error}", error.reason())),
        },
        Err(error) => not_asked(error.to_string()),
    }
}

fn not_asked(why: String) -> Verdict {
    Verdict { action: String::new(), verdict: VerdictKind::NotAsked, message: Some(why) }
}

/// The installation that holds an account, as its status shows it (`prod@cluster#1`).
fn holder_of(account: &AdAccount) -> Option<Installation> {
    let (installation, _) = account.status.as_ref()?.holder.as_ref()?.split_once('@')?;
    installation.parse().ok()
}
