//! TikTok: a line is a Smart+ campaign with one ad group and its ads.

use std::collections::BTreeMap;
use std::sync::Arc;

use adops_core::campaign::settings::ContentHash;
use adops_core::campaign::spec::CampaignSpec;
use adops_core::catalog::media::{MediaBook, MediaFacts, MediaKind, MediaState};
use adops_core::platform::Platform;
use adops_core::secret::Secret;
use adops_platforms::port::{AdPlatform, Outcome, Upload};
use adsim::tiktok::account::AdvertiserStatus;
use adsim::tiktok::config::MediaFile;
use adsim::{AdSim, AdvertiserConfig, Config, Effect, Match, PlatformName, TikTokAction, TikTokEdit};
use async_trait::async_trait;
use jiff::SignedDuration;

use super::{Access, Feature, Hand, Object, Shape, Subject};

const ADVERTISER: &str = "7000000000000000001";
const TOKEN: &str = "adsim-tiktok-token";
const VIDEO: &str = "https://cdn.example.com/spring.mp4";
const COVER: &str = "https://cdn.example.com/spring.jpg";

/// TikTok.
pub struct TikTok;

#[async_trait]
impl Subject for TikTok {
    const PLATFORM: Platform = adops_platforms::tiktok::PLATFORM;
    const ACCOUNT: &'static str = ADVERTISER;
    const PAGE: usize = 1_000;
    const RENEWS: bool = false;
    const REHEARSES: bool = false;
    const IS_CHAIN: bool = true;

    fn configure(config: &mut Config, shape: &Shape) {
        config.tiktok.advertisers = vec![AdvertiserConfig {
            currency: shape.currency.into(),
            timezone: shape.zone.into(),
            ..AdvertiserConfig::default()
        }];
        // They run on the machine's clock.
        config.tiktok.ad_write_seconds = 0.0;
        config.tiktok.request_id_seconds = 0.0;
        let video = MediaFile { content: "video".into(), ..MediaFile::default() };
        let cover = MediaFile { content: "cover".into(), seconds: 0.0, ..MediaFile::default() };
        config.tiktok.media = vec![video, cover];
    }

    fn serve_later_versions(config: &mut Config) {
        config.tiktok.versions = vec!["v9.0".into()];
    }

    fn access(sim: &AdSim) -> Access {
        let identity = [("pixelId", "7100000000000000001"), ("identityId", "7200000000000000001")];
        Access {
            endpoint: sim.tiktok_url(),
            manager_id: None,
            identity: identity.map(|(key, id)| (key.to_owned(), id.to_owned())).into(),
            credentials: BTreeMap::from([("access_token".to_owned(), Secret::new(TOKEN))]),
            conversion_action: Some("ON_WEB_REGISTER".to_owned()),
        }
    }

    fn lacks() -> &'static [Feature] {
        &[Feature::ThreeDecimals]
    }

    fn adapt(spec: &mut CampaignSpec) {
        spec.ads[0].media = vec![VIDEO.to_owned(), COVER.to_owned()];
    }

    async fn library(platform: &dyn AdPlatform, sim: &AdSim, account: &str) -> MediaBook {
        let mut book = MediaBook::new();
        for (url, kind, content) in [(VIDEO, MediaKind::Video, "video"), (COVER, MediaKind::Image, "cover")] {
            let facts = MediaFacts {
                hash: ContentHash(content[..1].replace('v', "1").replace('c', "2").repeat(64)),
                md5: String::new(),
                kind,
                format: if kind == MediaKind::Video { "mp4" } else { "jpg" }.to_owned(),
                width: 1080,
                height: 1920,
                duration_ms: (kind == MediaKind::Video).then_some(15_000),
                size: 4_000_000,
            };
            let content = Arc::new(content.as_bytes().to_vec());
            let upload = Upload { facts: facts.clone(), url: url.to_owned(), content };
            let outcome = platform.upload(&upload).await;
            assert!(matches!(outcome, Outcome::Applied { .. }), "{outcome:?}");
            book.insert((account.to_owned(), url.to_owned()), MediaState::Known(facts));
        }
        sim.set_now(sim.now() + SignedDuration::from_mins(2));
        book
    }

    fn objects(sim: &AdSim) -> Vec<Object> {
        let account = sim.tiktok_account(ADVERTISER).unwrap();
        let object = |campaign: &adsim::tiktok::view::TikTokCampaignView| {
            let groups: Vec<_> = campaign.adgroups.iter().filter(|group| !group.deleted).collect();
            Object {
                id: campaign.id.clone(),
                name: campaign.name.clone(),
                enabled: campaign.enabled,
                budget: campaign.budget_micros.or_else(|| groups.iter().find_map(|group| group.budget_micros)),
                elements: 1 + groups.len() + groups.iter().map(|group| group.ads.len()).sum::<usize>(),
            }
        };
        account.present().map(object).collect()
    }

    fn live_micros(sim: &AdSim) -> i64 {
        sim.tiktok_account(ADVERTISER).unwrap().live_daily_budget_micros
    }

    fn by_hand(sim: &AdSim, hand: &Hand<'_>) {
        let with_budget = |id: &str| {
            let account = sim.tiktok_account(ADVERTISER).unwrap();
            let campaign = account.campaigns.iter().find(|campaign| campaign.id == id).unwrap();
            let group = campaign.adgroups.iter().find(|group| group.budget_micros.is_some());
            match (campaign.budget_micros, group) {
                (None, Some(group)) => group.id.clone(),
                _ => id.to_owned(),
            }
        };
        let object = |id: &str| id.to_owned();
        let action = match hand {
            Hand::Pause(id) => TikTokAction::Pause { object: object(id) },
            Hand::Budget(id, micros) => TikTokAction::SetBudget { object: with_budget(id), budget_micros: *micros },
            Hand::Rename(id, name) => TikTokAction::Rename { object: object(id), name: (*name).to_owned() },
            Hand::Remove(id) => TikTokAction::Delete { object: object(id) },
            Hand::Foreign(name, micros) => TikTokAction::AddForeignCampaign {
                name: (*name).to_owned(),
                budget_micros: *micros,
                enabled: true,
                smart_plus: true,
                location_ids: Vec::new(),
            },
            Hand::Suspend(suspended) => TikTokAction::SetAccountStatus {
                status: if *suspended { AdvertiserStatus::Limit } else { AdvertiserStatus::Enable },
            },
        };
        sim.edit_tiktok(&TikTokEdit::by_hand(ADVERTISER, action)).unwrap();
    }

    fn writes() -> Match {
        Match::platform(PlatformName::TikTok).method("POST")
    }

    fn listings() -> Match {
        Match::platform(PlatformName::TikTok).method("GET")
    }

    fn throttled() -> Effect {
        Effect::Error { category: "too many requests".into(), code: "40100".into() }
    }

    fn revoke(sim: &AdSim) {
        sim.revoke_tiktok_token(TOKEN);
    }

    fn restore(sim: &AdSim) {
        sim.restore_tiktok_token(TOKEN);
    }

    fn expire(sim: &AdSim) {
        sim.expire_tiktok_tokens();
    }
}
