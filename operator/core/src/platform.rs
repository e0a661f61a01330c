//! What the domain must know of a platform: its rules, without its wire.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::budget::brakes::Brakes;
use crate::campaign::import::{Description, Files};
use crate::campaign::line::{DesiredLine, LineProblem};
use crate::campaign::observed::ObservedLine;
use crate::campaign::settings::{Field, Settings, Value};
use crate::catalog::media::MediaFacts;
use crate::money::{Currency, Money};

/// An ad platform, by its name. Which ones there are is the affair of the connectors: `core` knows none of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Platform(&'static str);

impl Platform {
    /// The platform of this name, as users write it: `Google`.
    pub const fn named(name: &'static str) -> Self {
        Self(name)
    }

    /// The name.
    pub const fn name(self) -> &'static str {
        self.0
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// What is known of an ad account before lines can be planned on it.
#[derive(Debug, Clone, PartialEq)]
pub struct Account {
    /// As the Campaign names it.
    pub name: String,
    /// On which platform.
    pub platform: Platform,
    /// The account's currency, observed.
    pub currency: Currency,
    /// The account's zone, observed.
    pub time_zone: TimeZone,
    /// Micros of the smallest step of a budget, observed.
    pub budget_unit: i64,
    /// The smallest daily budget of a line, where the account has one of its own and tells it.
    pub minimum_daily_budget: Option<Money>,
    /// What the sum of live daily budgets must never pass.
    pub ceiling: Option<Money>,
    /// What it asks of changes of budgets.
    pub brakes: Brakes,
    /// Whether all of ours is to be paused.
    pub stop: bool,
    /// Which conversion counts.
    pub conversion_action: Option<String>,
    /// What is appended to URLs.
    pub url_parameters: Option<String>,
    /// How objects are named.
    pub name_template: Option<String>,
    /// Under whom ads are shown there, by what the platform calls it: `pageId`, `pixelId`, `identityId`.
    pub identity: BTreeMap<String, String>,
    /// How many line objects exist and may exist there.
    pub objects: Option<ObjectCount>,
    /// How many ads run, or are in review, under its identity, and how many may: where the platform limits that.
    pub ads: Option<ObjectCount>,
}

impl Account {
    /// The smallest daily budget of a line: the account's own, else its platform's.
    pub fn minimum_daily_budget(&self, rules: &dyn PlatformRules) -> Option<Money> {
        self.minimum_daily_budget.or_else(|| rules.minimum_daily_budget(self.currency))
    }
}

/// How many objects there are of a kind that the platform limits, and how many there may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObjectCount {
    /// That count towards the limit now, whoever made them.
    pub live: u32,
    /// The platform's limit.
    pub limit: u32,
}

/// In which way a change can be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Manner {
    /// On the object as it stands.
    InPlace,
    /// By a new creative on the same ad.
    Swap,
    /// Only by a new object.
    Replace,
}

/// A platform's rules: the pure half of a connector.
pub trait PlatformRules: Send + Sync {
    /// Which platform.
    fn platform(&self) -> Platform;

    /// The smallest daily budget of a line, where the platform has one that does not depend on the account.
    fn minimum_daily_budget(&self, currency: Currency) -> Option<Money>;

    /// Micros of the smallest step of a budget, as long as an account does not show another one.
    fn budget_unit(&self, currency: Currency) -> i64 {
        currency.minor_unit_micros()
    }

    /// How often the platform lets the budget of one object be changed within an hour, where it has such a limit.
    fn budget_changes_per_hour(&self) -> Option<u32> {
        None
    }

    /// Whether ads here are made of images and videos. If not, the media of a spec are not fetched for it.
    fn uses_media(&self) -> bool {
        false
    }

    /// Whether the platform takes a file, by its kind, shape, length and size; if not, what is wrong with it.
    fn takes(&self, _file: &MediaFacts) -> Result<(), String> {
        Ok(())
    }

    /// What the platform would hold for a line; the name is without its token, which the plan adds.
    fn render(&self, line: &DesiredLine, account: &Account) -> Result<Settings, Vec<LineProblem>>;

    /// What an object that somebody else made is, in a spec's words: the inverse of [`PlatformRules::render`]; `files`
    /// are those that it shows. What is
    /// not exact is found by rendering it again ([`crate::campaign::import`]); the error says what cannot be said.
    fn describe(&self, _object: &ObservedLine, _account: &Account, _files: &Files) -> Result<Description, Vec<String>> {
        Err(vec![format!("nothing is imported from {} yet", self.platform())])
    }

    /// How a field of an object can be changed to a value.
    fn manner(&self, field: Field, from: Option<&Value>, to: &Value, line: &ObservedLine, now: Timestamp) -> Manner;

    /// Whether what an object holds is as good as what is wanted, though it may not be equal: a start
    /// in the past, for example, that the platform does not take any more.
    fn satisfied(&self, _field: Field, from: &Value, to: &Value, _account: &Account, _now: Timestamp) -> bool {
        from == to
    }
}
