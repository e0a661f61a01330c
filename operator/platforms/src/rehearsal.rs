//! A connector through which nothing can be written: what is not reading or rehearsing is refused before anything is
//! looked up for it. Whatever a connector sends all the same, its [`Transport`](crate::transport::Transport) holds back.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use adops_core::campaign::observed::{ExternalId, Snapshot};
use adops_core::campaign::plan::{Action, NewLine};
use adops_core::campaign::settings::ContentHash;
use adops_core::catalog::media::MediaFacts;
use adops_core::market::Place;
use adops_core::platform::PlatformRules;
use async_trait::async_trait;
use jiff::SignedDuration;
use jiff::civil::Date;

use crate::error::PlatformError;
use crate::port::{AccountFacts, AdPlatform, Inventory, Outcome, Rehearsed, Scope, Spend, Upload, Uploaded};
use crate::quota::Quota;

/// A connector that reads and rehearses, and nothing else.
pub struct RehearsalOnly(pub Arc<dyn AdPlatform>);

fn refused() -> Outcome {
    Outcome::Failed(PlatformError::only_rehearses())
}

// Every method stands here, those with a default in the port, too: a default would hide what the platform has of its own.
#[async_trait]
impl AdPlatform for RehearsalOnly {
    fn rules(&self) -> Arc<dyn PlatformRules> {
        self.0.rules()
    }

    fn read_after_write_lag(&self) -> SignedDuration {
        self.0.read_after_write_lag()
    }

    fn request_timeout(&self) -> SignedDuration {
        self.0.request_timeout()
    }

    fn quota(&self) -> &Arc<Quota> {
        self.0.quota()
    }

    fn cost(&self, change: &Action) -> u64 {
        self.0.cost(change)
    }

    fn cost_of_listing(&self) -> u64 {
        self.0.cost_of_listing()
    }

    fn operations_per_request(&self) -> u64 {
        self.0.operations_per_request()
    }

    async fn account(&self) -> Result<AccountFacts, PlatformError> {
        self.0.account().await
    }

    async fn observe(&self, scope: &Scope) -> Result<Snapshot, PlatformError> {
        self.0.observe(scope).await
    }

    async fn named(&self, names: &BTreeSet<String>) -> Result<BTreeMap<String, BTreeSet<ExternalId>>, PlatformError> {
        self.0.named(names).await
    }

    async fn inventory(&self) -> Result<Inventory, PlatformError> {
        self.0.inventory().await
    }

    fn holder(&self) -> Option<String> {
        self.0.holder()
    }

    async fn hold(&self) -> Result<(), PlatformError> {
        Err(PlatformError::only_rehearses())
    }

    async fn spend(&self, since: Date) -> Result<Spend, PlatformError> {
        self.0.spend(since).await
    }

    async fn resolve(&self, places: &BTreeSet<Place>) -> Result<BTreeMap<Place, String>, PlatformError> {
        self.0.resolve(places).await
    }

    async fn create(&self, lines: &[NewLine]) -> Vec<Outcome> {
        lines.iter().map(|_| refused()).collect()
    }

    async fn rehearse(&self, lines: &[NewLine], changes: &[Action]) -> Vec<Result<Rehearsed, PlatformError>> {
        self.0.rehearse(lines, changes).await
    }

    async fn change(&self, changes: &[Action]) -> Vec<Outcome> {
        changes.iter().map(|_| refused()).collect()
    }

    async fn media(&self, wanted: &BTreeSet<ContentHash>) -> Result<BTreeMap<ContentHash, Uploaded>, PlatformError> {
        self.0.media(wanted).await
    }

    fn recognize(&self, url: &str, facts: &MediaFacts) -> BTreeSet<ContentHash> {
        self.0.recognize(url, facts)
    }

    async fn upload(&self, _file: &Upload) -> Outcome {
        refused()
    }
}
