//! From plans to the report that is printed.

use std::collections::{BTreeMap, BTreeSet};

use adops_api::AdAccount;
use adops_core::campaign::plan::{Action, Change, LinePlan, Plan, RetiredPlan, Wait, Withheld};
use adops_core::campaign::settings::{AdSettings, Field, Settings, Value};
use adops_core::marker::Token;
use adops_core::market::Place;
use adops_core::money;
use adops_core::rates::Rates;
use adops_core::reason::Reason;

use crate::load::Key;
use crate::plan::{self, Planned};
use crate::report::{
    CampaignReport, ChangeReport, Counts, FORMAT, Kind, LineReport, Money, Report, Shown, Why, WithheldReport,
};

/// The report of plans; `accounts` are the AdAccounts as they are stored.
pub fn report(planned: &[Planned], accounts: &BTreeMap<Key, AdAccount>) -> Report {
    let campaigns: Vec<CampaignReport> = planned.iter().map(campaign).collect();
    let mut counts = Counts::default();
    for line in campaigns.iter().flat_map(|campaign| &campaign.lines) {
        counts.withheld += line.withheld.len();
        counts.problems += usize::from(line.problem.is_some());
        match line.kind {
            Kind::Create => counts.create += 1,
            Kind::Change => counts.change += 1,
            Kind::Stop => counts.stop += 1,
            Kind::NotPlanned => counts.not_planned += 1,
            Kind::Unchanged => counts.unchanged += 1,
            Kind::Problem => {}
        }
    }
    Report {
        format: FORMAT,
        changed: campaigns.iter().any(|campaign| campaign.changed),
        counts,
        money: sums(planned),
        campaigns,
        notes: ceilings(planned, accounts),
    }
}

fn campaign(planned: &Planned) -> CampaignReport {
    let mut lines: Vec<LineReport> = planned.plan.lines.iter().map(|line| self::line(planned, line)).collect();
    lines.extend(planned.plan.retired.iter().filter_map(|object| retired(planned, object)));
    lines.sort_by(|a, b| (&a.line, &a.id).cmp(&(&b.line, &b.id)));
    let mut notes = planned.notes.clone();
    let over = planned.plan.lines.iter().filter_map(|line| line.problem.as_ref());
    notes.extend(
        over.filter(|problem| problem.reason == Reason::FlightOver).map(|problem| problem.message.clone()).take(1),
    );
    if planned.deleting {
        notes.push("the Campaign is being deleted".to_owned());
    }
    let acts = |line: &LineReport| matches!(line.kind, Kind::Create | Kind::Change | Kind::Stop);
    let unsaid = |line: &LineReport| line.kind == Kind::NotPlanned && planned.spec_changed;
    CampaignReport {
        namespace: planned.key.namespace.clone(),
        name: planned.key.name.clone(),
        file: planned.file.clone(),
        exists: planned.exists,
        deleting: planned.deleting,
        changed: lines.iter().any(|line| acts(line) || unsaid(line)),
        observed_at: planned.observed_at.filter(|_| planned.exists).map(|at| at.to_string()),
        money: money_of(&planned.plan, Some(&planned.rates)),
        lines,
        notes,
    }
}

fn line(planned: &Planned, line: &LinePlan) -> LineReport {
    let account = planned.unknown_accounts.get(&line.key.account);
    let settings_known = !planned.unknown_settings.contains(&line.key);
    let over = line.problem.as_ref().is_some_and(|problem| problem.reason == Reason::FlightOver);
    let problem = line.problem.as_ref().filter(|_| !over);
    let (later, withheld): (Vec<&Withheld>, Vec<&Withheld>) = line.withheld.iter().partition(|one| plan::is_later(one));
    let mut changes: Vec<ChangeReport> = line.changes.iter().map(change).collect();
    changes.extend(
        later
            .into_iter()
            .map(|withheld| ChangeReport { later: Some(withheld.message.clone()), ..change(&withheld.change) }),
    );
    let kind = match (account, problem, &line.wait) {
        (Some(_), ..) => Kind::NotPlanned,
        _ if !changes.is_empty() => kind(&changes),
        (_, Some(_), _) => Kind::Problem,
        (_, _, Some(_)) => Kind::NotPlanned,
        _ if !settings_known => Kind::Change,
        _ => Kind::Unchanged,
    };
    LineReport {
        line: line.key.to_string(),
        account: line.key.account.clone(),
        market: line.key.market.clone(),
        id: line.bound.as_ref().map(|object| object.id.clone()),
        kind,
        money: money_of(&Plan { lines: vec![line.clone()], retired: Vec::new() }, None),
        changes,
        withheld: withheld.into_iter().map(kept_back).collect(),
        problem: problem.map(|problem| Why { reason: problem.reason, message: problem.message.clone() }),
        not_planned: account.map(|(reason, message)| Why { reason: *reason, message: message.clone() }),
        waits: line.wait.as_ref().filter(|_| account.is_none()).map(wait),
        settings_known,
        live: Vec::new(),
    }
}

fn retired(planned: &Planned, retired: &RetiredPlan) -> Option<LineReport> {
    // One that is paused already is nothing to talk about.
    if retired.changes.is_empty() && retired.withheld.is_empty() {
        return None;
    }
    let id = retired.object.id.clone();
    let key = planned.keys.get(&(retired.account.clone(), id.clone()));
    let market = key.map_or_else(|| format!("object {id}"), |key| key.market.clone());
    let changes: Vec<ChangeReport> = retired.changes.iter().map(change).collect();
    Some(LineReport {
        line: format!("{}/{market}", retired.account),
        account: retired.account.clone(),
        market,
        id: Some(id),
        kind: if changes.is_empty() { Kind::Unchanged } else { kind(&changes) },
        money: money_of(&Plan { lines: Vec::new(), retired: vec![retired.clone()] }, None),
        changes,
        withheld: retired.withheld.iter().map(kept_back).collect(),
        problem: None,
        not_planned: None,
        waits: None,
        settings_known: true,
        live: Vec::new(),
    })
}

fn kind(changes: &[ChangeReport]) -> Kind {
    if changes.iter().any(|change| change.action == "create") {
        Kind::Create
    } else if changes.iter().all(|change| matches!(change.action, "pause" | "remove")) {
        Kind::Stop
    } else {
        Kind::Change
    }
}

fn wait(wait: &Wait) -> Why {
    let what = match wait.reason {
        Reason::Creating => "a create is under way, and its outcome is not known yet",
        Reason::Updating => "a change is under way",
        _ => "its object was not seen in the last reading of the account",
    };
    let until = wait.until.map(|until| format!("; it is known after {until}")).unwrap_or_default();
    Why { reason: wait.reason, message: format!("{what}{until}") }
}

fn kept_back(withheld: &Withheld) -> WithheldReport {
    let why = Why { reason: withheld.reason, message: withheld.message.clone() };
    WithheldReport { change: change(&withheld.change), why }
}

fn change(change: &Change) -> ChangeReport {
    let mut report = ChangeReport {
        action: change.action.word(),
        field: change.action.field(),
        from: None,
        to: None,
        manner: None,
        cause: change.cause,
        settings: BTreeMap::new(),
        later: None,
    };
    match &change.action {
        Action::Create(new) | Action::Complete { line: new, .. } => {
            report.to = Some(Shown::One(new.budget.decimal()));
            report.settings = settings(&new.settings);
        }
        Action::Enable { budget, .. } => report.to = Some(Shown::One(budget.decimal())),
        Action::SetBudget { from, to, .. } => {
            report.from = Some(Shown::One(from.decimal()));
            report.to = Some(Shown::One(to.decimal()));
        }
        Action::Set { field, from, to, manner, .. } => {
            report.from = from.as_ref().map(|value| shown(*field, value));
            report.to = Some(shown(*field, to));
            report.manner = Some(*manner);
        }
        Action::Mark { name, .. } => report.to = Some(Shown::One(Token::strip(name))),
        Action::Pause { .. } | Action::Remove { .. } => {}
    }
    report
}

fn settings(settings: &Settings) -> BTreeMap<Field, Shown> {
    settings.iter().map(|(field, value)| (field, shown(field, value))).collect()
}

fn shown(field: Field, value: &Value) -> Shown {
    match value {
        // The token is the operator's affair; here it is not even the real one.
        Value::Text(name) if field == Field::Name => Shown::One(Token::strip(name)),
        Value::Text(text) => Shown::One(text.clone()),
        Value::Instant(at) => Shown::One(at.to_string()),
        Value::Set(words) => Shown::Many(words.iter().cloned().collect()),
        Value::Places(places) => Shown::Many(places.iter().map(Place::to_string).collect()),
        Value::Ads(ads) => Shown::Many(ads.iter().map(ad).collect()),
    }
}

/// `headline | headline / description | description → url (path/path)`
fn ad(ad: &AdSettings) -> String {
    let mut text = format!("{} / {} → {}", ad.headlines.join(" | "), ad.descriptions.join(" | "), ad.url);
    if !ad.paths.is_empty() {
        text = format!("{text} ({})", ad.paths.join("/"));
    }
    text
}

fn money_of(plan: &Plan, rates: Option<&Rates>) -> Option<Money> {
    let (from, to) = plan::money(&plan::eventual(plan), None, rates)?;
    Some(Money { currency: from.currency().to_string(), from: from.decimal(), to: to.decimal() })
}

/// Money a day of all plans, by currency.
fn sums(planned: &[Planned]) -> Vec<Money> {
    let mut by_currency: BTreeMap<String, (money::Money, money::Money)> = BTreeMap::new();
    let money = |planned: &Planned| plan::money(&plan::eventual(&planned.plan), None, Some(&planned.rates));
    for (from, to) in planned.iter().filter_map(money) {
        let zero = money::Money::zero(from.currency());
        let sum = by_currency.entry(from.currency().to_string()).or_insert((zero, zero));
        *sum = (sum.0.checked_add(from).unwrap_or(sum.0), sum.1.checked_add(to).unwrap_or(sum.1));
    }
    let money = |(currency, (from, to)): (String, (money::Money, money::Money))| Money {
        currency,
        from: from.decimal(),
        to: to.decimal(),
    };
    by_currency.into_iter().map(money).collect()
}

/// Accounts whose ceiling would keep something back: what the operator grants one by one is told beforehand.
fn ceilings(planned: &[Planned], accounts: &BTreeMap<Key, AdAccount>) -> Vec<String> {
    let mut growth: BTreeMap<Key, (i128, money::Currency)> = BTreeMap::new();
    for planned in planned {
        let eventual = plan::eventual(&planned.plan);
        let lines = planned.plan.lines.iter().map(|line| &line.key.account);
        let names: BTreeSet<&String> =
            lines.chain(planned.plan.retired.iter().map(|retired| &retired.account)).collect();
        for name in names {
            let Some((from, to)) = plan::money(&eventual, Some(name), None) else { continue };
            let sum = growth.entry(Key::account(&planned.key, name)).or_insert((0, to.currency()));
            sum.0 += i128::from(to.micros()) - i128::from(from.micros());
        }
    }
    let mut notes = Vec::new();
    for (key, (grows, currency)) in growth.into_iter().filter(|(_, (grows, _))| *grows > 0) {
        let Some(account) = accounts.get(&key) else { continue };
        let Some(ceiling) = plan::ceiling(account, currency) else { continue };
        let live = account.status.as_ref().and_then(|status| status.live_budget.as_deref());
        let live = live.and_then(|text| money::Money::parse(text.split(' ').next()?, currency).ok());
        let live = live.unwrap_or(money::Money::zero(currency));
        if i128::from(live.micros()) + grows > i128::from(ceiling.micros()) {
            let more = u64::try_from(grows).ok().and_then(|micros| money::Money::from_micros(micros, currency).ok());
            let more = more.map_or_else(String::new, |more| more.to_string());
            notes.push(format!(
                "the AdAccount {key} has {live} a day live and a ceiling of {ceiling}: of the {more} more that are planned, \
                 what does not fit waits (CeilingReached)"
            ));
        }
    }
    notes
}
