//! The ledger in words that all platforms have: what each change means for the topmost object of a line.
//!
//! | | Google | Meta | TikTok |
//! |---|---|---|---|
//! | topmost object | campaign | campaign | campaign |
//! | its budget is of | its campaign budget | its ad set | itself |
//! | places, end | the campaign's | the ad set's | the ad group's |
//! | labels | campaign labels | ad labels | none |

use std::collections::{BTreeMap, BTreeSet, HashMap};

use adsim::{Actor, Change, LedgerEntry};
use serde_json::Value;

/// The topmost object of a line: platform, account and id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Top {
    /// As the ledger names it.
    pub platform: String,
    /// The platform's id of the account.
    pub account: String,
    /// Its id.
    pub id: String,
}

/// What a change says of it.
#[derive(Debug, Clone, PartialEq)]
pub enum Said {
    /// It is new.
    Created,
    /// It is gone.
    Removed,
    /// Its name.
    Named(String),
    /// Whether it is enabled.
    Enabled(bool),
    /// What it may spend a day while it is enabled, in micros.
    Budget(i64),
    /// Whether it ends.
    Ends(bool),
    /// Whether it has a place.
    Placed(bool),
    /// The names of the labels on it.
    Labelled(BTreeSet<String>),
    /// Something else about it.
    Touched,
}

/// Whether a change was made through the API.
pub fn by_us(entry: &LedgerEntry) -> bool {
    matches!(entry.actor, Actor::Api(_))
}

/// The changes that are one instant: those of an atomic request. Where requests are not atomic, each change is one.
pub fn instants(ledger: &[LedgerEntry]) -> impl Iterator<Item = &[LedgerEntry]> {
    ledger.chunk_by(|a, b| a.platform == "google" && !a.request_id.is_empty() && a.request_id == b.request_id)
}

/// Reads a ledger from its beginning.
#[derive(Debug, Default)]
pub struct Reader {
    /// Names of labels, by account and id.
    labels: HashMap<(String, String), String>,
    /// The labels on Google's campaigns, and the places.
    on: BTreeMap<Top, (BTreeSet<String>, BTreeSet<String>)>,
    /// Amounts of Google's budgets, and who uses them.
    budgets: HashMap<String, (i64, BTreeSet<Top>)>,
    /// The campaigns of Meta's ad sets and TikTok's ad groups.
    within: BTreeMap<(String, String), Top>,
}

impl Reader {
    /// What an entry says, and of which objects.
    pub fn read(&mut self, entry: &LedgerEntry) -> Vec<(Top, Said)> {
        match entry.platform.as_str() {
            "google" => self.google(entry),
            "meta" => self.meta(entry),
            _ => self.tiktok(entry),
        }
    }

    fn google(&mut self, entry: &LedgerEntry) -> Vec<(Top, Said)> {
        let id = entry.resource_name.rsplit('/').next().unwrap_or_default();
        match (entry.kind.as_str(), entry.change) {
            ("campaign", change) => {
                let top = top(entry, id);
                let mut said = common(entry, change, "name", "status", "ENABLED");
                if let Some(budget) = text(entry, "campaignBudget") {
                    let (amount, users) = self.budgets.entry(budget.to_owned()).or_default();
                    users.insert(top.clone());
                    said.push(Said::Budget(*amount));
                }
                said.extend(present(entry, "endDateTime").map(Said::Ends));
                said.into_iter().map(|said| (top.clone(), said)).collect()
            }
            ("campaignBudget", Change::Create | Change::Update) => {
                let Some(micros) = entry.after.get("amountMicros").and_then(number) else { return Vec::new() };
                let (amount, users) = self.budgets.entry(entry.resource_name.clone()).or_default();
                *amount = micros;
                users.iter().map(|top| (top.clone(), Said::Budget(micros))).collect()
            }
            ("label", Change::Create) => {
                let name = text(entry, "name").unwrap_or_default().to_owned();
                self.labels.insert((entry.account.clone(), id.to_owned()), name);
                Vec::new()
            }
            ("campaignLabel" | "campaignCriterion", change) => self.google_part(entry, id, change),
            _ => Vec::new(),
        }
    }

    fn google_part(&mut self, entry: &LedgerEntry, id: &str, change: Change) -> Vec<(Top, Said)> {
        let Some((campaign, other)) = id.split_once('~') else { return Vec::new() };
        let top = top(entry, campaign);
        let (labels, places) = self.on.entry(top.clone()).or_default();
        if entry.kind == "campaignLabel" {
            let name = self.labels.get(&(entry.account.clone(), other.to_owned())).cloned().unwrap_or_default();
            if change == Change::Remove {
                labels.remove(&name)
            } else {
                labels.insert(name)
            };
            return vec![(top, Said::Labelled(labels.clone()))];
        }
        let negative = entry.after.get("negative").and_then(Value::as_bool).unwrap_or(false);
        if change == Change::Remove {
            places.remove(other);
        } else if entry.after.contains_key("location") && !negative {
            places.insert(other.to_owned());
        }
        vec![(top, Said::Placed(!places.is_empty()))]
    }

    fn meta(&mut self, entry: &LedgerEntry) -> Vec<(Top, Said)> {
        let id = entry.resource_name.as_str();
        match entry.kind.as_str() {
            "campaign" => {
                let top = top(entry, id);
                let mut said = common(entry, entry.change, "name", "status", "ACTIVE");
                if let Some(Value::Array(ids)) = entry.after.get("adlabels") {
                    let name = |id: &Value| self.labels.get(&(entry.account.clone(), id.to_string())).cloned();
                    said.push(Said::Labelled(ids.iter().filter_map(name).collect()));
                }
                said.into_iter().map(|said| (top.clone(), said)).collect()
            }
            "label" if entry.change == Change::Create => {
                let name = text(entry, "name").unwrap_or_default().to_owned();
                self.labels.insert((entry.account.clone(), id.to_owned()), name);
                Vec::new()
            }
            "adset" => {
                // In cents, the currency being the euro.
                let budget = entry.after.get("daily_budget").and_then(number).map(|cents| cents * 10_000);
                let placed = entry.after.get("targeting").map(|targeting| targeting.get("geo_locations").is_some());
                self.part(entry, id, budget, present(entry, "end_time"), placed)
            }
            _ => Vec::new(),
        }
    }

    fn tiktok(&mut self, entry: &LedgerEntry) -> Vec<(Top, Said)> {
        let id = entry.resource_name.rsplit('/').next().unwrap_or_default();
        match entry.kind.as_str() {
            "campaign" => {
                let mut said = common(entry, entry.change, "campaign_name", "operation_status", "ENABLE");
                said.extend(entry.after.get("budget").and_then(micros_of_major).map(Said::Budget));
                let top = top(entry, id);
                said.into_iter().map(|said| (top.clone(), said)).collect()
            }
            "adgroup" => {
                let places = entry.after.get("targeting_spec").map(|targeting| &targeting["location_ids"]);
                let placed = places.map(|places| places.as_array().is_some_and(|places| !places.is_empty()));
                self.part(entry, id, None, present(entry, "schedule_end_time"), placed)
            }
            _ => Vec::new(),
        }
    }

    /// What a change of an ad set or an ad group says of its campaign.
    fn part(
        &mut self,
        entry: &LedgerEntry,
        id: &str,
        budget: Option<i64>,
        ends: Option<bool>,
        placed: Option<bool>,
    ) -> Vec<(Top, Said)> {
        let key = (entry.account.clone(), id.to_owned());
        if let Some(campaign) = text(entry, "campaign_id") {
            self.within.insert(key.clone(), top(entry, campaign));
        }
        let Some(top) = self.within.get(&key) else { return Vec::new() };
        if entry.change == Change::Remove {
            return vec![(top.clone(), Said::Budget(0)), (top.clone(), Said::Placed(false))];
        }
        let said = [budget.map(Said::Budget), ends.map(Said::Ends), placed.map(Said::Placed), Some(Said::Touched)];
        said.into_iter().flatten().map(|said| (top.clone(), said)).collect()
    }
}

fn top(entry: &LedgerEntry, id: &str) -> Top {
    Top { platform: entry.platform.clone(), account: entry.account.clone(), id: id.to_owned() }
}

/// What the topmost objects of all platforms say alike.
fn common(entry: &LedgerEntry, change: Change, name: &str, status: &str, enabled: &str) -> Vec<Said> {
    if change == Change::Remove {
        return vec![Said::Removed];
    }
    let new = (change == Change::Create).then_some(Said::Created);
    let named = text(entry, name).map(|name| Said::Named(name.to_owned()));
    let status = text(entry, status).map(|status| Said::Enabled(status == enabled));
    [new, Some(Said::Touched), named, status].into_iter().flatten().collect()
}

fn text<'a>(entry: &'a LedgerEntry, field: &str) -> Option<&'a str> {
    entry.after.get(field).and_then(Value::as_str)
}

/// Whether a field is there after a change that is about it.
fn present(entry: &LedgerEntry, field: &str) -> Option<bool> {
    let about = entry.after.contains_key(field) || entry.before.contains_key(field);
    about.then(|| entry.after.contains_key(field))
}

fn number(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.parse().ok())
}

/// A JSON number in major units. It has two decimals at most, so that rounding finds the amount.
#[allow(clippy::cast_possible_truncation, reason = "budgets of tests are small")]
fn micros_of_major(value: &Value) -> Option<i64> {
    value.as_f64().map(|major| (major * 100.0).round() as i64 * 10_000)
}
