//! Money as TikTok writes it: decimal numbers in major units on the way in, decimal text in reports.
//!
//! Budgets have bounds that depend on the currency: a base range times the currency's "budget verification ratio", at
//! a precision of 0.01 or 1. Ratios and precisions are TikTok's own table.

use serde_json::{Number, Value};

use super::errors::Refusal;

/// Code, ratio, whether only whole amounts are allowed.
const CURRENCIES: &[(&str, i64, bool)] = &[
    ("AED", 1, false),
    ("ARS", 1, false),
    ("AUD", 1, false),
    ("BDT", 100, false),
    ("BOB", 10, false),
    ("BRL", 1, false),
    ("CAD", 1, false),
    ("CHF", 1, false),
    ("CLP", 1_000, true),
    ("CNY", 10, false),
    ("COP", 1_000, false),
    ("CRC", 1_000, false),
    ("CZK", 10, false),
    ("DKK", 10, false),
    ("DZD", 100, false),
    ("EGP", 10, false),
    ("EUR", 1, false),
    ("GBP", 1, false),
    ("GTQ", 10, false),
    ("HKD", 10, false),
    ("HNL", 10, false),
    ("HUF", 1, true),
    ("IDR", 10_000, true),
    ("ILS", 1, false),
    ("INR", 100, false),
    ("ISK", 100, true),
    ("JPY", 100, true),
    ("KES", 100, false),
    ("KRW", 1_000, true),
    ("MOP", 10, false),
    ("MXN", 10, false),
    ("MYR", 1, false),
    ("NGN", 100, false),
    ("NIO", 10, false),
    ("NOK", 10, false),
    ("NZD", 1, false),
    ("PEN", 1, false),
    ("PHP", 50, false),
    ("PKR", 100, false),
    ("PLN", 4, false),
    ("PYG", 10_000, true),
    ("QAR", 1, false),
    ("RON", 1, false),
    ("RUB", 100, false),
    ("SAR", 1, false),
    ("SEK", 10, false),
    ("SGD", 1, false),
    ("THB", 10, false),
    ("TRY", 10, false),
    ("TWD", 10, true),
    ("UAH", 10, false),
    ("USD", 1, false),
    ("UYU", 10, false),
    ("VEF", 100_000, false),
    ("VND", 10_000, true),
    ("ZAR", 10, false),
];

/// Micros in a major unit.
pub const MICROS: i64 = 1_000_000;
/// Least budget of a campaign before the ratio.
pub const LEAST_CAMPAIGN: i64 = 50;
/// Least budget of an ad group before the ratio.
pub const LEAST_ADGROUP: i64 = 20;
/// All budgets are below this, before the ratio.
const MOST: i64 = 10_000_000;

/// A currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Currency {
    /// What bounds are multiplied with.
    pub ratio: i64,
    /// Smallest step in micros.
    pub step: i64,
}

impl Currency {
    /// The currency of a code; none if TikTok has no accounts in it.
    pub fn of(code: &str) -> Option<Currency> {
        let (_, ratio, whole) = CURRENCIES.iter().find(|(c, ..)| *c == code)?;
        Some(Currency { ratio: *ratio, step: if *whole { MICROS } else { MICROS / 100 } })
    }

    /// Reads a budget. `least` comes before the ratio.
    pub fn budget(self, value: &Value, least: i64, round: bool) -> Result<i64, Refusal> {
        let number = value.as_number().ok_or_else(|| Refusal::invalid("budget: Not a valid number."))?;
        let invalid = |why: String| Refusal::invalid(format!("budget: {why}"));
        let mut micros = micros(number).ok_or_else(|| invalid("Not a valid number.".into()))?;
        let beside = micros.rem_euclid(self.step);
        if beside != 0 {
            if !round {
                let precision = if self.step == MICROS { "1" } else { "0.01" };
                return Err(invalid(format!("The precision of the currency is {precision}.")));
            }
            micros += if beside * 2 >= self.step { self.step - beside } else { -beside };
        }
        let (least, most) = (least * self.ratio, MOST * self.ratio);
        if micros < least * MICROS {
            return Err(invalid(format!("The budget must be at least {least}.")));
        }
        if micros >= most.saturating_mul(MICROS) {
            return Err(invalid(format!("The budget must be less than {most}.")));
        }
        Ok(micros)
    }

    /// Writes an amount as reports do.
    pub fn text(self, micros: i64) -> String {
        if self.step == MICROS { decimal(micros, 0) } else { decimal(micros, 2) }
    }
}

/// A JSON number in micros. None if it has more than six decimals or is far too large.
fn micros(number: &Number) -> Option<i64> {
    if let Some(whole) = number.as_i64() {
        return whole.checked_mul(MICROS);
    }
    let text = number.to_string();
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let digits = fraction.trim_end_matches('0');
    if digits.len() > 6 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let part: i64 = format!("{digits:0<6}").parse().ok()?;
    let amount = whole.trim_start_matches('-').parse::<i64>().ok()?.checked_mul(MICROS)?.checked_add(part)?;
    Some(if whole.starts_with('-') { -amount } else { amount })
}

/// Micros as a JSON number in major units.
#[allow(clippy::cast_precision_loss, reason = "amounts are far below 2^52")]
pub fn to_number(micros: i64) -> Value {
    Value::from(micros as f64 / MICROS as f64)
}

/// Micros as decimal text.
pub fn decimal(micros: i64, places: usize) -> String {
    let factor = 10_i64.pow(6 - u32::try_from(places.min(6)).unwrap_or(6));
    let rounded = (micros + factor / 2).div_euclid(factor);
    if places == 0 {
        return rounded.to_string();
    }
    let unit = 10_i64.pow(u32::try_from(places).unwrap_or(2));
    format!("{}.{:0places$}", rounded / unit, rounded % unit)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn budgets_have_the_bounds_of_tiktoks_table() {
        for (code, least, value, wanted) in [
            ("USD", LEAST_CAMPAIGN, json!(50), Ok(50_000_000)),
            ("USD", LEAST_CAMPAIGN, json!(50.25), Ok(50_250_000)),
            ("USD", LEAST_CAMPAIGN, json!(49.99), Err("budget: The budget must be at least 50.")),
            ("USD", LEAST_ADGROUP, json!(20.0), Ok(20_000_000)),
            ("USD", LEAST_ADGROUP, json!(20.001), Err("budget: The precision of the currency is 0.01.")),
            ("USD", LEAST_ADGROUP, json!(10_000_000), Err("budget: The budget must be less than 10000000.")),
            ("USD", LEAST_ADGROUP, json!("20"), Err("budget: Not a valid number.")),
            ("USD", LEAST_ADGROUP, json!(-20), Err("budget: The budget must be at least 20.")),
            ("JPY", LEAST_CAMPAIGN, json!(4_999), Err("budget: The budget must be at least 5000.")),
            ("JPY", LEAST_CAMPAIGN, json!(5_000.5), Err("budget: The precision of the currency is 1.")),
            ("HUF", LEAST_CAMPAIGN, json!(50), Ok(50_000_000)),
            ("KRW", LEAST_ADGROUP, json!(20_000), Ok(20_000_000_000)),
            ("IDR", LEAST_ADGROUP, json!(199_999), Err("budget: The budget must be at least 200000.")),
            ("PLN", LEAST_CAMPAIGN, json!(200), Ok(200_000_000)),
        ] {
            let found = Currency::of(code).unwrap().budget(&value, least, false);
            assert_eq!(found.as_ref().map_err(|r| r.message.as_str()).copied(), wanted, "{code} {value}");
        }
        assert_eq!(Currency::of("USD").unwrap().budget(&json!(50.126), 50, true), Ok(50_130_000));
        assert_eq!(Currency::of("XXX"), None);
    }

    #[test]
    fn amounts_are_written_at_their_precision() {
        assert_eq!(Currency::of("USD").unwrap().text(12_345_678), "12.35");
        assert_eq!(Currency::of("USD").unwrap().text(0), "0.00");
        assert_eq!(Currency::of("JPY").unwrap().text(12_000_000), "12");
        assert_eq!(to_number(50_500_000), json!(50.5));
    }
}
