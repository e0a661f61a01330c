//! Splitting an amount by weights: largest remainder (Hamilton's method), in whole units, never
//! above the amount.

use crate::campaign::line::LineKey;
use crate::money::Money;

/// One part of a split.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Whose part.
    pub key: LineKey,
    /// Its weight; parts of weight 0 get nothing.
    pub weight: u64,
    /// Micros of the smallest step its platform takes.
    pub unit: i64,
}

/// Splits `total` by weight. Each share is a whole number of its part's units, the sum is at most
/// `total`, and less than one (largest) unit a part is left over. Remaining units go to the largest
/// remainders, ties by key.
pub fn split(total: Money, parts: &[Part]) -> Vec<(LineKey, Money)> {
    let currency = total.currency();
    let weights: u128 = parts.iter().map(|part| u128::from(part.weight)).sum();
    if weights == 0 {
        return parts.iter().map(|part| (part.key.clone(), Money::zero(currency))).collect();
    }
    let amount = u128::from(total.micros().unsigned_abs());
    // For each part: whole units, and what is missing to its exact share, in 1/weights micros.
    let mut shares: Vec<(usize, u128, u128)> = parts
        .iter()
        .enumerate()
        .map(|(index, part)| {
            let unit = u128::from(part.unit.max(1).unsigned_abs());
            let exact = amount * u128::from(part.weight);
            let units = exact / (weights * unit);
            (index, units * unit, exact - units * unit * weights)
        })
        .collect();
    let mut left = amount - shares.iter().map(|(_, micros, _)| micros).sum::<u128>();
    shares.sort_by(|a, b| {
        let unit = |index: usize| u128::from(parts[index].unit.max(1).unsigned_abs());
        // Remainders as fractions of each part's own unit: a/ua > b/ub.
        (b.2 * unit(a.0)).cmp(&(a.2 * unit(b.0))).then_with(|| parts[a.0].key.cmp(&parts[b.0].key))
    });
    for (index, micros, remainder) in &mut shares {
        let unit = u128::from(parts[*index].unit.max(1).unsigned_abs());
        if *remainder > 0 && unit <= left {
            *micros += unit;
            left -= unit;
        }
    }
    shares.sort_by_key(|(index, ..)| *index);
    shares
        .into_iter()
        .map(|(index, micros, _)| {
            let micros = u64::try_from(micros).unwrap_or(0);
            (parts[index].key.clone(), Money::from_micros(micros, currency).unwrap_or(Money::zero(currency)))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parts(weights: &[u64], unit: i64) -> Vec<Part> {
        weights
            .iter()
            .enumerate()
            .map(|(index, weight)| Part { key: LineKey::new("a", format!("m{index:03}")), weight: *weight, unit })
            .collect()
    }

    fn eur(text: &str) -> Money {
        Money::parse(text, "EUR".parse().unwrap()).unwrap()
    }

    fn amounts(total: &str, weights: &[u64], unit: i64) -> Vec<String> {
        split(eur(total), &parts(weights, unit)).into_iter().map(|(_, money)| money.decimal()).collect()
    }

    #[test]
    fn cents_left_over_go_to_the_largest_remainders_then_by_key() {
        assert_eq!(amounts("100.00", &[1, 1, 1], 10_000), ["33.34", "33.33", "33.33"]);
        assert_eq!(amounts("0.02", &[1, 1, 1], 10_000), ["0.01", "0.01", "0.00"]);
        assert_eq!(amounts("10.00", &[3, 0, 1], 10_000), ["7.50", "0.00", "2.50"]);
        assert_eq!(amounts("100.00", &[1, 1, 1], 1_000_000), ["34.00", "33.00", "33.00"]);
    }

    #[test]
    fn an_amount_that_is_no_whole_number_of_units_is_rounded_down() {
        assert_eq!(amounts("10.50", &[1, 1], 1_000_000), ["5.00", "5.00"]);
    }

    proptest! {
        #[test]
        fn splitting_never_passes_the_budget_and_wastes_less_than_one_unit_a_line(
            micros in 0_u64..10_000_000_000_000,
            lines in prop::collection::vec((0_u64..1000, prop::sample::select(vec![1_i64, 10_000, 1_000_000])), 1..60),
        ) {
            let currency = "EUR".parse().unwrap();
            let total = Money::from_micros(micros, currency).unwrap();
            let mut parts = parts(&lines.iter().map(|l| l.0).collect::<Vec<_>>(), 1);
            for (part, line) in parts.iter_mut().zip(&lines) {
                part.unit = line.1;
            }
            let shares = split(total, &parts);
            let sum: i64 = shares.iter().map(|(_, m)| m.micros()).sum();
            prop_assert!(sum <= total.micros());
            if parts.iter().any(|p| p.weight > 0) {
                let waste = total.micros() - sum;
                prop_assert!(waste < parts.iter().map(|p| p.unit).sum::<i64>());
            }
            let weights: u128 = parts.iter().map(|p| u128::from(p.weight)).sum();
            for (part, (_, share)) in parts.iter().zip(&shares) {
                prop_assert_eq!(share.micros() % part.unit, 0);
                if let Some(exact) = (u128::from(micros) * u128::from(part.weight)).checked_div(weights) {
                    let off = i128::from(share.micros()) - i128::try_from(exact).unwrap();
                    prop_assert!(off.abs() <= i128::from(part.unit));
                }
            }
        }

        #[test]
        fn the_order_of_parts_changes_no_share(micros in 0_u64..1_000_000_000, weights in prop::collection::vec(1_u64..9, 1..20)) {
            let total = Money::from_micros(micros, "EUR".parse().unwrap()).unwrap();
            let parts = parts(&weights, 10_000);
            let mut reversed = parts.clone();
            reversed.reverse();
            let mut a = split(total, &parts);
            let mut b = split(total, &reversed);
            a.sort();
            b.sort();
            prop_assert_eq!(a, b);
        }
    }
}
