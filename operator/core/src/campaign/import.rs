//! From an object that somebody made on a platform to a Campaign that holds it as it is.
//!
//! A connector says in a spec's words what an object is ([`PlatformRules::describe`], the inverse of
//! [`PlatformRules::render`]). What comes of it is then rendered again and compared with the object: a field that would
//! change is left to others (`ignoreFields`), and an object with a difference that cannot be left to others is none that
//! a Campaign can hold. So an import plans nothing by construction, whatever a connector's description lacks.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;

use super::line::{self, CampaignId, LineKey, Spending};
use super::observed::{Delivery, Existence, ObservedLine};
use super::settings::{ContentHash, Field, Value};
use super::spec::{
    AccountOverrides, Ad, Adoptee, Adoption, Audience, Budget, BudgetPeriod, CampaignSpec, Declarations, Flight,
    GoogleOptions, MetaOptions, Objective, Policies, Split, State, TikTokOptions,
};
use crate::catalog::media::{MediaBook, MediaFacts, MediaState};
use crate::locale::Locale;
use crate::market::{Market, Place};
use crate::platform::{Account, PlatformRules};
use crate::rates::Rates;

/// The last day of what has no end on its platform.
const NO_END: Date = Date::constant(2037, 12, 30);
/// The most letters of the name of a group of places.
const GROUP_NAME: usize = 40;

/// What an object is in a spec's words, as far as its platform tells.
#[derive(Debug, Clone, PartialEq)]
pub struct Description {
    /// What it is for.
    pub objective: Objective,
    /// The locale of its copy.
    pub locale: Locale,
    /// Whom it is for.
    pub audience: Audience,
    /// The statements that were made for it.
    pub declarations: Declarations,
    /// Its ads, with copy in that locale.
    pub ads: Vec<Ad>,
    /// What only Google has.
    pub google: GoogleOptions,
    /// What only Meta has.
    pub meta: MetaOptions,
    /// What only TikTok has.
    pub tiktok: TikTokOptions,
    /// Which conversion counts; none if none is chosen.
    pub conversion_action: Option<String>,
    /// What is appended to URLs; none if the platform has no such setting.
    pub url_parameters: Option<String>,
    /// Fields that a spec cannot say, and why.
    pub unsaid: BTreeMap<Field, String>,
    /// What else a reader should know.
    pub remarks: Vec<String>,
}

/// A file that objects show, and how a spec names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Its URL.
    pub url: String,
    /// What is behind that; the hash is that by which settings tell the file.
    pub facts: MediaFacts,
    /// Whether the platform's own file is known to have this content. Else a spec's ads would be others than those
    /// that are there.
    pub is_the_same: bool,
}

/// Files by the hash by which settings tell them; of those without a URL, why they have none.
pub type Files = BTreeMap<ContentHash, Result<File, String>>;

/// A Campaign that holds an object as it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Imported {
    /// The spec.
    pub spec: CampaignSpec,
    /// The fields that it leaves to others, and why; the name is among them.
    pub left: BTreeMap<Field, String>,
    /// What else a reader should know.
    pub remarks: Vec<String>,
}

/// An object, and what is known around it.
pub struct Subject<'a> {
    /// As it was seen.
    pub object: &'a ObservedLine,
    /// Its account.
    pub account: &'a Account,
    /// Its platform's rules.
    pub rules: Arc<dyn PlatformRules>,
    /// The files that it shows, and others.
    pub files: &'a Files,
    /// Now.
    pub now: Timestamp,
}

/// The Campaign of the name `id` that holds an object.
///
/// # Errors
///
/// Why there is none.
pub fn import(id: CampaignId, subject: &Subject<'_>) -> Result<Imported, Vec<String>> {
    free(subject.object)?;
    let description = subject.rules.describe(subject.object, subject.account, subject.files)?;
    let mut left = description.unsaid.clone();
    left.insert(Field::Name, "a template says no such name".to_owned());
    let mut remarks = description.remarks.clone();
    let market = market(subject.object, &mut left)?;
    let flight = flight(subject, &mut left, &mut remarks);
    let mut spec = spec(id, subject, description, market, flight);
    spec.policies.ignore_fields = left.keys().copied().collect();
    differences(subject, &spec, &mut left)?;
    spec.policies.ignore_fields = left.keys().copied().collect();
    Ok(Imported { spec, left, remarks })
}

/// Whether nobody else holds the object.
fn free(object: &ObservedLine) -> Result<(), Vec<String>> {
    if object.existence == Existence::Removed {
        return Err(vec!["it is removed".to_owned()]);
    }
    let marker = &object.marker;
    let label = marker.label.then(|| "its label".to_owned()).or_else(|| marker.foreign_label.clone());
    let holder = marker.tokens().next().map(|token| format!("the installation {}", token.installation)).or(label);
    match holder {
        Some(holder) => Err(vec![format!("adops holds it already ({holder})")]),
        None => Ok(()),
    }
}

/// The market that an object's places are.
fn market(object: &ObservedLine, left: &mut BTreeMap<Field, String>) -> Result<Market, Vec<String>> {
    let empty = BTreeSet::new();
    let places = match object.settings.get(Field::Places) {
        Some(Value::Places(places)) => places,
        _ => &empty,
    };
    let (known, odd): (BTreeSet<Place>, BTreeSet<Place>) =
        places.iter().cloned().partition(|place| !matches!(place, Place::PlatformOnly(_)));
    let odd: Vec<String> = odd.iter().map(Place::to_string).collect();
    if known.is_empty() {
        let why = if odd.is_empty() {
            "it has no place: it runs everywhere"
        } else {
            "none of its places is a country, a subdivision or a DMA"
        };
        return Err(vec![why.to_owned()]);
    }
    if !odd.is_empty() {
        left.insert(Field::Places, format!("a market says no such places: {}", odd.join(", ")));
    }
    let codes: Vec<String> = known.iter().map(Place::to_string).collect();
    if let [only] = codes.as_slice() {
        return Ok(Market { key: only.clone(), places: known });
    }
    let joined = codes.join("-").to_lowercase();
    let key = if joined.len() <= GROUP_NAME { joined } else { format!("{}-places", codes.len()) };
    // The name of a group begins with a letter.
    let key = if key.starts_with(|c: char| c.is_ascii_lowercase()) { key } else { format!("all-{key}") };
    Ok(Market { key, places: known })
}

fn flight(subject: &Subject<'_>, left: &mut BTreeMap<Field, String>, remarks: &mut Vec<String>) -> Flight {
    let day = |field| match subject.object.settings.get(field) {
        Some(Value::Instant(at)) => Some(at.date()),
        _ => None,
    };
    let today = subject.now.to_zoned(subject.account.time_zone.clone()).date();
    let end = day(Field::End).unwrap_or_else(|| {
        left.insert(Field::End, "it has no end; flight.end is the day on which adops would stop it".to_owned());
        NO_END
    });
    let start = day(Field::Start).unwrap_or_else(|| {
        left.insert(Field::Start, "it has no start".to_owned());
        today.min(end)
    });
    if end < today {
        remarks.push(format!("it has ended, on {end}"));
    }
    Flight { start: start.min(end), end, time_zone: None }
}

fn spec(
    id: CampaignId,
    subject: &Subject<'_>,
    description: Description,
    market: Market,
    flight: Flight,
) -> CampaignSpec {
    let Subject { object, account, .. } = subject;
    let adoption =
        Adoption { account: account.name.clone(), market: market.key.clone(), object: Adoptee::Id(object.id.clone()) };
    CampaignSpec {
        id,
        objective: description.objective,
        flight,
        accounts: vec![account.name.clone()],
        locales: BTreeMap::from([(market.key.clone(), description.locale)]),
        markets: vec![market],
        except: Vec::new(),
        overrides: Vec::new(),
        budget: Budget { amount: object.budget, period: BudgetPeriod::Daily, redistribute: false },
        rates: Rates::none(object.budget.currency()),
        split: Split::default(),
        fallback_locale: None,
        audience: description.audience,
        declarations: description.declarations,
        ads: description.ads,
        google: description.google,
        meta: description.meta,
        tiktok: description.tiktok,
        account_overrides: AccountOverrides {
            conversion_action: description.conversion_action,
            url_parameters: description.url_parameters,
            name_template: None,
        },
        policies: Policies::default(),
        adopt: vec![adoption],
        state: if object.delivery == Delivery::Enabled { State::Active } else { State::Paused },
        suspend: false,
    }
}

/// What the Campaign would change: left to others where it can be.
fn differences(
    subject: &Subject<'_>,
    spec: &CampaignSpec,
    left: &mut BTreeMap<Field, String>,
) -> Result<(), Vec<String>> {
    let Subject { object, account, rules, files, now } = subject;
    let accounts = BTreeMap::from([(account.name.clone(), (*account).clone())]);
    let spec = Arc::new(spec.clone());
    let rules_of = |_: &Account| Some(rules.clone());
    let known = files.values().flatten();
    let media: MediaBook =
        known.map(|file| ((account.name.clone(), file.url.clone()), MediaState::Known(file.facts.clone()))).collect();
    let desired = line::spread(&spec, &accounts, &rules_of, &Spending::new(), &media, *now);
    if let Some(problem) = desired.problems.values().next() {
        return Err(vec![problem.message.clone()]);
    }
    let keys: Vec<&LineKey> = desired.lines.keys().collect();
    let [key] = keys.as_slice() else { return Err(vec!["it is not one line".to_owned()]) };
    let desired = &desired.lines[*key];
    let rendered = rules.render(desired, account);
    let rendered = rendered.map_err(|problems| problems.into_iter().map(|problem| problem.message).collect::<Vec<_>>());
    if desired.budget != object.budget {
        let unit = account.budget_unit;
        left.insert(Field::Budget, format!("{} is not in whole steps of {unit} micros", object.budget));
    }
    let mut wrong = Vec::new();
    for (field, to) in rendered?.iter() {
        let from = object.settings.get(field);
        let same = from.is_some_and(|from| rules.satisfied(field, from, to, account, *now));
        if same || left.contains_key(&field) {
            continue;
        }
        let from = from.map_or_else(|| "nothing".to_owned(), Value::to_string);
        let why = format!("it has {from}, a Campaign would say {to}");
        if field.may_be_left() {
            left.insert(field, why);
        } else {
            wrong.push(format!("{field}: {why}"));
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong) }
}

#[cfg(test)]
mod tests {
    use jiff::civil::{DateTime, time};

    use super::*;
    use crate::campaign::line::{DesiredLine, LineProblem};
    use crate::campaign::observed::MarkerEvidence;
    use crate::campaign::settings::Settings;
    use crate::campaign::spec::Copy;
    use crate::marker::Token;
    use crate::money::{Currency, Money};
    use crate::platform::{Manner, Platform};
    use crate::testing::{account, at, eur, installation};

    /// A platform whose lines have places, an end, a network that a spec says nothing of, and a channel.
    struct Plain;

    impl PlatformRules for Plain {
        fn platform(&self) -> Platform {
            Platform::named("Made-up")
        }

        fn minimum_daily_budget(&self, _currency: Currency) -> Option<Money> {
            None
        }

        fn render(&self, line: &DesiredLine, _account: &Account) -> Result<Settings, Vec<LineProblem>> {
            let mut settings = Settings::default();
            settings.set(Field::Name, Value::Text(line.campaign.name.clone()));
            settings.set(Field::End, Value::Instant(line.end));
            settings.set(Field::Places, Value::Places(line.market.places.clone()));
            settings.set(Field::Networks, Value::Text("Search".to_owned()));
            settings.set(Field::Channel, Value::Text("Search".to_owned()));
            Ok(settings)
        }

        fn describe(
            &self,
            _object: &ObservedLine,
            _account: &Account,
            _files: &Files,
        ) -> Result<Description, Vec<String>> {
            let copy = BTreeMap::from([("en".parse().unwrap(), Copy::default())]);
            Ok(Description {
                objective: Objective::Traffic,
                locale: "en".parse().unwrap(),
                audience: Audience::default(),
                declarations: Declarations { eu_political_ads: false, special_ad_categories: BTreeSet::new() },
                ads: vec![Ad { name: "ad".to_owned(), url: String::new(), copy, media: Vec::new() }],
                google: GoogleOptions::default(),
                meta: MetaOptions::default(),
                tiktok: TikTokOptions::default(),
                conversion_action: None,
                url_parameters: None,
                unsaid: BTreeMap::new(),
                remarks: Vec::new(),
            })
        }

        fn manner(&self, _: Field, _: Option<&Value>, _: &Value, _: &ObservedLine, _: Timestamp) -> Manner {
            Manner::InPlace
        }
    }

    fn object(places: &[&str], end: Option<&str>) -> ObservedLine {
        let mut settings = Settings::default();
        settings.set(Field::Name, Value::Text("  odd \"name\" ".to_owned()));
        settings.set(Field::Places, Value::Places(places.iter().map(|place| place.parse().unwrap()).collect()));
        settings.set(Field::Networks, Value::Text("Search".to_owned()));
        settings.set(Field::Channel, Value::Text("Search".to_owned()));
        if let Some(end) = end {
            let end: Date = end.parse().unwrap();
            settings.set(Field::Start, Value::Instant(DateTime::from_parts(end, time(0, 0, 0, 0))));
            settings.set(Field::End, Value::Instant(DateTime::from_parts(end, time(23, 59, 59, 0))));
        }
        ObservedLine {
            id: "7".to_owned(),
            seen: at("2027-03-10T10:00:00Z"),
            existence: Existence::Live,
            marker: MarkerEvidence::default(),
            delivery: Delivery::PausedByOthers,
            budget: eur("12.34"),
            settings,
            missing: BTreeSet::new(),
            serving: BTreeSet::new(),
            delivered: false,
            spend: BTreeMap::new(),
        }
    }

    fn imported(object: &ObservedLine) -> Result<Imported, Vec<String>> {
        let (account, now) = (account("a"), at("2027-03-10T10:00:00Z"));
        let (rules, files) = (Arc::new(Plain), Files::new());
        let subject = Subject { object, account: &account, rules, files: &files, now };
        import(CampaignId::new("growth", "odd-name"), &subject)
    }

    fn left(object: &ObservedLine) -> Vec<Field> {
        imported(object).unwrap().left.into_keys().collect()
    }

    #[test]
    fn what_a_campaign_can_say_is_said_and_the_rest_is_left_as_it_is() {
        let whole = object(&["DE"], Some("2027-05-31"));
        let spec = imported(&whole).unwrap().spec;
        assert_eq!((spec.state, spec.budget.amount), (State::Paused, eur("12.34")));
        assert_eq!(spec.adopt[0].object, Adoptee::Id("7".to_owned()));
        assert_eq!(left(&whole), [Field::Name]);
        assert_eq!(left(&object(&["DE"], None)), [Field::Name, Field::Start, Field::End]);
        assert_eq!(left(&object(&["DE", "platform:radius"], Some("2027-05-31"))), [Field::Name, Field::Places]);

        let mut odd = whole.clone();
        odd.budget = Money::from_micros(12_345_678, eur("1").currency()).unwrap();
        odd.settings.set(Field::Networks, Value::Text("Display".to_owned()));
        assert_eq!(left(&odd), [Field::Budget, Field::Name, Field::Networks]);
    }

    #[test]
    fn several_places_are_a_group_with_a_name_that_a_campaign_takes() {
        let market = |places: &[&str]| imported(&object(places, Some("2027-05-31"))).unwrap().spec.markets[0].clone();
        assert_eq!(market(&["DE"]).key, "DE");
        assert_eq!(market(&["DE", "AT", "CH"]).key, "at-ch-de");
        let many: Vec<String> = (b'A'..=b'Z').map(|letter| format!("US-{}", char::from(letter))).collect();
        assert_eq!(market(&many.iter().map(String::as_str).collect::<Vec<_>>()).key, "all-26-places");
    }

    #[test]
    fn what_no_campaign_can_hold_says_why() {
        let why = |object: &ObservedLine| imported(object).unwrap_err().join("; ");
        assert_eq!(why(&object(&[], None)), "it has no place: it runs everywhere");
        assert!(why(&object(&["platform:radius"], None)).starts_with("none of its places is"));
        let mut other = object(&["DE"], None);
        other.settings.set(Field::Channel, Value::Text("Display".to_owned()));
        assert_eq!(why(&other), "Channel: it has Display, a Campaign would say Search");
        let mut removed = object(&["DE"], None);
        removed.existence = Existence::Removed;
        assert_eq!(why(&removed), "it is removed");
        let mut held = object(&["DE"], None);
        let key = LineKey::new("a", "DE");
        held.marker.inner_token = Some(Token::new(&installation(), &CampaignId::new("growth", "spring"), &key, 0));
        assert_eq!(why(&held), "adops holds it already (the installation prod)");
    }
}
