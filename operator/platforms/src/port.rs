//! The port: what the controllers know of an ad platform.
//!
//! # Contract
//! - [`AdPlatform::observe`] lists in bulk, never object by object, to the last page; a snapshot that
//!   could not be read to its end is an error, not a smaller snapshot.
//! - [`AdPlatform::create`] creates whole lines, paused, with marker and paused label in the same
//!   request where the platform can; a line that the platform refuses never takes others with it.
//! - [`AdPlatform::change`] is idempotent: sent twice it has the effect of once.
//! - Nothing that does not carry our marker is changed, except by [`Action::Mark`], which the plan
//!   asks for only where the spec names the object or where it was ours.
//! - Each write answers with one [`Outcome`] an item, in order. `Unknown` is never turned into
//!   `Applied` or `Failed` by guessing.
//! - Every request passes a [`Meter`](crate::quota::Meter): it is counted where the platform counts it, and it is not
//!   sent if what is left of a quota is kept for what is more important.
//! - No method retries by itself beyond one refresh of an expired token: the queue that calls it
//!   knows what is more important.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use adops_core::campaign::observed::{ExternalId, ObservedLine, Snapshot};
use adops_core::campaign::plan::{Action, NewLine};
use adops_core::campaign::settings::ContentHash;
use adops_core::catalog::media::{LibraryFile, MediaFacts};
use adops_core::marker::Installation;
use adops_core::market::Place;
use adops_core::money::{Currency, Money};
use adops_core::platform::{ObjectCount, Platform, PlatformRules};
use adops_core::reason::Reason;
use adops_core::secret::Secret;
use async_trait::async_trait;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::allow::AllowList;
use crate::clock::SharedClock;
use crate::error::PlatformError;
use crate::holder::Hold;
use crate::quota::{Quota, Quotas};
use crate::transport::{Gate, Interceptor};

/// What an ad account says of itself.
#[derive(Debug, Clone, PartialEq)]
pub struct AccountFacts {
    /// Its currency.
    pub currency: Currency,
    /// Its zone.
    pub time_zone: TimeZone,
    /// Its name on the platform.
    pub name: String,
    /// Whether the platform lets it advertise.
    pub enabled: bool,
    /// The platform's word for its status.
    pub status: String,
    /// Micros of the smallest step of a budget.
    pub budget_unit: i64,
    /// The smallest daily budget of a line, where the account has one of its own.
    pub minimum_daily_budget: Option<Money>,
    /// How many line objects it holds, whoever made them, and may hold.
    pub objects: Option<ObjectCount>,
    /// How many ads run, or are in review, under the account's identity, and how many may.
    pub ads: Option<ObjectCount>,
    /// When the credentials end, where the platform says.
    pub credentials_expire: Option<Timestamp>,
}

/// What to observe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// All that carries our marker, plus these ids, removed ones too.
    All {
        /// Ids that are held though their marker may be gone.
        held: BTreeSet<ExternalId>,
    },
    /// Only these ids: a read-back.
    Ids(BTreeSet<ExternalId>),
}

/// Spend by object and account day, in micros.
pub type Spend = BTreeMap<ExternalId, BTreeMap<Date, i64>>;

/// All that is on an account, whoever made it.
#[derive(Debug, Clone, Default)]
pub struct Inventory {
    /// What the platform has where our lines are.
    pub items: Vec<Item>,
    /// Those that are nothing like a line: id, name and why.
    pub others: Vec<(ExternalId, String, String)>,
    /// The files of the account's library that the items show, by the hash by which their settings tell them.
    pub files: BTreeMap<ContentHash, LibraryFile>,
}

/// One object of an [`Inventory`].
#[derive(Debug, Clone)]
pub struct Item {
    /// As a line.
    pub line: ObservedLine,
    /// Why it can be none, though its settings may look like one's: a budget that it shares.
    pub obstacles: Vec<String>,
}

/// What came of one item of a write.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// The platform says that it was done. It counts as applied when it was read back.
    Applied {
        /// The object's id.
        id: ExternalId,
    },
    /// It was surely not done.
    Failed(PlatformError),
    /// Nobody knows.
    Unknown(PlatformError),
}

/// What a rehearsal has shown of something that the platform would take.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rehearsed {
    /// What of it the platform could not be asked about, and why; none if it was asked about all of it.
    pub left_out: Option<String>,
}

/// A file to be put into an account's library.
#[derive(Clone)]
pub struct Upload {
    /// What is known of it.
    pub facts: MediaFacts,
    /// Where it was read from.
    pub url: String,
    /// Its content.
    pub content: Arc<Vec<u8>>,
}

/// A file in an account's library.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Uploaded {
    /// The platform's id of it.
    pub id: String,
    /// Whether it can be used.
    pub state: Processing,
}

/// How far the platform is with a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Processing {
    /// It can be used.
    Ready,
    /// The platform still works on it.
    Underway,
    /// The platform does not take it.
    Failed(String),
}

/// An ad platform, for one account.
#[async_trait]
pub trait AdPlatform: Send + Sync {
    /// Its pure half.
    fn rules(&self) -> Arc<dyn PlatformRules>;

    /// How long after a write a listing may not show it.
    fn read_after_write_lag(&self) -> SignedDuration;

    /// How long a request may take.
    fn request_timeout(&self) -> SignedDuration;

    /// The quota that its requests use, shared with all accounts whose credentials belong to the same scope.
    fn quota(&self) -> &Arc<Quota>;

    /// What a change costs of that quota, reads not counted. An estimate; what is used is counted request by request.
    fn cost(&self, _change: &Action) -> u64 {
        1
    }

    /// What a listing may cost as long as none was made.
    fn cost_of_listing(&self) -> u64 {
        10
    }

    /// The cost of what is handed over together: so much goes out before anything more important can.
    fn operations_per_request(&self) -> u64 {
        50
    }

    /// The account's facts.
    async fn account(&self) -> Result<AccountFacts, PlatformError>;

    /// Lists lines. `Snapshot::began` is the business time before the first request was sent.
    async fn observe(&self, scope: &Scope) -> Result<Snapshot, PlatformError>;

    /// The ids of the live campaigns that are called exactly so, whoever made them: for adoptions by name. A query by
    /// name where the platform filters by it, never object by object. A name that nothing has may be absent.
    async fn named(&self, names: &BTreeSet<String>) -> Result<BTreeMap<String, BTreeSet<ExternalId>>, PlatformError>;

    /// Lists all that is on the account, whoever made it, for an import. Like [`AdPlatform::observe`] it goes in bulk
    /// and to the last page.
    async fn inventory(&self) -> Result<Inventory, PlatformError> {
        let message = format!("there is no import from {} yet", self.rules().platform());
        Err(PlatformError::Rejected { reason: Reason::Unsupported, message })
    }

    /// Who writes to the account, as its record said when [`AdPlatform::observe`] last read it; none where the platform
    /// cannot keep that.
    fn holder(&self) -> Option<String> {
        None
    }

    /// Makes sure that this cluster is the one that writes: claims an account that nobody holds, takes over one that
    /// it may take over. [`AdPlatform::create`] and [`AdPlatform::change`] do so by themselves.
    async fn hold(&self) -> Result<(), PlatformError> {
        Ok(())
    }

    /// Spend of all objects of ours by account day, from `since` on. Days without spend are absent.
    async fn spend(&self, since: Date) -> Result<Spend, PlatformError>;

    /// Looks places up. A place that the platform does not know is absent from the answer.
    async fn resolve(&self, places: &BTreeSet<Place>) -> Result<BTreeMap<Place, String>, PlatformError>;

    /// Creates lines, paused. One outcome for each, in order. Places must have been resolved.
    async fn create(&self, lines: &[NewLine]) -> Vec<Outcome>;

    /// Asks the platform what it would say to these creates and changes, without any effect: one verdict for each line,
    /// then one for each change. Only a connector that was made for it ([`Connection::rehearsal`]) does so; platforms
    /// without a dry run answer `Unsupported`, and so is what they have none of.
    async fn rehearse(&self, lines: &[NewLine], changes: &[Action]) -> Vec<Result<Rehearsed, PlatformError>> {
        let message = format!("{} has no dry run that adops can use", self.rules().platform());
        let refusal = PlatformError::Rejected { reason: Reason::Unsupported, message };
        vec![Err(refusal); lines.len() + changes.len()]
    }

    /// Changes objects. One outcome for each, in order; several changes of one object are sent together.
    ///
    /// [`Action::Complete`] continues a line whose creation did not come to its end: the topmost object is paused
    /// first if it is enabled, and what is missing is created paused, each with its own marker in its own request.
    async fn change(&self, changes: &[Action]) -> Vec<Outcome>;

    /// What the account's library holds of these files, whoever has put it there. Only for platforms that use media.
    async fn media(&self, _wanted: &BTreeSet<ContentHash>) -> Result<BTreeMap<ContentHash, Uploaded>, PlatformError> {
        Ok(BTreeMap::new())
    }

    /// The files of the account's library that have this content under names that others have given them, as far as the
    /// last [`AdPlatform::media`] or [`AdPlatform::inventory`] has shown: the hashes by which listings have told them so
    /// far. From then on the connector tells them by `facts.hash`, and uses them as if they were files of ours.
    fn recognize(&self, _url: &str, _facts: &MediaFacts) -> BTreeSet<ContentHash> {
        BTreeSet::new()
    }

    /// Puts a file into the account's library, named by its hash so that it is found again. The id in the outcome is
    /// the library's.
    async fn upload(&self, _file: &Upload) -> Outcome {
        let message = "this platform takes no media".to_owned();
        Outcome::Failed(PlatformError::Rejected { reason: Reason::Unsupported, message })
    }
}

/// What a connector is made of.
#[derive(Clone)]
pub struct Connection {
    /// On which platform.
    pub platform: Platform,
    /// The account's id, as the user wrote it.
    pub account_id: String,
    /// The manager account, if access goes through one.
    pub manager_id: Option<String>,
    /// The API's base URL; none means the platform's own.
    pub endpoint: Option<String>,
    /// The API's version; none means the connector's.
    pub api_version: Option<String>,
    /// Under whom ads are shown, by what the platform calls it.
    pub identity: BTreeMap<String, String>,
    /// The Secret's keys.
    pub credentials: BTreeMap<String, Secret>,
    /// Whose markers are ours.
    pub installation: Installation,
    /// Which endpoints may be used.
    pub allow: AllowList,
    /// Business time.
    pub clock: SharedClock,
    /// The quotas of all platforms.
    pub quotas: Arc<Quotas>,
    /// Sees every request; for metrics, and for tests that kill the operator at one.
    pub interceptor: Option<Arc<dyn Interceptor>>,
    /// Is asked right before each request leaves; none means that nobody else can act.
    pub gate: Option<Arc<dyn Gate>>,
    /// How long a request may take.
    pub request_timeout: Duration,
    /// Which cluster we are, where the platform keeps who holds an account; none for one that never writes.
    pub hold: Option<Hold>,
    /// Whether the connector is for [`AdPlatform::rehearse`] and reading only. Through such a one nothing is written:
    /// [`registry::connect`](crate::registry::connect) refuses creates, changes, uploads and claims, and the
    /// [`Transport`](crate::transport::Transport) sends nothing but reads and what the platform takes for a dry run.
    pub rehearsal: bool,
}

/// How long a request may take if nobody says otherwise.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// Why a connector cannot be made.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ConnectError {
    /// The Secret lacks a key.
    #[error("the Secret lacks the key `{key}` ({hint})")]
    MissingKey {
        /// The key.
        key: String,
        /// What would do.
        hint: String,
    },
    /// A key's value is not what it should be.
    #[error("the Secret's key `{key}` cannot be used: {message}")]
    BadKey {
        /// The key.
        key: String,
        /// What is wrong; never the value.
        message: String,
    },
    /// A URL is not allowed.
    #[error("{url} is not on the operator's allow-list (--allow-endpoint)")]
    NotAllowed {
        /// Scheme, host and port.
        url: String,
    },
    /// No connector for this platform yet.
    #[error("there is no connector for {0} yet")]
    NoConnector(Platform),
}
