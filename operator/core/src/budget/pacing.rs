//! Pacing the budget of a flight into daily budgets.
//!
//! Platforms only ever get daily budgets. On each account day the rest of the budget is divided by
//! the days that are left, so an under- or overspend of one day is spread over all that follow.

use jiff::civil::Date;

use crate::money::Money;

/// What a line has spent on days that are over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spent {
    /// As the platform reports it.
    pub reported: Money,
    /// What it may have spent beyond that and not reported yet.
    pub unreported: Money,
}

/// The part of `total` that no finished day has used up, at least nothing.
pub fn remaining<'a>(total: Money, spent: impl Iterator<Item = &'a Spent>) -> Money {
    spent.fold(total, |rest, spent| {
        rest.saturating_sub(spent.reported).and_then(|rest| rest.saturating_sub(spent.unreported)).unwrap_or(rest)
    })
}

/// The daily budget that spends `rest` evenly from `today` (or `start`, if that is later) to `end`,
/// both inclusive. Nothing once the flight is over.
pub fn daily(rest: Money, start: Date, end: Date, today: Date) -> Money {
    let days = days_left(start, end, today);
    if days <= 0 {
        return Money::zero(rest.currency());
    }
    let micros = rest.micros() / i64::from(days);
    Money::from_micros(micros.unsigned_abs(), rest.currency()).unwrap_or(Money::zero(rest.currency()))
}

/// The days from `today` (or `start`, if that is later) to `end`, both inclusive; none or fewer once
/// the flight is over.
pub fn days_left(start: Date, end: Date, today: Date) -> i32 {
    end.since(today.max(start)).map_or(0, |span| span.get_days() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn eur(text: &str) -> Money {
        Money::parse(text, "EUR".parse().unwrap()).unwrap()
    }

    #[test]
    fn the_rest_is_spread_over_the_days_left() {
        let (start, end) = (date(2027, 3, 1), date(2027, 3, 10));
        let daily = |rest: &str, today| daily(eur(rest), start, end, today).decimal();
        assert_eq!(daily("1000", date(2027, 2, 1)), "100.00");
        assert_eq!(daily("1000", date(2027, 3, 1)), "100.00");
        assert_eq!(daily("500", date(2027, 3, 10)), "500.00");
        assert_eq!(daily("500", date(2027, 3, 11)), "0.00");
    }

    #[test]
    fn what_is_spent_or_may_be_is_gone_and_never_below_nothing() {
        let spent = [
            Spent { reported: eur("300"), unreported: eur("50") },
            Spent { reported: eur("100"), unreported: eur("0") },
        ];
        assert_eq!(remaining(eur("1000"), spent.iter()), eur("550"));
        assert_eq!(remaining(eur("200"), spent.iter()), eur("0"));
    }
}
