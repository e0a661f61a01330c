//! Plans as people see them.

// Helpers of tests are not in a function that clippy knows as a test.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use adops_api::campaign::LineState;
use adops_api::reason::Reason;
use adops_cli::args::Output;
use adops_cli::plan::{World, plan_all};
use adops_cli::report::{Kind, Report};
use adops_cli::{Exit, exit, rendered};

use adops_cli::load::Key;
use support::{ACCOUNT, CAMPAIGN, OBSERVED, account, at, delivered, line, manifests, planned, with, world};

/// The plan of a text against a Campaign that is stored, whose platform holds all that it asks for.
fn edited(text: &str) -> Report {
    planned(text, &world(Some(delivered(CAMPAIGN))))
}

#[track_caller]
fn reads(report: &Report, code: Exit, expected: &str) {
    assert_eq!(rendered(report, Output::Text, false).trim_end(), expected.trim());
    assert_eq!(exit(report), code);
}

#[track_caller]
fn reads_in_markdown(report: &Report, expected: &str) {
    assert_eq!(rendered(report, Output::Markdown, false).trim_end(), expected.trim());
}

#[test]
fn what_the_platform_holds_already_is_no_change() {
    let report = edited(CAMPAIGN);
    reads(
        &report,
        Exit::Unchanged,
        "
Campaign growth/spring  0.yaml:1  (as observed at 2027-03-10T10:00:00Z)
  no change
  Money a day: 600.00 EUR

Plan: no change. Money a day: 600.00 EUR.",
    );
    reads_in_markdown(
        &report,
        "
**Plan: no change. Money a day: 600.00 EUR.**

No change: `growth/spring`",
    );
}

#[test]
fn a_new_campaign_is_created() {
    let report = planned(CAMPAIGN, &world(None));
    reads(
        &report,
        Exit::Changed,
        "
Campaign growth/spring  0.yaml:1  (not in the cluster yet)
  + google-global/GB    create  0.00 → 100.00 EUR a day
  + google-global/US    create  0.00 → 400.00 EUR a day
  + google-global/dach  create  0.00 → 100.00 EUR a day
  Money a day: 0.00 → 600.00 EUR (+600.00)

Plan: 3 to create. Money a day: 0.00 → 600.00 EUR (+600.00).",
    );
    reads_in_markdown(
        &report,
        "
**Plan: 3 to create. Money a day: 0.00 → 600.00 EUR (+600.00).**

### growth/spring

`0.yaml:1`, not in the cluster yet, money a day 0.00 → 600.00 EUR (+600.00)

| Line | Change | Money a day |
|---|---|---|
| `google-global/GB` | **create** | 0.00 → 100.00 EUR |
| `google-global/US` | **create** | 0.00 → 400.00 EUR |
| `google-global/dach` | **create** | 0.00 → 100.00 EUR |",
    );
}

#[test]
fn an_edited_budget_and_keyword_are_shown_from_and_to() {
    let text = with(&with(CAMPAIGN, "600.00", "900.00"), "[spring series]", "[spring show]");
    let report = edited(&text);
    reads(
        &report,
        Exit::Changed,
        "
Campaign growth/spring  0.yaml:1  (as observed at 2027-03-10T10:00:00Z)
  ~ google-global/GB    budget, Keywords  100.00 → 150.00 EUR a day
      Keywords: - spring series
      Keywords: + spring show
  ~ google-global/US    budget, Keywords  400.00 → 600.00 EUR a day
      Keywords: - spring series
      Keywords: + spring show
  ~ google-global/dach  budget            100.00 → 150.00 EUR a day
  Money a day: 600.00 → 900.00 EUR (+300.00)

Plan: 3 to change. Money a day: 600.00 → 900.00 EUR (+300.00).",
    );
    let json: serde_json::Value = serde_json::from_str(&rendered(&report, Output::Json, false)).unwrap();
    assert_eq!(json["format"], "adops.dev/plan.v1");
    assert_eq!(json["changed"], true);
    assert_eq!(json["counts"]["change"], 3);
    let campaign = &json["campaigns"][0];
    assert_eq!((&campaign["exists"], &campaign["observedAt"]), (&true.into(), &OBSERVED.into()));
    assert_eq!(
        campaign["lines"][1],
        serde_json::json!({
            "line": "google-global/US", "account": "google-global", "market": "US", "id": "1002", "kind": "Change",
            "money": {"currency": "EUR", "from": "400.00", "to": "600.00"},
            "changes": [
                {"action": "budget", "field": "Budget", "from": "400.00", "to": "600.00", "cause": "Spec"},
                {"action": "set", "field": "Keywords", "from": ["spring series"], "to": ["spring show"],
                 "manner": "InPlace", "cause": "Spec"},
            ],
            "withheld": [], "settingsKnown": true,
        })
    );
}

#[test]
fn a_market_taken_out_is_stopped_and_its_share_goes_to_the_others_afterwards() {
    let report = edited(&with(CAMPAIGN, "[US, GB, dach]", "[US, dach]"));
    reads(
        &report,
        Exit::Changed,
        "
Campaign growth/spring  0.yaml:1  (as observed at 2027-03-10T10:00:00Z)
  - google-global/GB    pause   100.00 → 0.00 EUR a day
      pause: it is not in the spec any more
  ~ google-global/US    budget  400.00 → 480.00 EUR a day
      later: it waits until a decrease elsewhere in the Campaign is confirmed
  ~ google-global/dach  budget  100.00 → 120.00 EUR a day
      later: it waits until a decrease elsewhere in the Campaign is confirmed
  Money a day: 600.00 EUR

Plan: 2 to change, 1 to stop. Money a day: 600.00 EUR.",
    );
}

#[test]
fn what_policy_keeps_back_is_told_with_its_reason() {
    let mut stored = delivered(CAMPAIGN);
    line(&mut stored, "US").state = LineState::Stopped;
    line(&mut stored, "US").stop = Some(3);
    let report = planned(CAMPAIGN, &world(Some(stored)));
    reads(
        &report,
        Exit::Unchanged,
        "
Campaign growth/spring  0.yaml:1  (as observed at 2027-03-10T10:00:00Z)
  no change
  Withheld
    google-global/US: enable
      StoppedOnPlatform: stopped by hand on the platform; it stays so until the spec changes (stopsByHand: Keep)
  Money a day: 200.00 EUR

Plan: 1 withheld. Money a day: 200.00 EUR.",
    );
    reads_in_markdown(
        &report,
        "
**Plan: 1 withheld. Money a day: 200.00 EUR.**

### growth/spring

`0.yaml:1`, as observed at 2027-03-10T10:00:00Z, money a day 200.00 EUR

3 lines unchanged.

**Withheld**

- `google-global/US`: enable. **StoppedOnPlatform**: stopped by hand on the platform; it stays so until the spec \
         changes (stopsByHand: Keep)",
    );
}

#[test]
fn a_line_that_cannot_run_as_written_is_an_error_and_the_others_are_still_planned() {
    let text = with(&with(CAMPAIGN, "Watch now", "Watch now all the episodes of the new season"), "600.00", "660.00");
    let report = edited(&text);
    reads(
        &report,
        Exit::Error,
        "
Campaign growth/spring  0.yaml:1  (as observed at 2027-03-10T10:00:00Z)
  ~ google-global/dach  budget  100.00 → 110.00 EUR a day
  Problems
    google-global/GB, google-global/US:
      TextTooLong: ad `trailer`, en: headline 2 \"Watch now all the episodes of the new season\" is 14 too long (44 of 30)
  Money a day: 600.00 → 610.00 EUR (+10.00)

Plan: 1 to change, 2 problems. Money a day: 600.00 → 610.00 EUR (+10.00).",
    );
}

#[test]
fn an_account_that_is_not_known_yet_is_said_and_nothing_is_guessed() {
    let text = with(CAMPAIGN, "accounts: [google-global]", "accounts: [google-global, other]");
    let report = edited(&text);
    let lines = &report.campaigns[0].lines;
    let unplanned: Vec<_> = lines.iter().filter(|line| line.kind == Kind::NotPlanned).collect();
    assert_eq!(unplanned.len(), 3);
    let why = unplanned[0].not_planned.as_ref().unwrap();
    assert_eq!(why.reason, Reason::AccountNotFound);
    assert_eq!(why.message, "there is no AdAccount growth/other, neither in the cluster nor in the files: create it");
    assert_eq!(exit(&report), Exit::Changed);

    let files = manifests(&[CAMPAIGN, ACCOUNT]);
    let report = plan_all(&files, &World::default(), at(OBSERVED)).unwrap();
    let why = report.campaigns[0].lines[0].not_planned.as_ref().unwrap();
    assert_eq!(why.reason, Reason::NotObserved);
    assert!(why.message.contains("is not in the cluster yet: its currency and time zone are known when"), "{why:?}");
}

#[test]
fn settings_that_were_never_confirmed_are_not_guessed() {
    let mut stored = delivered(CAMPAIGN);
    line(&mut stored, "GB").hash = Some("0000000000".to_owned());
    let report = planned(CAMPAIGN, &world(Some(stored)));
    let line = &report.campaigns[0].lines[0];
    assert_eq!((line.kind, line.settings_known, line.changes.len()), (Kind::Change, false, 0));
    let text = rendered(&report, Output::Text, false);
    assert!(text.contains("which of them change is not known"), "{text}");
}

#[test]
fn whose_an_object_is_only_the_operator_knows_and_its_word_is_passed_on() {
    let mut stored = delivered(CAMPAIGN);
    let gb = line(&mut stored, "GB");
    gb.state = LineState::Blocked;
    *gb = gb.clone().because(Reason::ForeignMarker, "the object 1001 carries the marker of another installation: x");
    let report = planned(&with(CAMPAIGN, "600.00", "900.00"), &world(Some(stored)));
    let line = &report.campaigns[0].lines[0];
    assert_eq!((line.kind, line.changes.len()), (Kind::Problem, 0));
    assert_eq!(line.problem.as_ref().unwrap().reason, Reason::ForeignMarker);
}

#[test]
fn what_the_ceiling_of_an_account_would_keep_back_is_told_beforehand() {
    let mut world = world(Some(delivered(CAMPAIGN)));
    for account in world.accounts.values_mut() {
        account.spec.ceiling.daily = "800.00".to_owned();
    }
    let report = planned(&with(CAMPAIGN, "600.00", "900.00"), &world);
    assert_eq!(
        report.notes,
        [
            "the AdAccount growth/google-global has 600.00 EUR a day live and a ceiling of 800.00 EUR: of the 300.00 EUR \
          more that are planned, what does not fit waits (CeilingReached)"
        ]
    );
}

#[test]
fn the_budget_of_a_running_flight_is_not_planned_as_if_nothing_were_spent() {
    let flight = with(CAMPAIGN, "daily: \"600.00\"", "flight: \"9200.00\"");
    let mut stored = delivered(&flight);
    // On the tenth of 92 days a bit more was spent than what is even.
    for (market, budget) in [("US", "66.00"), ("GB", "16.50"), ("dach", "16.50")] {
        line(&mut stored, market).budget = Some(budget.to_owned());
    }
    let report = planned(&flight, &world(Some(stored.clone())));
    assert!(!report.changed, "{}", rendered(&report, Output::Text, false));
    assert!(report.campaigns[0].notes[0].contains("paced anew each day"));

    let report = planned(&with(&flight, "9200.00", "18400.00"), &world(Some(stored)));
    let money = report.campaigns[0].money.as_ref().unwrap();
    // 99.00 a day are left of 9200, and the 9200 more are spread over the 83 days that are left.
    assert_eq!((money.from.as_str(), money.to.as_str()), ("99.00", "209.84"));
    assert!(
        report.campaigns[0].notes[0].contains("of the flight's budget was spent"),
        "{:?}",
        report.campaigns[0].notes
    );
}

#[test]
fn what_cannot_be_changed_is_refused_before_anything_is_planned() {
    let text = with(CAMPAIGN, "Signups", "Sales");
    let refused = plan_all(&manifests(&[&text]), &world(Some(delivered(CAMPAIGN))), at(OBSERVED)).unwrap_err();
    let told: Vec<String> = refused.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "0.yaml:1: Campaign growth/spring: spec.objective: Invalid value: \"Sales\": cannot be changed: create another \
          Campaign"
        ]
    );
}

#[test]
fn no_output_holds_a_token() {
    let report = planned(CAMPAIGN, &world(None));
    for output in [Output::Text, Output::Json, Output::Markdown] {
        let text = rendered(&report, output, false);
        assert!(!text.contains("[plan."), "{text}");
    }
    let json: serde_json::Value = serde_json::from_str(&rendered(&report, Output::Json, false)).unwrap();
    let settings = &json["campaigns"][0]["lines"][0]["changes"][0]["settings"];
    assert_eq!(settings["Name"], "spring GB");
}

#[test]
fn users_words_cannot_break_a_table() {
    let report = edited(&with(CAMPAIGN, "Watch now", "'a | b <img> @team'"));
    let text = rendered(&report, Output::Markdown, false);
    assert!(text.contains("a \\| b &lt;img&gt; &#64;team"), "{text}");
}

#[test]
fn a_budget_on_an_account_of_another_currency_is_planned_by_its_rate_or_told_to_lack_one() {
    let on_both = with(CAMPAIGN, "accounts: [google-global]", "accounts: [google-global, google-us]");
    let on_both = with(&on_both, "markets: [US, GB, dach]\n  groups: {dach: [DE, AT]}", "markets: [US]");
    let mut world = world(None);
    let mut american = account();
    american.metadata.name = Some("google-us".to_owned());
    american.spec.ceiling.currency = "USD".to_owned();
    let status = american.status.get_or_insert_default();
    status.currency = Some("USD".to_owned());
    status.live_budget = Some("600.00 USD".to_owned());
    world.accounts.insert(Key::new("growth", "google-us"), american);

    let report = planned(&on_both, &world);
    assert_eq!(exit(&report), Exit::Error);
    let text = rendered(&report, Output::Text, false);
    assert!(text.contains("CurrencyMismatch") && text.contains("spec.budget.exchangeRates"), "{text}");

    let rates = "currency: EUR, exchangeRates: [{from: EUR, to: USD, rate: \"1.0870\", date: 2027-02-20}]";
    reads(
        &planned(&with(&on_both, "currency: EUR", rates), &world),
        Exit::Changed,
        "
Campaign growth/spring  0.yaml:1  (not in the cluster yet)
  + google-global/US  create  0.00 → 300.00 EUR a day
  + google-us/US      create  0.00 → 326.10 USD a day
  Money a day: 0.00 → 600.00 EUR (+600.00)

Plan: 2 to create. Money a day: 0.00 → 600.00 EUR (+600.00).",
    );
}

/// A world with an account on Meta, in forints, and the Campaign's image.
fn hungarian(minimum: &str) -> World {
    let mut world = world(None);
    let text = with(ACCOUNT, "platform: Google", "platform: Meta\n  meta: {pageId: \"900000000000001\"}");
    let text = with(&with(&text, "name: google-global", "name: meta-global"), "123-456-7890", "2345678901");
    let text = with(&text, "currency: EUR", "currency: HUF");
    let mut account = manifests(&[&text]).accounts.into_values().next().unwrap().object;
    let status = account.status.get_or_insert_default();
    status.currency = Some("HUF".to_owned());
    status.time_zone = Some("Europe/Budapest".to_owned());
    status.minimum_daily_budget = Some(minimum.to_owned());
    world.accounts.insert(Key::new("growth", "meta-global"), account);
    let facts = adops_core::catalog::media::MediaFacts {
        hash: adops_core::campaign::settings::ContentHash("a".repeat(64)),
        kind: adops_core::catalog::media::MediaKind::Image,
        format: "png".to_owned(),
        width: 1080,
        height: 1080,
        duration_ms: None,
        size: 1000,
        md5: String::new(),
    };
    let known = adops_core::catalog::media::MediaState::Known(facts);
    world.files.insert("https://cdn.example.com/a.png".to_owned(), known);
    world
}

fn on_meta(budget: &str) -> String {
    let text = with(CAMPAIGN, "accounts: [google-global]", "accounts: [meta-global]");
    let text = with(&text, "objective: Signups", "objective: Traffic");
    let text = with(&text, "daily: \"600.00\", currency: EUR", &format!("daily: \"{budget}\", currency: HUF"));
    with(&text, "{market}\n", "{market}\n    media: [\"https://cdn.example.com/a.png\"]\n")
}

#[test]
fn a_budget_is_split_in_the_platforms_own_steps_and_those_that_an_account_has_shown() {
    let planned_in = |world: &World| -> Vec<String> {
        let report = planned(&on_meta("10000.00"), world);
        let lines = &report.campaigns[0].lines;
        lines.iter().map(|line| line.money.as_ref().unwrap_or_else(|| panic!("{line:?}")).to.clone()).collect()
    };
    let mut world = hungarian("360.00 HUF");
    assert_eq!(planned_in(&world), ["1667.00", "6667.00", "1666.00"], "Meta has no hundredths of a forint");
    let account = world.accounts.get_mut(&Key::new("growth", "meta-global")).unwrap();
    account.status.as_mut().unwrap().budget_step = Some("100.00 HUF".to_owned());
    assert_eq!(planned_in(&world), ["1700.00", "6700.00", "1600.00"], "the platform rounds there");
}

#[test]
fn a_share_below_what_an_account_takes_is_told_with_the_budget_that_is_needed() {
    let report = planned(&on_meta("1000.00"), &hungarian("360.00 HUF"));
    assert_eq!(exit(&report), Exit::Error);
    let text = rendered(&report, Output::Text, false);
    assert!(text.contains("BudgetBelowMinimum") && text.contains("minimum of 360.00 HUF a day"), "{text}");
    assert!(text.contains("a budget of 2160.00 HUF a day would be needed"), "{text}");
    assert_eq!(exit(&planned(&on_meta("2160.00"), &hungarian("360.00 HUF"))), Exit::Changed);
}
