//! What the suite must know of a platform.

mod google;
mod meta;
mod pinterest;
mod tiktok;

use std::collections::BTreeMap;

use adops_core::campaign::spec::CampaignSpec;
use adops_core::platform::Platform;
use adops_core::secret::Secret;
use adops_platforms::port::AdPlatform;
use adsim::{AdSim, Config, Effect, Match};
use async_trait::async_trait;

use adops_core::catalog::media::MediaBook;
pub use google::Google;
pub use meta::Meta;
pub use pinterest::Pinterest;
pub use tiktok::TikTok;

/// An account as the suite wants it.
#[derive(Debug, Clone)]
pub struct Shape {
    /// ISO 4217.
    pub currency: &'static str,
    /// IANA.
    pub zone: &'static str,
}

impl Default for Shape {
    fn default() -> Self {
        Self { currency: "EUR", zone: "America/New_York" }
    }
}

/// How the account is reached.
pub struct Access {
    /// The API's base URL.
    pub endpoint: String,
    /// A manager account.
    pub manager_id: Option<String>,
    /// Under whom ads are shown.
    pub identity: BTreeMap<String, String>,
    /// The Secret's keys.
    pub credentials: BTreeMap<String, Secret>,
    /// Which conversion counts.
    pub conversion_action: Option<String>,
}

/// The topmost object of a line, or of somebody else's advertising, as the platform itself shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Whether it is enabled.
    pub enabled: bool,
    /// Its daily budget in micros, as far as it was created to where the budget is.
    pub budget: Option<i64>,
    /// How many elements of its chain there are: itself, what is in it, ads.
    pub elements: usize,
}

/// Something that a person does in the platform's own interface.
#[derive(Debug, Clone)]
pub enum Hand<'a> {
    /// Pauses an object.
    Pause(&'a str),
    /// Sets its daily budget, in micros.
    Budget(&'a str, i64),
    /// Gives it another name.
    Rename(&'a str, &'a str),
    /// Removes it.
    Remove(&'a str),
    /// Adds advertising of somebody else's, enabled, with so many micros a day.
    Foreign(&'a str, i64),
    /// The account is suspended, or works again.
    Suspend(bool),
}

/// A thing that a platform may lack; the suite then checks that it is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Feature {
    /// Ads, and what targets them: a line is only its topmost object and its budget.
    Ads,
    /// Currencies with three decimals.
    ThreeDecimals,
    /// A way to let access tokens expire.
    Expiry,
    /// Removing for good.
    Remove,
    /// A time zone of the account's own: its days are those of UTC.
    Zones,
    /// A word of the account's own on whether it may advertise: its lines say it.
    AccountStatus,
}

/// A platform under test.
#[async_trait]
pub trait Subject: Send + Sync + 'static {
    /// The platform.
    const PLATFORM: Platform;
    /// The account's id, as users write it.
    const ACCOUNT: &'static str;

    /// Puts the account into the simulator's configuration.
    fn configure(config: &mut Config, shape: &Shape);

    /// How it is reached.
    fn access(sim: &AdSim) -> Access;

    /// What the platform has not.
    fn lacks() -> &'static [Feature] {
        &[]
    }

    /// Whether accounts can have this currency.
    fn has_currency(_code: &str) -> bool {
        true
    }

    /// What the platform needs in a spec beside the suite's own.
    fn adapt(_spec: &mut CampaignSpec) {}

    /// Puts into the account's library what the spec's ads name.
    async fn library(_platform: &dyn AdPlatform, _sim: &AdSim, _account: &str) -> MediaBook {
        MediaBook::new()
    }

    /// Everything on the account that is not removed.
    fn objects(sim: &AdSim) -> Vec<Object>;

    /// What can be spent there a day, in micros.
    fn live_micros(sim: &AdSim) -> i64;

    /// Does something by hand.
    fn by_hand(sim: &AdSim, hand: &Hand<'_>);

    /// Whether it has a dry run.
    const REHEARSES: bool;

    /// Whether a line takes more than one request to create.
    const IS_CHAIN: bool;

    /// Requests that write.
    fn writes() -> Match;

    /// Requests that list lines.
    fn listings() -> Match;

    /// Most objects that a page of a listing has.
    const PAGE: usize;

    /// Answers as the platform does to who asks too much.
    fn throttled() -> Effect;

    /// The simulator serves none but versions that come after ours.
    fn serve_later_versions(config: &mut Config);

    /// Takes our access away for good, until it is given back.
    fn revoke(sim: &AdSim);

    /// Gives it back.
    fn restore(sim: &AdSim);

    /// Lets access tokens expire: those that can be renewed are, those that cannot are as good as revoked.
    fn expire(sim: &AdSim);

    /// Whether an expired token is renewed by the connector itself.
    const RENEWS: bool;
}
