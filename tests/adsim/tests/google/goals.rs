//! Conversion goals, and what campaigns and ad groups are kept away from.

use serde_json::{Value, json};

use crate::support::{CID, Client, codes, line};

async fn actions(client: &Client) -> Vec<String> {
    let rows = client.rows("SELECT conversion_action.resource_name FROM conversion_action").await;
    rows.iter().map(|row| row["conversionAction"]["resourceName"].as_str().unwrap().to_owned()).collect()
}

fn goal(name: &str, actions: &[&str]) -> Value {
    json!({ "customConversionGoalOperation": { "create": {
        "name": name, "conversionActions": actions, "status": "ENABLED" } } })
}

#[tokio::test]
async fn a_campaign_is_born_with_the_customers_goals_and_takes_a_custom_one() {
    let client = Client::start().await;
    let action = actions(&client).await.remove(0);
    let created = client.mutate_ok(&json!([goal("signup", &[&action])])).await;
    let goal = created["mutateOperationResponses"][0]["customConversionGoalResult"]["resourceName"].clone();
    client.mutate_ok(&line("plain", "50000000", None)).await;
    // The config of a campaign that is created in the same request goes by the same temporary id.
    let mut operations = line("signups", "50000000", None);
    operations.as_array_mut().unwrap().push(json!({ "conversionGoalCampaignConfigOperation": { "update": {
        "resourceName": format!("customers/{CID}/conversionGoalCampaignConfigs/-2"),
        "goalConfigLevel": "CAMPAIGN", "customConversionGoal": goal,
    }, "updateMask": "goalConfigLevel,customConversionGoal" } }));
    client.mutate_ok(&operations).await;
    let query = "SELECT campaign.name, conversion_goal_campaign_config.goal_config_level, \
                 conversion_goal_campaign_config.custom_conversion_goal FROM conversion_goal_campaign_config";
    let rows = client.rows(query).await;
    let config = |row: &Value| row["conversionGoalCampaignConfig"].clone();
    assert_eq!(config(&rows[0])["goalConfigLevel"], "CUSTOMER");
    assert_eq!(
        (&config(&rows[1])["goalConfigLevel"], &config(&rows[1])["customConversionGoal"]),
        (&"CAMPAIGN".into(), &goal)
    );
    let (_, body) = client.mutate(&json!([{ "customConversionGoalOperation": { "remove": goal } }])).await;
    assert_eq!(codes(&body), ["CANNOT_REMOVE_LINKED_CUSTOM_CONVERSION_GOAL"]);
}

#[tokio::test]
async fn goals_are_unique_by_name_and_by_actions_and_need_actions_that_exist() {
    let client = Client::start().await;
    let actions = actions(&client).await;
    client.mutate_ok(&json!([goal("a", &[&actions[0]])])).await;
    for (operation, code) in [
        (goal("a", &[&actions[1]]), "CUSTOM_GOAL_DUPLICATE_NAME"),
        (goal("b", &[&actions[0]]), "DUPLICATE_CONVERSION_ACTION_LIST"),
        (goal("c", &["customers/1/conversionActions/1"]), "INVALID_CONVERSION_ACTION"),
        (goal("d", &[]), "INVALID_CONVERSION_ACTION"),
    ] {
        assert_eq!(codes(&client.mutate(&json!([operation])).await.1), [code]);
    }
}

#[tokio::test]
async fn keywords_are_excluded_by_campaigns_and_ages_and_genders_by_ad_groups() {
    let client = Client::start().await;
    let created = client.mutate_ok(&line("spring", "50000000", None)).await;
    let name = |index: usize, result: &str| created["mutateOperationResponses"][index][result]["resourceName"].clone();
    let (campaign, group) = (name(1, "campaignResult"), name(4, "adGroupResult"));
    let keyword = |negative: bool| {
        json!([{ "campaignCriterionOperation": { "create": { "campaign": campaign, "negative": negative,
            "keyword": { "text": "torrent", "matchType": "BROAD" } } } }])
    };
    client.mutate_ok(&keyword(true)).await;
    assert_eq!(codes(&client.mutate(&keyword(true)).await.1), ["RESOURCE_ALREADY_EXISTS"]);
    assert_eq!(codes(&client.mutate(&keyword(false)).await.1), ["CANNOT_ADD_CRITERIA_TYPE"]);
    client
        .mutate_ok(&json!([
            { "adGroupCriterionOperation": { "create": { "adGroup": group, "negative": true,
                "ageRange": { "type": "AGE_RANGE_65_UP" } } } },
            { "adGroupCriterionOperation": { "create": { "adGroup": group, "negative": true, "gender": { "type": "MALE" } } } },
        ]))
        .await;
    let query = "SELECT ad_group_criterion.criterion_id, ad_group_criterion.age_range.type, ad_group_criterion.gender.type \
                 FROM ad_group_criterion WHERE ad_group_criterion.type IN ('AGE_RANGE', 'GENDER')";
    let ids: Vec<Value> =
        client.rows(query).await.iter().map(|row| row["adGroupCriterion"]["criterionId"].clone()).collect();
    assert_eq!(ids, ["10", "503006"]);
    let view = client.sim.google_account(CID);
    assert_eq!(view.campaigns[0].ad_groups[0].keywords.len(), 2, "ages and genders are no keywords");
}

#[tokio::test]
async fn rows_are_counted_without_being_sent() {
    let client = Client::start().await;
    client.mutate_ok(&line("spring", "50000000", None)).await;
    let body = json!({ "query": "SELECT campaign.id FROM campaign",
        "searchSettings": { "omitResults": true, "returnTotalResultsCount": true } });
    let (_, answer) = client.post("googleAds:search", &body).await;
    assert_eq!(answer["totalResultsCount"], "1");
    assert!(answer.get("results").is_none());
}
