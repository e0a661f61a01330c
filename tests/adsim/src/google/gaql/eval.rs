//! Evaluates a plan over an account.

use std::borrow::Cow;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::Value;

use super::cell::Cell;
use super::plan::{Column, Plan, Test};
use super::rows::Shape;
use crate::config::GoogleConfig;
use crate::google::account::Account;
use crate::google::constants::{CURRENCIES, LANGUAGES, currency_doc, language_doc, places};
use crate::google::delivery::{Metrics, Reporter};
use crate::google::key::{Key, Kind};
use crate::google::object::Object;
use crate::google::schema::Doc;
use crate::google::status;

/// What a query looks at.
#[derive(Clone, Copy)]
pub struct View<'a> {
    /// The account.
    pub account: &'a Account,
    /// Configuration.
    pub config: &'a GoogleConfig,
    /// Seed of the delivery.
    pub seed: u64,
    /// Business time.
    pub now: Timestamp,
    /// The instant whose state is seen; none is the present.
    pub as_of: Option<Timestamp>,
}

/// One row: the objects that its fields come from.
#[derive(Default, Clone, Copy)]
struct Row<'a> {
    campaign: Option<&'a Arc<Object>>,
    budget: Option<&'a Arc<Object>>,
    label: Option<&'a Arc<Object>>,
    ad_group: Option<&'a Arc<Object>>,
    /// The campaign label, criterion or ad.
    own: Option<&'a Arc<Object>>,
    /// A constant, or the customer.
    doc: Option<&'a Doc>,
    day: Option<Date>,
    metrics: Metrics,
}

/// The rows of a query, in order, as JSON text.
pub fn run(plan: &Plan, view: &View<'_>) -> Vec<String> {
    let docs = documents(plan, view);
    let customer = status::customer_doc(view.account);
    let reporter = Reporter::new(view.account, view.seed, &view.config.delivery, view.now);
    let mut rows = Vec::new();
    for row in base_rows(plan, view, &docs) {
        if plan.metrics {
            extend_by_day(plan, view, &reporter, row, &mut rows);
        } else {
            rows.push(row);
        }
    }
    let shape = Shape::new(&plan.columns[..plan.selected]);
    let mut kept: Vec<Vec<Cell<'_>>> = Vec::new();
    for row in &rows {
        let cells: Vec<Cell<'_>> = plan.columns.iter().map(|column| cell(column, row, view, &customer)).collect();
        let holds = |test: &Test| {
            let column = &plan.columns[test.column];
            // Days that are summed up were selected before.
            (column.is_segment() && !plan.by_day) || cells[test.column].meets(test, column)
        };
        if plan.tests.iter().all(holds) {
            kept.push(cells);
            if plan.order.is_empty() && plan.limit.is_some_and(|limit| kept.len() >= limit) {
                break;
            }
        }
    }
    if !plan.order.is_empty() {
        kept.sort_by(|a, b| {
            plan.order.iter().fold(std::cmp::Ordering::Equal, |so_far, &(column, descending)| {
                so_far.then_with(|| {
                    let order = a[column].compare(&b[column], &plan.columns[column]);
                    if descending { order.reverse() } else { order }
                })
            })
        });
    }
    kept.truncate(plan.limit.unwrap_or(usize::MAX));
    kept.iter().map(|cells| shape.write(&plan.columns, cells, view.config.omit_zeros)).collect()
}

/// Documents of what is not stored as objects.
fn documents(plan: &Plan, view: &View<'_>) -> Vec<Doc> {
    match plan.from {
        "customer" => vec![status::customer_doc(view.account)],
        "geo_target_constant" => places().values().map(crate::google::constants::Place::doc).collect(),
        "language_constant" => LANGUAGES.iter().map(language_doc).collect(),
        "currency_constant" => CURRENCIES.iter().map(currency_doc).collect(),
        "conversion_action" => status::conversion_action_docs(view.account),
        _ => Vec::new(),
    }
}

fn base_rows<'a>(plan: &Plan, view: &View<'a>, docs: &'a [Doc]) -> Vec<Row<'a>> {
    let (account, at) = (view.account, view.as_of);
    let get = |kind: Kind, id: i64| account.get_at(Key::one(kind, id), at);
    let all = |kind: Kind| account.all(kind, at);
    let in_group = |own: &'a Arc<Object>| {
        let ad_group = get(Kind::AdGroup, own.key.a);
        let campaign = ad_group.and_then(|g| get(Kind::Campaign, g.reference("campaign")));
        Row { own: Some(own), ad_group, campaign, ..Row::default() }
    };
    match plan.from {
        "campaign" => all(Kind::Campaign)
            .map(|c| Row {
                campaign: Some(c),
                budget: get(Kind::Budget, c.reference("campaignBudget")),
                ..Row::default()
            })
            .collect(),
        "campaign_budget" => all(Kind::Budget).map(|b| Row { budget: Some(b), ..Row::default() }).collect(),
        "label" => all(Kind::Label).map(|l| Row { label: Some(l), ..Row::default() }).collect(),
        "campaign_label" => all(Kind::CampaignLabel)
            .map(|own| Row {
                own: Some(own),
                campaign: get(Kind::Campaign, own.key.a),
                label: get(Kind::Label, own.key.b),
                ..Row::default()
            })
            .collect(),
        "campaign_criterion" => all(Kind::CampaignCriterion)
            .map(|own| Row { own: Some(own), campaign: get(Kind::Campaign, own.key.a), ..Row::default() })
            .collect(),
        "ad_group" => all(Kind::AdGroup)
            .map(|g| Row {
                ad_group: Some(g),
                campaign: get(Kind::Campaign, g.reference("campaign")),
                ..Row::default()
            })
            .collect(),
        "custom_conversion_goal" => all(Kind::CustomGoal).map(|own| Row { own: Some(own), ..Row::default() }).collect(),
        "conversion_goal_campaign_config" => all(Kind::GoalConfig)
            .map(|own| Row { own: Some(own), campaign: get(Kind::Campaign, own.key.a), ..Row::default() })
            .collect(),
        "ad_group_ad" => all(Kind::AdGroupAd).map(in_group).collect(),
        "ad_group_criterion" => all(Kind::AdGroupCriterion).map(in_group).collect(),
        _ => docs.iter().map(|doc| Row { doc: Some(doc), ..Row::default() }).collect(),
    }
}

/// Splits a row by day, or sums it over the days that the query asks for.
fn extend_by_day<'a>(plan: &Plan, view: &View<'_>, reporter: &Reporter<'_>, row: Row<'a>, rows: &mut Vec<Row<'a>>) {
    let campaigns: Vec<i64> = match row.campaign {
        Some(campaign) => vec![campaign.key.id()],
        None => view.account.all(Kind::Campaign, view.as_of).map(|c| c.key.id()).collect(),
    };
    let mut total = Metrics::default();
    let first = campaigns.iter().filter_map(|id| reporter.first_day(*id)).min();
    match (plan.days, first) {
        (None, _) => {
            for id in &campaigns {
                total.add(reporter.total(*id));
            }
        }
        (Some(_), None) => {}
        (Some((from, to)), Some(first)) => {
            let mut day = from.max(first);
            while day <= to.min(reporter.today()) {
                let mut figures = Metrics::default();
                if is_asked_for(plan, day) {
                    for id in &campaigns {
                        figures.add(reporter.on_day(*id, day));
                    }
                }
                if plan.by_day && !figures.is_zero() {
                    rows.push(Row { day: Some(day), metrics: figures, ..row });
                }
                total.add(figures);
                let Ok(next) = day.tomorrow() else { break };
                day = next;
            }
        }
    }
    if !plan.by_day {
        rows.push(Row { metrics: total, ..row });
    }
}

/// Whether a day meets the conditions on `segments.date`.
fn is_asked_for(plan: &Plan, day: Date) -> bool {
    let mut dated = plan.tests.iter().filter(|test| plan.columns[test.column].is_segment());
    let text = Cell::Text(day.to_string().into());
    dated.all(|test| text.meets(test, &plan.columns[test.column]))
}

fn cell<'a>(column: &Column, row: &Row<'a>, view: &View<'a>, customer: &'a Doc) -> Cell<'a> {
    let path = column.inner();
    match column.resource() {
        "metrics" => metric(&path[0], &row.metrics),
        "segments" => row.day.map_or(Cell::Null, |day| Cell::Text(day.to_string().into())),
        "campaign" => field(row.campaign, path, view),
        "campaignBudget" => field(row.budget, path, view),
        "label" => field(row.label, path, view),
        "adGroup" => field(row.ad_group, path, view),
        "campaignLabel"
        | "campaignCriterion"
        | "adGroupAd"
        | "adGroupCriterion"
        | "customConversionGoal"
        | "conversionGoalCampaignConfig" => field(row.own, path, view),
        "customer" => lookup(customer, path),
        _ => row.doc.map_or(Cell::Null, |doc| lookup(doc, path)),
    }
}

fn field<'a>(object: Option<&'a Arc<Object>>, path: &[String], view: &View<'a>) -> Cell<'a> {
    let Some(object) = object else { return Cell::Null };
    match status::computed(object, path, view) {
        Some(status::Computed::Text(text)) => Cell::Text(Cow::Borrowed(text)),
        Some(status::Computed::Int(i)) => Cell::Int(i),
        Some(status::Computed::List(list)) => Cell::List(list),
        Some(status::Computed::Json(value)) => Cell::Json(Cow::Owned(value)),
        None => lookup(&object.doc, path),
    }
}

fn lookup<'a>(doc: &'a Doc, path: &[String]) -> Cell<'a> {
    let Some((first, rest)) = path.split_first() else { return Cell::Null };
    let value = rest.iter().try_fold(doc.get(first), |value, name| value.map(|v| v.get(name)));
    match value.flatten() {
        None | Some(Value::Null) => Cell::Null,
        Some(value) => Cell::Json(Cow::Borrowed(value)),
    }
}

#[allow(clippy::cast_precision_loss, reason = "figures are far below 2^52")]
fn metric(name: &str, m: &Metrics) -> Cell<'static> {
    let ratio = |a: f64, b: f64| if b > 0.0 { Cell::Number(a / b) } else { Cell::Null };
    match name {
        "costMicros" => Cell::Int(m.cost_micros),
        "impressions" => Cell::Int(m.impressions),
        "clicks" => Cell::Int(m.clicks),
        "conversions" | "conversionsByConversionDate" => Cell::Number(m.conversions),
        "conversionsValue" | "conversionsValueByConversionDate" => Cell::Number(m.conversions_value),
        "averageCpc" => ratio(m.cost_micros as f64, m.clicks as f64),
        "ctr" => ratio(m.clicks as f64, m.impressions as f64),
        "costPerConversion" => ratio(m.cost_micros as f64, m.conversions),
        _ => Cell::Null,
    }
}
