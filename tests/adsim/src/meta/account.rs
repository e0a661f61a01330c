//! One ad account: its objects with their earlier versions, and the indexes that rules need.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::config::MetaAccountConfig;
use super::delivery::History;
use super::live::Live;
use super::object::{Kind, Object};
use super::usage::Usage;

/// An ad account.
#[derive(Debug)]
pub struct Account {
    /// What it was configured as.
    pub config: MetaAccountConfig,
    /// Its time zone.
    pub zone: TimeZone,
    /// `account_status`: 1 is active, 2 disabled, 3 unsettled.
    pub status: i64,
    /// `disable_reason`.
    pub disable_reason: i64,
    /// What was called.
    pub usage: Usage,
    /// Delivery of each ad set.
    pub histories: HashMap<i64, History>,
    /// Budgets that can be spent now.
    pub live: Live,
    rows: BTreeMap<i64, Vec<(Timestamp, Arc<Object>)>>,
    kinds: HashMap<Kind, BTreeSet<i64>>,
    children: HashMap<i64, BTreeSet<i64>>,
    label_names: HashMap<String, i64>,
    images: HashMap<String, i64>,
    page_ads: HashMap<String, BTreeSet<i64>>,
    present: HashMap<Kind, usize>,
    dues: BTreeSet<Timestamp>,
    last_write: Option<Timestamp>,
    keep: SignedDuration,
}

impl Account {
    /// An empty account. Earlier versions of its objects are kept for `keep`.
    pub fn new(config: MetaAccountConfig, keep: SignedDuration) -> Result<Account, jiff::Error> {
        Ok(Account {
            zone: TimeZone::get(&config.timezone_name)?,
            config,
            status: 1,
            disable_reason: 0,
            usage: Usage::default(),
            histories: HashMap::new(),
            live: Live::default(),
            rows: BTreeMap::new(),
            kinds: HashMap::new(),
            children: HashMap::new(),
            label_names: HashMap::new(),
            images: HashMap::new(),
            page_ads: HashMap::new(),
            present: HashMap::new(),
            dues: BTreeSet::new(),
            last_write: None,
            keep,
        })
    }

    /// An object as it is.
    pub fn get(&self, id: i64) -> Option<&Arc<Object>> {
        self.rows.get(&id)?.last().map(|(_, object)| object)
    }

    /// An object of a kind as it is.
    pub fn get_kind(&self, kind: Kind, id: i64) -> Option<&Arc<Object>> {
        self.get(id).filter(|object| object.kind == kind)
    }

    /// An object as it was at an instant.
    pub fn get_as_of(&self, id: i64, at: Timestamp) -> Option<&Arc<Object>> {
        self.rows.get(&id)?.iter().rev().find(|(since, _)| *since <= at).map(|(_, object)| object)
    }

    /// The ids of a kind, in the order of their creation.
    pub fn ids(&self, kind: Kind) -> impl DoubleEndedIterator<Item = i64> {
        self.kinds.get(&kind).into_iter().flatten().copied()
    }

    /// All objects of a kind, deleted ones too.
    pub fn all(&self, kind: Kind) -> impl Iterator<Item = &Arc<Object>> {
        self.ids(kind).filter_map(|id| self.get(id))
    }

    /// What belongs to an object: ad sets of a campaign, ads of an ad set.
    pub fn children(&self, id: i64) -> impl Iterator<Item = &Arc<Object>> {
        self.children.get(&id).into_iter().flatten().filter_map(|id| self.get(*id))
    }

    /// The label of a name.
    pub fn label(&self, name: &str) -> Option<&Arc<Object>> {
        self.get(*self.label_names.get(name)?).filter(|label| label.is_present())
    }

    /// The image of a hash.
    pub fn image(&self, hash: &str) -> Option<&Arc<Object>> {
        self.get(*self.images.get(hash)?).filter(|image| image.is_present())
    }

    /// The ads of a Page that are set to be active.
    pub fn ads_of_page(&self, page: &str) -> impl Iterator<Item = &Arc<Object>> {
        let ids = self.page_ads.get(page).into_iter().flatten();
        ids.filter_map(|id| self.get(*id))
    }

    /// How many objects of a kind are neither deleted nor archived.
    pub fn count(&self, kind: Kind) -> usize {
        self.present.get(&kind).copied().unwrap_or_default()
    }

    /// How many ads are set to be active.
    pub fn active_ads(&self) -> usize {
        self.page_ads.values().map(BTreeSet::len).sum()
    }

    /// The campaign that an object belongs to, itself included.
    pub fn campaign_of(&self, object: &Object) -> Option<i64> {
        match object.kind {
            Kind::Campaign => Some(object.id),
            Kind::AdSet => Some(object.parent()),
            Kind::Ad => self.get(object.parent()).map(|set| set.parent()),
            _ => None,
        }
    }

    /// Puts a new version of an object.
    pub fn put(&mut self, object: Object, now: Timestamp) {
        let (id, kind) = (object.id, object.kind);
        let before = self.get(id).cloned();
        let object = Arc::new(object);
        self.index(before.as_deref(), &object);
        self.kinds.entry(kind).or_default().insert(id);
        let versions = self.rows.entry(id).or_default();
        if versions.last().is_some_and(|(since, _)| *since == now) {
            versions.pop();
        }
        versions.push((now, object));
        let keep = self.keep;
        let old = versions.iter().rposition(|(since, _)| now.duration_since(*since) > keep).unwrap_or(0);
        versions.drain(..old);
        self.last_write = Some(now);
    }

    fn index(&mut self, before: Option<&Object>, after: &Object) {
        if let Some(before) = before.filter(|b| b.parent() != 0) {
            self.children.entry(before.parent()).or_default().remove(&before.id);
        }
        if after.parent() != 0 {
            self.children.entry(after.parent()).or_default().insert(after.id);
        }
        let count = self.present.entry(after.kind).or_default();
        *count = *count - usize::from(before.is_some_and(Object::is_present)) + usize::from(after.is_present());
        self.dues.extend(after.due);
        match after.kind {
            Kind::Label => {
                if let Some(before) = before {
                    self.label_names.remove(before.text("name"));
                }
                self.label_names.insert(after.text("name").to_owned(), after.id);
            }
            Kind::Image => {
                self.images.insert(after.text("hash").to_owned(), after.id);
            }
            Kind::Ad => {
                for ads in self.page_ads.values_mut() {
                    ads.remove(&after.id);
                }
                if after.is_active() {
                    let creative = self.get(after.reference("creative"));
                    let page = creative.map(|creative| creative.page().to_owned()).unwrap_or_default();
                    self.page_ads.entry(page).or_default().insert(after.id);
                }
            }
            _ => {}
        }
    }

    /// The next instant at which something happens by itself: an end of `due`, or a write becomes visible to edges
    /// that lag.
    pub fn next_due(&self, now: Timestamp, lag: SignedDuration) -> Option<Timestamp> {
        let due = self.dues.range((std::ops::Bound::Excluded(now), std::ops::Bound::Unbounded)).next().copied();
        let visible = self.last_write.and_then(|at| at.checked_add(lag).ok()).filter(|at| *at > now);
        due.into_iter().chain(visible).min()
    }
}
