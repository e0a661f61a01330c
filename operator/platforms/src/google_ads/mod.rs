//! Google Ads.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use adops_core::campaign::line::{DesiredLine, LineProblem};
use adops_core::campaign::observed::{ObservedLine, Snapshot};
use adops_core::campaign::plan::{Action, NewLine};
use adops_core::campaign::settings::{Field, Settings, Value};
use adops_core::market::Place;
use adops_core::money::{Currency, Money};
use adops_core::platform::{Account, Manner, Platform, PlatformRules};
use async_trait::async_trait;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use crate::error::PlatformError;
use crate::port::{AccountFacts, AdPlatform, ConnectError, Connection, Outcome, Scope, Spend};

/// Google Ads' rules.
#[derive(Debug, Clone, Copy, Default)]
pub struct Rules;

impl PlatformRules for Rules {
    fn platform(&self) -> Platform { Platform::Google }
    fn minimum_daily_budget(&self, _currency: Currency) -> Option<Money> { None }
    fn render(&self, _line: &DesiredLine, _account: &Account) -> Result<Settings, Vec<LineProblem>> { Ok(Settings::default()) }
    fn manner(&self, _field: Field, _from: Option<&Value>, _to: &Value, _line: &ObservedLine, _now: Timestamp) -> Manner { Manner::InPlace }
}

/// One Google Ads account.
pub struct GoogleAds { _connection: Connection }

impl GoogleAds {
    /// A connector.
    pub fn new(connection: Connection) -> Result<Self, ConnectError> { Ok(Self { _connection: connection }) }
}

#[async_trait]
impl AdPlatform for GoogleAds {
    fn rules(&self) -> Arc<dyn PlatformRules> { Arc::new(Rules) }
    fn read_after_write_lag(&self) -> SignedDuration { SignedDuration::from_secs(5) }
    fn request_timeout(&self) -> SignedDuration { SignedDuration::from_secs(30) }
    async fn account(&self) -> Result<AccountFacts, PlatformError> { Err(PlatformError::Unavailable { message: String::new() }) }
    async fn observe(&self, _scope: &Scope) -> Result<Snapshot, PlatformError> { Ok(Snapshot::default()) }
    async fn spend(&self, _since: Date) -> Result<Spend, PlatformError> { Ok(Spend::new()) }
    async fn resolve(&self, _places: &BTreeSet<Place>) -> Result<BTreeMap<Place, String>, PlatformError> { Ok(BTreeMap::new()) }
    async fn create(&self, _lines: &[NewLine]) -> Vec<Outcome> { Vec::new() }
    async fn change(&self, _changes: &[Action]) -> Vec<Outcome> { Vec::new() }
}
