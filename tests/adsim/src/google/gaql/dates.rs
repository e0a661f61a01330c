//! Date ranges: literals and DURING.

use jiff::ToSpan;
use jiff::civil::{Date, Weekday};

use super::QueryError;
use super::parser::{Condition, Op};

/// Reads `yyyy-MM-dd`.
pub(super) fn date(text: &str) -> Result<Date, QueryError> {
    let shape = text.len() == 10 && text.as_bytes()[4] == b'-' && text.as_bytes()[7] == b'-';
    text.parse().ok().filter(|_| shape).ok_or_else(|| {
        QueryError::new("INVALID_DATE_FORMAT", format!("Error in query: invalid date '{text}', expected 'YYYY-MM-DD'."))
    })
}

/// First and last day that conditions on `segments.date` leave, if both are bounded.
pub(super) fn range(conditions: &[&Condition], today: Date) -> Result<Option<(Date, Date)>, QueryError> {
    let (mut low, mut high): (Option<Date>, Option<Date>) = (None, None);
    for condition in conditions {
        let (from, to) = bounds(condition, today)?;
        low = low.max(from);
        high = match (high, to) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
    }
    Ok(low.zip(high))
}

/// The bounds that one condition gives.
pub(super) fn bounds(condition: &Condition, today: Date) -> Result<(Option<Date>, Option<Date>), QueryError> {
    let value = |i: usize| date(condition.values.get(i).map_or("", |v| v.text()));
    Ok(match condition.op {
        Op::Eq => (Some(value(0)?), Some(value(0)?)),
        Op::Ge => (Some(value(0)?), None),
        Op::Gt => (value(0)?.checked_add(1.day()).ok(), None),
        Op::Le => (None, Some(value(0)?)),
        Op::Lt => (None, value(0)?.checked_sub(1.day()).ok()),
        Op::Between => (Some(value(0)?), Some(value(1)?)),
        Op::In => {
            let days = condition.values.iter().map(|v| date(v.text())).collect::<Result<Vec<_>, _>>()?;
            (days.iter().min().copied(), days.iter().max().copied())
        }
        Op::During => {
            let (from, to) = during(condition.values.first().map_or("", |v| v.text()), today)?;
            (Some(from), Some(to))
        }
        _ => (None, None),
    })
}

fn during(name: &str, today: Date) -> Result<(Date, Date), QueryError> {
    let back = |days: i32| today.checked_sub(days.days()).unwrap_or(today);
    let since = |day: Weekday| back(i32::from(today.weekday().since(day)));
    let week = |start: Date, days: i32| {
        let first = start.checked_sub(7.days()).unwrap_or(start);
        (first, first.checked_add((days - 1).days()).unwrap_or(first))
    };
    Ok(match name.to_ascii_uppercase().as_str() {
        "TODAY" => (today, today),
        "YESTERDAY" => (back(1), back(1)),
        "LAST_7_DAYS" => (back(7), back(1)),
        "LAST_14_DAYS" => (back(14), back(1)),
        "LAST_30_DAYS" => (back(30), back(1)),
        "THIS_MONTH" => (today.first_of_month(), today),
        "LAST_MONTH" => {
            let last = today.first_of_month().checked_sub(1.day()).unwrap_or(today);
            (last.first_of_month(), last)
        }
        "THIS_WEEK_SUN_TODAY" => (since(Weekday::Sunday), today),
        "THIS_WEEK_MON_TODAY" => (since(Weekday::Monday), today),
        "LAST_WEEK_SUN_SAT" => week(since(Weekday::Sunday), 7),
        "LAST_WEEK_MON_SUN" => week(since(Weekday::Monday), 7),
        "LAST_BUSINESS_WEEK" => week(since(Weekday::Monday), 5),
        _ => {
            let message = format!("Error in query: invalid date range '{name}' with DURING.");
            return Err(QueryError::new("INVALID_VALUE_WITH_DURING_OPERATOR", message));
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn named_ranges_end_where_google_says() {
        // A Wednesday.
        let today = date("2026-11-25").unwrap();
        for (name, from, to) in [
            ("LAST_7_DAYS", "2026-11-18", "2026-11-24"),
            ("THIS_MONTH", "2026-11-01", "2026-11-25"),
            ("LAST_MONTH", "2026-10-01", "2026-10-31"),
            ("THIS_WEEK_MON_TODAY", "2026-11-23", "2026-11-25"),
            ("LAST_WEEK_SUN_SAT", "2026-11-15", "2026-11-21"),
            ("LAST_BUSINESS_WEEK", "2026-11-16", "2026-11-20"),
        ] {
            assert_eq!(during(name, today).unwrap(), (date(from).unwrap(), date(to).unwrap()), "{name}");
        }
        assert_eq!(during("LAST_90_DAYS", today).unwrap_err().code, "INVALID_VALUE_WITH_DURING_OPERATOR");
    }
}
