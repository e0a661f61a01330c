//! Pinterest: a line is a campaign with one ad group; the budget is the campaign's. Ads are made by people.

use std::collections::BTreeMap;

use adops_core::platform::Platform;
use adops_core::secret::Secret;
use adsim::config::PinterestAccountConfig;
use adsim::pinterest::config::CURRENCIES;
use adsim::{AdSim, Config, Effect, Match, PinterestAction, PinterestEdit, PlatformName};
use async_trait::async_trait;

use super::{Access, Feature, Hand, Object, Shape, Subject};

const ACCOUNT: &str = "549755885175";
const TOKEN: &str = "adsim-pinterest-token";

/// Pinterest.
pub struct Pinterest;

#[async_trait]
impl Subject for Pinterest {
    const PLATFORM: Platform = adops_platforms::pinterest::PLATFORM;
    const ACCOUNT: &'static str = ACCOUNT;
    const PAGE: usize = 250;
    const RENEWS: bool = false;
    const REHEARSES: bool = false;
    const IS_CHAIN: bool = true;

    fn configure(config: &mut Config, shape: &Shape) {
        config.pinterest.accounts =
            vec![PinterestAccountConfig { currency: shape.currency.into(), ..PinterestAccountConfig::default() }];
    }

    fn serve_later_versions(config: &mut Config) {
        config.pinterest.versions = vec!["v9".into()];
    }

    fn access(sim: &AdSim) -> Access {
        Access {
            endpoint: sim.pinterest_url(),
            manager_id: None,
            identity: BTreeMap::from([("ads".to_owned(), "ByHand".to_owned())]),
            credentials: BTreeMap::from([("access_token".to_owned(), Secret::new(TOKEN))]),
            conversion_action: None,
        }
    }

    fn lacks() -> &'static [Feature] {
        &[Feature::Ads, Feature::ThreeDecimals, Feature::Zones, Feature::AccountStatus]
    }

    fn has_currency(code: &str) -> bool {
        CURRENCIES.contains(&code)
    }

    fn objects(sim: &AdSim) -> Vec<Object> {
        let account = sim.pinterest_account(ACCOUNT).unwrap();
        let object = |campaign: &adsim::pinterest::view::PinterestCampaignView| Object {
            id: campaign.id.clone(),
            name: campaign.name.clone(),
            enabled: campaign.active,
            budget: campaign.daily_spend_cap,
            elements: 1 + campaign.ad_groups.len(),
        };
        account.present().map(object).collect()
    }

    fn live_micros(sim: &AdSim) -> i64 {
        sim.pinterest_account(ACCOUNT).unwrap().live_daily_budget_micros
    }

    fn by_hand(sim: &AdSim, hand: &Hand<'_>) {
        let action = match hand {
            Hand::Pause(id) => PinterestAction::set(id, "status", "PAUSED"),
            Hand::Budget(id, micros) => PinterestAction::set(id, "daily_spend_cap", *micros),
            Hand::Rename(id, name) => PinterestAction::set(id, "name", *name),
            Hand::Remove(id) => PinterestAction::set(id, "status", "ARCHIVED"),
            Hand::Foreign(name, micros) => {
                PinterestAction::AddForeignCampaign { name: (*name).to_owned(), daily_spend_cap: *micros, active: true }
            }
            Hand::Suspend(suspended) => PinterestAction::SetDisabled { disabled: *suspended },
        };
        sim.edit_pinterest(&PinterestEdit::by_hand(ACCOUNT, action)).unwrap();
    }

    fn writes() -> Match {
        Match::platform(PlatformName::Pinterest).operation("write")
    }

    fn listings() -> Match {
        Match::platform(PlatformName::Pinterest).method("GET")
    }

    fn throttled() -> Effect {
        Effect::Error { category: String::new(), code: "429".into() }
    }

    fn revoke(sim: &AdSim) {
        sim.revoke_pinterest_token(TOKEN);
    }

    fn restore(sim: &AdSim) {
        sim.restore_pinterest_token(TOKEN);
    }

    fn expire(sim: &AdSim) {
        sim.expire_pinterest_tokens();
    }
}
