//! Money in Meta's units: budgets and bids in minor units by Meta's own table, spend in major ones.

use std::collections::HashMap;

use adops_core::money::{Currency, MICROS, Money, MoneyError};

/// Currencies whose smallest unit is the major one here, whatever ISO 4217 says. All others have hundredths.
const WITHOUT_HUNDREDTHS: &[&str] = &["CLP", "COP", "CRC", "HUF", "ISK", "IDR", "JPY", "KRW", "PYG", "TWD", "VND"];

/// Steps, in minor units, that a platform may round budgets to without saying so.
const STEPS: &[i64] = &[5, 10, 25, 50, 100, 500, 1_000, 5_000, 10_000];

/// Micros in a minor unit.
pub(super) fn unit(currency: Currency) -> i64 {
    if WITHOUT_HUNDREDTHS.contains(&currency.as_str()) { MICROS } else { MICROS / 100 }
}

/// Whole minor units of an amount.
pub(super) fn minor(amount: Money) -> i64 {
    amount.micros() / unit(amount.currency())
}

/// Micros of minor units as Meta writes them; none for no number.
pub(super) fn micros(minor: &str, currency: Currency) -> Option<u64> {
    let unit = u64::try_from(unit(currency)).ok()?;
    minor.parse::<u64>().ok()?.checked_mul(unit)
}

/// Micros of an amount in major units, such as `12.34`. Digits beyond a micro are cut.
pub(super) fn of_major(text: &str, currency: Currency) -> Result<i64, MoneyError> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let fraction = &fraction[..fraction.floor_char_boundary(6)];
    let text = if fraction.is_empty() { whole.to_owned() } else { format!("{whole}.{fraction}") };
    Money::parse(&text, currency).map(Money::micros)
}

/// What was asked for and what the platform made of it: budgets that come back as a multiple of a larger step were
/// rounded, and the step is the account's unit from then on.
#[derive(Debug, Default)]
pub(super) struct Rounding {
    asked: HashMap<String, i64>,
    step: Option<i64>,
}

impl Rounding {
    /// A budget was asked for, in minor units.
    pub(super) fn asked(&mut self, object: &str, minor: i64) {
        self.asked.insert(object.to_owned(), minor);
    }

    /// The budget that an object has after that.
    pub(super) fn saw(&mut self, object: &str, minor: i64) {
        let Some(asked) = self.asked.remove(object).filter(|asked| *asked != minor) else { return };
        let rounds = |step: &&i64| {
            let down = asked - asked.rem_euclid(**step);
            minor > 0 && (minor == down || minor == down + **step) && asked.abs_diff(minor) * 2 < asked.unsigned_abs()
        };
        self.step = self.step.max(STEPS.iter().find(rounds).copied());
    }

    /// The account's unit, in minor units.
    pub(super) fn step(&self) -> i64 {
        self.step.unwrap_or(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn currency(code: &str) -> Currency {
        code.parse().unwrap()
    }

    #[test]
    fn minor_units_follow_metas_own_table() {
        for (code, amount, expected) in [
            ("USD", "50", 5_000),
            ("USD", "12.34", 1_234),
            ("JPY", "5000", 5_000),
            ("HUF", "100", 100),
            ("KWD", "1.25", 125),
            ("TWD", "30", 30),
            ("UGX", "5000", 500_000),
        ] {
            let money = Money::parse(amount, currency(code)).unwrap();
            assert_eq!(minor(money), expected, "{code}");
            assert_eq!(micros(&expected.to_string(), currency(code)), u64::try_from(money.micros()).ok(), "{code}");
        }
        assert_eq!(micros("-1", currency("USD")), None);
    }

    #[test]
    fn spend_is_in_major_units() {
        for (text, expected) in [("12.34", 12_340_000), ("1234", 1_234_000_000), ("0.1234567", 123_456)] {
            assert_eq!(of_major(text, currency("JPY")).unwrap(), expected, "{text}");
        }
        assert!(of_major("1e3", currency("USD")).is_err());
    }

    #[test]
    fn a_silent_rounding_is_learned_and_an_edit_by_hand_is_not_taken_for_one() {
        let mut rounding = Rounding::default();
        rounding.asked("1", 1_234);
        rounding.saw("1", 1_234);
        rounding.saw("1", 1_200);
        assert_eq!(rounding.step(), 1, "that was not right after we asked");
        rounding.asked("1", 5_000);
        rounding.saw("1", 60);
        assert_eq!(rounding.step(), 1, "a cut by hand");
        rounding.asked("1", 1_234);
        rounding.saw("1", 1_230);
        assert_eq!(rounding.step(), 5);
        rounding.asked("2", 1_235);
        rounding.saw("2", 1_230);
        assert_eq!(rounding.step(), 10);
        rounding.asked("2", 1_236);
        rounding.saw("2", 1_240);
        assert_eq!(rounding.step(), 10, "up, too");
    }
}
