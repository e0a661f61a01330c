//! What changes cost: Pinterest counts requests, and a request writes thirty objects of a kind.

use adops_core::campaign::plan::Action;

/// What a full listing of an account costs as long as none was made: campaigns, ad groups, figures.
pub(super) const LISTING: u64 = 4;
/// Requests of changes that are handed over together.
pub(super) const AT_A_TIME: u64 = 60;

/// What a change costs if it goes alone, reads not counted: never less than it is.
pub(super) fn of(action: &Action) -> u64 {
    match action {
        Action::Create(_) => 3,
        Action::Complete { .. } | Action::Enable { .. } | Action::Mark { .. } | Action::Set { .. } => 2,
        Action::Pause { .. } | Action::SetBudget { .. } | Action::Remove { .. } => 1,
    }
}
