//! Whole requests: atomicity, temporary ids, partial failure, the ledger.

use adsim::{Actor, Change};
use serde_json::json;

use crate::support::{CID, Client, ad, campaign, codes, errors, line};

#[tokio::test]
async fn a_line_is_created_in_one_request_found_by_its_label_and_removed() {
    let client = Client::start().await;
    let label = client.mutate_ok(&json!([{"labelOperation": {"create": {"name": "ours"}}}])).await;
    let label = label["mutateOperationResponses"][0]["labelResult"]["resourceName"].as_str().unwrap().to_owned();
    let created = client.mutate_ok(&line("spring", "50000000", Some(&label))).await;
    assert_eq!(created["mutateOperationResponses"].as_array().unwrap().len(), 9);

    let query = format!(
        "SELECT campaign.id, campaign.name, campaign.status, campaign.primary_status, campaign_budget.amount_micros, \
         customer.currency_code FROM campaign WHERE campaign.labels CONTAINS ANY ('{label}') \
         AND campaign.status != 'REMOVED'"
    );
    let rows = client.rows(&query).await;
    assert_eq!(rows[0]["campaign"]["name"], "spring");
    assert_eq!(rows[0]["campaign"]["primaryStatus"], "PAUSED");
    assert_eq!(rows[0]["campaignBudget"]["amountMicros"], "50000000");
    assert_eq!(rows[0]["customer"]["currencyCode"], "USD");

    let name = rows[0]["campaign"]["resourceName"].as_str().unwrap();
    client.mutate_ok(&json!([{"campaignOperation": {"remove": name}}])).await;
    assert!(client.rows(&query).await.is_empty());
    let view = client.sim.google_account(CID);
    assert_eq!(view.campaigns[0].status, "REMOVED");
    assert_eq!(view.campaigns[0].budget.as_ref().unwrap().status, "REMOVED", "documented: the budget goes along");
    client.sim.shutdown().await;
}

#[tokio::test]
async fn a_request_is_all_or_nothing_and_tells_all_errors_with_their_places() {
    let client = Client::start().await;
    let mut operations = line("spring", "50000000", None);
    operations[1]["campaignOperation"]["create"].as_object_mut().unwrap().remove("containsEuPoliticalAdvertising");
    operations.as_array_mut().unwrap().push(json!({"labelOperation": {"create": {"name": ""}}}));
    let (status, body) = client.mutate(&operations).await;
    assert_eq!(status, 400);
    let errors = errors(&body);
    assert_eq!(
        errors[0],
        (
            "fieldError.REQUIRED".into(),
            "mutate_operations[1].campaign_operation.create.contains_eu_political_advertising".into()
        )
    );
    assert!(errors.contains(&(
        "newResourceCreationError.TEMP_ID_RESOURCE_HAD_ERRORS".into(),
        "mutate_operations[2].campaign_criterion_operation.create.campaign".into()
    )));
    assert!(
        errors.contains(&("fieldError.REQUIRED".into(), "mutate_operations[8].label_operation.create.name".into()))
    );
    let view = client.sim.google_account(CID);
    assert!(view.campaigns.is_empty() && view.budgets.is_empty());
    assert!(client.sim.ledger().is_empty());
    assert_eq!(body["error"]["details"][0]["requestId"].as_str().unwrap().len(), 22);
}

#[tokio::test]
async fn with_partial_failure_good_operations_are_kept() {
    let client = Client::start().await;
    let operations = json!([
        {"labelOperation": {"create": {"name": "a"}}},
        {"labelOperation": {"create": {"name": "a"}}},
        {"labelOperation": {"create": {"name": "b"}}},
    ]);
    let body = json!({"mutateOperations": operations, "partialFailure": true});
    let (status, answer) = client.post("googleAds:mutate", &body).await;
    assert_eq!(status, 200);
    assert_eq!(
        errors(&answer),
        [("labelError.DUPLICATE_NAME".into(), "mutate_operations[1].label_operation.create.name".into())]
    );
    assert_eq!(answer["mutateOperationResponses"][1], json!({}));
    assert_eq!(answer["partialFailureError"]["code"], 3);
    assert_eq!(client.sim.google_account(CID).labels.len(), 2);
}

#[tokio::test]
async fn validate_only_checks_and_keeps_nothing() {
    let client = Client::start().await;
    let good = json!({"mutateOperations": line("spring", "50000000", None), "validateOnly": true});
    assert_eq!(client.post("googleAds:mutate", &good).await, (200, json!({})));
    let bad = json!({"mutateOperations": line("spring", "50000001", None), "validateOnly": true});
    assert_eq!(client.post("googleAds:mutate", &bad).await.0, 400);
    assert!(client.sim.google_account(CID).campaigns.is_empty());
}

#[tokio::test]
async fn temporary_ids_are_unique_over_all_kinds_and_defined_before_use() {
    let client = Client::start().await;
    let mut twice = line("spring", "50000000", None);
    twice[4]["adGroupOperation"]["create"]["resourceName"] = format!("customers/{CID}/adGroups/-2").into();
    assert!(codes(&client.mutate(&twice).await.1).contains(&"DUPLICATE_TEMP_IDS".to_owned()));
    let early = json!([{"campaignOperation": {"create": campaign("spring", -2, -1)}}, line("x", "1000000", None)[0]]);
    assert_eq!(codes(&client.mutate(&early).await.1), ["RESOURCE_NOT_FOUND"]);
    let wrong_kind = json!([line("x", "1000000", None)[0],
        {"adGroupOperation": {"create": {"campaign": format!("customers/{CID}/campaigns/-1"), "name": "x"}}}]);
    assert_eq!(codes(&client.mutate(&wrong_kind).await.1), ["RESOURCE_NOT_FOUND"]);
    let positive =
        json!([{"labelOperation": {"create": {"resourceName": format!("customers/{CID}/labels/5"), "name": "x"}}}]);
    assert_eq!(codes(&client.mutate(&positive).await.1), ["CANNOT_SET_ID_FOR_CREATE"]);
}

#[tokio::test]
async fn a_kinds_own_method_has_its_own_shape() {
    let client = Client::start().await;
    let body = json!({"operations": [{"create": {"name": "ours", "textLabel": {"background_color": "#336699"}}}],
        "responseContentType": "MUTABLE_RESOURCE"});
    let (status, answer) = client.post("labels:mutate", &body).await;
    assert_eq!(status, 200, "{answer}");
    let result = &answer["results"][0];
    assert_eq!(result["label"]["name"], "ours");
    assert_eq!(result["label"]["textLabel"]["backgroundColor"], "#336699");
    assert!(result["label"].get("status").is_none(), "output-only fields are not in the mutable resource");
    let again = json!({"operations": [{"create": {"name": "ours"}}]});
    let (_, answer) = client.post("labels:mutate", &again).await;
    assert_eq!(errors(&answer), [("labelError.DUPLICATE_NAME".into(), "operations[0].create.name".into())]);
}

#[tokio::test]
async fn an_ads_text_is_edited_in_place_and_reviewed_anew() {
    let client = Client::start().await;
    client.mutate_ok(&line("spring", "50000000", None)).await;
    client.sim.set_now(client.sim.next_due().unwrap());
    let before = client.sim.google_account(CID).campaigns[0].ad_groups[0].ads[0].clone();
    assert_eq!((before.review_status.as_str(), before.approval_status.as_str()), ("REVIEWED", "APPROVED"));
    let mut update = ad("Summer is here");
    update["resourceName"] = format!("customers/{CID}/ads/{}", before.id).into();
    let body = json!({"operations": [{"update": update, "updateMask": "responsiveSearchAd.headlines,responsiveSearchAd.descriptions,finalUrls"}]});
    let (status, answer) = client.post("ads:mutate", &body).await;
    assert_eq!(status, 200, "{answer}");
    let after = client.sim.google_account(CID).campaigns[0].ad_groups[0].ads[0].clone();
    assert_eq!(after.headlines[0], "Summer is here");
    assert_eq!((after.id, after.review_status.as_str()), (before.id, "REVIEW_IN_PROGRESS"));
}

#[tokio::test]
async fn the_ledger_tells_who_changed_what_and_the_money_at_stake() {
    let client = Client::start().await;
    client.mutate_ok(&line("spring", "50000000", None)).await;
    let view = client.sim.google_account(CID);
    let (campaign, budget) = (&view.campaigns[0], view.campaigns[0].budget.as_ref().unwrap());
    client.sim.reset_ledger();
    // In one atomic request the budget falls and the campaign starts: the sum in between was never true.
    client
        .mutate_ok(&json!([
            {"campaignOperation": {"update": {"resourceName": campaign.resource_name, "status": "ENABLED"}, "updateMask": "status"}},
            {"campaignBudgetOperation": {"update": {"resourceName": budget.resource_name, "amountMicros": "20000000"},
                "updateMask": "amountMicros"}},
        ]))
        .await;
    let entries = client.sim.ledger();
    assert_eq!(entries.len(), 2);
    assert_eq!(entries[0].actor, Actor::Api("user@example.com".into()));
    assert_eq!(entries[0].change, Change::Update);
    assert_eq!((&entries[0].before["status"], &entries[0].after["status"]), (&json!("PAUSED"), &json!("ENABLED")));
    assert_eq!(entries[1].after.len(), 1);
    assert!(entries.iter().all(|e| e.live_daily_budget_micros == 20_000_000));
    assert!(entries[0].sequence > 1 && entries[1].sequence == entries[0].sequence + 1);
    client.mutate_ok(&json!([{"campaignOperation": {"remove": campaign.resource_name}}])).await;
    let entries = client.sim.ledger();
    assert_eq!(entries.iter().filter(|e| e.change == Change::Remove).count(), 2, "the budget too");
    assert_eq!(entries.last().unwrap().live_daily_budget_micros, 0);
}

#[tokio::test]
async fn a_campaign_optimises_for_a_goal_and_excludes_words_ages_and_genders() {
    let client = Client::start().await;
    let action = client.rows("SELECT conversion_action.resource_name FROM conversion_action").await.remove(0);
    let action = action["conversionAction"]["resourceName"].as_str().unwrap().to_owned();
    let mut operations = line("spring", "50000000", None);
    let more = json!([
        {"customConversionGoalOperation": {"create": {"resourceName": format!("customers/{CID}/customConversionGoals/-9"),
            "name": "signups", "conversionActions": [action]}}},
        {"conversionGoalCampaignConfigOperation": {"updateMask": "goalConfigLevel,customConversionGoal", "update": {
            "resourceName": format!("customers/{CID}/conversionGoalCampaignConfigs/-2"), "goalConfigLevel": "CAMPAIGN",
            "customConversionGoal": format!("customers/{CID}/customConversionGoals/-9")}}},
        {"campaignCriterionOperation": {"create": {"campaign": format!("customers/{CID}/campaigns/-2"), "negative": true,
            "keyword": {"text": "free", "matchType": "BROAD"}}}},
        {"adGroupCriterionOperation": {"create": {"adGroup": format!("customers/{CID}/adGroups/-3"), "negative": true,
            "ageRange": {"type": "AGE_RANGE_65_UP"}}}},
    ]);
    operations.as_array_mut().unwrap().extend(more.as_array().unwrap().clone());
    client.mutate_ok(&operations).await;
    let query = "SELECT conversion_goal_campaign_config.custom_conversion_goal, campaign.name FROM conversion_goal_campaign_config";
    let rows = client.rows(query).await;
    let goal = rows[0]["conversionGoalCampaignConfig"]["customConversionGoal"].as_str().unwrap();
    assert_eq!(rows[0]["campaign"]["name"], "spring");
    let (_, body) = client.mutate(&json!([{"customConversionGoalOperation": {"remove": goal}}])).await;
    assert_eq!(codes(&body), ["CANNOT_REMOVE_LINKED_CUSTOM_CONVERSION_GOAL"]);
    let group = &client.sim.google_account(CID).campaigns[0].ad_groups[0];
    assert_eq!((group.keywords.len(), group.demographics[0].criterion_id), (2, 503_006));
    let count = json!({"query": query, "searchSettings": {"returnTotalResultsCount": true, "omitResults": true}});
    let (_, answer) = client.post("googleAds:search", &count).await;
    assert_eq!((answer.get("results"), &answer["totalResultsCount"]), (None, &json!("1")));
}
