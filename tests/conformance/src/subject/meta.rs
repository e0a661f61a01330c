//! Meta: a line is a campaign with one ad set, its creatives and ads; the budget is the ad set's.

use std::collections::BTreeMap;
use std::sync::Arc;

use adops_core::campaign::settings::ContentHash;
use adops_core::campaign::spec::CampaignSpec;
use adops_core::catalog::media::{MediaBook, MediaFacts, MediaKind, MediaState};
use adops_core::platform::Platform;
use adops_core::secret::Secret;
use adops_platforms::port::{AdPlatform, Outcome, Upload};
use adsim::config::MetaAccountConfig;
use adsim::{AdSim, Config, Effect, Match, MetaEdit, MetaEditAction, PlatformName};
use async_trait::async_trait;

use super::{Access, Feature, Hand, Object, Shape, Subject};

const ACT: &str = "2345678901";
const TOKEN: &str = "adsim-meta-token";
const IMAGE: &str = "https://cdn.example.com/spring.png";

/// A PNG of 1080 x 1080, as far as its head goes.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x04\x38\0\0\x04\x38\x08\x02";

/// Currencies whose smallest unit is the whole one for Meta, whatever ISO 4217 says (its page "Currency codes").
const WHOLE: &[&str] = &["CLP", "COP", "CRC", "HUF", "ISK", "IDR", "JPY", "KRW", "PYG", "TWD", "VND"];

/// Meta.
pub struct Meta;

fn minor(currency: &str) -> i64 {
    if WHOLE.contains(&currency) { 1_000_000 } else { 10_000 }
}

#[async_trait]
impl Subject for Meta {
    const PLATFORM: Platform = adops_platforms::meta::PLATFORM;
    const ACCOUNT: &'static str = "act_2345678901";
    const PAGE: usize = 1_000;
    const RENEWS: bool = false;
    const REHEARSES: bool = true;
    const IS_CHAIN: bool = true;

    fn configure(config: &mut Config, shape: &Shape) {
        config.meta.accounts = vec![MetaAccountConfig {
            currency: shape.currency.into(),
            timezone_name: shape.zone.into(),
            ..MetaAccountConfig::default()
        }];
        // It runs on the machine's clock.
        config.meta.quota.mutations_per_second = None;
    }

    fn serve_later_versions(config: &mut Config) {
        config.meta.versions = vec!["v99.0".into()];
    }

    fn access(sim: &AdSim) -> Access {
        let keys = [("access_token", TOKEN), ("app_id", "700000000000001"), ("app_secret", "adsim-app-secret")];
        let identity = [("pageId", "900000000000001"), ("pixelId", "600000000000001")];
        Access {
            endpoint: sim.meta_url(),
            manager_id: None,
            identity: identity.map(|(key, id)| (key.to_owned(), id.to_owned())).into(),
            credentials: keys.map(|(key, value)| (key.to_owned(), Secret::new(value))).into(),
            conversion_action: None,
        }
    }

    fn lacks() -> &'static [Feature] {
        &[Feature::ThreeDecimals]
    }

    fn adapt(spec: &mut CampaignSpec) {
        spec.ads[0].media = vec![IMAGE.to_owned()];
        spec.meta.beneficiary = Some("Example Ltd".to_owned());
    }

    async fn library(platform: &dyn AdPlatform, _sim: &AdSim, account: &str) -> MediaBook {
        let facts = MediaFacts {
            hash: ContentHash("a".repeat(64)),
            md5: String::new(),
            kind: MediaKind::Image,
            format: "png".to_owned(),
            width: 1080,
            height: 1080,
            duration_ms: None,
            size: 1000,
        };
        let upload = Upload { facts: facts.clone(), url: IMAGE.to_owned(), content: Arc::new(PNG.to_vec()) };
        let outcome = platform.upload(&upload).await;
        assert!(matches!(outcome, Outcome::Applied { .. }), "{outcome:?}");
        BTreeMap::from([((account.to_owned(), IMAGE.to_owned()), MediaState::Known(facts))])
    }

    fn objects(sim: &AdSim) -> Vec<Object> {
        let account = sim.meta_account(ACT);
        let unit = minor(&account.currency);
        let object = |campaign: &adsim::meta::view::MetaCampaignView| {
            let sets: Vec<_> = campaign.ad_sets.iter().filter(|set| set.object.is_present()).collect();
            let budget = campaign.object.daily_budget.or_else(|| sets.iter().find_map(|set| set.object.daily_budget));
            Object {
                id: campaign.object.id.to_string(),
                name: campaign.object.name.clone(),
                enabled: campaign.object.status == "ACTIVE",
                budget: budget.map(|budget| budget * unit),
                elements: 1 + sets.len() + sets.iter().map(|set| set.ads.len()).sum::<usize>(),
            }
        };
        account.present().map(object).collect()
    }

    fn live_micros(sim: &AdSim) -> i64 {
        sim.meta_account(ACT).live_daily_budget_micros
    }

    fn by_hand(sim: &AdSim, hand: &Hand<'_>) {
        // The suite edits accounts in euros and dollars only.
        let unit = minor("EUR");
        let with_budget = |id: &str| {
            let account = sim.meta_account(ACT);
            let campaign = account.campaigns.iter().find(|campaign| campaign.object.id.to_string() == id).unwrap();
            let set = campaign.ad_sets.iter().find(|set| set.object.daily_budget.is_some());
            set.map_or_else(|| id.to_owned(), |set| set.object.id.to_string())
        };
        let object = |id: &str| id.to_owned();
        let action = match hand {
            Hand::Pause(id) => MetaEditAction::Pause { object: object(id) },
            Hand::Budget(id, micros) => {
                MetaEditAction::SetBudget { object: with_budget(id), daily_budget: micros / unit }
            }
            Hand::Rename(id, name) => MetaEditAction::Rename { object: object(id), name: (*name).to_owned() },
            Hand::Remove(id) => MetaEditAction::Delete { object: object(id) },
            Hand::Foreign(name, micros) => MetaEditAction::AddForeignCampaign {
                name: (*name).to_owned(),
                daily_budget: micros / unit,
                enabled: true,
                labels: Vec::new(),
                countries: Vec::new(),
            },
            Hand::Suspend(suspended) => MetaEditAction::SetAccountStatus {
                status: if *suspended { 2 } else { 1 },
                disable_reason: i64::from(*suspended),
            },
        };
        sim.edit_meta(&MetaEdit::by_hand(ACT, action)).unwrap();
    }

    fn writes() -> Match {
        Match::platform(PlatformName::Meta).method("POST")
    }

    fn listings() -> Match {
        Match::platform(PlatformName::Meta).method("GET")
    }

    fn throttled() -> Effect {
        Effect::Error { category: "80004".into(), code: "2446079".into() }
    }

    fn revoke(sim: &AdSim) {
        sim.revoke_meta_token(TOKEN);
    }

    fn restore(sim: &AdSim) {
        sim.restore_meta_token(TOKEN);
    }

    fn expire(sim: &AdSim) {
        sim.revoke_meta_token(TOKEN);
    }
}
