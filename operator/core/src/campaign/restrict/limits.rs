//! Limits of a platform on how many objects there may be: what would pass one is said in the plan, and not begun.

use super::filter;
use crate::campaign::observed::Delivery;
use crate::campaign::plan::{Action, Change, Inputs, LinePlan, Plan};
use crate::campaign::settings::Field;
use crate::platform::ObjectCount;
use crate::reason::Reason;

/// An account never holds more objects than the platform allows.
pub(super) fn objects(inputs: &Inputs<'_>, plan: &mut Plan) {
    for (account, view) in inputs.accounts {
        let Some(count) = view.account.objects else { continue };
        let adds = |_: &LinePlan, change: &Change| usize::from(matches!(change.action, Action::Create(_)));
        limit(plan, account, count, adds, |total, fit| {
            format!(
                "the account {account} holds {} of {} objects: of the {total} that this Campaign would create {fit} fit",
                count.live, count.limit
            )
        });
    }
}

/// A platform may limit how many ads run under a page, whoever made them.
pub(super) fn ads(inputs: &Inputs<'_>, plan: &mut Plan) {
    for (account, view) in inputs.accounts {
        let Some(count) = view.account.ads else { continue };
        limit(plan, account, count, more_ads, |total, fit| {
            format!(
                "under the page of the account {account} {} of {} ads run: of the {total} more of this Campaign {fit} fit",
                count.live, count.limit
            )
        });
    }
}

/// How many more ads run when a change is made.
fn more_ads(line: &LinePlan, change: &Change) -> usize {
    let Some(wanted) = line.wanted.as_ref().filter(|wanted| wanted.enabled) else { return 0 };
    let all = wanted.full.ad_count();
    match &change.action {
        Action::Create(_) | Action::Complete { .. } | Action::Enable { .. } => all,
        Action::Set { field: Field::Ads, .. } => {
            let bound = line.bound.as_ref().filter(|bound| bound.delivery == Delivery::Enabled);
            bound.map_or(0, |bound| all.saturating_sub(bound.settings.ad_count()))
        }
        _ => 0,
    }
}

/// Takes out the changes for which there is no room, line by line: one that does not fit leaves its room to the next.
fn limit(
    plan: &mut Plan,
    account: &str,
    count: ObjectCount,
    adds: impl Fn(&LinePlan, &Change) -> usize,
    message: impl Fn(usize, usize) -> String,
) {
    let mut room = usize::try_from(count.limit.saturating_sub(count.live)).unwrap_or(usize::MAX);
    let (mut total, mut fit) = (0, 0);
    let mut without_room = Vec::new();
    for (at, line) in plan.lines.iter().enumerate().filter(|(_, line)| line.key.account == account) {
        // A line is created once, or enabled, or gets more ads.
        let more = line.changes.iter().map(|change| adds(line, change)).max().unwrap_or(0);
        total += more;
        if more > room {
            without_room.push(at);
        } else {
            room -= more;
            fit += more;
        }
    }
    let message = message(total, fit);
    for at in without_room {
        let line = &mut plan.lines[at];
        let grows: Vec<bool> = line.changes.iter().map(|change| adds(line, change) > 0).collect();
        let mut grows = grows.into_iter();
        filter(&mut line.changes, &mut line.withheld, |_| {
            grows.next().unwrap_or(false).then(|| (Reason::ObjectLimit, message.clone()))
        });
    }
}
