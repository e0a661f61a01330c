//! Rules of single objects, as tables: what is sent, which error comes back.

use serde_json::{Value, json};

use crate::support::{CID, Client, codes, config, errors, line};

/// Changes a line before it is sent.
fn changed(change: impl FnOnce(&mut Value)) -> Value {
    let mut operations = line("spring", "50000000", None);
    change(&mut operations);
    operations
}

#[tokio::test]
async fn what_is_wrong_with_a_new_line_is_told() {
    let client = Client::start().await;
    let campaign = |field: &str, value: Value| changed(|ops| ops[1]["campaignOperation"]["create"][field] = value);
    let ad = |field: &str, value: Value| {
        changed(|ops| ops[7]["adGroupAdOperation"]["create"]["ad"]["responsiveSearchAd"][field] = value)
    };
    let texts = |texts: &[&str]| texts.iter().map(|t| json!({"text": t})).collect::<Value>();
    for (operations, code) in [
        (line("spring", "50000001", None), "NON_MULTIPLE_OF_MINIMUM_CURRENCY_UNIT"),
        (line("spring", "0", None), "BUDGET_BELOW_PER_DAY_MINIMUM"),
        (line("spring", "-10000", None), "NEGATIVE_MONEY_AMOUNT"),
        (line("spring", "9000000000000000000", None), "MONEY_AMOUNT_TOO_LARGE"),
        (campaign("name", json!("")), "REQUIRED"),
        (campaign("name", json!("a\nb")), "INVALID_CAMPAIGN_NAME"),
        (campaign("advertisingChannelType", json!("UNSPECIFIED")), "REQUIRED"),
        (campaign("manualCpc", Value::Null), "REQUIRED"),
        (campaign("networkSettings", Value::Null), "REQUIRED"),
        (
            campaign("networkSettings", json!({"targetSearchNetwork": true})),
            "CANNOT_TARGET_SEARCH_NETWORK_WITHOUT_GOOGLE_SEARCH",
        ),
        (
            campaign("networkSettings", json!({"targetGoogleSearch": false})),
            "CAMPAIGN_MUST_TARGET_AT_LEAST_ONE_NETWORK",
        ),
        (campaign("status", json!("REMOVED")), "CREATE_AS_REMOVED_NOT_PERMITTED"),
        (campaign("primaryStatus", json!("ELIGIBLE")), "VALUE_MUST_BE_UNSET"),
        (campaign("id", json!("5")), "CANNOT_SET_ID_FOR_CREATE"),
        (campaign("startDateTime", json!("2027-02-28 00:00:00")), "CANNOT_SET_DATE_TO_PAST"),
        (campaign("startDateTime", json!("2027-03-02")), "INVALID_STRING_DATE_TIME_SECONDS"),
        (
            campaign("startDateTime", json!("2027-03-02 12:00:00")),
            "DATE_RANGE_ERROR_START_TIME_MUST_BE_THE_START_OF_A_DAY",
        ),
        (campaign("endDateTime", json!("2027-03-02 00:00:00")), "DATE_RANGE_ERROR_END_TIME_MUST_BE_THE_END_OF_A_DAY"),
        (campaign("endDateTime", json!("2027-02-27 23:59:59")), "CANNOT_SET_DATE_TO_PAST"),
        (ad("headlines", texts(&["one", "two"])), "TOO_FEW"),
        (ad("headlines", texts(&["one", "two", "one"])), "DUPLICATE_ELEMENT"),
        (ad("headlines", texts(&["one", "two", "This headline is too long by one"])), "TOO_LONG"),
        (ad("headlines", texts(&["一", "二", "一二三四五六七八九十一二三四五六"])), "TOO_LONG"),
        (ad("descriptions", texts(&["1", "2", "3", "4", "5"])), "TOO_MANY"),
        (ad("path2", json!("x")), "CANNOT_SET_PATH2_WITHOUT_PATH1"),
        (ad("path1", json!("sixteen letters!")), "TOO_LONG"),
        (changed(|o| o[7]["adGroupAdOperation"]["create"]["ad"]["finalUrls"] = json!([])), "REQUIRED"),
        (
            changed(|o| o[7]["adGroupAdOperation"]["create"]["ad"]["finalUrls"] = json!(["example.com"])),
            "MISSING_PROTOCOL_IN_FINAL_URL",
        ),
        (
            changed(|o| o[7]["adGroupAdOperation"]["create"]["ad"]["finalUrlSuffix"] = json!("?a=b")),
            "FINAL_URL_SUFFIX_MALFORMED",
        ),
        (
            changed(|o| {
                o[2]["campaignCriterionOperation"]["create"]["location"] =
                    json!({"geoTargetConstant": "geoTargetConstants/1"});
            }),
            "INVALID_CRITERION_ID",
        ),
        (
            changed(|o| o[3]["campaignCriterionOperation"]["create"]["negative"] = json!(true)),
            "CANNOT_EXCLUDE_CRITERIA_TYPE",
        ),
        (
            changed(|o| o[4]["adGroupOperation"]["create"]["type"] = json!("DISPLAY_STANDARD")),
            "AD_GROUP_TYPE_NOT_VALID_FOR_ADVERTISING_CHANNEL_TYPE",
        ),
        (
            changed(|o| {
                o[5]["adGroupCriterionOperation"]["create"]["keyword"]["text"] = json!("a b c d e f g h i j k");
            }),
            "KEYWORD_HAS_TOO_MANY_WORDS",
        ),
        (
            changed(|o| o[5]["adGroupCriterionOperation"]["create"]["keyword"]["text"] = json!("what?")),
            "KEYWORD_HAS_INVALID_CHARS",
        ),
        (
            changed(|o| o[0]["campaignBudgetOperation"]["create"]["deliveryMethod"] = json!("ACCELERATED")),
            "CANNOT_USE_ACCELERATED_DELIVERY_MODE",
        ),
    ] {
        let (status, body) = client.mutate(&operations).await;
        assert_eq!(status, 400, "{code}: {body}");
        assert_eq!(codes(&body)[0], code, "{body:#}");
    }
    assert!(client.sim.google_account(CID).campaigns.is_empty());
}

#[tokio::test]
async fn a_budget_below_the_minimum_tells_the_minimum() {
    let mut config = config();
    config.google.accounts[1].minimum_daily_budget_micros = Some(5_000_000);
    let client = Client::with(config).await;
    let (_, body) = client.mutate(&line("spring", "4990000", None)).await;
    let details = &body["error"]["details"][0]["errors"][0]["details"]["budgetPerDayMinimumErrorDetails"];
    assert_eq!(details["budgetPerDayMinimumMicros"], "5000000");
    assert_eq!(details["failedBudgetAmountMicros"], "4990000");
}

#[tokio::test]
async fn names_are_unique_among_what_is_not_removed() {
    let client = Client::start().await;
    client.mutate_ok(&line("spring", "50000000", None)).await;
    let (_, body) = client.mutate(&line("spring", "50000000", None)).await;
    assert_eq!(
        errors(&body)[0],
        ("campaignError.DUPLICATE_CAMPAIGN_NAME".into(), "mutate_operations[1].campaign_operation.create.name".into())
    );
    let name = client.sim.google_account(CID).campaigns[0].resource_name.clone();
    client.mutate_ok(&json!([{"campaignOperation": {"remove": name}}])).await;
    client.mutate_ok(&line("spring", "50000000", None)).await;
    let view = client.sim.google_account(CID);
    assert_eq!((view.campaigns.len(), view.present().count()), (2, 1));
    let group = json!([{"adGroupOperation": {"create": {"campaign": view.campaigns[1].resource_name, "name": "all"}}}]);
    assert_eq!(codes(&client.mutate(&group).await.1), ["DUPLICATE_ADGROUP_NAME"]);
}

#[tokio::test]
async fn updates_need_a_mask_and_cannot_touch_what_is_immutable_or_removed() {
    let client = Client::start().await;
    client.mutate_ok(&line("spring", "50000000", None)).await;
    let view = client.sim.google_account(CID);
    let campaign = &view.campaigns[0];
    let update = |fields: Value, mask: Value| {
        let mut fields = fields;
        fields["resourceName"] = campaign.resource_name.clone().into();
        json!([{"campaignOperation": {"update": fields, "updateMask": mask}}])
    };
    for (operations, code) in [
        (update(json!({"name": "x"}), Value::Null), "FIELD_MASK_MISSING"),
        (update(json!({"name": "x"}), json!("nme")), "FIELD_NOT_FOUND"),
        (update(json!({}), json!("name")), "REQUIRED"),
        (update(json!({"advertisingChannelType": "DISPLAY"}), json!("advertisingChannelType")), "IMMUTABLE_FIELD"),
        (update(json!({"status": "REMOVED"}), json!("status")), "ENUM_VALUE_NOT_PERMITTED"),
        (
            update(json!({"startDateTime": "2027-04-01 00:00:00", "status": "ENABLED"}), json!("status,startDateTime")),
            "OK",
        ),
        (update(json!({"endDateTime": "2027-03-31 23:59:59"}), json!("end_date_time")), "START_DATE_AFTER_END_DATE"),
        (update(json!({"startDateTime": "2027-03-01 00:00:00"}), json!("startDateTime")), "OK"),
        (
            update(json!({"startDateTime": "2027-03-02 00:00:00"}), json!("startDateTime")),
            "CANNOT_MODIFY_START_DATE_IF_ALREADY_STARTED",
        ),
        (
            json!([{"campaignOperation": {"update": {"resourceName": format!("customers/{CID}/campaigns/1"), "name": "x"}, "updateMask": "name"}}]),
            "RESOURCE_NOT_FOUND",
        ),
        (json!([{"campaignOperation": {"remove": campaign.resource_name}}]), "OK"),
        (
            json!([{"campaignOperation": {"remove": campaign.resource_name}}]),
            "OPERATION_NOT_PERMITTED_FOR_REMOVED_RESOURCE",
        ),
        (update(json!({"name": "x"}), json!("name")), "OPERATION_NOT_PERMITTED_FOR_REMOVED_RESOURCE"),
        (
            json!([{"campaignBudgetOperation": {"update": {"resourceName": campaign.budget.as_ref().unwrap().resource_name, "amountMicros": "10000"}, "updateMask": "amountMicros"}}]),
            "CAMPAIGN_BUDGET_REMOVED",
        ),
        (
            json!([{"adGroupOperation": {"create": {"campaign": campaign.resource_name, "name": "x"}}}]),
            "OPERATION_NOT_PERMITTED_FOR_REMOVED_RESOURCE",
        ),
    ] {
        let (_, body) = client.mutate(&operations).await;
        let found = codes(&body).into_iter().next().unwrap_or_else(|| "OK".into());
        assert_eq!(found, code, "{operations} {body:#}");
    }
}

#[tokio::test]
async fn budgets_know_who_uses_them() {
    let client = Client::start().await;
    client.mutate_ok(&line("spring", "50000000", None)).await;
    let budget = client.sim.google_account(CID).campaigns[0].budget.clone().unwrap();
    assert_eq!((budget.name.as_str(), budget.reference_count), ("spring", 1), "named after its campaign");
    let (_, body) = client.mutate(&json!([{"campaignBudgetOperation": {"remove": budget.resource_name}}])).await;
    assert_eq!(codes(&body), ["CAMPAIGN_BUDGET_IN_USE"]);
    let mut second = line("summer", "1000000", None);
    second[1]["campaignOperation"]["create"]["campaignBudget"] = budget.resource_name.clone().into();
    let (_, body) = client.mutate(&second).await;
    assert_eq!(codes(&body)[0], "CANNOT_USE_IMPLICITLY_SHARED_CAMPAIGN_BUDGET_WITH_MULTIPLE_CAMPAIGNS");
    let shared = json!([{"campaignBudgetOperation": {"create": {"name": "pot", "amountMicros": "1000000"}}}]);
    client.mutate_ok(&shared).await;
    assert_eq!(codes(&client.mutate(&shared).await.1), ["DUPLICATE_NAME"], "explicitly shared by default");
}

#[tokio::test]
async fn criteria_and_labels_exist_once() {
    let client = Client::start().await;
    let label = client.mutate_ok(&json!([{"labelOperation": {"create": {"name": "ours"}}}])).await;
    let label = label["mutateOperationResponses"][0]["labelResult"]["resourceName"].as_str().unwrap().to_owned();
    client.mutate_ok(&line("spring", "50000000", Some(&label))).await;
    let view = client.sim.google_account(CID);
    let campaign = &view.campaigns[0];
    let location = |negative: bool| {
        json!([{"campaignCriterionOperation": {"create": {"campaign": campaign.resource_name, "negative": negative,
            "location": {"geoTargetConstant": "geoTargetConstants/2840"}}}}])
    };
    assert_eq!(codes(&client.mutate(&location(false)).await.1), ["RESOURCE_ALREADY_EXISTS"]);
    assert_eq!(codes(&client.mutate(&location(true)).await.1), ["CANNOT_TARGET_AND_EXCLUDE"]);
    let remove = json!([{"campaignCriterionOperation": {"remove": campaign.criteria.iter().find(|c| c.criterion_id == 2840).unwrap().resource_name}}]);
    client.mutate_ok(&remove).await;
    assert_eq!(codes(&client.mutate(&remove).await.1), ["RESOURCE_NOT_FOUND"]);
    client.mutate_ok(&location(true)).await;
    let link = json!([{"campaignLabelOperation": {"create": {"campaign": campaign.resource_name, "label": label}}}]);
    assert_eq!(codes(&client.mutate(&link).await.1), ["CAMPAIGN_LABEL_ALREADY_EXISTS"]);
    client.mutate_ok(&json!([{"labelOperation": {"remove": label}}])).await;
    assert!(client.sim.google_account(CID).campaigns[0].labels.is_empty());
    assert_eq!(codes(&client.mutate(&link).await.1), ["CANNOT_APPLY_INACTIVE_LABEL"]);
    let criterion = |of: Value| {
        let mut create = json!({"campaign": campaign.resource_name});
        create.as_object_mut().unwrap().extend(of.as_object().unwrap().clone());
        json!([{"campaignCriterionOperation": {"create": create}}])
    };
    client.mutate_ok(&criterion(json!({"proximity": {"radius": 5.0}}))).await;
    assert_eq!(codes(&client.mutate(&criterion(json!({"proximity": {"radius": 0.0}}))).await.1), ["REQUIRED"]);
    let carrier = criterion(json!({"carrier": {"carrierConstant": "carrierConstants/70091"}}));
    assert_eq!(codes(&client.mutate(&carrier).await.1), ["CANNOT_ADD_CRITERIA_TYPE"], "not simulated");
}

#[tokio::test]
async fn object_limits_are_held() {
    let mut config = config();
    config.google.limits.campaigns_per_account = 1;
    let client = Client::with(config).await;
    client.mutate_ok(&line("a", "50000000", None)).await;
    let (_, body) = client.mutate(&line("b", "50000000", None)).await;
    let error = &body["error"]["details"][0]["errors"][0];
    assert_eq!(error["errorCode"], json!({"resourceCountLimitExceededError": "ACCOUNT_LIMIT"}));
    assert_eq!(error["details"]["resourceCountDetails"]["limitType"], "CAMPAIGNS_PER_CUSTOMER");
    assert_eq!(error["details"]["resourceCountDetails"]["existingCount"], 1);
}

#[tokio::test]
async fn json_that_does_not_fit_is_refused_before_anything_else() {
    let client = Client::start().await;
    let body = json!({"operations": [{"create": {"name": "x", "colour": "red"}}, {"delete": "x"}], "dryRun": true});
    let (status, answer) = client.post("labels:mutate", &body).await;
    assert_eq!((status, answer["error"]["status"].as_str().unwrap()), (400, "INVALID_ARGUMENT"));
    let violations = answer["error"]["details"][0]["fieldViolations"].as_array().unwrap();
    assert_eq!(answer["error"]["details"][0]["@type"], "type.googleapis.com/google.rpc.BadRequest");
    assert_eq!(violations.len(), 3, "{violations:?}");
    assert_eq!(
        violations.iter().find(|v| v["field"] == "operations[0].create").unwrap()["description"],
        "Invalid JSON payload received. Unknown name \"colour\" at 'operations[0].create': Cannot find field."
    );
    let (_, answer) = client.post("labels:mutate", &json!({"operations": [{}]})).await;
    assert_eq!(codes(&answer), ["OPERATION_REQUIRED"]);
}
