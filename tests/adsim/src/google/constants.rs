//! Places, languages and currencies that the service knows.
//!
//! Country ids are 2000 + the ISO 3166-1 number, as documented. The ids of US states follow the order of their postal
//! codes: New York's is documented, those of California, Illinois, Indiana, New Mexico, Ohio and Texas are in use in
//! public code, the others are filled in between (assumed). DMA ids are 200000 + Nielsen's number; San Francisco's is in
//! use in public code, the others are assumed.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde_json::json;

use super::schema::Doc;

/// A place that can be targeted.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    /// Criterion id.
    pub id: i64,
    /// Name.
    pub name: &'static str,
    /// Name with the names of what contains it.
    pub canonical: &'static str,
    /// Containing place, 0 for countries.
    pub parent: i64,
    /// ISO 3166-1 alpha-2 code.
    pub country: &'static str,
    /// `Country`, `State`, `DMA Region` and so on.
    pub target_type: &'static str,
}

impl Place {
    /// The `GeoTargetConstant`.
    pub fn doc(&self) -> Doc {
        let mut doc = object(json!({
            "resourceName": format!("geoTargetConstants/{}", self.id),
            "id": self.id.to_string(),
            "name": self.name,
            "countryCode": self.country,
            "targetType": self.target_type,
            "status": "ENABLED",
            "canonicalName": self.canonical,
        }));
        if self.parent != 0 {
            doc.insert("parentGeoTarget".into(), format!("geoTargetConstants/{}", self.parent).into());
        }
        doc
    }
}

/// All places by id.
pub fn places() -> &'static BTreeMap<i64, Place> {
    static PLACES: OnceLock<BTreeMap<i64, Place>> = OnceLock::new();
    PLACES.get_or_init(|| include_str!("data/geo.csv").lines().filter_map(read_place).map(|p| (p.id, p)).collect())
}

fn read_place(line: &'static str) -> Option<Place> {
    let mut columns = line.split('|');
    Some(Place {
        id: columns.next()?.parse().ok()?,
        name: columns.next()?,
        canonical: columns.next()?,
        parent: columns.next()?.parse().unwrap_or_default(),
        country: columns.next()?,
        target_type: columns.next()?,
    })
}

/// Languages: criterion id, code, name.
pub const LANGUAGES: &[(i64, &str, &str)] = &[
    (1000, "en", "English"),
    (1001, "de", "German"),
    (1002, "fr", "French"),
    (1003, "es", "Spanish"),
    (1004, "it", "Italian"),
    (1005, "ja", "Japanese"),
    (1009, "da", "Danish"),
    (1010, "nl", "Dutch"),
    (1011, "fi", "Finnish"),
    (1012, "ko", "Korean"),
    (1013, "no", "Norwegian"),
    (1014, "pt", "Portuguese"),
    (1015, "sv", "Swedish"),
    (1017, "zh_CN", "Chinese (simplified)"),
    (1018, "zh_TW", "Chinese (traditional)"),
    (1019, "ar", "Arabic"),
    (1020, "bg", "Bulgarian"),
    (1021, "cs", "Czech"),
    (1022, "el", "Greek"),
    (1023, "hi", "Hindi"),
    (1024, "hu", "Hungarian"),
    (1025, "id", "Indonesian"),
    (1026, "is", "Icelandic"),
    (1027, "iw", "Hebrew"),
    (1028, "lv", "Latvian"),
    (1029, "lt", "Lithuanian"),
    (1030, "pl", "Polish"),
    (1031, "ru", "Russian"),
    (1032, "ro", "Romanian"),
    (1033, "sk", "Slovak"),
    (1034, "sl", "Slovenian"),
    (1035, "sr", "Serbian"),
    (1036, "uk", "Ukrainian"),
    (1037, "tr", "Turkish"),
    (1038, "ca", "Catalan"),
    (1039, "hr", "Croatian"),
    (1040, "vi", "Vietnamese"),
    (1041, "ur", "Urdu"),
    (1042, "tl", "Filipino"),
    (1043, "et", "Estonian"),
    (1044, "th", "Thai"),
    (1056, "bn", "Bengali"),
    (1064, "fa", "Persian"),
    (1072, "gu", "Gujarati"),
    (1086, "kn", "Kannada"),
    (1098, "ml", "Malayalam"),
    (1101, "mr", "Marathi"),
    (1102, "ms", "Malay"),
    (1110, "pa", "Punjabi"),
    (1130, "ta", "Tamil"),
    (1131, "te", "Telugu"),
];

/// The `LanguageConstant` of a row of `LANGUAGES`.
pub fn language_doc(&(id, code, name): &(i64, &str, &str)) -> Doc {
    object(json!({
        "resourceName": format!("languageConstants/{id}"),
        "id": id.to_string(),
        "code": code,
        "name": name,
        "targetable": true,
    }))
}

/// Currencies: code, name, symbol, billable unit in micros, least daily budget in micros (assumed: the service tells
/// it only in its error).
pub const CURRENCIES: &[(&str, &str, &str, i64, i64)] = &[
    ("AUD", "Australian Dollar", "A$", 10_000, 10_000),
    ("BRL", "Brazilian Real", "R$", 10_000, 10_000),
    ("CAD", "Canadian Dollar", "CA$", 10_000, 10_000),
    ("CHF", "Swiss Franc", "CHF", 10_000, 10_000),
    ("CLP", "Chilean Peso", "CLP", 1_000_000, 1_000_000),
    ("CNY", "Chinese Yuan", "CN¥", 10_000, 10_000),
    ("CZK", "Czech Koruna", "CZK", 10_000, 10_000),
    ("DKK", "Danish Krone", "DKK", 10_000, 10_000),
    ("EUR", "Euro", "€", 10_000, 10_000),
    ("GBP", "British Pound", "£", 10_000, 10_000),
    ("HKD", "Hong Kong Dollar", "HK$", 10_000, 10_000),
    ("HUF", "Hungarian Forint", "HUF", 1_000_000, 1_000_000),
    ("IDR", "Indonesian Rupiah", "IDR", 1_000_000, 1_000_000),
    ("ILS", "Israeli New Shekel", "₪", 10_000, 10_000),
    ("INR", "Indian Rupee", "₹", 10_000, 10_000),
    ("JPY", "Japanese Yen", "¥", 1_000_000, 1_000_000),
    ("KRW", "South Korean Won", "₩", 1_000_000, 1_000_000),
    ("MXN", "Mexican Peso", "MX$", 10_000, 10_000),
    ("NOK", "Norwegian Krone", "NOK", 10_000, 10_000),
    ("NZD", "New Zealand Dollar", "NZ$", 10_000, 10_000),
    ("PLN", "Polish Zloty", "PLN", 10_000, 10_000),
    ("SEK", "Swedish Krona", "SEK", 10_000, 10_000),
    ("SGD", "Singapore Dollar", "SGD", 10_000, 10_000),
    ("THB", "Thai Baht", "THB", 10_000, 10_000),
    ("TRY", "Turkish Lira", "TRY", 10_000, 10_000),
    ("TWD", "New Taiwan Dollar", "NT$", 1_000_000, 1_000_000),
    ("USD", "US Dollar", "$", 10_000, 10_000),
    ("ZAR", "South African Rand", "ZAR", 10_000, 10_000),
];

/// Billable unit and least daily budget of a currency, in micros.
pub fn currency_units(code: &str) -> (i64, i64) {
    CURRENCIES.iter().find(|c| c.0 == code).map_or((10_000, 10_000), |c| (c.3, c.4))
}

/// The `CurrencyConstant` of a row of `CURRENCIES`.
pub fn currency_doc(&(code, name, symbol, unit, _): &(&str, &str, &str, i64, i64)) -> Doc {
    object(json!({
        "resourceName": format!("currencyConstants/{code}"),
        "code": code,
        "name": name,
        "symbol": symbol,
        "billableUnitMicros": unit.to_string(),
    }))
}

/// The map of a JSON object; empty for other values.
pub fn object(value: serde_json::Value) -> Doc {
    match value {
        serde_json::Value::Object(doc) => doc,
        _ => Doc::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn countries_states_and_dma_regions_have_googles_ids() {
        for (id, name) in [(2840, "United States"), (2276, "Germany"), (21167, "New York"), (200_803, "Los Angeles CA")]
        {
            assert_eq!(places()[&id].name, name);
        }
        let countries = places().values().filter(|p| p.target_type == "Country").count();
        assert!(countries > 240, "{countries}");
    }

    #[test]
    fn every_parent_exists() {
        for place in places().values().filter(|p| p.parent != 0) {
            assert!(places().contains_key(&place.parent), "{place:?}");
        }
    }
}
