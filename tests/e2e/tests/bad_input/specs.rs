//! Specs that contradict themselves, the account, or the platform.

use adops_e2e::given::{self, ad, copy, said};
use adops_e2e::reach::META;
use adops_e2e::world::World;
use adsim::{Effect, Fault, Match};
use kube::ResourceExt;
use serde_json::{Value, json};

/// What kubectl says to the plain user when the API server does not take a spec.
async fn refused(spec: Value) -> Option<String> {
    let world = given::world().await?;
    world.let_the_user_in().await;
    let answer = world.as_user(&["apply", "-f", "-"], &given::campaign("spring", spec));
    assert!(!answer.status.success(), "it was taken");
    assert_eq!(world.names().await, Vec::<String>::new());
    Some(said(&answer))
}

/// A world in which a Campaign is Stalled for a reason, and the message of that.
async fn stalled(spec: Value, reason: &str) -> Option<(World, String)> {
    stalled_in(given::world().await?, spec, reason).await
}

async fn stalled_in(mut world: World, spec: Value, reason: &str) -> Option<(World, String)> {
    world.start_operator().await;
    world.apply(&given::campaign("spring", spec)).await.unwrap();
    world.until_condition("spring", "Stalled", "True", reason).await;
    let (status, word) = world.look().await.condition("spring", "Ready").unwrap();
    assert_eq!((status.as_str(), word.as_str()), ("False", reason));
    let status = world.campaign("spring").await.status.unwrap();
    assert_eq!(status.reason.map(|r| r.to_string()).as_deref(), Some(reason), "the column says it");
    let message = world.message("spring", "Stalled").await;
    Some((world, message))
}

async fn until_lines(world: &mut World, ready: &str) {
    world
        .until(&format!("{ready} lines are ready"), |snapshot| {
            let status = snapshot.campaign("spring").and_then(|campaign| campaign.status.clone());
            status.is_some_and(|status| status.lines_ready.as_deref() == Some(ready))
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unquoted_no_is_refused_as_a_list_item() {
    let Some(said) = refused(json!({"markets": ["US", false]})).await else { return };
    assert!(said.contains("spec.markets[1]") && said.contains("must be of type string: \"boolean\""), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unquoted_no_is_refused_as_a_key_and_the_message_says_to_quote_it() {
    let Some(said) = refused(json!({"split": {"markets": {"false": 4}}})).await else { return };
    assert!(said.contains("write \"NO\" in quotes: YAML reads an unquoted NO"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_before_the_start_is_refused() {
    let Some(said) = refused(json!({"flight": {"start": "2027-03-02", "end": "2027-03-01"}})).await else { return };
    assert!(said.contains("spec.flight.end") && said.contains("end must not be before start"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_legal_statement_that_is_missing_is_asked_for() {
    let Some(said) = refused(json!({"declarations": null})).await else { return };
    assert!(said.contains("spec.declarations: Required value"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flight_that_is_over_creates_nothing_and_is_no_error() {
    let Some(mut world) = given::world().await else { return };
    world.start_operator().await;
    world
        .apply(&given::campaign("spring", json!({"flight": {"start": "2027-01-01", "end": "2027-02-01"}})))
        .await
        .unwrap();
    world.until_condition("spring", "Ready", "True", "FlightOver").await;
    assert_eq!((world.on_platform().len(), world.changes().len()), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_market_that_the_platform_does_not_know_holds_up_its_line_only() {
    let spec = json!({"markets": ["US", "GB", "US-ZZ"], "fallbackLocale": "en"});
    let Some((mut world, message)) = stalled(spec, "UnknownMarket").await else { return };
    assert!(message.contains("google-global/US-ZZ"), "{message}");
    until_lines(&mut world, "2/3").await;
    assert!(world.runs("spring", "US") && world.runs("spring", "GB"));
    let line = world.line("spring", "google-global/US-ZZ").await;
    assert_eq!(line.reason.map(|r| r.to_string()).as_deref(), Some("UnknownMarket"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_budget_below_the_minimum_names_the_lines_and_what_would_be_needed() {
    let spec = json!({"markets": ["US", "GB", "CA"], "budget": {"daily": "0.01"}});
    let Some((mut world, message)) = stalled(spec, "BudgetBelowMinimum").await else { return };
    // One cent is one line's: the first by name has it.
    for part in ["google-global/GB", "google-global/US", "0.01 EUR", "a budget of 0.03 EUR a day would be needed"] {
        assert!(message.contains(part), "{part}: {message}");
    }
    until_lines(&mut world, "1/3").await;
    assert_eq!(world.budget("spring", "CA"), 10_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_minimum_that_only_the_platform_knows_is_told_in_its_words() {
    let world = given::world_with(|config| {
        for account in &mut config.google.accounts {
            account.minimum_daily_budget_micros = Some(5_000_000);
        }
    });
    let Some(world) = world.await else { return };
    let spec = json!({"budget": {"daily": "10.00"}, "split": {"markets": {"US": 9}}});
    let Some((mut world, message)) = stalled_in(world, spec, "BudgetBelowMinimum").await else { return };
    assert!(message.contains("google-global/GB"), "{message}");
    until_lines(&mut world, "1/2").await;
    assert_eq!(world.budget("spring", "US"), 9_000_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_budget_in_another_currency_creates_nothing() {
    let Some((world, message)) = stalled(json!({"budget": {"currency": "USD"}}), "CurrencyMismatch").await else {
        return;
    };
    assert!(message.contains("the budget is in USD") && message.contains("is in EUR"), "{message}");
    assert_eq!((world.on_platform().len(), world.changes().len()), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_budget_above_the_accounts_ceiling_starts_what_fits() {
    let spec = json!({"budget": {"daily": "30000.00"}});
    let Some((mut world, message)) = stalled(spec, "CeilingReached").await else { return };
    assert!(message.contains("20000.00 EUR"), "{message}");
    until_lines(&mut world, "1/2").await;
    let most = world.writes().iter().map(|entry| entry.live_daily_budget_micros).max();
    assert_eq!(most, Some(15_000_000_000));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_accounts_object_limit_is_told_and_what_fits_is_made() {
    let world = given::world_with(|config| config.google.limits.campaigns_per_account = 1);
    let Some(world) = world.await else { return };
    let Some((mut world, message)) = stalled_in(world, json!({}), "ObjectLimit").await else { return };
    assert!(message.contains("google-global/"), "{message}");
    until_lines(&mut world, "1/2").await;
    world.poll().await;
    assert_eq!(world.on_platform().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pages_limit_of_ads_is_told_and_what_fits_is_made() {
    let everywhere = given::everywhere_with(|config| config.meta.limits.ads_per_page = 3).await;
    let Some((world, files)) = everywhere else { return };
    let media = ["a-9x16.mp4", "a-1x1.jpg"].map(|name| format!("{}/{name}", files.url()));
    let spec = json!({"accounts": ["meta-global"], "ads": ad(json!({"media": media}))});
    let Some((mut world, message)) = stalled_in(world, spec, "ObjectLimit").await else { return };
    assert!(message.contains("under the page of the account meta-global"), "{message}");
    assert!(message.contains("of 3 ads run"), "{message}");
    until_lines(&mut world, "1/2").await;
    world.poll().await;
    assert_eq!(world.sim.meta_account(META).present().count(), 1);
    let snapshot = world.look().await;
    let account = snapshot.accounts.iter().find(|account| account.name_any() == "meta-global");
    let status = account.and_then(|account| account.status.clone()).unwrap();
    assert_eq!(status.ads.map(|ads| (ads.live, ads.limit)), Some((2, 3)));
    // What would pass the limit is not even tried.
    let refused: Vec<_> = world.sim.requests().into_iter().filter(|request| request.status >= 400).collect();
    assert!(refused.is_empty(), "{refused:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_headline_that_is_too_long_is_named_with_by_how_much() {
    let headline = "This headline is a little too long";
    let words = json!({"headlines": ["Watch now", headline, "New season"]});
    let spec = json!({"ads": ad(json!({"copy": {"en": words}}))});
    let Some((world, message)) = stalled(spec, "TextTooLong").await else { return };
    assert!(
        message.contains(&format!("ad `main`, en: headline 2 \"{headline}\" is 4 too long (34 of 30)")),
        "{message}"
    );
    assert_eq!(world.on_platform().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_market_without_copy_in_its_language_holds_up_its_line_only() {
    let Some((mut world, message)) = stalled(json!({"markets": ["US", "FR"]}), "CopyMissing").await else { return };
    for part in ["google-global/FR", "no ad copy for `FR`", "fallbackLocale"] {
        assert!(message.contains(part), "{part}: {message}");
    }
    until_lines(&mut world, "1/2").await;
    assert!(world.runs("spring", "US"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ad_with_another_campaigns_url_parameters_is_refused() {
    let spec = json!({"ads": ad(json!({"url": "https://example.com/?utm_campaign=winter"}))});
    let Some((world, message)) = stalled(spec, "UrlParametersForeign").await else { return };
    assert!(message.contains("utm_campaign=winter") && message.contains("utm_campaign=spring"), "{message}");
    assert_eq!(world.on_platform().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_change_of_a_running_campaign_leaves_what_runs() {
    let Some(mut world) = given::world().await else { return };
    world.given("spring", json!({})).await;
    let before = world.object("spring", "US");
    world.sim.reset_ledger();
    let mut words = copy();
    words["headlines"][0] = "This headline is a little too long".into();
    world.patch_campaign("spring", json!({"ads": ad(json!({"copy": {"en": words}}))})).await;
    world.until_condition("spring", "Stalled", "True", "TextTooLong").await;
    world.poll().await;
    assert_eq!(world.writes(), []);
    assert!(world.runs("spring", "US") && world.object("spring", "US").id == before.id);
    // And back: nothing had to be done.
    world.patch_campaign("spring", json!({"ads": ad(json!({}))})).await;
    world.until_ready("spring").await;
    assert_eq!(world.writes(), []);
}

/// Two hundred countries that are not in the way of the tests' own.
fn many_markets(count: usize) -> Vec<String> {
    let file = adops_e2e::cluster::repository().join("tests/adsim/src/google/data/geo.csv");
    let text = std::fs::read_to_string(file).unwrap();
    let countries = text.lines().filter(|line| line.ends_with("|Country"));
    let mut codes: Vec<String> = countries.filter_map(|line| Some(line.split('|').nth(4)?.to_owned())).collect();
    codes.sort();
    codes.truncate(count);
    codes
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_hundred_lines_the_one_that_the_platform_rejects_is_named_and_the_others_work() {
    let Some(world) = given::world().await else { return };
    let markets = many_markets(200);
    assert_eq!(markets.len(), 200);
    let one = &markets[77];
    let reject = Effect::Reject { category: "policyFindingError".into(), code: "POLICY_FINDING".into() };
    world.sim.faults().add(Fault::new(Match::mutates().contains(&format!("example.com/{one}\"")), reject));
    let spec = json!({"markets": markets, "fallbackLocale": "en", "budget": {"daily": "2000.00"}});
    let Some((mut world, message)) = stalled_in(world, spec, "PlatformRejected").await else { return };
    until_lines(&mut world, "199/200").await;
    let message = if message.is_empty() { world.message("spring", "Stalled").await } else { message };
    assert!(message.contains(&format!("google-global/{one}")), "{message}");
    assert_eq!(world.on_platform().len(), 199);
    assert!(world.on_platform().iter().all(|object| object.status == "ENABLED"));
    let line = world.line("spring", &format!("google-global/{one}")).await;
    assert_eq!(line.reason.map(|r| r.to_string()).as_deref(), Some("PlatformRejected"));

    // When the platform takes it, it is made, too.
    world.sim.faults().clear();
    world.until_ready("spring").await;
    assert_eq!(world.on_platform().len(), 200);
}
