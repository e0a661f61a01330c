//! Queries over HTTP: pages, streams, filters, constants.

use serde_json::{Value, json};

use crate::support::{CID, Client, codes, config, line, search};

async fn with_lines(page_size: usize, names: &[&str]) -> Client {
    let mut config = config();
    config.google.page_size = page_size;
    let client = Client::with(config).await;
    for name in names {
        client.mutate_ok(&line(name, "50000000", None)).await;
    }
    client
}

fn names(rows: &[Value]) -> Vec<&str> {
    rows.iter().map(|r| r["campaign"]["name"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn results_come_in_pages_that_are_fixed_with_the_first() {
    let client = with_lines(2, &["a", "b", "c", "d", "e"]).await;
    let query = "SELECT campaign.name FROM campaign ORDER BY campaign.name";
    let (_, first) = client.post("googleAds:search", &search(query)).await;
    assert_eq!(names(first["results"].as_array().unwrap()), ["a", "b"]);
    assert_eq!(first["fieldMask"], "campaign.name");
    client.mutate_ok(&line("aa", "50000000", None)).await;
    let token = first["nextPageToken"].as_str().unwrap();
    let (_, second) = client.post("googleAds:search", &json!({"query": query, "pageToken": token})).await;
    assert_eq!(names(second["results"].as_array().unwrap()), ["c", "d"]);
    let token = second["nextPageToken"].as_str().unwrap();
    let (_, third) = client.post("googleAds:search", &json!({"query": query, "pageToken": token})).await;
    assert_eq!(names(third["results"].as_array().unwrap()), ["e"]);
    assert!(third.get("nextPageToken").is_none());
    let other = "SELECT campaign.id FROM campaign";
    let (_, answer) = client.post("googleAds:search", &json!({"query": other, "pageToken": "adsim-9-2"})).await;
    assert_eq!(codes(&answer), ["INVALID_PAGE_TOKEN"]);
    let (_, answer) = client.post("googleAds:search", &json!({"query": query, "pageSize": 100})).await;
    assert_eq!(codes(&answer), ["PAGE_SIZE_NOT_SUPPORTED"]);
    let (_, chunks) = client.post("googleAds:searchStream", &search(query)).await;
    assert_eq!(chunks.as_array().unwrap().len(), 3);
    assert_eq!(chunks[0]["results"].as_array().unwrap().len(), 2);
    let count = json!({"query": query, "searchSettings": {"returnTotalResultsCount": true}});
    assert_eq!(client.post("googleAds:search", &count).await.1["totalResultsCount"], "6");
}

#[tokio::test]
async fn conditions_select_rows() {
    let client = with_lines(100, &["ns/spring [1]", "ns/spring [2]", "Other_x"]).await;
    let id = client.sim.google_account(CID).campaigns[1].id;
    for (condition, expected) in [
        ("campaign.name LIKE 'ns/%'", vec!["ns/spring [1]", "ns/spring [2]"]),
        ("campaign.name LIKE '%[[]1]'", vec!["ns/spring [1]"]),
        ("campaign.name NOT LIKE 'NS%'", vec!["Other_x"]),
        ("campaign.name REGEXP_MATCH '.*\\[[12]\\]'", vec!["ns/spring [1]", "ns/spring [2]"]),
        ("campaign.name IN ('Other_x', 'nothing')", vec!["Other_x"]),
        (&format!("campaign.id = {id}"), vec!["ns/spring [2]"]),
        (&format!("campaign.id > {id}"), vec!["Other_x"]),
        (&format!("campaign.id IN ({id}, '5')"), vec!["ns/spring [2]"]),
        (&format!("campaign.resource_name = 'customers/{CID}/campaigns/{id}'"), vec!["ns/spring [2]"]),
        ("campaign.status = PAUSED AND campaign.name = 'Other_x'", vec!["Other_x"]),
        ("campaign.end_date_time IS NOT NULL", vec![]),
        ("campaign.start_date_time >= '2027-03-01 00:00:00' AND campaign_budget.amount_micros < 1", vec![]),
        ("campaign.network_settings.target_google_search = TRUE AND campaign.name = 'Other_x'", vec!["Other_x"]),
    ] {
        let rows = client.rows(&format!("SELECT campaign.name FROM campaign WHERE {condition}")).await;
        assert_eq!(names(&rows), expected, "{condition}");
    }
    let rows = client.rows("SELECT campaign.name FROM campaign ORDER BY campaign.id DESC LIMIT 2").await;
    assert_eq!(names(&rows), ["Other_x", "ns/spring [2]"]);
}

#[tokio::test]
async fn rows_carry_resource_names_and_leave_out_what_is_zero() {
    let client = with_lines(100, &["a"]).await;
    let rows = client
        .rows("SELECT campaign_criterion.negative, campaign_criterion.location.geo_target_constant, campaign.name FROM campaign_criterion WHERE campaign_criterion.type = LOCATION")
        .await;
    let row = &rows[0];
    assert!(row["campaignCriterion"].get("negative").is_none());
    assert_eq!(row["campaignCriterion"]["location"]["geoTargetConstant"], "geoTargetConstants/2840");
    assert!(row["campaignCriterion"]["resourceName"].as_str().unwrap().ends_with("~2840"));
    assert!(row["campaign"]["resourceName"].is_string());
    let rows = client
        .rows("SELECT ad_group_ad.ad.id, ad_group_ad.ad.responsive_search_ad.headlines, ad_group_ad.ad.final_urls, ad_group_ad.policy_summary.review_status, ad_group.name FROM ad_group_ad")
        .await;
    assert_eq!(rows[0]["adGroupAd"]["ad"]["responsiveSearchAd"]["headlines"][0]["text"], "Spring is here");
    assert_eq!(rows[0]["adGroupAd"]["policySummary"]["reviewStatus"], "REVIEW_IN_PROGRESS");
    let rows = client
        .rows("SELECT ad_group_criterion.keyword.text, ad_group_criterion.negative FROM ad_group_criterion WHERE ad_group_criterion.negative = FALSE")
        .await;
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0]["adGroupCriterion"]["keyword"]["text"], "spring series");
}

#[tokio::test]
async fn constants_can_be_looked_up() {
    let client = Client::start().await;
    for (query, path, expected) in [
        (
            "SELECT geo_target_constant.id FROM geo_target_constant WHERE geo_target_constant.country_code = 'US' AND geo_target_constant.canonical_name = 'New York,United States'",
            "/geoTargetConstant/id",
            "21167",
        ),
        (
            "SELECT geo_target_constant.resource_name FROM geo_target_constant WHERE geo_target_constant.target_type = 'DMA Region' AND geo_target_constant.name = 'Los Angeles CA'",
            "/geoTargetConstant/resourceName",
            "geoTargetConstants/200803",
        ),
        (
            "SELECT language_constant.id FROM language_constant WHERE language_constant.code = 'nl'",
            "/languageConstant/id",
            "1010",
        ),
        (
            "SELECT currency_constant.billable_unit_micros FROM currency_constant WHERE currency_constant.code = 'JPY'",
            "/currencyConstant/billableUnitMicros",
            "1000000",
        ),
        (
            "SELECT conversion_action.id, conversion_action.name FROM conversion_action WHERE conversion_action.name = 'signup'",
            "/conversionAction/name",
            "signup",
        ),
        (
            "SELECT customer.id, customer.time_zone, customer.currency_code, customer.test_account, customer.manager, customer.status FROM customer",
            "/customer/timeZone",
            "America/New_York",
        ),
    ] {
        let rows = client.rows(query).await;
        assert_eq!(rows.len(), 1, "{query}");
        assert_eq!(rows[0].pointer(path).unwrap(), expected, "{query}");
    }
    let body = json!({"locale": "en", "countryCode": "US", "locationNames": {"names": ["california"]}});
    let (status, answer) = client.send_to("/v26/geoTargetConstants:suggest", &body, None).await.unwrap();
    assert_eq!(status, 200);
    let found = &answer["geoTargetConstantSuggestions"][0];
    assert_eq!(found["geoTargetConstant"]["resourceName"], "geoTargetConstants/21137");
    assert_eq!(found["geoTargetConstantParents"][0]["countryCode"], "US");
}

#[tokio::test]
async fn a_mistake_in_a_query_is_a_query_error() {
    let client = Client::start().await;
    let (status, answer) = client.post("googleAds:search", &search("SELECT campaign.nme FROM campaign")).await;
    assert_eq!(status, 400);
    let error = &answer["error"]["details"][0]["errors"][0];
    assert_eq!(error["errorCode"], json!({"queryError": "UNRECOGNIZED_FIELD"}));
    assert_eq!(error["message"], "Error in query: unrecognized field 'campaign.nme'.");
}
