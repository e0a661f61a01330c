//! Checks a query against the schema and works out where each field comes from.

use regex::Regex;

use super::QueryError;
use super::cell::like;
use super::dates;
use super::parser::{Condition, Op, Query};
use crate::google::schema::{Kind, schema};

/// The resources that can be queried: name, message, and those whose fields can be selected along with it.
const RESOURCES: &[(&str, &str, &[&str])] = &[
    ("campaign", "Campaign", &["campaign_budget", "customer"]),
    ("campaign_budget", "CampaignBudget", &["customer"]),
    ("campaign_label", "CampaignLabel", &["campaign", "label", "customer"]),
    ("campaign_criterion", "CampaignCriterion", &["campaign", "customer"]),
    ("ad_group", "AdGroup", &["campaign", "customer"]),
    ("ad_group_ad", "AdGroupAd", &["ad_group", "campaign", "customer"]),
    ("ad_group_criterion", "AdGroupCriterion", &["ad_group", "campaign", "customer"]),
    ("label", "Label", &["customer"]),
    ("customer", "Customer", &[]),
    ("geo_target_constant", "GeoTargetConstant", &[]),
    ("language_constant", "LanguageConstant", &[]),
    ("currency_constant", "CurrencyConstant", &[]),
    ("conversion_action", "ConversionAction", &["customer"]),
    ("custom_conversion_goal", "CustomConversionGoal", &["customer"]),
    ("conversion_goal_campaign_config", "ConversionGoalCampaignConfig", &["campaign", "customer"]),
];

/// Resources that have figures.
const WITH_METRICS: &[&str] = &["campaign", "customer"];

/// The figures that adsim computes.
const METRICS: &[&str] = &[
    "average_cpc",
    "clicks",
    "conversions",
    "conversions_by_conversion_date",
    "conversions_value",
    "conversions_value_by_conversion_date",
    "cost_micros",
    "cost_per_conversion",
    "ctr",
    "impressions",
];

/// A field of a query.
#[derive(Debug, Clone)]
pub struct Column {
    /// As written.
    pub name: String,
    /// Where its value lies, from the row on, in JSON names.
    pub path: Vec<String>,
    /// Its type.
    pub kind: Kind,
    /// Whether it is a list.
    pub repeated: bool,
}

impl Column {
    /// The resource that it belongs to, in JSON.
    pub fn resource(&self) -> &str {
        &self.path[0]
    }

    /// The rest of the path.
    pub fn inner(&self) -> &[String] {
        &self.path[1..]
    }

    /// Whether values are compared as numbers.
    pub fn is_number(&self) -> bool {
        matches!(self.kind, Kind::Int64 | Kind::Int32 | Kind::Double)
    }

    fn is_metric(&self) -> bool {
        self.resource() == "metrics"
    }

    /// Whether it is a segment.
    pub fn is_segment(&self) -> bool {
        self.resource() == "segments"
    }

    /// Dates are strings that can be ordered.
    fn is_date(&self) -> bool {
        self.name == "segments.date" || self.name.ends_with("_date_time")
    }
}

/// A condition with its values ready to compare.
#[derive(Debug, Clone)]
pub struct Test {
    /// Index into `Plan::columns`.
    pub column: usize,
    /// The operator.
    pub op: Op,
    /// Values in canonical form.
    pub values: Vec<String>,
    /// The expression of LIKE and `REGEXP_MATCH`.
    pub pattern: Option<Regex>,
}

/// A checked query.
#[derive(Debug)]
pub struct Plan {
    /// The resource of the FROM clause.
    pub from: &'static str,
    /// All fields that occur.
    pub columns: Vec<Column>,
    /// How many of them, from the first, are selected.
    pub selected: usize,
    /// How many of the selected ones were asked for; the others are resource names that always come along.
    pub asked: usize,
    /// Conditions.
    pub tests: Vec<Test>,
    /// Columns of ORDER BY; `true` for descending.
    pub order: Vec<(usize, bool)>,
    /// LIMIT.
    pub limit: Option<usize>,
    /// Whether rows are split by day.
    pub by_day: bool,
    /// Whether figures are needed.
    pub metrics: bool,
    /// First and last day, if the query gives them.
    pub days: Option<(jiff::civil::Date, jiff::civil::Date)>,
}

/// Checks a query. `today` is the present day in the account's zone.
pub fn plan(query: &Query, today: jiff::civil::Date) -> Result<Plan, QueryError> {
    let Some(&(from, _, attributed)) = RESOURCES.iter().find(|r| r.0 == query.from) else {
        let message = format!("Error in query: '{}' is not a valid resource name.", query.from);
        return Err(QueryError::new("BAD_RESOURCE_TYPE_IN_FROM_CLAUSE", message));
    };
    let scope = Scope { from, attributed };
    let mut columns: Vec<Column> = Vec::new();
    for field in &query.select {
        let column = scope.column(field, "SELECT")?;
        if !columns.iter().any(|c| c.path == column.path) {
            columns.push(column);
        }
    }
    let asked = columns.len();
    scope.add_resource_names(&mut columns);
    let selected = columns.len();
    let by_day = columns.iter().any(|c| c.name == "segments.date");
    let mut metrics = by_day || columns.iter().any(Column::is_metric);
    let mut tests = Vec::new();
    for condition in &query.conditions {
        let column = scope.column(&condition.field, "WHERE")?;
        metrics |= column.is_metric();
        let index = position(&mut columns, column);
        tests.push(test(index, &columns[index], condition, today)?);
    }
    let mut order = Vec::new();
    for (field, descending) in &query.order {
        let column = scope.column(field, "ORDER BY")?;
        if column.repeated || matches!(column.kind, Kind::Message(_)) {
            return Err(QueryError::new(
                "PROHIBITED_FIELD_IN_ORDER_BY_CLAUSE",
                format!("Error in query: '{field}' is not sortable."),
            ));
        }
        let selectable = columns[..asked].iter().any(|c| c.path == column.path);
        if (column.is_metric() || column.is_segment()) && !selectable {
            let message = format!("Error in query: '{field}' must be present in SELECT clause.");
            return Err(QueryError::new("EXPECTED_REFERENCED_FIELD_IN_SELECT_CLAUSE", message));
        }
        order.push((position(&mut columns, column), *descending));
    }
    let dated: Vec<&Condition> = query.conditions.iter().filter(|c| c.field == "segments.date").collect();
    let days = dates::range(&dated, today)?;
    if (by_day || !dated.is_empty()) && days.is_none() {
        let message = "Error in query: segments.date needs a finite range of dates in the WHERE clause.";
        return Err(QueryError::new("EXPECTED_FILTERS_ON_DATE_RANGE", message));
    }
    Ok(Plan { from, columns, selected, asked, tests, order, limit: query.limit, by_day, metrics, days })
}

fn position(columns: &mut Vec<Column>, column: Column) -> usize {
    columns.iter().position(|c| c.path == column.path).unwrap_or_else(|| {
        columns.push(column);
        columns.len() - 1
    })
}

struct Scope {
    from: &'static str,
    attributed: &'static [&'static str],
}

impl Scope {
    fn column(&self, field: &str, clause: &str) -> Result<Column, QueryError> {
        let unrecognized =
            || QueryError::new("UNRECOGNIZED_FIELD", format!("Error in query: unrecognized field '{field}'."));
        let (resource, rest) = field.split_once('.').ok_or_else(unrecognized)?;
        let message = match resource {
            "metrics" => "Metrics",
            "segments" => "Segments",
            _ => RESOURCES.iter().find(|r| r.0 == resource).map(|r| r.1).ok_or_else(unrecognized)?,
        };
        let column = resolve(field, resource, message, rest).ok_or_else(unrecognized)?;
        self.check_resource(&column, resource, rest, clause)?;
        Ok(column)
    }

    fn check_resource(&self, column: &Column, resource: &str, rest: &str, clause: &str) -> Result<(), QueryError> {
        let place = if clause == "WHERE" { "WHERE" } else { "SELECT" };
        if column.is_metric() || column.is_segment() {
            let code = if column.is_metric() {
                "PROHIBITED_METRIC_IN_SELECT_OR_WHERE_CLAUSE"
            } else {
                "PROHIBITED_SEGMENT_IN_SELECT_OR_WHERE_CLAUSE"
            };
            let known = if column.is_metric() { METRICS.contains(&rest) } else { rest == "date" };
            if !WITH_METRICS.contains(&self.from) || !known {
                let message = format!(
                    "Error in query: cannot select or filter on '{}' with resource '{}' (or adsim does not simulate it).",
                    column.name, self.from
                );
                return Err(QueryError::new(code, message));
            }
            return Ok(());
        }
        if resource != self.from && !self.attributed.contains(&resource) {
            let message = format!(
                "Error in query: cannot use '{}' in {clause} clause: resource '{resource}' is not compatible with '{}' in FROM clause.",
                column.name, self.from
            );
            return Err(QueryError::new(&format!("PROHIBITED_RESOURCE_TYPE_IN_{place}_CLAUSE"), message));
        }
        Ok(())
    }

    /// The names of the resources in a row always come along.
    fn add_resource_names(&self, columns: &mut Vec<Column>) {
        for resource in std::iter::once(&self.from).chain(self.attributed) {
            let Some(&(name, message, _)) = RESOURCES.iter().find(|r| r.0 == *resource) else { continue };
            let json = crate::google::schema::camel(name);
            let present = *resource == self.from || columns.iter().any(|c| c.resource() == json);
            let field = format!("{name}.resource_name");
            if present
                && let Some(column) = resolve(&field, name, message, "resource_name")
                && !columns.iter().any(|c| c.path == column.path)
            {
                columns.push(column);
            }
        }
    }
}

fn resolve(field: &str, resource: &str, message: &'static str, rest: &str) -> Option<Column> {
    let mut path = vec![crate::google::schema::camel(resource)];
    let mut message = message;
    let mut names = rest.split('.').peekable();
    loop {
        let name = names.next()?;
        let found = schema().message(message).field(name).filter(|f| f.name == name)?;
        path.push(found.json.clone());
        match (found.kind, names.peek().is_some()) {
            (Kind::Message(inner), true) if !found.repeated => message = inner,
            // A message with fields is selected by its fields; lists and empty messages as a whole.
            (Kind::Message(inner), false) if !found.repeated && !schema().message(inner).fields.is_empty() => {
                return None;
            }
            (_, true) => return None,
            (kind, false) => {
                return Some(Column { name: field.to_owned(), path, kind, repeated: found.repeated });
            }
        }
    }
}

fn test(index: usize, column: &Column, condition: &Condition, today: jiff::civil::Date) -> Result<Test, QueryError> {
    let field = &condition.field;
    let mismatch = || {
        QueryError::new(
            "OPERATOR_FIELD_MISMATCH",
            format!("Error in query: operator {:?} cannot be used with field '{field}'.", condition.op),
        )
    };
    let is_text = matches!(column.kind, Kind::String);
    let allowed = match condition.op {
        Op::IsNull | Op::IsNotNull => true,
        Op::ContainsAny | Op::ContainsAll | Op::ContainsNone => column.repeated,
        Op::Eq | Op::Ne | Op::In | Op::NotIn => !column.repeated,
        Op::Like | Op::NotLike | Op::RegexpMatch | Op::NotRegexpMatch => is_text && !column.repeated,
        Op::Gt | Op::Ge | Op::Lt | Op::Le | Op::Between => column.is_number() || column.is_date(),
        Op::During => column.is_date(),
    };
    if !allowed || matches!(column.kind, Kind::Message(_)) {
        return Err(mismatch());
    }
    let values = if condition.op == Op::During {
        let (from, to) = dates::bounds(condition, today)?;
        [from, to].into_iter().flatten().map(|d| d.to_string()).collect()
    } else {
        condition.values.iter().map(|v| value(column, v.text())).collect::<Result<Vec<_>, _>>()?
    };
    let pattern = match condition.op {
        Op::Like | Op::NotLike => Some(like(&values[0])),
        Op::RegexpMatch | Op::NotRegexpMatch => Some(format!("^(?:{})$", values[0])),
        _ => None,
    };
    let pattern = pattern.map(|p| Regex::new(&p)).transpose().map_err(|_| {
        QueryError::new("INVALID_STRING_VALUE", format!("Error in query: invalid pattern for field '{field}'."))
    })?;
    Ok(Test { column: index, op: condition.op, values, pattern })
}

fn value(column: &Column, text: &str) -> Result<String, QueryError> {
    let bad = |code: &str| {
        QueryError::new(code, format!("Error in query: invalid value '{text}' for field '{}'.", column.name))
    };
    match column.kind {
        Kind::Enum(name) if !schema().values(name).contains(&text) => Err(bad("BAD_ENUM_CONSTANT")),
        Kind::Int64 | Kind::Int32 if text.parse::<i64>().is_err() => Err(bad("BAD_VALUE")),
        Kind::Double if text.parse::<f64>().is_err() => Err(bad("BAD_VALUE")),
        Kind::Bool if !text.eq_ignore_ascii_case("true") && !text.eq_ignore_ascii_case("false") => {
            Err(bad("BAD_VALUE"))
        }
        _ if column.name == "segments.date" => dates::date(text).map(|d| d.to_string()),
        _ => Ok(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::parse;
    use super::*;

    fn code(query: &str) -> String {
        match parse(query).and_then(|q| plan(&q, jiff::civil::date(2026, 11, 25))) {
            Ok(_) => "OK".into(),
            Err(error) => error.code,
        }
    }

    #[test]
    fn fields_and_operators_are_checked() {
        for (query, expected) in [
            ("SELECT campaign.id, campaign_budget.amount_micros, customer.time_zone FROM campaign", "OK"),
            ("SELECT campaign.nme FROM campaign", "UNRECOGNIZED_FIELD"),
            ("SELECT campaign.amountMicros FROM campaign", "UNRECOGNIZED_FIELD"),
            ("SELECT campaign.network_settings FROM campaign", "UNRECOGNIZED_FIELD"),
            ("SELECT label.id FROM campaign", "PROHIBITED_RESOURCE_TYPE_IN_SELECT_CLAUSE"),
            ("SELECT campaign.id FROM campaign WHERE ad_group.id = 1", "PROHIBITED_RESOURCE_TYPE_IN_WHERE_CLAUSE"),
            ("SELECT campaign.id FROM campaigns", "BAD_RESOURCE_TYPE_IN_FROM_CLAUSE"),
            ("SELECT campaign.id FROM campaign WHERE campaign.status = 'ON'", "BAD_ENUM_CONSTANT"),
            ("SELECT campaign.id FROM campaign WHERE campaign.status > 'PAUSED'", "OPERATOR_FIELD_MISMATCH"),
            ("SELECT campaign.id FROM campaign WHERE campaign.labels = 'x'", "OPERATOR_FIELD_MISMATCH"),
            ("SELECT campaign.id FROM campaign WHERE campaign.id LIKE '1%'", "OPERATOR_FIELD_MISMATCH"),
            ("SELECT campaign.id FROM campaign WHERE campaign.id = 'x'", "BAD_VALUE"),
            ("SELECT label.id, metrics.clicks FROM label", "PROHIBITED_METRIC_IN_SELECT_OR_WHERE_CLAUSE"),
            ("SELECT segments.date, metrics.clicks FROM campaign", "EXPECTED_FILTERS_ON_DATE_RANGE"),
            (
                "SELECT metrics.clicks FROM campaign WHERE segments.date >= '2026-11-01'",
                "EXPECTED_FILTERS_ON_DATE_RANGE",
            ),
            ("SELECT segments.date, metrics.clicks FROM campaign WHERE segments.date DURING LAST_7_DAYS", "OK"),
            ("SELECT campaign.id FROM campaign ORDER BY metrics.clicks", "EXPECTED_REFERENCED_FIELD_IN_SELECT_CLAUSE"),
            ("SELECT ad_group_ad.ad.responsive_search_ad.headlines FROM ad_group_ad", "OK"),
        ] {
            assert_eq!(code(query), expected, "{query}");
        }
    }
}
