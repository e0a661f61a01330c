//! What changes cost of Google's quota: each operation of a mutate request is one, and each search.

use adops_core::campaign::plan::{Action, NewLine};
use adops_core::campaign::settings::{Field, Settings, Value};
use jiff::tz::TimeZone;

use super::blueprint::excluded;
use super::text::{AGES, GENDERS};

/// What a full listing of an account costs as long as none was made: the account, labels, goals, and of each of two
/// filters the campaigns and what hangs on them; spend.
pub(super) const LISTING: u64 = 20;

/// A line's budget, campaign, two labels, ad group and conversion goal, and that it is enabled later.
const OF_A_LINE: usize = 6 + 2;

/// Where Google's day of operations begins. Google does not say; a wrong guess is put right by what it answers.
pub(super) fn zone() -> TimeZone {
    TimeZone::get("America/Los_Angeles").unwrap_or(TimeZone::UTC)
}

/// What a change costs, reads not counted.
pub(super) fn of(action: &Action) -> u64 {
    let operations = match action {
        Action::Create(line) | Action::Complete { line, .. } => of_line(line),
        Action::Mark { .. } => 4,
        Action::Pause { .. } | Action::Enable { .. } => 2,
        Action::SetBudget { .. } | Action::Remove { .. } => 1,
        Action::Set { from, to, .. } => parts(to) + from.as_ref().map_or(0, parts),
    };
    u64::try_from(operations).unwrap_or(u64::MAX)
}

fn of_line(line: &NewLine) -> usize {
    let of = |field| line.settings.get(field).map_or(0, parts);
    OF_A_LINE
        + of(Field::Places)
        + of(Field::Languages)
        + of(Field::Keywords)
        + of(Field::NegativeKeywords)
        + of(Field::Ads)
        + left_out(&line.settings, Field::Ages, AGES)
        + left_out(&line.settings, Field::Genders, GENDERS)
}

fn left_out(settings: &Settings, field: Field, groups: &'static [super::text::Group]) -> usize {
    match settings.get(field) {
        Some(Value::Set(wanted)) => excluded(wanted, groups).len(),
        _ => 0,
    }
}

/// How many operations a value is made of.
fn parts(value: &Value) -> usize {
    match value {
        Value::Text(_) | Value::Instant(_) => 1,
        Value::Set(words) => words.len(),
        Value::Places(places) => places.len(),
        Value::Ads(ads) => ads.len(),
    }
    .max(1)
}

/// How many operations a day an access level has, by the name that an exhausted quota gives it.
pub(super) fn size_of(rate_name: &str) -> Option<u64> {
    let name = rate_name.to_ascii_lowercase();
    if name.contains("explorer") {
        Some(2_880)
    } else if name.contains("basic") || name.contains("test") {
        Some(15_000)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_access_level_is_known_by_its_name() {
        for (name, size) in [
            ("Number of operations for basic access", Some(15_000)),
            ("Number of operations for explorer access", Some(2_880)),
            ("Number of operations for test access", Some(15_000)),
            ("Requests per second per customer", None),
        ] {
            assert_eq!(size_of(name), size, "{name}");
        }
    }
}
