//! Faults: what the client sees and what took effect.

use std::time::Duration;

use adsim::{Effect, Fault, Match};
use serde_json::json;

use crate::support::{CID, Client, codes, config, errors, line};

#[tokio::test]
async fn a_cut_connection_leaves_the_client_in_doubt() {
    let client = Client::start().await;
    let body = json!({"mutateOperations": line("spring", "50000000", None)});
    client.sim.faults().add(Fault::new(Match::mutates(), Effect::CutBefore).times(1));
    assert!(client.send("googleAds:mutate", &body).await.is_err());
    assert!(client.sim.google_account(CID).campaigns.is_empty());
    client.sim.faults().add(Fault::new(Match::mutates().operation("campaign.create"), Effect::CutAfter).times(1));
    assert!(client.send("googleAds:mutate", &body).await.is_err());
    assert_eq!(client.sim.google_account(CID).campaigns.len(), 1);
    assert_eq!(codes(&client.post("googleAds:mutate", &body).await.1)[0], "DUPLICATE_CAMPAIGN_NAME");
    assert!(client.sim.idle());
}

#[tokio::test]
async fn a_hanging_request_is_in_flight_until_the_client_gives_up() {
    let client = Client::start().await;
    client.sim.faults().add(Fault::new(Match::mutates(), Effect::HangAfter).times(1));
    let body = json!({"mutateOperations": line("spring", "50000000", None)});
    let waited = tokio::time::timeout(Duration::from_millis(300), client.send("googleAds:mutate", &body)).await;
    assert!(waited.is_err(), "no answer comes");
    assert_eq!(client.sim.google_account(CID).campaigns.len(), 1);
    while !client.sim.idle() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn errors_of_the_platform_and_of_what_lies_before_it() {
    let client = Client::start().await;
    for (effect, status, code) in [
        (Effect::transient_error(), 503, Some("TRANSIENT_ERROR")),
        (Effect::concurrent_modification(), 409, Some("CONCURRENT_MODIFICATION")),
        (
            Effect::Error { category: "internalError".into(), code: "INTERNAL_ERROR".into() },
            500,
            Some("INTERNAL_ERROR"),
        ),
        (Effect::Status { status: 502, body: json!({"error": "bad gateway"}) }, 502, None),
        (Effect::Latency { millis: 1 }, 200, None),
    ] {
        client.sim.faults().add(Fault::new(Match::mutates().account(CID), effect.clone()).times(1));
        let (found, body) = client.mutate(&json!([{"labelOperation": {"create": {"name": "a"}}}])).await;
        assert_eq!((found, codes(&body).first().map(String::as_str)), (status, code), "{effect:?}");
    }
    assert_eq!(client.sim.google_account(CID).labels.len(), 1);
}

#[tokio::test]
async fn one_line_of_many_is_refused_with_its_index() {
    let client = Client::start().await;
    let reject = Effect::Reject { category: "campaignError".into(), code: "INVALID_CAMPAIGN_NAME".into() };
    client.sim.faults().add(Fault::new(Match::mutates().operation("campaign.create").contains("\"bad\""), reject));
    let mut operations = Vec::new();
    for (i, name) in ["a", "bad", "c"].iter().enumerate() {
        let text = line(name, "50000000", None).to_string();
        let text = (1..=3).fold(text, |t, id| t.replace(&format!("/-{id}\""), &format!("/-{}\"", i * 3 + id)));
        operations.extend(serde_json::from_str::<Vec<serde_json::Value>>(&text).unwrap());
    }
    let (status, body) =
        client.post("googleAds:mutate", &json!({"mutateOperations": operations, "partialFailure": true})).await;
    assert_eq!(status, 200);
    let errors = errors(&body);
    assert_eq!(
        errors[0],
        ("campaignError.INVALID_CAMPAIGN_NAME".into(), "mutate_operations[9].campaign_operation".into())
    );
    assert!(
        errors[1..].iter().all(|(code, _)| code == "newResourceCreationError.TEMP_ID_RESOURCE_HAD_ERRORS"),
        "{errors:?}"
    );
    let view = client.sim.google_account(CID);
    assert_eq!(view.campaigns.iter().map(|c| c.name.as_str()).collect::<Vec<_>>(), ["a", "c"]);
}

#[tokio::test]
async fn requests_are_recorded_without_secrets() {
    let mut config = config();
    config.keep_requests = 10;
    let file = std::env::temp_dir().join(format!("adsim-record-{}.jsonl", std::process::id()));
    config.record = Some(file.clone());
    let client = Client::with(config).await;
    client.mutate_ok(&json!([{"labelOperation": {"create": {"name": "a"}}}])).await;
    let requests = client.sim.requests();
    assert_eq!(
        requests.iter().map(|r| r.path.as_str()).collect::<Vec<_>>(),
        ["/token", &format!("/v26/customers/{CID}/googleAds:mutate")]
    );
    assert_eq!(requests[0].body, json!({"grant_type": "refresh_token"}));
    assert_eq!(requests[1].headers["authorization"], "(secret)");
    assert_eq!(requests[1].response["mutateOperationResponses"].as_array().unwrap().len(), 1);
    let lines = std::fs::read_to_string(&file).unwrap();
    std::fs::remove_file(&file).unwrap();
    assert_eq!(lines.lines().count(), 2);
    assert!(!lines.contains("ya29") && !lines.contains("adsim-secret") && !lines.contains("adsim-refresh"));
}
