//! What is on the platform after `kubectl apply`.

use adops_e2e::given;
use adsim::google::view::CampaignView;
use serde_json::json;

fn targets(object: &CampaignView, kind: &str) -> Vec<String> {
    let present = object.criteria.iter().filter(|c| c.kind == kind && c.status != "REMOVED");
    let mut names: Vec<String> =
        present.map(|c| format!("{}{}", if c.negative { "not " } else { "" }, c.display_name)).collect();
    names.sort();
    names
}

#[tokio::test(flavor = "multi_thread")]
async fn an_applied_campaign_is_on_the_platform_as_written_in_every_part() {
    let Some(mut world) = given::world().await else { return };
    world.start_operator().await;
    world.apply(&given::example_on_google()).await.unwrap();
    world.until_ready("spring").await;

    assert_eq!(world.on_platform().len(), 6);
    // 6000 split by the weights 4:1:1:1:1:1.
    for (market, micros) in [("US", 2_666_660_000), ("GB", 666_660_000), ("dach", 666_660_000)] {
        let share = world.budget("spring", market);
        assert!((micros..=micros + 10_000).contains(&share), "{market}: {share}");
    }
    let account = world.sim.google_account(adops_e2e::world::CUSTOMER);
    assert!(account.live_daily_budget_micros <= 6_000_000_000);
    assert!(account.live_daily_budget_micros > 6_000_000_000 - 60_000, "less than a cent a line is lost");

    let dach = world.object("spring", "dach");
    assert_eq!(dach.status, "ENABLED");
    assert_eq!(targets(&dach, "LOCATION"), ["Austria", "Germany", "Switzerland"]);
    assert_eq!(targets(&dach, "LANGUAGE"), ["German"]);
    assert_eq!(dach.start_date_time.as_deref(), Some("2027-03-01 00:00:00"));
    assert_eq!(dach.end_date_time.as_deref(), Some("2027-05-31 23:59:59"));
    assert_eq!(dach.labels, ["adops:test"]);
    let token = dach.name.strip_prefix("spring dach [test.").unwrap();
    assert!(token.ends_with(".0]"), "{token}");
    assert_eq!(dach.fields["containsEuPoliticalAdvertising"], "DOES_NOT_CONTAIN_EU_POLITICAL_ADVERTISING");
    assert_eq!(dach.fields["geoTargetTypeSetting"]["positiveGeoTargetType"], "PRESENCE");
    assert_eq!(dach.fields["finalUrlSuffix"], "utm_source=google&utm_campaign=spring&utm_content=dach");
    let budget = dach.budget.as_ref().unwrap();
    assert!(!budget.explicitly_shared);
    assert_eq!(budget.reference_count, 1);

    assert_eq!(dach.ad_groups.len(), 1);
    let group = &dach.ad_groups[0];
    assert_eq!(group.status, "ENABLED");
    let keywords: Vec<(&str, &str)> = group.keywords.iter().map(|k| (k.text.as_str(), k.match_type.as_str())).collect();
    assert_eq!(keywords, [("frühling serie", "BROAD")]);
    let mut excluded: Vec<&str> =
        group.demographics.iter().filter(|d| d.negative).map(|d| d.display_name.as_str()).collect();
    excluded.sort_unstable();
    assert_eq!(excluded.len(), 2, "55-64 and 65+ are left out: {excluded:?}");
    assert_eq!(group.ads.len(), 1);
    let ad = &group.ads[0];
    assert_eq!(ad.headlines, ["Der Frühling ist da", "Jetzt ansehen", "Neue Staffel"]);
    assert_eq!(ad.descriptions, ["Alle Folgen ab heute.", "Kostenlos starten."]);
    assert_eq!(ad.final_urls, ["https://example.com/dach/spring"]);

    let us = world.object("spring", "US");
    let mut keywords: Vec<(&str, &str)> =
        us.ad_groups[0].keywords.iter().map(|k| (k.text.as_str(), k.match_type.as_str())).collect();
    keywords.sort_unstable();
    assert_eq!(keywords, [("new series", "PHRASE"), ("spring series", "BROAD"), ("watch spring", "EXACT")]);
    assert_eq!(targets(&us, "LOCATION"), ["United States"]);
    // France has no copy of its own: the fallback's words, and people who read them.
    let france = world.object("spring", "FR");
    assert_eq!(france.ad_groups[0].ads[0].headlines, ["Spring is here", "Watch now", "New season"]);
    assert_eq!(targets(&france, "LANGUAGE"), ["English"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_enabled_before_its_whole_was_read_back() {
    let Some(mut world) = given::world().await else { return };
    world.given("spring", json!({})).await;
    let enabled =
        |entry: &adsim::LedgerEntry| entry.kind == "campaign" && entry.after.get("status") == Some(&json!("ENABLED"));
    let ledger = world.writes();
    let created: Vec<_> = ledger.iter().filter(|e| e.kind == "campaign" && e.change == adsim::Change::Create).collect();
    assert_eq!(created.len(), 2);
    assert!(created.iter().all(|entry| entry.after.get("status") == Some(&json!("PAUSED"))), "{created:#?}");
    assert_eq!(ledger.iter().filter(|entry| enabled(entry)).count(), 2);
    // Between the create and the enable of an object there is a search.
    let requests = world.sim.requests();
    let is = |part: &str, text: &str| {
        requests.iter().position(|r| r.path.contains(part) && r.body.to_string().contains(text))
    };
    let create = is("mutate", "campaignBudgetOperation").unwrap();
    let enable = requests
        .iter()
        .position(|r| {
            r.path.contains("mutate")
                && r.body.to_string().contains("\"status\":\"ENABLED\"}}")
                && r.body.to_string().contains("campaignOperation\":{\"update")
        })
        .or_else(|| is("mutate", "\"updateMask\":\"status\""))
        .unwrap();
    assert!(requests[create..enable].iter().any(|r| r.path.contains("search")), "{create} {enable}");
}
