//! What a Campaign asks for, parsed: an invalid one cannot be written down here.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::line::CampaignId;
use super::observed::ExternalId;
use super::settings::Field;
use crate::locale::Locale;
use crate::market::Market;
use crate::money::Money;
use crate::rates::Rates;

/// A Campaign's spec.
#[derive(Debug, Clone, PartialEq)]
pub struct CampaignSpec {
    /// Namespace and name.
    pub id: CampaignId,
    /// What the advertising is for.
    pub objective: Objective,
    /// When it runs.
    pub flight: Flight,
    /// Names of AdAccounts, `name` or `namespace/name`, in the order written.
    pub accounts: Vec<String>,
    /// Where it runs, in the order written.
    pub markets: Vec<Market>,
    /// Combinations that are left out.
    pub except: Vec<Selector>,
    /// What differs for some accounts or markets; later ones win.
    pub overrides: Vec<Override>,
    /// How much is spent.
    pub budget: Budget,
    /// What the budget is worth on accounts of other currencies.
    pub rates: Rates,
    /// Weights of accounts and markets.
    pub split: Split,
    /// The locale of a market, by its key, where the likely one is not meant.
    pub locales: BTreeMap<String, Locale>,
    /// The locale of markets whose language has no copy.
    pub fallback_locale: Option<Locale>,
    /// Whom the ads are for.
    pub audience: Audience,
    /// The user's legal statements.
    pub declarations: Declarations,
    /// The ads.
    pub ads: Vec<Ad>,
    /// What only Google Ads knows.
    pub google: GoogleOptions,
    /// What only Meta knows.
    pub meta: MetaOptions,
    /// What only TikTok knows.
    pub tiktok: TikTokOptions,
    /// Overrides of what the AdAccount says.
    pub account_overrides: AccountOverrides,
    /// How we behave.
    pub policies: Policies,
    /// Objects made by others that this Campaign takes over.
    pub adopt: Vec<Adoption>,
    /// Whether ads shall be delivered.
    pub state: State,
    /// Whether *our writes* are stopped. It says nothing of delivery.
    pub suspend: bool,
}

/// What the advertising is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Objective {
    /// To be known.
    Awareness,
    /// Visits.
    Traffic,
    /// Contacts.
    Leads,
    /// Registrations.
    Signups,
    /// Purchases.
    Sales,
    /// Installations of an app.
    AppInstalls,
}

/// Whole days, both inclusive.
#[derive(Debug, Clone, PartialEq)]
pub struct Flight {
    /// The first day.
    pub start: Date,
    /// The last day.
    pub end: Date,
    /// The zone the days are in; none means each account's own.
    pub time_zone: Option<TimeZone>,
}

/// Lines named by account or market; a `None` matches all.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Selector {
    /// The account's name.
    pub account: Option<String>,
    /// The market's key.
    pub market: Option<String>,
}

impl Selector {
    /// Whether a line of this account and market is meant.
    pub fn matches(&self, account: &str, market: &str) -> bool {
        self.account.as_deref().is_none_or(|a| a == account) && self.market.as_deref().is_none_or(|m| m == market)
    }
}

/// What differs for some lines.
#[derive(Debug, Clone, PartialEq)]
pub struct Override {
    /// Accounts it is for; empty means all.
    pub accounts: BTreeSet<String>,
    /// Markets it is for; empty means all.
    pub markets: BTreeSet<String>,
    /// Another state.
    pub state: Option<State>,
    /// Another audience.
    pub audience: Option<Audience>,
    /// Other account settings.
    pub account_overrides: AccountOverrides,
}

impl Override {
    /// Whether a line of this account and market is meant.
    pub fn matches(&self, account: &str, market: &str) -> bool {
        (self.accounts.is_empty() || self.accounts.contains(account))
            && (self.markets.is_empty() || self.markets.contains(market))
    }
}

/// How much is spent.
#[derive(Debug, Clone, PartialEq)]
pub struct Budget {
    /// The amount, for each day or for the whole flight.
    pub amount: Money,
    /// What the amount is for.
    pub period: BudgetPeriod,
    /// Whether the share of a line that cannot run goes to the others.
    pub redistribute: bool,
}

/// What a budget's amount is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BudgetPeriod {
    /// Each day.
    Daily,
    /// The whole flight; paced into daily budgets.
    Flight,
}

/// Weights; what is not named weighs 1.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Split {
    /// By AdAccount name.
    pub accounts: BTreeMap<String, u32>,
    /// By market key.
    pub markets: BTreeMap<String, u32>,
}

impl Split {
    /// The weight of a line.
    pub fn weight(&self, account: &str, market: &str) -> u64 {
        let of = |map: &BTreeMap<String, u32>, key: &str| u64::from(map.get(key).copied().unwrap_or(1));
        of(&self.accounts, account) * of(&self.markets, market)
    }
}

/// Whom the ads are for; empty means everybody.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Audience {
    /// Youngest and oldest age.
    pub ages: Option<AgeRange>,
    /// Only these genders; empty means all.
    pub genders: BTreeSet<Gender>,
}

/// Ages, both inclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AgeRange {
    /// The youngest.
    pub from: u8,
    /// The oldest; `None` means no end.
    pub to: Option<u8>,
}

/// A gender as the platforms let one target it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Gender {
    /// Female.
    Female,
    /// Male.
    Male,
}

/// The user's legal statements; they have no default.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declarations {
    /// Whether the ads are political advertising in the sense of the EU's regulation.
    pub eu_political_ads: bool,
    /// Special ad categories (housing, credit, ...), in Meta's terms.
    pub special_ad_categories: BTreeSet<String>,
}

/// An ad; what of it a platform uses depends on the platform's channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ad {
    /// Unique in its Campaign.
    pub name: String,
    /// Where it leads to; may hold `{market}`, `{locale}`.
    pub url: String,
    /// The words, by locale.
    pub copy: BTreeMap<Locale, Copy>,
    /// Images and videos by URL; may hold `{market}`, `{locale}`.
    pub media: Vec<String>,
}

/// The words of an ad in one locale.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Copy {
    /// Headlines.
    pub headlines: Vec<String>,
    /// Longer texts.
    pub descriptions: Vec<String>,
    /// Words shown after the domain.
    pub paths: Vec<String>,
}

/// What only Google Ads knows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GoogleOptions {
    /// Where on Google.
    pub channel: GoogleChannel,
    /// Keywords by locale, in Google's notation: `plain`, `"phrase"`, `[exact]`.
    pub keywords: BTreeMap<Locale, Vec<String>>,
    /// Negative keywords by locale, in the same notation.
    pub negative_keywords: BTreeMap<Locale, Vec<String>>,
    /// How it bids.
    pub bidding: Bidding,
    /// Whether search partners show the ads, too.
    pub search_partners: bool,
}

/// Where on Google.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum GoogleChannel {
    /// Google Search.
    #[default]
    Search,
}

/// What only Meta knows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MetaOptions {
    /// Where on Meta; empty means that Meta chooses.
    pub placements: BTreeSet<MetaPlacement>,
    /// How it bids.
    pub bidding: AuctionBidding,
    /// What the ads' button says; none means what fits the objective.
    pub call_to_action: Option<CallToAction>,
    /// Who benefits from the ads, as the EU's Digital Services Act has it shown.
    pub beneficiary: Option<String>,
    /// Who pays for the ads, likewise; none means the beneficiary.
    pub payor: Option<String>,
}

/// A surface of Meta.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum MetaPlacement {
    /// Facebook.
    Facebook,
    /// Instagram.
    Instagram,
    /// Messenger.
    Messenger,
    /// Apps and sites of others.
    AudienceNetwork,
}

/// What only TikTok knows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TikTokOptions {
    /// How it bids.
    pub bidding: AuctionBidding,
    /// What the ads' button says; none means what fits the objective.
    pub call_to_action: Option<CallToAction>,
}

/// How a line bids where the platform sets the bids.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum AuctionBidding {
    /// As many results as the budget buys.
    #[default]
    LowestCost,
    /// Results at this cost on average.
    CostCap(Decimal),
    /// Never a bid above this.
    BidCap(Decimal),
}

/// What an ad's button says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum CallToAction {
    /// Learn more.
    LearnMore,
    /// Sign up.
    SignUp,
    /// Shop now.
    ShopNow,
    /// Subscribe.
    Subscribe,
    /// Download.
    Download,
    /// Watch more.
    WatchMore,
    /// Contact us.
    ContactUs,
    /// Apply now.
    ApplyNow,
    /// Book now.
    BookNow,
}

impl CallToAction {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::LearnMore,
        Self::SignUp,
        Self::ShopNow,
        Self::Subscribe,
        Self::Download,
        Self::WatchMore,
        Self::ContactUs,
        Self::ApplyNow,
        Self::BookNow,
    ];

    /// What fits an objective.
    pub fn of(objective: Objective) -> Self {
        match objective {
            Objective::Awareness | Objective::Traffic => Self::LearnMore,
            Objective::Leads | Objective::Signups => Self::SignUp,
            Objective::Sales => Self::ShopNow,
            Objective::AppInstalls => Self::Download,
        }
    }
}

/// How a line bids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bidding {
    /// As many clicks as the budget buys, at most `max_cpc` each.
    MaximizeClicks {
        /// The highest bid.
        max_cpc: Option<Decimal>,
    },
    /// As many conversions as the budget buys, at `target_cpa` each if given.
    MaximizeConversions {
        /// The wished cost of a conversion.
        target_cpa: Option<Decimal>,
    },
    /// `max_cpc` for each click.
    ManualCpc {
        /// The bid.
        max_cpc: Decimal,
    },
}

impl Default for Bidding {
    fn default() -> Self {
        Self::MaximizeClicks { max_cpc: None }
    }
}

/// A decimal number of the Campaign's currency, as written; parsed with the currency where it is used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decimal(pub String);

/// What a Campaign may say otherwise than its AdAccounts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AccountOverrides {
    /// Which conversion counts.
    pub conversion_action: Option<String>,
    /// What is appended to URLs.
    pub url_parameters: Option<String>,
    /// How platform objects are named.
    pub name_template: Option<String>,
}

/// How we behave towards the platform and its other users.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Policies {
    /// What happens to a change by hand.
    pub drift: DriftPolicy,
    /// What happens to a pause or budget cut by hand.
    pub stops_by_hand: StopsByHand,
    /// What happens on deletion.
    pub deletion: DeletionPolicy,
    /// Whether a change of an immutable field may replace the object.
    pub on_replace: OnReplace,
    /// Fields that we neither compare nor write after the creation.
    pub ignore_fields: BTreeSet<Field>,
}

/// What happens to a change by hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DriftPolicy {
    /// It is undone.
    #[default]
    Correct,
    /// It is reported.
    Report,
}

/// What happens to a pause or budget cut by hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum StopsByHand {
    /// It stays until the spec changes.
    #[default]
    Keep,
    /// It is drift like any other.
    Override,
}

/// What happens on deletion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DeletionPolicy {
    /// Objects are paused.
    #[default]
    Pause,
    /// Objects are removed, which cannot be undone.
    Remove,
    /// Objects are left as they are.
    Retain,
}

/// Whether a change of an immutable field may replace the object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnReplace {
    /// No; the change is refused and said.
    #[default]
    Refuse,
    /// Yes: the old one is paused, then a new one is created.
    Allow,
}

/// An object made by others that a line takes over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adoption {
    /// The account's name.
    pub account: String,
    /// The market's key.
    pub market: String,
    /// Which object.
    pub object: Adoptee,
}

/// How a spec says which object is taken over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Adoptee {
    /// By the platform's id.
    Id(ExternalId),
    /// By its name, exactly as the platform has it: the one live object that is called so.
    Name(String),
}

impl fmt::Display for Adoptee {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => write!(f, "the object {id}"),
            Self::Name(name) => write!(f, "an object called {name:?}"),
        }
    }
}

/// Whether ads shall be delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum State {
    /// Yes, during the flight.
    #[default]
    Active,
    /// No.
    Paused,
}
