//! What changes cost: TikTok counts requests.

use adops_core::campaign::plan::{Action, NewLine};
use adops_core::campaign::settings::{Field, Value};

/// What a full listing of an account costs as long as none was made: campaigns, ad groups, ads, figures.
pub(super) const LISTING: u64 = 8;
/// Requests of changes that are handed over together: at the usual ten a second, some seconds' worth.
pub(super) const AT_A_TIME: u64 = 40;

/// What a change costs, reads not counted.
pub(super) fn of(action: &Action) -> u64 {
    match action {
        Action::Create(line) | Action::Complete { line, .. } => of_line(line),
        Action::Mark { .. } | Action::Pause { .. } => 2,
        Action::Enable { .. } => 3,
        Action::Set { field: Field::Ads, to, .. } => ads(to),
        Action::SetBudget { .. } | Action::Set { .. } | Action::Remove { .. } => 1,
    }
}

/// Campaign, ad group and ads, and that it is enabled later.
fn of_line(line: &NewLine) -> u64 {
    2 + line.settings.get(Field::Ads).map_or(1, ads) + 3
}

fn ads(value: &Value) -> u64 {
    match value {
        Value::Ads(ads) => u64::try_from(ads.len()).unwrap_or(u64::MAX).max(1),
        _ => 1,
    }
}
