//! Exchange rates: what a budget in one currency is worth on accounts of others.
//!
//! # The model
//! The user gives the rates, each with its date; none is ever looked up, so that a budget changes only when somebody
//! has written so. A [`Rate`] says how much of another currency one unit of the budget's currency buys.
//!
//! All arithmetic is exact, in integers, and rounds against us: what an account may have ([`Rates::give`]) is rounded
//! down, what an account's money counts with below the budget ([`Rates::count`]) is rounded up. Therefore an amount that
//! was given never counts with more than it was given for, whatever the rate, and neither does a sum of such amounts:
//! `count(give(x)) <= x` for each line, and the lines' shares sum up to the budget at most.

use std::collections::BTreeMap;
use std::fmt;
use std::num::NonZeroU64;
use std::str::FromStr;

use jiff::civil::Date;

use crate::money::{Currency, Money};

/// What a rate is counted in.
const BILLION: u64 = 1_000_000_000;
/// How many digits a rate may have on each side of its point.
const DIGITS: usize = 9;

/// How much of another currency one unit of the budget's currency buys, and when that was so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// What it buys.
    pub price: Price,
    /// When that was so.
    pub date: Date,
}

/// A positive decimal number, in billionths.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Price(NonZeroU64);

/// A text that is no rate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PriceError {
    /// Not a plain decimal number.
    #[error("`{0}` is not a rate: it is a decimal number above zero such as \"1.0870\"")]
    Decimal(String),
    /// More digits than are kept.
    #[error("`{0}` has more than nine digits before or after the point")]
    TooPrecise(String),
}

impl FromStr for Price {
    type Err = PriceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let decimal = || PriceError::Decimal(text.to_owned());
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !digits(whole) || !digits(fraction) || text.ends_with('.') {
            return Err(decimal());
        }
        if whole.len() > DIGITS || fraction.len() > DIGITS {
            return Err(PriceError::TooPrecise(text.to_owned()));
        }
        let billionths: u64 = format!("{whole}{fraction:0<DIGITS$}").parse().map_err(|_| decimal())?;
        NonZeroU64::new(billionths).map(Self).ok_or_else(decimal)
    }
}

impl fmt::Display for Price {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, fraction) = (self.0.get() / BILLION, self.0.get() % BILLION);
        let fraction = format!("{fraction:09}");
        let fraction = fraction.trim_end_matches('0');
        if fraction.is_empty() { write!(f, "{whole}") } else { write!(f, "{whole}.{fraction}") }
    }
}

impl fmt::Debug for Price {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// The rates of one budget.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rates {
    base: Currency,
    to: BTreeMap<Currency, Rate>,
}

impl Rates {
    /// None: only what is of the budget's own currency can be counted.
    pub fn none(base: Currency) -> Self {
        Self { base, to: BTreeMap::new() }
    }

    /// From the budget's currency to others. One to itself says nothing and is left out.
    pub fn new(base: Currency, to: impl IntoIterator<Item = (Currency, Rate)>) -> Self {
        Self { base, to: to.into_iter().filter(|(currency, _)| *currency != base).collect() }
    }

    /// The budget's currency.
    pub fn base(&self) -> Currency {
        self.base
    }

    /// All of them, by currency.
    pub fn iter(&self) -> impl Iterator<Item = (Currency, Rate)> {
        self.to.iter().map(|(currency, rate)| (*currency, *rate))
    }

    /// The rate to a currency.
    pub fn get(&self, to: Currency) -> Option<Rate> {
        self.to.get(&to).copied()
    }

    /// Whether amounts of a currency can be counted.
    pub fn know(&self, currency: Currency) -> bool {
        currency == self.base || self.to.contains_key(&currency)
    }

    /// What of another currency may be given for an amount of the budget's, in micros, rounded down. None: there is no
    /// rate, or the amount is not of the budget's currency.
    pub fn give(&self, amount: Money, to: Currency) -> Option<Money> {
        if amount.currency() != self.base {
            return None;
        }
        if to == self.base {
            return Some(amount);
        }
        let Price(billionths) = self.to.get(&to)?.price;
        let micros = u128::from(amount.micros().unsigned_abs()) * u128::from(billionths.get()) / u128::from(BILLION);
        Some(money(micros, to))
    }

    /// What an amount counts with below the budget, in micros, rounded up; what does not fit counts as the most there is.
    /// None: there is no rate.
    pub fn count(&self, amount: Money) -> Option<Money> {
        let micros = self.count_micros(amount.micros().into(), amount.currency())?;
        Some(money(micros.unsigned_abs(), self.base))
    }

    /// The same of micros.
    pub fn count_micros(&self, micros: i128, currency: Currency) -> Option<i128> {
        if currency == self.base {
            return Some(micros.max(0));
        }
        let Price(billionths) = self.to.get(&currency)?.price;
        let counted = micros.max(0).unsigned_abs().checked_mul(BILLION.into());
        let counted = counted.map_or(u128::MAX, |scaled| scaled.div_ceil(billionths.get().into()));
        Some(i128::try_from(counted).unwrap_or(i128::MAX / 2))
    }

    /// The most that micros of a currency which nobody knows any more can count with: it is one of those with a rate.
    pub fn count_most(&self, micros: i64) -> Money {
        let currencies = self.to.keys().copied().chain([self.base]);
        let most = currencies.filter_map(|currency| self.count_micros(micros.into(), currency)).max();
        money(most.unwrap_or(micros.into()).unsigned_abs(), self.base)
    }
}

/// Micros as money, at most what fits.
fn money(micros: u128, currency: Currency) -> Money {
    let micros = u64::try_from(micros).unwrap_or(u64::MAX).min(i64::MAX.unsigned_abs());
    Money::from_micros(micros, currency).unwrap_or(Money::zero(currency))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use proptest::prelude::*;

    fn currency(code: &str) -> Currency {
        code.parse().unwrap()
    }

    fn rates(to: &[(&str, &str)]) -> Rates {
        let rate = |price: &str| Rate { price: price.parse().unwrap(), date: date(2027, 2, 20) };
        Rates::new(currency("EUR"), to.iter().map(|(code, price)| (currency(code), rate(price))))
    }

    fn of(text: &str, code: &str) -> Money {
        Money::parse(text, currency(code)).unwrap()
    }

    #[test]
    fn rates_are_read_and_printed_as_they_are_written() {
        for (text, printed) in [
            ("1.0870", "1.087"),
            ("163", "163"),
            ("0.000058123", "0.000058123"),
            ("999999999.999999999", "999999999.999999999"),
        ] {
            assert_eq!(text.parse::<Price>().unwrap().to_string(), printed);
        }
        for text in ["", "0", "0.0", "-1.1", "+1", "1e3", "1.", ".5", "1,1", "NaN", "1/2", " 1"] {
            assert_eq!(text.parse::<Price>(), Err(PriceError::Decimal(text.to_owned())), "{text}");
        }
        for text in ["1.0000000001", "1234567890"] {
            assert_eq!(text.parse::<Price>(), Err(PriceError::TooPrecise(text.to_owned())), "{text}");
        }
    }

    #[test]
    fn what_is_given_is_rounded_down_and_what_counts_is_rounded_up() {
        let rates = rates(&[("USD", "1.0870"), ("JPY", "163.21"), ("BTC", "0.000000001")]);
        assert_eq!(rates.give(of("100", "EUR"), currency("USD")), Some(of("108.70", "USD")));
        assert_eq!(rates.count(of("108.70", "USD")), Some(of("100", "EUR")));
        assert_eq!(rates.count(of("1", "USD")), Some(of("0.919964", "EUR")), "0.9199632 and more");
        assert_eq!(rates.give(of("0.01", "EUR"), currency("JPY")), Some(of("1.6321", "JPY")));
        assert_eq!(rates.give(of("5", "EUR"), currency("EUR")), Some(of("5", "EUR")));
        assert_eq!(rates.give(of("5", "EUR"), currency("GBP")), None);
        assert_eq!(rates.give(of("5", "USD"), currency("USD")), None, "only the budget's currency is given from");
        assert_eq!(rates.count(of("5", "GBP")), None);
        // What does not fit is never less than it is.
        assert_eq!(rates.count(of("9000000000000", "BTC")).unwrap().micros(), i64::MAX);
        assert_eq!(rates.count_most(1_000_000).currency(), currency("EUR"));
        assert_eq!(rates.count_most(1_000_000), money(1_000_000 * u128::from(BILLION), currency("EUR")));
    }

    proptest! {
        #[test]
        fn what_was_given_never_counts_with_more_than_it_was_given_for(
            micros in 0_u64..i64::MAX.unsigned_abs(),
            billionths in prop_oneof![1_u64..1_000_000_000_000_000_000, 1_u64..10_000_000_000],
            unit in prop::sample::select(vec![1_i64, 10_000, 1_000_000]),
        ) {
            let rate = Rate { price: Price(NonZeroU64::new(billionths).unwrap()), date: date(2027, 2, 20) };
            let rates = Rates::new(currency("EUR"), [(currency("USD"), rate)]);
            let amount = Money::from_micros(micros, currency("EUR")).unwrap();
            let given = rates.give(amount, currency("USD")).unwrap();
            for given in [given, given.floor_to(unit)] {
                prop_assert!(rates.count(given).unwrap() <= amount);
            }
            // Nor is more kept back than rounding asks for: a micro more counts with more.
            if given.micros() < i64::MAX {
                let more = i128::from(given.micros()) + 1;
                prop_assert!(rates.count_micros(more, currency("USD")).unwrap() > i128::from(amount.micros()));
            }
        }

        #[test]
        fn a_sum_counts_with_no_more_than_its_parts(
            parts in prop::collection::vec(0_i64..1_000_000_000_000, 1..20),
            billionths in 1_u64..1_000_000_000_000,
        ) {
            let rate = Rate { price: Price(NonZeroU64::new(billionths).unwrap()), date: date(2027, 2, 20) };
            let rates = Rates::new(currency("EUR"), [(currency("USD"), rate)]);
            let count = |micros: i64| rates.count_micros(micros.into(), currency("USD")).unwrap();
            let sum = rates.count_micros(parts.iter().map(|part| i128::from(*part)).sum(), currency("USD")).unwrap();
            prop_assert!(sum <= parts.iter().map(|part| count(*part)).sum());
        }
    }
}
