//! Rules of targeting: places, ages, languages, special ad categories, and who pays for ads in the EU.

use serde_json::Value;

use super::campaigns::categories;
use super::errors::GraphError;
use super::object::Object;
use super::places::{is_locale, place};
use super::schema::has_field;
use super::write::Draft;

/// Countries for which an ad set must say who benefits and who pays: the EU and associated territories, which here
/// are those of the EEA.
const EU: &[&str] = &[
    "AT", "BE", "BG", "HR", "CY", "CZ", "DK", "EE", "FI", "FR", "DE", "GR", "HU", "IE", "IT", "LV", "LT", "LU", "MT",
    "NL", "PL", "PT", "RO", "SK", "SI", "ES", "SE", "AX", "GF", "GP", "MQ", "YT", "RE", "MF", "IS", "LI", "NO",
];

/// Categories whose ads may not choose people by age, gender or postcode.
const PROTECTED: &[&str] = &["HOUSING", "EMPLOYMENT", "CREDIT", "FINANCIAL_PRODUCTS_SERVICES"];

/// Lists of `geo_locations` whose keys the simulator knows, and the kind of place in them.
const KNOWN: &[(&str, &str)] = &[("regions", "region"), ("geo_markets", "geo_market")];

/// Refuses targeting that breaks a rule.
pub fn check(draft: &Draft<'_>, campaign: &Object) -> Result<(), GraphError> {
    let Some(targeting) = draft.doc.get("targeting").and_then(Value::as_object) else {
        return Err(GraphError::parameter("targeting", "Param targeting must be an object"));
    };
    let new = draft.changes("targeting");
    if new && draft.context.config.rules.strict_parameters {
        let unknown = targeting.keys().find(|name| !has_field("targeting", name));
        if let Some(name) = unknown {
            let place = format!("targeting.{name}");
            return Err(GraphError::parameter(
                &place,
                format_args!("Invalid keys \"{name}\" were found in param \"targeting\"."),
            ));
        }
    }
    let included = targeting.get("geo_locations");
    let places = Places::read("geo_locations", included)?;
    if places.is_empty() {
        let message = "Your ad set needs at least one location in targeting.geo_locations.";
        return Err(GraphError::invalid(1_885_364, "Location Missing", message).at("targeting.geo_locations"));
    }
    Places::read("excluded_geo_locations", targeting.get("excluded_geo_locations"))?;
    places.check_overlap()?;
    let number = |name: &str| targeting.get(name).and_then(Value::as_i64);
    let (youngest, oldest) = (number("age_min").unwrap_or(18), number("age_max").unwrap_or(65));
    if !(13..=65).contains(&youngest) || !(13..=65).contains(&oldest) || youngest > oldest {
        let message = "Ages go from 13 to 65, which stands for 65 and over, and the least is not above the greatest.";
        return Err(GraphError::invalid(1_885_366, "Invalid Age", message).at("targeting.age_min"));
    }
    for locale in targeting.get("locales").and_then(Value::as_array).into_iter().flatten() {
        if !locale.as_i64().is_some_and(is_locale) {
            let message = format!("The locale {locale} isn't available.");
            return Err(GraphError::invalid(1_487_079, "Invalid Locale", message).at("targeting.locales"));
        }
    }
    if new && draft.context.config.rules.require_advantage_audience {
        check_advantage(targeting.get("targeting_automation"), youngest, oldest)?;
    }
    check_categories(draft, campaign, &places, (youngest, oldest))?;
    check_dsa(draft, &places)
}

/// Places of an ad set: countries, and the countries of smaller places.
#[derive(Debug, Default)]
struct Places {
    countries: Vec<String>,
    inside: Vec<String>,
    zips: bool,
    worldwide: bool,
    other: bool,
}

impl Places {
    fn read(name: &str, locations: Option<&Value>) -> Result<Places, GraphError> {
        let mut places = Places::default();
        let Some(locations) = locations.and_then(Value::as_object) else { return Ok(places) };
        for (list, items) in locations {
            let at = format!("targeting.{name}.{list}");
            if !has_field("geo", list) {
                return Err(GraphError::parameter(
                    &at,
                    format_args!("Invalid keys \"{list}\" were found in param \"{name}\"."),
                ));
            }
            let items = items.as_array().map_or(&[][..], Vec::as_slice);
            let kind = KNOWN.iter().find(|(known, _)| known == list).map(|(_, kind)| *kind);
            for item in items {
                places.add(list, kind, item).map_err(|error| error.at(&at))?;
            }
        }
        Ok(places)
    }

    fn add(&mut self, list: &str, kind: Option<&str>, item: &Value) -> Result<(), GraphError> {
        let unknown = |key: &str| {
            let message = format!("The location {key} isn't available.");
            GraphError::invalid(1_487_084, "Invalid Location", message)
        };
        let key = item.get("key").map(|key| key.as_str().map_or_else(|| key.to_string(), str::to_owned));
        match (list, kind) {
            ("countries", _) => {
                let code = item.as_str().unwrap_or_default();
                place("country", code).ok_or_else(|| unknown(code))?;
                self.countries.push(code.to_owned());
            }
            ("country_groups", _) => self.worldwide = true,
            ("location_types", _) => {}
            (_, Some(kind)) => {
                let key = key.unwrap_or_default();
                let found = place(kind, &key).ok_or_else(|| unknown(&key))?;
                self.inside.push(found.country.clone());
            }
            ("zips", _) => {
                self.zips = true;
                self.inside.extend(key.and_then(|key| key.split(':').next().map(str::to_owned)));
            }
            _ => {
                self.other = true;
                self.inside.extend(item.get("country").and_then(Value::as_str).map(str::to_owned));
            }
        }
        Ok(())
    }

    fn is_empty(&self) -> bool {
        self.countries.is_empty() && self.inside.is_empty() && !self.zips && !self.worldwide && !self.other
    }

    fn all(&self) -> impl Iterator<Item = &String> {
        self.countries.iter().chain(&self.inside)
    }

    /// A place inside of a country that is targeted as a whole is refused.
    fn check_overlap(&self) -> Result<(), GraphError> {
        let Some(country) = self.inside.iter().find(|country| self.countries.contains(country)) else { return Ok(()) };
        let message = format!("Some of your locations overlap: {country} contains others. Remove one of them.");
        Err(GraphError::invalid(1_487_756, "Locations Overlap", message).at("targeting.geo_locations"))
    }
}

fn check_advantage(automation: Option<&Value>, youngest: i64, oldest: i64) -> Result<(), GraphError> {
    let flag = automation.and_then(|a| a.get("advantage_audience"));
    match flag.and_then(Value::as_i64) {
        Some(1) if oldest < 65 => {
            let message = "With Advantage+ audience, the maximum age can't be set to less than 65.";
            Err(GraphError::invalid(1_870_189, "Maximum Age Too Low", message).at("targeting.age_max"))
        }
        Some(1) if youngest > 25 => {
            let message = "With Advantage+ audience, the minimum age can't be set to more than 25.";
            Err(GraphError::invalid(1_870_188, "Minimum Age Too High", message).at("targeting.age_min"))
        }
        Some(0 | 1) => Ok(()),
        _ => {
            let message = "To create your ad set, you need to enable or disable the Advantage audience feature. This \
                           can be done by setting the advantage_audience flag to either 1 or 0 within the \
                           targeting_automation field in the targeting spec.";
            Err(GraphError::invalid(1_870_227, "Advantage Audience Flag Required", message)
                .at("targeting.targeting_automation.advantage_audience"))
        }
    }
}

fn check_categories(
    draft: &Draft<'_>,
    campaign: &Object,
    places: &Places,
    (youngest, oldest): (i64, i64),
) -> Result<(), GraphError> {
    let Some(category) = categories(&campaign.doc).next() else { return Ok(()) };
    let error =
        |message: String, at: &str| Err(GraphError::invalid(2_909_034, "Special Ad Category Errors", message).at(at));
    let allowed = campaign.doc.get("special_ad_category_country").and_then(Value::as_array);
    let is_allowed = |country: &String| {
        allowed.is_some_and(|countries| countries.iter().any(|c| c.as_str() == Some(country.as_str())))
    };
    if let Some(country) = places.all().find(|country| !is_allowed(country)) {
        let message = format!("{country} isn't among the campaign's special_ad_category_country.");
        return error(message, "targeting.geo_locations");
    }
    if !categories(&campaign.doc).any(|category| PROTECTED.contains(&category)) {
        return Ok(());
    }
    if youngest != 18 || oldest != 65 {
        return error(format!("Ads about {category} can't choose people by age."), "targeting.age_min");
    }
    let genders = draft.doc.get("targeting").and_then(|t| t.get("genders")).and_then(Value::as_array);
    if genders.is_some_and(|genders| !genders.is_empty() && genders.len() < 2) {
        return error(format!("Ads about {category} can't choose people by gender."), "targeting.genders");
    }
    if places.zips {
        return error(format!("Ads about {category} can't choose people by postcode."), "targeting.geo_locations.zips");
    }
    Ok(())
}

fn check_dsa(draft: &Draft<'_>, places: &Places) -> Result<(), GraphError> {
    if !places.worldwide && !places.all().any(|country| EU.contains(&country.as_str())) {
        return Ok(());
    }
    let account = &draft.context.account.config;
    let said = |name: &str| draft.doc.get(name).and_then(Value::as_str).is_some_and(|text| !text.is_empty());
    if !said("dsa_payor") && account.default_dsa_payor.is_none() {
        let message = "Ads that reach the EU must say who pays for them: enter dsa_payor.";
        return Err(GraphError::invalid(3_858_079, "No Payer Was Set", message).at("dsa_payor"));
    }
    if !said("dsa_beneficiary") && account.default_dsa_beneficiary.is_none() {
        let message = "Ads that reach the EU must say who benefits from them: enter dsa_beneficiary.";
        return Err(GraphError::invalid(3_858_081, "No Beneficiary Was Set", message).at("dsa_beneficiary"));
    }
    Ok(())
}
