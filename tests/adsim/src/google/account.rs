//! One customer account: its objects, the indexes that rules need, and an undo log for atomic requests.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::delivery::{History, Past};
use super::key::{Key, Kind};
use super::object::{Object, Row, Status};
use crate::config::AccountConfig;

/// Status of a customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CustomerStatus {
    /// In use.
    Enabled,
    /// Closed by its owner.
    Canceled,
    /// Stopped by Google.
    Suspended,
    /// Closed for good.
    Closed,
}

/// A customer account.
#[derive(Debug)]
pub struct Account {
    /// What it was configured as.
    pub config: AccountConfig,
    /// Its status.
    pub status: CustomerStatus,
    /// Its time zone.
    pub zone: TimeZone,
    /// Delivery of each campaign.
    pub histories: HashMap<i64, History>,
    /// Daily amounts of each budget, from when on.
    pub amounts: HashMap<i64, Vec<(Timestamp, i64)>>,
    /// What has been delivered on days that are over.
    pub past: Past,
    rows: BTreeMap<Key, Row>,
    names: HashMap<(Kind, i64, String), i64>,
    ad_groups: BTreeSet<(i64, i64)>,
    ads: HashMap<i64, i64>,
    users: HashMap<i64, BTreeSet<i64>>,
    counts: HashMap<Kind, usize>,
    live: Live,
    reviews: BTreeSet<(Timestamp, i64)>,
    last_write: Option<Timestamp>,
    undo: Vec<(Key, Option<Row>)>,
    dirty: BTreeSet<i64>,
    keep: SignedDuration,
}

/// The budgets that enabled campaigns draw on now.
#[derive(Debug, Default)]
struct Live {
    campaigns_of: HashMap<i64, BTreeSet<i64>>,
    budget_of: HashMap<i64, i64>,
    ends: BTreeSet<(Timestamp, i64)>,
    sum: i64,
}

impl Account {
    /// An empty account. Earlier versions of its objects are kept for `keep`.
    pub fn new(config: AccountConfig, keep: SignedDuration) -> Result<Account, jiff::Error> {
        let zone = TimeZone::get(&config.time_zone)?;
        Ok(Account {
            config,
            status: CustomerStatus::Enabled,
            zone,
            histories: HashMap::new(),
            amounts: HashMap::new(),
            past: Past::default(),
            rows: BTreeMap::new(),
            names: HashMap::new(),
            ad_groups: BTreeSet::new(),
            ads: HashMap::new(),
            users: HashMap::new(),
            counts: HashMap::new(),
            live: Live::default(),
            reviews: BTreeSet::new(),
            last_write: None,
            undo: Vec::new(),
            dirty: BTreeSet::new(),
            keep,
        })
    }

    /// The customer id.
    pub fn id(&self) -> &str {
        &self.config.customer_id
    }

    /// The present version of an object.
    pub fn get(&self, key: Key) -> Option<&Arc<Object>> {
        self.rows.get(&key)?.now.as_ref()
    }

    /// The version of an object at an instant; none stands for now.
    pub fn get_at(&self, key: Key, at: Option<Timestamp>) -> Option<&Arc<Object>> {
        let row = self.rows.get(&key)?;
        at.map_or(row.now.as_ref(), |at| row.at(at))
    }

    /// All objects of a kind, by id, as they were at an instant.
    pub fn all(&self, kind: Kind, at: Option<Timestamp>) -> impl Iterator<Item = &Arc<Object>> {
        let range = Key::two(kind, i64::MIN, i64::MIN)..=Key::two(kind, i64::MAX, i64::MAX);
        self.rows.range(range).filter_map(move |(_, row)| at.map_or(row.now.as_ref(), |at| row.at(at)))
    }

    /// The objects of a kind with two ids that share the first.
    pub fn children(&self, kind: Kind, parent: i64, at: Option<Timestamp>) -> impl Iterator<Item = &Arc<Object>> {
        let range = Key::two(kind, parent, i64::MIN)..=Key::two(kind, parent, i64::MAX);
        self.rows.range(range).filter_map(move |(_, row)| at.map_or(row.now.as_ref(), |at| row.at(at)))
    }

    /// The ad groups of a campaign, removed ones too.
    pub fn ad_groups_of(&self, campaign: i64, at: Option<Timestamp>) -> impl Iterator<Item = &Arc<Object>> {
        self.ad_groups
            .range((campaign, i64::MIN)..=(campaign, i64::MAX))
            .filter_map(move |&(_, id)| self.get_at(Key::one(Kind::AdGroup, id), at))
    }

    /// The key of an ad by the ad's id alone.
    pub fn ad_key(&self, ad: i64) -> Option<Key> {
        self.ads.get(&ad).map(|&ad_group| Key::two(Kind::AdGroupAd, ad_group, ad))
    }

    /// The object that uses a name, among those that are not removed. `parent` is the campaign of an ad group, 0
    /// for other kinds.
    pub fn holder(&self, kind: Kind, parent: i64, name: &str) -> Option<i64> {
        self.names.get(&(kind, parent, name.to_owned())).copied()
    }

    /// The campaigns, not removed, that use a budget.
    pub fn users(&self, budget: i64) -> impl Iterator<Item = i64> {
        self.users.get(&budget).into_iter().flatten().copied()
    }

    /// How many objects of a kind are not removed (of budgets: the explicitly shared ones).
    pub fn count(&self, kind: Kind) -> usize {
        self.counts.get(&kind).copied().unwrap_or_default()
    }

    /// Writes an object.
    pub fn put(&mut self, object: Object, now: Timestamp) {
        self.set(object.key, Some(Arc::new(object)), now);
    }

    /// Deletes an object outright, as campaign labels are.
    pub fn delete(&mut self, key: Key, now: Timestamp) {
        self.set(key, None, now);
    }

    fn set(&mut self, key: Key, object: Option<Arc<Object>>, now: Timestamp) {
        let before = self.rows.get(&key).cloned();
        let row = match &before {
            None => Row { now: object, born: now, past: Vec::new() },
            Some(row) => {
                let mut row = row.clone();
                let visible = row.past.last().map_or(row.born, |(since, _)| *since) < now;
                if visible {
                    row.past.retain(|(until, _)| *until + self.keep >= now);
                    row.past.push((now, row.now.take()));
                }
                row.now = object;
                row
            }
        };
        self.undo.push((key, before));
        self.replace(key, Some(row), now);
        self.last_write = Some(now);
    }

    /// Puts a row in place of another and keeps the indexes in step.
    fn replace(&mut self, key: Key, row: Option<Row>, now: Timestamp) {
        if let Some(object) = self.rows.get(&key).and_then(|row| row.now.clone()) {
            self.index(&object, false, now);
        }
        if let Some(object) = row.as_ref().and_then(|row| row.now.clone()) {
            self.index(&object, true, now);
        }
        match row {
            Some(row) => self.rows.insert(key, row),
            None => self.rows.remove(&key),
        };
    }

    fn index(&mut self, object: &Object, add: bool, now: Timestamp) {
        let (kind, id) = (object.key.kind, object.key.id());
        let removed = object.is_removed();
        match kind {
            Kind::Campaign => {
                if !removed {
                    self.index_name(kind, 0, object, add);
                    self.count_one(kind, add);
                    let users = self.users.entry(object.reference("campaignBudget")).or_default();
                    if add {
                        users.insert(id)
                    } else {
                        users.remove(&id)
                    };
                }
                self.index_live(object, add, now);
                self.dirty.insert(id);
                self.dirty.extend(self.users.get(&object.reference("campaignBudget")).into_iter().flatten());
            }
            Kind::Budget => {
                if !removed && object.flag("explicitlyShared") {
                    self.index_name(kind, 0, object, add);
                    self.count_one(kind, add);
                }
                if self.live.campaigns_of.get(&id).is_some_and(|c| !c.is_empty()) {
                    let amount = object.int("amountMicros");
                    self.live.sum += if add { amount } else { -amount };
                }
                self.dirty.extend(self.users.get(&id).into_iter().flatten());
            }
            Kind::Label if !removed => {
                self.index_name(kind, 0, object, add);
                self.count_one(kind, add);
            }
            Kind::AdGroup => {
                let campaign = object.reference("campaign");
                // The place in the campaign never changes; removed ad groups stay readable.
                self.ad_groups.insert((campaign, id));
                if !removed {
                    self.index_name(kind, campaign, object, add);
                }
                self.dirty.insert(campaign);
            }
            Kind::AdGroupAd => {
                self.ads.insert(id, object.key.a);
                if let Some(due) = object.reviewed_at {
                    if add {
                        self.reviews.insert((due, id))
                    } else {
                        self.reviews.remove(&(due, id))
                    };
                }
                self.touch_ad_group(object.key.a);
            }
            Kind::AdGroupCriterion => self.touch_ad_group(object.key.a),
            Kind::CampaignCriterion => {
                self.dirty.insert(object.key.a);
            }
            Kind::CustomGoal if !removed => self.index_name(kind, 0, object, add),
            Kind::Label | Kind::CampaignLabel | Kind::Ad | Kind::CustomGoal | Kind::GoalConfig => {}
        }
    }

    fn touch_ad_group(&mut self, ad_group: i64) {
        if let Some(campaign) = self.get(Key::one(Kind::AdGroup, ad_group)).map(|g| g.reference("campaign")) {
            self.dirty.insert(campaign);
        }
    }

    fn index_name(&mut self, kind: Kind, parent: i64, object: &Object, add: bool) {
        let key = (kind, parent, object.text("name").to_owned());
        if add {
            self.names.insert(key, object.key.id());
        } else if self.names.get(&key) == Some(&object.key.id()) {
            self.names.remove(&key);
        }
    }

    fn count_one(&mut self, kind: Kind, add: bool) {
        let count = self.counts.entry(kind).or_default();
        *count = if add { *count + 1 } else { count.saturating_sub(1) };
    }

    fn index_live(&mut self, campaign: &Object, add: bool, now: Timestamp) {
        let id = campaign.key.id();
        if add {
            let end = self.end_of(campaign);
            if campaign.status() == Status::Enabled && end.is_none_or(|end| end > now) {
                self.make_live(id, campaign.reference("campaignBudget"));
                self.live.ends.extend(end.map(|end| (end, id)));
            }
        } else {
            self.make_dead(id);
            if let Some(end) = self.end_of(campaign) {
                self.live.ends.remove(&(end, id));
            }
        }
    }

    fn make_live(&mut self, campaign: i64, budget: i64) {
        let amount = self.get(Key::one(Kind::Budget, budget)).map_or(0, |b| b.int("amountMicros"));
        let campaigns = self.live.campaigns_of.entry(budget).or_default();
        if campaigns.is_empty() {
            self.live.sum += amount;
        }
        campaigns.insert(campaign);
        self.live.budget_of.insert(campaign, budget);
    }

    fn make_dead(&mut self, campaign: i64) {
        let Some(budget) = self.live.budget_of.remove(&campaign) else { return };
        let amount = self.get(Key::one(Kind::Budget, budget)).map_or(0, |b| b.int("amountMicros"));
        if let Some(campaigns) = self.live.campaigns_of.get_mut(&budget) {
            campaigns.remove(&campaign);
            if campaigns.is_empty() {
                self.live.sum -= amount;
            }
        }
    }

    /// Sum of the daily budgets, in micros, of campaigns that are enabled and not over.
    pub fn live_daily_budget(&mut self, now: Timestamp) -> i64 {
        while let Some(&(end, campaign)) = self.live.ends.first().filter(|(end, _)| *end <= now) {
            self.live.ends.remove(&(end, campaign));
            self.make_dead(campaign);
        }
        self.live.sum
    }

    /// The instant from which a campaign may serve.
    pub fn start_of(&self, campaign: &Object) -> Option<Timestamp> {
        self.instant(campaign, "startDateTime")
    }

    /// The first instant at which a campaign is over.
    pub fn end_of(&self, campaign: &Object) -> Option<Timestamp> {
        self.instant(campaign, "endDateTime").map(|last| last + SignedDuration::from_secs(1))
    }

    fn instant(&self, object: &Object, field: &str) -> Option<Timestamp> {
        self.zone.to_timestamp(object.date_time(field)?).ok()
    }

    /// How much can be undone now: pass it to `rollback`.
    pub fn savepoint(&self) -> usize {
        self.undo.len()
    }

    /// Undoes all writes since a savepoint.
    pub fn rollback(&mut self, savepoint: usize, now: Timestamp) {
        while self.undo.len() > savepoint {
            if let Some((key, row)) = self.undo.pop() {
                self.replace(key, row, now);
            }
        }
    }

    /// Makes all writes final and returns the campaigns whose delivery may have changed.
    pub fn commit(&mut self) -> BTreeSet<i64> {
        self.undo.clear();
        std::mem::take(&mut self.dirty)
    }

    /// Marks all campaigns as changed, as when the account is suspended.
    pub fn touch_all(&mut self) {
        let all: Vec<i64> = self.all(Kind::Campaign, None).map(|c| c.key.id()).collect();
        self.dirty.extend(all);
    }

    /// The first instant after `now` at which something happens by itself: a review ends, or a write becomes
    /// visible to lagging searches.
    pub fn next_due(&self, now: Timestamp, lag: SignedDuration) -> Option<Timestamp> {
        let review = self.reviews.range((now, i64::MAX)..).map(|(due, _)| *due).next();
        let visible = self.last_write.map(|written| written + lag).filter(|visible| *visible > now);
        review.into_iter().chain(visible).min()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn account() -> Account {
        Account::new(AccountConfig::default(), SignedDuration::from_hours(1)).unwrap()
    }

    fn put(account: &mut Account, key: Key, doc: serde_json::Value) {
        let serde_json::Value::Object(doc) = doc else { panic!("an object") };
        account.put(Object::new(key, doc), NOW);
    }

    fn budget(account: &mut Account, id: i64, amount: i64) {
        put(account, Key::one(Kind::Budget, id), json!({"amountMicros": amount.to_string()}));
    }

    fn campaign(account: &mut Account, id: i64, budget: i64, status: &str, end: Option<&str>) {
        let mut doc = json!({"name": format!("c{id}"), "status": status,
            "campaignBudget": format!("customers/1/campaignBudgets/{budget}")});
        if let Some(end) = end {
            doc["endDateTime"] = end.into();
        }
        put(account, Key::one(Kind::Campaign, id), doc);
    }

    #[test]
    fn the_live_budget_counts_a_shared_budget_once_and_paused_campaigns_not_at_all() {
        let mut a = account();
        budget(&mut a, 1, 100);
        budget(&mut a, 2, 7);
        campaign(&mut a, 10, 1, "ENABLED", None);
        campaign(&mut a, 11, 1, "ENABLED", None);
        campaign(&mut a, 12, 2, "PAUSED", None);
        assert_eq!(a.live_daily_budget(NOW), 100);
        campaign(&mut a, 12, 2, "ENABLED", None);
        assert_eq!(a.live_daily_budget(NOW), 107);
        budget(&mut a, 1, 50);
        assert_eq!(a.live_daily_budget(NOW), 57);
        campaign(&mut a, 10, 1, "REMOVED", None);
        campaign(&mut a, 11, 1, "PAUSED", None);
        assert_eq!(a.live_daily_budget(NOW), 7);
    }

    #[test]
    fn the_live_budget_falls_when_a_campaign_ends() {
        let mut a = account();
        budget(&mut a, 1, 100);
        campaign(&mut a, 10, 1, "ENABLED", Some("1970-01-01 23:59:59"));
        assert_eq!(a.live_daily_budget(NOW), 100);
        assert_eq!(a.live_daily_budget("1970-01-02T04:59:59Z".parse().unwrap()), 100);
        assert_eq!(a.live_daily_budget("1970-01-02T05:00:00Z".parse().unwrap()), 0);
    }

    #[test]
    fn a_rollback_restores_objects_names_counts_and_the_live_budget() {
        let mut a = account();
        budget(&mut a, 1, 100);
        campaign(&mut a, 10, 1, "ENABLED", None);
        a.commit();
        let savepoint = a.savepoint();
        budget(&mut a, 1, 900);
        campaign(&mut a, 10, 1, "REMOVED", None);
        campaign(&mut a, 11, 1, "ENABLED", None);
        a.rollback(savepoint, NOW);
        assert_eq!(a.live_daily_budget(NOW), 100);
        assert_eq!(a.holder(Kind::Campaign, 0, "c10"), Some(10));
        assert_eq!(a.holder(Kind::Campaign, 0, "c11"), None);
        assert_eq!(a.count(Kind::Campaign), 1);
        assert!(a.get(Key::one(Kind::Campaign, 11)).is_none());
    }
}
