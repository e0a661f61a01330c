//! Batch requests.

use serde_json::{Value, json};

use crate::support::{Client, act, campaign};

fn form(params: &Value) -> String {
    let pairs = params.as_object().unwrap().iter().map(|(name, value)| {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        format!("{name}={}", text.replace('&', "%26").replace('+', "%2B"))
    });
    pairs.collect::<Vec<_>>().join("&")
}

#[tokio::test]
async fn a_batch_answers_each_call_and_is_not_atomic() {
    let client = Client::start().await;
    let batch = json!([
        {"method": "POST", "relative_url": act("campaigns"), "body": form(&campaign("a"))},
        {"method": "POST", "relative_url": format!("v26.0/{}", act("campaigns")), "body": "name=b"},
        {"method": "GET", "relative_url": format!("{}?fields=name", act("campaigns"))},
    ]);
    let answers = client.ok("POST", "", json!({"batch": batch})).await;
    let codes: Vec<i64> = answers.as_array().unwrap().iter().map(|a| a["code"].as_i64().unwrap()).collect();
    assert_eq!(codes, [200, 400, 200]);
    let error: Value = serde_json::from_str(answers[1]["body"].as_str().unwrap()).unwrap();
    assert_eq!(error["error"]["error_data"]["blame_field_specs"], json!([["objective"]]));
    let list: Value = serde_json::from_str(answers[2]["body"].as_str().unwrap()).unwrap();
    assert_eq!(list["data"][0]["name"], "a");
    let headers = answers[0]["headers"].as_array().unwrap();
    assert!(headers.iter().any(|h| h["name"] == "x-business-use-case-usage"), "{headers:?}");
    let plain = client.ok("POST", "", json!({"batch": batch, "include_headers": false})).await;
    assert!(plain[0].get("headers").is_none());
}

#[tokio::test]
async fn a_call_uses_what_an_earlier_one_answered() {
    let client = Client::start().await;
    let set = crate::support::ad_set("{result=campaign:$.id}");
    let batch = json!([
        {"method": "POST", "name": "campaign", "relative_url": act("campaigns"), "body": form(&campaign("a"))},
        {"method": "POST", "name": "set", "omit_response_on_success": false, "relative_url": act("adsets"), "body": form(&set)},
        {"method": "GET", "relative_url": "{result=set:$.id}?fields=campaign_id"},
        {"method": "GET", "relative_url": "{result=other:$.id}"},
    ]);
    let answers = client.ok("POST", "", json!({"batch": batch})).await;
    assert_eq!(answers[0], Value::Null, "the answer of a call with a name is left out");
    assert_eq!(
        (&answers[1]["code"], &answers[2]["code"], &answers[3]["code"]),
        (&json!(200), &json!(200), &json!(400))
    );
    let node: Value = serde_json::from_str(answers[2]["body"].as_str().unwrap()).unwrap();
    assert_eq!(
        node["campaign_id"],
        client.sim.meta_account(crate::support::ACCOUNT).campaigns[0].object.id.to_string()
    );
}

#[tokio::test]
async fn a_batch_has_at_most_fifty_calls() {
    let client = Client::start().await;
    let batch: Vec<Value> = (0..51).map(|_| json!({"method": "GET", "relative_url": "me"})).collect();
    assert_eq!(client.error("POST", "", json!({"batch": batch})).await, (-3, None));
    let answers = client.ok("POST", "", json!({"batch": batch[..50]})).await;
    assert_eq!(answers.as_array().unwrap().len(), 50);
}
