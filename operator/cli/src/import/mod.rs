//! `kubectl adops import`: Campaigns for what runs on an account, such that applying them changes nothing.
//!
//! Each Campaign is rendered again and compared before it is written ([`adops_core::campaign::import`]), and what was
//! written is read again. What cannot be said in a Campaign is listed with its reason; nothing is dropped.

pub mod media;
mod names;
mod write;
mod yaml;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::sync::Arc;

use adops_api::AdAccount;
use adops_core::campaign::import::{self, Files, Imported, Subject};
use adops_core::campaign::line::CampaignId;
use adops_core::campaign::observed::{Delivery, Existence, ExternalId, ObservedLine};
use adops_core::campaign::settings::{Field, Value};
use adops_core::money::Money;
use adops_core::platform::{Account, PlatformRules};
use adops_platforms::error::PlatformError;
use adops_platforms::port::{AccountFacts, Inventory};
use jiff::Timestamp;

use self::media::{Addresses, MediaError};
use crate::access::AccessError;
use crate::args::{ImportArgs, Target};
use crate::cluster::{Cluster, ClusterError};
use crate::load::Key;
use crate::{Error, Exit};

/// What came of an import.
#[derive(Debug, Default)]
pub struct Import {
    /// The Campaigns as YAML documents, by the platform's id.
    pub documents: BTreeMap<ExternalId, String>,
    /// What cannot be said, by why: id and name.
    pub others: BTreeMap<String, BTreeSet<(ExternalId, String)>>,
    /// Files of the account's library that cannot be named: id and name.
    pub unnamed: BTreeSet<(String, String)>,
    /// What a reader should know before applying them.
    pub warnings: Vec<String>,
}

/// What an import is made of.
pub struct Source<'a> {
    /// The account.
    pub account: &'a Account,
    /// Its platform's rules.
    pub rules: Arc<dyn PlatformRules>,
    /// All that is on it.
    pub inventory: &'a Inventory,
    /// The files that its ads show.
    pub files: &'a Files,
    /// The namespace of the Campaigns.
    pub namespace: &'a str,
    /// Names of Campaigns that are taken.
    pub taken: &'a BTreeSet<String>,
    /// Now.
    pub now: Timestamp,
}

/// Does what the command line says: Campaigns go to `out`, what is to be known of them to `told`.
pub async fn run(
    target: &Target,
    args: &ImportArgs,
    out: &mut impl Write,
    told: &mut impl Write,
) -> Result<Exit, Error> {
    let addresses = Addresses::new(args)?;
    let cluster = Cluster::connect(target).await?;
    let namespace = target.namespace.as_ref().unwrap_or(&cluster.namespace);
    let key = Key::account(&Key::new(namespace, ""), &args.account);
    let stored = cluster.account(&key).await?.ok_or_else(|| ClusterError::NotFound("AdAccount", key.clone()))?;
    let platform = args.access.connect(&cluster, &key, &stored, crate::plan::placeholder(), false).await?;
    let cannot = |error: PlatformError| Error::Platform(key.clone(), error);
    let facts = platform.account().await.map_err(cannot)?;
    let inventory = platform.inventory().await.map_err(cannot)?;
    let allow = args.access.allow_list()?;
    let files = media::find(&inventory.files, &addresses, platform.as_ref(), allow).await;
    let name = if key.namespace == *namespace { key.name.clone() } else { args.account.clone() };
    let account = account(&name, &stored, &facts);
    let wished: BTreeSet<Key> =
        inventory.items.iter().map(|item| Key::new(namespace, names::plain(&item.line))).collect();
    let taken = cluster.campaigns(&wished).await?.into_keys().map(|key| key.name).collect();
    // A simulated clock may be ahead of ours, and nothing was observed later than now.
    let observed = stored.status.as_ref().and_then(|status| status.observed_at.as_ref()).map(|time| time.0);
    let now = Timestamp::now().max(observed.unwrap_or(Timestamp::MIN));
    let rules = platform.rules();
    let (account, inventory, files, taken) = (&account, &inventory, &files, &taken);
    let source = Source { account, rules, inventory, files, namespace, taken, now };
    let mut import = import_all(&source);
    import.warnings.extend(not_granted(&key, namespace, &stored));
    out.write_all(write::report(&import, account).as_bytes())?;
    out.flush()?;
    told.write_all(write::summary(&import).as_bytes())?;
    Ok(Exit::Unchanged)
}

/// The account as the operator would see it.
fn account(name: &str, stored: &AdAccount, facts: &AccountFacts) -> Account {
    let spec = &stored.spec;
    Account {
        name: name.to_owned(),
        platform: spec.platform.into(),
        currency: facts.currency,
        time_zone: facts.time_zone.clone(),
        budget_unit: facts.budget_unit,
        minimum_daily_budget: facts.minimum_daily_budget,
        ceiling: adops_api::convert::ceiling(&spec.ceiling).ok(),
        brakes: adops_api::convert::brakes(spec.brakes.as_ref()),
        stop: spec.stop,
        conversion_action: spec.conversion_action.clone(),
        url_parameters: spec.url_parameters.clone(),
        name_template: Some(spec.name_template.clone()),
        identity: adops_api::convert::identity(spec),
        objects: facts.objects,
        ads: facts.ads,
    }
}

/// Campaigns for all that can be held by one. Pure.
pub fn import_all(source: &Source<'_>) -> Import {
    let mut import = Import::default();
    for (id, name, why) in &source.inventory.others {
        import.others.entry(why.clone()).or_default().insert((id.clone(), name.clone()));
    }
    let names = names::of(source.inventory.items.iter().map(|item| &item.line), source.taken);
    let mut live = Vec::new();
    for item in &source.inventory.items {
        let line = &item.line;
        let written = match names.get(&line.id) {
            _ if !item.obstacles.is_empty() && line.existence == Existence::Live => Err(item.obstacles.clone()),
            None => Err(vec!["it has no name".to_owned()]),
            Some(name) => one(source, line, name),
        };
        match written {
            Ok(document) => {
                if line.delivery == Delivery::Enabled && !line.has_ended(&source.account.time_zone, source.now) {
                    live.push(line.budget);
                }
                import.documents.insert(line.id.clone(), document);
            }
            Err(why) => {
                import.others.entry(why.join("; ")).or_default().insert((line.id.clone(), name_of(line).to_owned()));
            }
        }
    }
    for (hash, file) in
        source.inventory.files.iter().filter(|(hash, _)| !matches!(source.files.get(*hash), Some(Ok(_))))
    {
        let id = if file.id.is_empty() { hash.0.clone() } else { file.id.clone() };
        import.unnamed.insert((id, file.name.clone()));
    }
    import.warnings.extend(above_ceiling(source.account, &live));
    import
}

fn one(source: &Source<'_>, line: &ObservedLine, name: &str) -> Result<String, Vec<String>> {
    let Source { account, files, now, .. } = *source;
    let subject = Subject { object: line, account, rules: source.rules.clone(), files, now };
    let imported: Imported = import::import(CampaignId::new(source.namespace, name), &subject)?;
    write::document(&imported, line, source.account)
}

/// An object's name on its platform.
fn name_of(line: &ObservedLine) -> &str {
    match line.settings.get(Field::Name) {
        Some(Value::Text(name)) => name,
        _ => "",
    }
}

/// What would be cut as soon as it is adopted.
fn above_ceiling(account: &Account, live: &[Money]) -> Option<String> {
    let ceiling = account.ceiling?;
    let sum = live.iter().try_fold(Money::zero(ceiling.currency()), |sum, budget| sum.checked_add(*budget).ok());
    match sum {
        None => Some(format!("the ceiling of {} is in another currency than the account", account.name)),
        Some(sum) if sum > ceiling => Some(format!(
            "what runs comes to {sum} a day, the AdAccount's ceiling is {ceiling}: raise it before you apply this, or \
             budgets will be cut to fit"
        )),
        Some(_) => None,
    }
}

fn not_granted(key: &Key, namespace: &str, account: &AdAccount) -> Option<String> {
    let foreign = key.namespace != namespace && !account.spec.allowed_namespaces.adopt;
    foreign.then(|| {
        format!("the AdAccount {key} does not let other namespaces take over objects (spec.allowedNamespaces.adopt)")
    })
}

impl From<MediaError> for Error {
    fn from(error: MediaError) -> Self {
        Self::Media(Box::new(error))
    }
}

impl From<AccessError> for Error {
    fn from(error: AccessError) -> Self {
        Self::Access(Box::new(error))
    }
}
