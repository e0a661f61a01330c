//! Rules for campaign budgets.

use serde_json::json;

use super::{Context, Errors, default, fail, limit};
use crate::google::constants::currency_units;
use crate::google::errors::AdsError;
use crate::google::key::{Key, Kind};
use crate::google::object::Object;
use crate::google::schema::Doc;

/// Above this a daily amount is `MONEY_AMOUNT_TOO_LARGE` (the real bound is not documented).
const LARGEST_AMOUNT: i64 = 10_000_000_000_000;

pub(super) fn create(ctx: &mut Context<'_>, mut doc: Doc) -> Result<Object, Errors> {
    let mut errors = Errors::new();
    default(&mut doc, "explicitlyShared", true);
    default(&mut doc, "deliveryMethod", "STANDARD");
    default(&mut doc, "period", "DAILY");
    default(&mut doc, "type", "STANDARD");
    doc.insert("status".into(), "ENABLED".into());
    let key = Key::one(Kind::Budget, ctx.next_id());
    let budget = Object::new(key, doc);
    if budget.text("period") != "DAILY" {
        errors.push(
            error("CAMPAIGN_BUDGET_PERIOD_NOT_AVAILABLE", "The campaign budget period is not available.").at("period"),
        );
    }
    check_amount(ctx, &budget, &mut errors);
    check_delivery(&budget, &mut errors);
    if budget.flag("explicitlyShared") {
        check_name(ctx, &budget, &mut errors);
        let count = ctx.account.count(Kind::Budget);
        let most = ctx.config.limits.shared_budgets_per_account;
        errors.extend(limit(ctx.account.id(), "ACCOUNT_LIMIT", "EXPLICITLY_SHARED_BUDGETS_PER_CUSTOMER", count, most));
    }
    if errors.is_empty() { Ok(budget) } else { Err(errors) }
}

pub(super) fn update(
    ctx: &mut Context<'_>,
    before: &Object,
    after: Object,
    paths: &[String],
) -> Result<Object, Errors> {
    if before.is_removed() {
        return fail(error("CAMPAIGN_BUDGET_REMOVED", "The requested campaign budget has been removed."));
    }
    let mut errors = Errors::new();
    let names = paths.iter().any(|p| p == "name");
    match (before.flag("explicitlyShared"), after.flag("explicitlyShared")) {
        (true, false) => errors.push(
            error(
                "CANNOT_UPDATE_CAMPAIGN_BUDGET_TO_IMPLICITLY_SHARED",
                "An explicitly shared campaign budget cannot become implicitly shared.",
            )
            .at("explicitly_shared"),
        ),
        (false, true) if !names => errors.push(
            error(
                "CANNOT_UPDATE_CAMPAIGN_BUDGET_TO_EXPLICITLY_SHARED_WITHOUT_NAME",
                "A shared campaign budget needs a name.",
            )
            .at("name"),
        ),
        (false, false) if names && before.text("name") != after.text("name") => errors.push(
            error(
                "CANNOT_MODIFY_FIELD_OF_IMPLICITLY_SHARED_CAMPAIGN_BUDGET",
                "The field of an implicitly shared campaign budget cannot be modified.",
            )
            .at("name"),
        ),
        _ => {}
    }
    if names && after.flag("explicitlyShared") {
        check_name(ctx, &after, &mut errors);
    }
    check_amount(ctx, &after, &mut errors);
    check_delivery(&after, &mut errors);
    if errors.is_empty() { Ok(after) } else { Err(errors) }
}

pub(super) fn remove(ctx: &mut Context<'_>, before: &Object) -> Result<Option<Object>, Errors> {
    if before.is_removed() {
        return fail(error("CAMPAIGN_BUDGET_REMOVED", "The requested campaign budget has been removed."));
    }
    if ctx.account.users(before.key.id()).next().is_some() {
        return fail(error("CAMPAIGN_BUDGET_IN_USE", "The requested campaign budget is in use and cannot be removed."));
    }
    let mut after = before.clone();
    after.doc.insert("status".into(), "REMOVED".into());
    Ok(Some(after))
}

fn check_name(ctx: &Context<'_>, budget: &Object, errors: &mut Errors) {
    let name = budget.text("name").trim();
    if name.is_empty() {
        errors.push(AdsError::required("name"));
    } else if name.len() > 255 {
        errors.push(AdsError::new("stringLengthError", "TOO_LONG", "Too long.").at("name").trigger(name));
    } else if ctx.account.holder(Kind::Budget, 0, budget.text("name")).is_some_and(|id| id != budget.key.id()) {
        errors
            .push(error("DUPLICATE_NAME", "A campaign budget with this name already exists.").at("name").trigger(name));
    }
}

fn check_delivery(budget: &Object, errors: &mut Errors) {
    if budget.text("deliveryMethod") == "ACCELERATED" {
        errors.push(
            error("CANNOT_USE_ACCELERATED_DELIVERY_MODE", "The accelerated delivery mode is not available.")
                .at("delivery_method"),
        );
    }
}

fn check_amount(ctx: &Context<'_>, budget: &Object, errors: &mut Errors) {
    if budget.doc.contains_key("totalAmountMicros") {
        errors.push(
            error(
                "TOTAL_BUDGET_AMOUNT_MUST_BE_UNSET_FOR_BUDGET_PERIOD_DAILY",
                "The total amount must be unset for daily budgets.",
            )
            .at("total_amount_micros"),
        );
    }
    if !budget.doc.contains_key("amountMicros") {
        errors.push(AdsError::required("amount_micros"));
        return;
    }
    let amount = budget.int("amountMicros");
    let (unit, currency_least) = currency_units(&ctx.account.config.currency_code);
    let least = ctx.account.config.minimum_daily_budget_micros.unwrap_or(currency_least);
    let found = if amount < 0 {
        error("NEGATIVE_MONEY_AMOUNT", "The money amount cannot be negative.")
    } else if amount > LARGEST_AMOUNT {
        error("MONEY_AMOUNT_TOO_LARGE", "The money amount is too large.")
    } else if amount % unit != 0 {
        error(
            "NON_MULTIPLE_OF_MINIMUM_CURRENCY_UNIT",
            "The money amount is not a multiple of a minimum unit of the account's currency.",
        )
    } else if amount < least {
        error("BUDGET_BELOW_PER_DAY_MINIMUM", "The budget is below the daily minimum.").details(json!({
            "budgetPerDayMinimumErrorDetails": {
                "currencyCode": ctx.account.config.currency_code,
                "budgetPerDayMinimumMicros": least.to_string(),
                "minimumBudgetAmountMicros": least.to_string(),
                "failedBudgetAmountMicros": amount.to_string(),
            }
        }))
    } else {
        return;
    };
    errors.push(found.at("amount_micros").trigger(amount.to_string()));
}

fn error(code: &str, message: &str) -> AdsError {
    AdsError::new("campaignBudgetError", code, message)
}
