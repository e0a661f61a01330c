//! Google Ads: a line is a campaign with its budget, ad group and ads.

use std::collections::BTreeMap;

use adops_core::platform::Platform;
use adops_core::secret::Secret;
use adsim::config::AccountConfig;
use adsim::google::account::CustomerStatus;
use adsim::{AdSim, Config, Edit, EditAction, Effect, Match};
use serde_json::json;

use super::{Access, Hand, Object, Shape, Subject};

const CUSTOMER: &str = "1234567890";

/// Google Ads.
pub struct Google;

impl Subject for Google {
    const PLATFORM: Platform = adops_platforms::google_ads::PLATFORM;
    const ACCOUNT: &'static str = "123-456-7890";
    const PAGE: usize = 10_000;
    const RENEWS: bool = true;
    const REHEARSES: bool = true;
    const IS_CHAIN: bool = false;

    fn configure(config: &mut Config, shape: &Shape) {
        config.google.accounts = vec![AccountConfig {
            currency_code: shape.currency.into(),
            time_zone: shape.zone.into(),
            ..AccountConfig::default()
        }];
    }

    fn serve_later_versions(config: &mut Config) {
        config.google.versions = vec!["v99".into()];
    }

    fn access(sim: &AdSim) -> Access {
        let keys = [
            ("client_id", "adsim-client".to_owned()),
            ("client_secret", "adsim-secret".to_owned()),
            ("refresh_token", "adsim-refresh".to_owned()),
            ("token_uri", sim.token_url()),
        ];
        Access {
            endpoint: sim.google_url(),
            manager_id: None,
            identity: BTreeMap::new(),
            credentials: keys.map(|(key, value)| (key.to_owned(), Secret::new(value))).into(),
            conversion_action: Some("signup".to_owned()),
        }
    }

    fn objects(sim: &AdSim) -> Vec<Object> {
        let account = sim.google_account(CUSTOMER);
        let object = |campaign: &adsim::google::view::CampaignView| Object {
            id: campaign.id.to_string(),
            name: campaign.name.clone(),
            enabled: campaign.status == "ENABLED",
            budget: campaign.budget.as_ref().map(|budget| budget.amount_micros),
            elements: 1
                + campaign.ad_groups.len()
                + campaign.ad_groups.iter().map(|group| group.ads.len()).sum::<usize>(),
        };
        account.present().map(object).collect()
    }

    fn live_micros(sim: &AdSim) -> i64 {
        sim.google_account(CUSTOMER).live_daily_budget_micros
    }

    fn by_hand(sim: &AdSim, hand: &Hand<'_>) {
        let campaign = |id: &str| id.to_owned();
        let action = match hand {
            Hand::Pause(id) => EditAction::Pause { campaign: campaign(id) },
            Hand::Budget(id, micros) => EditAction::SetBudget { campaign: campaign(id), amount_micros: *micros },
            Hand::Rename(id, name) => EditAction::Rename { campaign: campaign(id), name: (*name).to_owned() },
            Hand::Remove(id) => EditAction::RemoveCampaign { campaign: campaign(id) },
            Hand::Foreign(name, micros) => EditAction::AddForeignCampaign {
                name: (*name).to_owned(),
                amount_micros: *micros,
                enabled: true,
                labels: Vec::new(),
                geo_target_ids: vec![2840],
            },
            Hand::Suspend(suspended) => EditAction::SetAccountStatus {
                status: if *suspended { CustomerStatus::Suspended } else { CustomerStatus::Enabled },
            },
        };
        sim.edit(&Edit::by_hand(CUSTOMER, action)).unwrap();
    }

    fn writes() -> Match {
        Match::mutates()
    }

    fn listings() -> Match {
        Match::searches()
    }

    fn throttled() -> Effect {
        Effect::Status {
            status: 429,
            body: json!({ "error": {
                "code": 429,
                "message": "Resource has been exhausted (e.g. check quota).",
                "status": "RESOURCE_EXHAUSTED",
                "details": [{
                    "@type": "type.googleapis.com/google.ads.googleads.v26.errors.GoogleAdsFailure",
                    "errors": [{
                        "errorCode": { "quotaError": "RESOURCE_TEMPORARILY_EXHAUSTED" },
                        "message": "Too many requests. Retry in 30 seconds.",
                        "details": { "quotaErrorDetails": {
                            "rateScope": "ACCOUNT", "rateName": "Requests", "retryDelay": "30s",
                        } },
                    }],
                    "requestId": "none",
                }],
            } }),
        }
    }

    fn revoke(sim: &AdSim) {
        sim.revoke_grant("adsim-refresh");
    }

    fn restore(sim: &AdSim) {
        sim.restore_grant("adsim-refresh");
    }

    fn expire(sim: &AdSim) {
        sim.expire_tokens();
    }
}
