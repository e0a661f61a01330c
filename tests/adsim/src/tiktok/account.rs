//! One advertiser account: its objects, what they are worth a day, and what they have been set to.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::config::AdvertiserConfig;
use super::delivery::{History, Past};
use super::media::Library;
use super::money::{Currency, MICROS};
use super::object::{Kind, Object, Row};

/// Status of an advertiser account. The words are TikTok's.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum AdvertiserStatus {
    /// Approved.
    #[default]
    #[serde(rename = "STATUS_ENABLE")]
    Enable,
    /// Closed.
    #[serde(rename = "STATUS_DISABLE")]
    Disable,
    /// Applied for and not reviewed yet.
    #[serde(rename = "STATUS_PENDING_CONFIRM")]
    PendingConfirm,
    /// Not approved.
    #[serde(rename = "STATUS_CONFIRM_FAIL")]
    ConfirmFail,
    /// Punished.
    #[serde(rename = "STATUS_LIMIT")]
    Limit,
    /// The contract has not begun.
    #[serde(rename = "STATUS_CONTRACT_PENDING")]
    ContractPending,
}

/// An advertiser account.
#[derive(Debug)]
pub struct Advertiser {
    /// What it was configured as; status and balance change.
    pub config: AdvertiserConfig,
    /// Its currency.
    pub currency: Currency,
    /// Its time zone.
    pub zone: TimeZone,
    /// Images and videos.
    pub library: Library,
    /// What each ad has been set to.
    pub histories: HashMap<u64, History>,
    /// What has been delivered on days that are over.
    pub past: Past,
    rows: BTreeMap<(Kind, u64), Row>,
    children: BTreeSet<(Kind, u64, u64)>,
    live: HashMap<u64, i64>,
    live_sum: i64,
    ends: BTreeSet<(Timestamp, u64)>,
    reviews: BTreeSet<Timestamp>,
    last_write: Option<Timestamp>,
    keep: SignedDuration,
}

impl Advertiser {
    /// An empty account. Earlier versions of its objects are kept for `keep`.
    pub fn new(config: AdvertiserConfig, keep: SignedDuration) -> Result<Advertiser, String> {
        let currency =
            Currency::of(&config.currency).ok_or_else(|| format!("TikTok has no accounts in {}", config.currency))?;
        let zone = TimeZone::get(&config.timezone).map_err(|error| error.to_string())?;
        Ok(Advertiser {
            config,
            currency,
            zone,
            library: Library::default(),
            histories: HashMap::new(),
            past: Past::default(),
            rows: BTreeMap::new(),
            children: BTreeSet::new(),
            live: HashMap::new(),
            live_sum: 0,
            ends: BTreeSet::new(),
            reviews: BTreeSet::new(),
            last_write: None,
            keep,
        })
    }

    /// The advertiser id.
    pub fn id(&self) -> &str {
        &self.config.advertiser_id
    }

    /// The present version of an object.
    pub fn get(&self, kind: Kind, id: u64) -> Option<&Arc<Object>> {
        self.rows.get(&(kind, id))?.now()
    }

    /// The version of an object at an instant; none stands for now.
    pub fn get_at(&self, kind: Kind, id: u64, at: Option<Timestamp>) -> Option<&Arc<Object>> {
        let row = self.rows.get(&(kind, id))?;
        at.map_or_else(|| row.now(), |at| row.at(at))
    }

    /// All objects of a kind, by id, as they were at an instant.
    pub fn all(&self, kind: Kind, at: Option<Timestamp>) -> impl DoubleEndedIterator<Item = &Arc<Object>> {
        let range = (kind, 0)..=(kind, u64::MAX);
        self.rows.range(range).filter_map(move |(_, row)| at.map_or_else(|| row.now(), |at| row.at(at)))
    }

    /// The ad groups of a campaign or the ads of an ad group, deleted ones too.
    pub fn children(&self, kind: Kind, parent: u64, at: Option<Timestamp>) -> impl Iterator<Item = &Arc<Object>> {
        let range = (kind, parent, 0)..=(kind, parent, u64::MAX);
        self.children.range(range).filter_map(move |&(_, _, id)| self.get_at(kind, id, at))
    }

    /// The ad groups of a campaign that are not deleted.
    pub fn adgroups(&self, campaign: u64) -> impl Iterator<Item = &Arc<Object>> {
        self.children(Kind::Adgroup, campaign, None).filter(|g| !g.deleted)
    }

    /// The campaign that an object belongs to, itself included.
    pub fn campaign_of(&self, object: &Object) -> u64 {
        match object.kind {
            Kind::Campaign => object.id,
            Kind::Adgroup => object.parent,
            Kind::Ad => self.get(Kind::Adgroup, object.parent).map_or(0, |group| group.parent),
        }
    }

    /// Writes an object. `settle` must follow for its campaign.
    pub fn put(&mut self, object: Object, now: Timestamp) {
        let key = (object.kind, object.id);
        if object.parent != 0 {
            self.children.insert((object.kind, object.parent, object.id));
        }
        self.reviews.extend(object.reviewed_at);
        match self.rows.get_mut(&key) {
            Some(row) => row.push(object, now, self.keep),
            None => {
                self.rows.insert(key, Row::new(object, now));
            }
        }
        self.last_write = Some(now);
    }

    /// Recounts what a campaign may spend a day.
    pub fn recount(&mut self, campaign: u64, now: Timestamp) {
        let (amount, end) = self.worth(campaign, now);
        self.ends.extend(end.map(|end| (end, campaign)));
        let before = self.live.insert(campaign, amount).unwrap_or_default();
        self.live_sum += amount - before;
    }

    /// Sum of the daily budgets, in micros, of all that may spend: enabled campaigns with an enabled ad group whose
    /// schedule is not over.
    pub fn live_daily_budget(&mut self, now: Timestamp) -> i64 {
        while let Some(&(end, campaign)) = self.ends.first().filter(|(end, _)| *end <= now) {
            self.ends.remove(&(end, campaign));
            self.recount(campaign, now);
        }
        self.live_sum
    }

    /// What a campaign may spend a day in micros, and when that may change by itself.
    pub fn worth(&self, campaign: u64, now: Timestamp) -> (i64, Option<Timestamp>) {
        let Some(found) = self.get(Kind::Campaign, campaign).filter(|c| c.enabled && !c.deleted) else {
            return (0, None);
        };
        let groups: Vec<&Arc<Object>> =
            self.adgroups(campaign).filter(|g| g.enabled && g.end().is_none_or(|end| end > now)).collect();
        let next = groups.iter().filter_map(|g| g.end()).min();
        let of = |holder: &Object, groups: &[&Arc<Object>]| -> i64 {
            let budget = holder.budget.unwrap_or_default();
            if holder.text("budget_mode") != "BUDGET_MODE_TOTAL" {
                return budget;
            }
            groups.iter().map(|g| a_day(budget, g)).max().unwrap_or_default()
        };
        if groups.is_empty() {
            return (0, None);
        }
        let amount =
            if found.optimizes_budget() { of(found, &groups) } else { groups.iter().map(|g| of(g, &[g])).sum() };
        (amount, next)
    }

    /// The first instant after `now` at which something happens by itself.
    pub fn next_due(&self, now: Timestamp, lag: SignedDuration) -> Option<Timestamp> {
        let review = self.reviews.range(now..).find(|due| **due > now).copied();
        let visible = self.last_write.map(|written| written + lag).filter(|visible| *visible > now);
        review.into_iter().chain(visible).chain(self.library.next_due(now)).min()
    }
}

/// A lifetime budget's share of a day of an ad group's schedule.
fn a_day(budget: i64, group: &Object) -> i64 {
    let schedule = group.instant("schedule_start_time").zip(group.end());
    let seconds = schedule.map_or(0, |(start, end)| end.duration_since(start).as_secs()).max(86_400);
    let whole = i128::from(budget) * 86_400 / i128::from(seconds);
    i64::try_from(whole).unwrap_or(i64::MAX / MICROS)
}
