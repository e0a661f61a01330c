//! Money as integer micros of an ISO 4217 currency. No floating point anywhere.
//!
//! What is no amount of money cannot be written down. Nothing negative, no NaN, no fraction of a micro:
//! ```compile_fail,E0600
//! # use adops_core::money::{Currency, Money};
//! # let eur: Currency = "EUR".parse().unwrap();
//! let debt = Money::from_micros(-1, eur);
//! ```
//! ```compile_fail,E0308
//! # use adops_core::money::{Currency, Money};
//! # let eur: Currency = "EUR".parse().unwrap();
//! let nothing = Money::from_micros(f64::NAN, eur);
//! ```
//! An amount is no number, so that none of another unit or currency is added to it unseen:
//! ```compile_fail,E0369
//! # use adops_core::money::Money;
//! # fn sum(a: Money, b: Money) -> Money {
//! a + b
//! # }
//! ```
//! ```compile_fail,E0308
//! # use adops_core::money::Money;
//! # fn whole(budget: Money) -> bool {
//! budget > 1_250_i64
//! # }
//! ```
//! And one without a currency does not exist:
//! ```compile_fail,E0061
//! # use adops_core::money::Money;
//! let amount = Money::from_micros(1_250_500_000);
//! ```

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Micros in one major unit.
pub const MICROS: i64 = 1_000_000;

/// An ISO 4217 alphabetic currency code.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Currency([u8; 3]);

impl Currency {
    /// The code, for example `EUR`.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("???")
    }

    /// Digits after the decimal point in ISO 4217 (`JPY` 0, `EUR` 2, `KWD` 3).
    pub fn minor_digits(self) -> u32 {
        match self.as_str() {
            "BIF" | "CLP" | "DJF" | "GNF" | "ISK" | "JPY" | "KMF" | "KRW" | "PYG" | "RWF" | "UGX" | "UYI" | "VND"
            | "VUV" | "XAF" | "XOF" | "XPF" => 0,
            "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
            _ => 2,
        }
    }

    /// Micros in the smallest ISO unit of this currency.
    pub fn minor_unit_micros(self) -> i64 {
        MICROS / 10_i64.pow(self.minor_digits())
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Currency {
    type Err = MoneyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.as_bytes() {
            [a, b, c] if [a, b, c].iter().all(|x| x.is_ascii_uppercase()) => Ok(Self([*a, *b, *c])),
            _ => Err(MoneyError::Currency(text.to_owned())),
        }
    }
}

impl TryFrom<String> for Currency {
    type Error = MoneyError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> Self {
        currency.as_str().to_owned()
    }
}

/// Why a text or a sum is not an amount of money.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Not three capital letters.
    #[error("`{0}` is not an ISO 4217 currency code such as EUR")]
    Currency(String),
    /// Not a plain decimal number.
    #[error("`{0}` is not a decimal number such as \"1250.50\"")]
    Decimal(String),
    /// More digits than a micro can hold.
    #[error("`{0}` has more than six digits after the point")]
    TooPrecise(String),
    /// Beyond what 64-bit micros hold.
    #[error("the amount is too large")]
    TooLarge,
    /// Two currencies in one sum.
    #[error("{0} cannot be added to {1}")]
    Mixed(Currency, Currency),
}

/// A non-negative amount of one currency, in micros.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Money {
    micros: i64,
    currency: Currency,
}

impl Money {
    /// An amount of `micros`; a negative one cannot be written.
    pub fn from_micros(micros: u64, currency: Currency) -> Result<Self, MoneyError> {
        let micros = i64::try_from(micros).map_err(|_| MoneyError::TooLarge)?;
        Ok(Self { micros, currency })
    }

    /// Nothing.
    pub fn zero(currency: Currency) -> Self {
        Self { micros: 0, currency }
    }

    /// Reads a decimal string (`"1250.50"`): digits, at most six after the point, no sign, no exponent.
    pub fn parse(text: &str, currency: Currency) -> Result<Self, MoneyError> {
        let decimal = || MoneyError::Decimal(text.to_owned());
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() || !digits(whole) || !digits(fraction) || text.ends_with('.') {
            return Err(decimal());
        }
        if fraction.len() > 6 {
            return Err(MoneyError::TooPrecise(text.to_owned()));
        }
        let whole: i64 = whole.parse().map_err(|_| MoneyError::TooLarge)?;
        let fraction: i64 = format!("{fraction:0<6}").parse().map_err(|_| decimal())?;
        let micros = whole.checked_mul(MICROS).and_then(|m| m.checked_add(fraction)).ok_or(MoneyError::TooLarge)?;
        Ok(Self { micros, currency })
    }

    /// Micros, never negative.
    pub fn micros(self) -> i64 {
        self.micros
    }

    /// The currency.
    pub fn currency(self) -> Currency {
        self.currency
    }

    /// Whether this is nothing.
    pub fn is_zero(self) -> bool {
        self.micros == 0
    }

    /// The sum, if both are of one currency and it fits.
    pub fn checked_add(self, other: Self) -> Result<Self, MoneyError> {
        self.same(other)?;
        let micros = self.micros.checked_add(other.micros).ok_or(MoneyError::TooLarge)?;
        Ok(Self { micros, currency: self.currency })
    }

    /// The difference, not below nothing.
    pub fn saturating_sub(self, other: Self) -> Result<Self, MoneyError> {
        self.same(other)?;
        Ok(Self { micros: (self.micros - other.micros).max(0), currency: self.currency })
    }

    /// The largest multiple of `unit` micros that is not above this amount.
    #[must_use]
    pub fn floor_to(self, unit: i64) -> Self {
        Self { micros: self.micros - self.micros.rem_euclid(unit.max(1)), currency: self.currency }
    }

    /// The decimal number without the currency, with at least the currency's usual digits.
    pub fn decimal(self) -> String {
        let (whole, fraction) = (self.micros / MICROS, self.micros % MICROS);
        let text = format!("{fraction:06}");
        let keep = text.trim_end_matches('0').len().max(self.currency.minor_digits() as usize);
        if keep == 0 { whole.to_string() } else { format!("{whole}.{}", &text[..keep]) }
    }

    fn same(self, other: Self) -> Result<(), MoneyError> {
        if self.currency == other.currency { Ok(()) } else { Err(MoneyError::Mixed(self.currency, other.currency)) }
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.decimal(), self.currency)
    }
}

impl fmt::Debug for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn eur() -> Currency {
        "EUR".parse().unwrap()
    }

    #[test]
    fn decimals_are_read_and_printed_without_floating_point() {
        for (text, micros, printed) in [
            ("1250.50", 1_250_500_000, "1250.50"),
            ("0.1", 100_000, "0.10"),
            ("6000", 6_000_000_000, "6000.00"),
            ("0.000001", 1, "0.000001"),
        ] {
            let money = Money::parse(text, eur()).unwrap();
            assert_eq!(money.micros(), micros);
            assert_eq!(money.decimal(), printed);
        }
        assert_eq!(Money::parse("250", "JPY".parse().unwrap()).unwrap().to_string(), "250 JPY");
        assert_eq!(Money::parse("1.5", "KWD".parse().unwrap()).unwrap().to_string(), "1.500 KWD");
    }

    #[test]
    fn what_is_not_a_plain_decimal_is_refused() {
        for text in ["", ".", "1.", ".5", "-1", "+1", "1e3", "NaN", "1,5", "1.2.3", " 1", "0x10"] {
            assert_eq!(Money::parse(text, eur()), Err(MoneyError::Decimal(text.to_owned())), "{text}");
        }
        assert_eq!(Money::parse("1.0000001", eur()), Err(MoneyError::TooPrecise("1.0000001".to_owned())));
        assert_eq!(Money::parse("99999999999999999999", eur()), Err(MoneyError::TooLarge));
        assert_eq!(Money::parse("9999999999999", eur()), Err(MoneyError::TooLarge));
    }

    #[test]
    fn currencies_are_never_mixed() {
        let usd: Currency = "USD".parse().unwrap();
        assert_eq!(Money::zero(eur()).checked_add(Money::zero(usd)), Err(MoneyError::Mixed(eur(), usd)));
        assert!("eur".parse::<Currency>().is_err());
        assert!("EURO".parse::<Currency>().is_err());
    }
}
