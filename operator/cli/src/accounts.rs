//! What is known of the AdAccounts of a Campaign.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use adops_api::account::AllowedFrom;
use adops_api::{AdAccount, Campaign};
use adops_core::money::{Currency, Money};
use adops_core::platform::{Account, ObjectCount, PlatformRules};
use adops_core::reason::Reason;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::load::{Key, Manifest};
use crate::media::Files;

/// An AdAccount that lines can be planned on.
pub struct Known {
    /// As the files say it, with what was observed.
    pub account: Account,
    /// As it is stored, with what was observed.
    pub stored: Account,
    /// The platform's rules.
    pub rules: Arc<dyn PlatformRules>,
    /// When it was read.
    pub observed_at: Option<Timestamp>,
    /// Whether the Campaign's namespace may use it, as far as can be said without reading namespaces.
    pub granted: bool,
}

/// What there is to say of the AdAccounts of one Campaign.
#[derive(Default)]
pub struct Accounts {
    /// By the name that the Campaign has for it.
    pub known: BTreeMap<String, Known>,
    /// Those that nothing can be planned on, and why.
    pub unknown: BTreeMap<String, (Reason, String)>,
    /// What is behind the URLs of images and videos.
    pub files: Files,
    /// What else a reader should know.
    pub notes: Vec<String>,
}

/// What the cluster and the files say of AdAccounts.
pub struct Sources<'a> {
    /// In the cluster.
    pub live: &'a BTreeMap<Key, AdAccount>,
    /// In the cluster, but not to be had.
    pub unreadable: &'a BTreeMap<Key, String>,
    /// In the files.
    pub files: &'a BTreeMap<Key, Manifest<AdAccount>>,
}

/// The names of the AdAccounts that a plan of a Campaign needs: those of both specs and those that lines are on.
pub fn names(planned: &Campaign, live: Option<&Campaign>) -> BTreeSet<String> {
    let lines = live.and_then(|live| live.status.as_ref()).into_iter().flat_map(|status| &status.lines);
    let on = lines.filter(|line| line.id.is_some()).filter_map(|line| line.key.rsplit_once('/'));
    let named = planned.spec.accounts.iter().chain(live.into_iter().flat_map(|live| &live.spec.accounts));
    named.cloned().chain(on.map(|(account, _)| account.to_owned())).collect()
}

impl Accounts {
    /// Gathers what is known.
    pub fn gather(campaign: &Key, names: &BTreeSet<String>, sources: &Sources<'_>) -> Self {
        let mut accounts = Self::default();
        for name in names {
            match accounts.look_up(campaign, name, sources) {
                Ok(known) => {
                    accounts.known.insert(name.clone(), known);
                }
                Err(why) => {
                    accounts.unknown.insert(name.clone(), why);
                }
            }
        }
        accounts
    }

    fn look_up(&mut self, campaign: &Key, name: &str, sources: &Sources<'_>) -> Result<Known, (Reason, String)> {
        let key = Key::account(campaign, name);
        let needs = "its currency and time zone are known when the operator has read the account";
        let live = sources.live.get(&key);
        let file = sources.files.get(&key).map(|manifest| &manifest.object);
        let Some(live) = live else {
            return Err(match (sources.unreadable.get(&key), file) {
                (Some(why), _) => (Reason::AccountNotReady, format!("the AdAccount {key} cannot be read: {why}")),
                (None, Some(_)) => (
                    Reason::NotObserved,
                    format!("the AdAccount {key} is not in the cluster yet: {needs}; apply it, then plan again"),
                ),
                (None, None) => (
                    Reason::AccountNotFound,
                    format!("there is no AdAccount {key}, neither in the cluster nor in the files: create it"),
                ),
            });
        };
        let status = live.status.clone().unwrap_or_default();
        let said = status.conditions.iter().find(|condition| condition.type_ == "Ready" && condition.status != "True");
        let facts = status.currency.as_deref().and_then(|currency| currency.parse::<Currency>().ok());
        let zone = status.time_zone.as_deref().and_then(|zone| TimeZone::get(zone).ok());
        let (Some(currency), Some(time_zone)) = (facts, zone) else {
            let why = said.map(|said| format!(" ({}: {})", said.reason, said.message)).unwrap_or_default();
            return Err((Reason::NotObserved, format!("the AdAccount {key} was not observed yet{why}: {needs}")));
        };
        let Some(rules) = adops_platforms::registry::rules(live.spec.platform.into()) else {
            let platform = adops_core::platform::Platform::from(live.spec.platform);
            return Err((Reason::Unsupported, format!("{key}: there is no connector for {platform} yet")));
        };
        if let Some(said) = said {
            let message = format!("the AdAccount {key} is not ready ({}: {})", said.reason, said.message);
            self.notes.push(message);
        }
        let planned = file.unwrap_or(live);
        let count = |count: Option<adops_api::account::ObjectCount>| {
            let count = count?;
            Some(ObjectCount { live: u32::try_from(count.live).ok()?, limit: u32::try_from(count.limit).ok()? })
        };
        let (objects, ads) = (count(status.objects), count(status.ads));
        let amount = |text: &Option<String>| amount(text.as_deref()?, currency);
        let step = amount(&status.budget_step).map(Money::micros);
        let budget_unit = step.unwrap_or_else(|| rules.budget_unit(currency));
        let minimum_daily_budget = amount(&status.minimum_daily_budget);
        let account = |object: &AdAccount| Account {
            name: name.to_owned(),
            platform: object.spec.platform.into(),
            currency,
            time_zone: time_zone.clone(),
            budget_unit,
            minimum_daily_budget,
            ceiling: adops_api::convert::ceiling(&object.spec.ceiling).ok(),
            brakes: adops_api::convert::brakes(object.spec.brakes.as_ref()),
            stop: object.spec.stop,
            conversion_action: object.spec.conversion_action.clone(),
            url_parameters: object.spec.url_parameters.clone(),
            name_template: Some(object.spec.name_template.clone()),
            identity: adops_api::convert::identity(&object.spec),
            objects,
            ads,
        };
        let account_now = account(planned);
        if let Some(ceiling) = account_now.ceiling.filter(|ceiling| ceiling.currency() != currency) {
            let message = format!("the ceiling of {key} is in {}, the account in {currency}", ceiling.currency());
            return Err((Reason::CurrencyMismatch, message));
        }
        Ok(Known {
            stored: account(live),
            account: account_now,
            rules,
            observed_at: status.observed_at.map(|time| time.0),
            granted: self.granted(campaign, &key, planned),
        })
    }

    fn granted(&mut self, campaign: &Key, key: &Key, account: &AdAccount) -> bool {
        match account.spec.allowed_namespaces.from {
            _ if campaign.namespace == key.namespace => true,
            AllowedFrom::Same => false,
            AllowedFrom::All => true,
            AllowedFrom::Selector => {
                self.notes.push(format!(
                    "the AdAccount {key} grants namespaces by their labels, which the plan does not read: it takes \
                     {} for granted",
                    campaign.namespace
                ));
                true
            }
        }
    }
}

/// An amount of a status: `1.00 USD`.
fn amount(text: &str, currency: Currency) -> Option<Money> {
    let (amount, code) = text.split_once(' ')?;
    (code == currency.as_str()).then(|| Money::parse(amount, currency).ok()).flatten()
}
