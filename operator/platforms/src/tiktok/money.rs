//! Money as TikTok writes it: decimal numbers in major units, at a precision and with a least amount that depend on the
//! currency. Ratios and precisions are TikTok's own table ("Currency" in its documentation).

use adops_core::money::{Currency, MICROS, Money};
use serde_json::{Number, Value};

/// The least daily budget of a campaign in major units, before the currency's ratio.
const LEAST_CAMPAIGN: i64 = 50;

/// Code, ratio of all bounds, whether only whole amounts are taken.
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

fn of(currency: Currency) -> Option<(i64, bool)> {
    CURRENCIES.iter().find(|(code, ..)| *code == currency.as_str()).map(|(_, ratio, whole)| (*ratio, *whole))
}

/// The least daily budget of a campaign; none for a currency in which TikTok is not known to have accounts.
pub(super) fn least(currency: Currency) -> Option<Money> {
    let (ratio, _) = of(currency)?;
    let micros = LEAST_CAMPAIGN.checked_mul(ratio)?.checked_mul(MICROS)?;
    Money::from_micros(u64::try_from(micros).ok()?, currency).ok()
}

/// Micros of the smallest step of an amount: a hundredth, or a whole unit.
pub(super) fn step(currency: Currency) -> i64 {
    match of(currency) {
        Some((_, true)) => MICROS,
        Some((_, false)) => MICROS / 100,
        None => currency.minor_unit_micros().max(MICROS / 100),
    }
}

/// An amount as a JSON number. The decimal text of at most fifteen digits is what is written, digit by digit.
pub(super) fn write(amount: Money) -> Option<Value> {
    amount.decimal().parse::<Number>().ok().map(Value::Number)
}

/// A JSON number, or a decimal text, as an amount; none if it is no amount.
pub(super) fn read(value: &Value, currency: Currency) -> Option<Money> {
    match value {
        Value::Number(number) => Money::parse(&number.to_string(), currency).ok(),
        Value::String(text) => Money::parse(text, currency).ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn currency(code: &str) -> Currency {
        code.parse().unwrap()
    }

    #[test]
    fn the_least_budget_and_the_step_follow_the_currency() {
        for (code, minimum, unit) in [
            ("USD", Some("50.00 USD"), MICROS / 100),
            ("JPY", Some("5000 JPY"), MICROS),
            ("HUF", Some("50.00 HUF"), MICROS),
            ("IDR", Some("500000.00 IDR"), MICROS),
            ("PLN", Some("200.00 PLN"), MICROS / 100),
            ("KWD", None, MICROS / 100),
        ] {
            let found = (least(currency(code)).map(|least| least.to_string()), step(currency(code)));
            assert_eq!(found, (minimum.map(str::to_owned), unit), "{code}");
        }
    }

    #[test]
    fn amounts_come_back_as_they_were_written() {
        for (code, text) in
            [("USD", "50.25"), ("EUR", "9999999.99"), ("JPY", "5000"), ("VND", "99999999999.00"), ("USD", "0.10")]
        {
            let amount = Money::parse(text, currency(code)).unwrap();
            let wire = serde_json::from_str::<Value>(&write(amount).unwrap().to_string()).unwrap();
            assert_eq!(read(&wire, currency(code)), Some(amount), "{text}");
        }
        assert_eq!(write(Money::parse("50.25", currency("USD")).unwrap()).unwrap().to_string(), "50.25");
        for (value, amount) in [(json!("12.34"), Some(12_340_000)), (json!("-"), None), (json!(null), None)] {
            assert_eq!(read(&value, currency("USD")).map(Money::micros), amount, "{value}");
        }
    }
}
