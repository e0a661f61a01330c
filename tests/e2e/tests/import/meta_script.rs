//! A Meta account that a script has made, with all that scripts do.

use adops_e2e::files::Files;
use adops_e2e::world::World;
use serde_json::{Value, json};

use crate::api::Api;

/// How many campaigns there are.
pub const OBJECTS: usize = 60;

/// What a campaign is made as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A Campaign can hold it, though not all of it exactly.
    Held,
    /// It has two ad sets.
    TwoSets,
    /// It shows a video.
    Video,
    /// Its budget is the campaign's.
    CampaignBudget,
    /// Its budget is for all its days.
    Lifetime,
    /// Another installation holds it.
    ForeignToken,
    /// It is optimized for what no Campaign says.
    OtherGoal,
    /// It shows several images at once.
    Carousel,
}

impl Kind {
    /// Of the campaign of a number.
    pub fn of(number: usize) -> Self {
        match number % 12 {
            3 => Self::TwoSets,
            4 => Self::Video,
            5 => Self::CampaignBudget,
            6 => Self::Lifetime,
            7 => Self::ForeignToken,
            8 => Self::OtherGoal,
            9 => Self::Carousel,
            _ => Self::Held,
        }
    }
}

/// How many of a kind there are.
pub fn count(kind: Kind) -> usize {
    (0..OBJECTS).filter(|number| Kind::of(*number) == kind).count()
}

const NAMES: &[&str] =
    &["Brand \"US\"", "🚀 Spring/Summer — 'sale'", "NO", "null: ~ # not a comment", "日本語", "[spring.old.x.0] copy"];
const COUNTRIES: &[&[&str]] = &[&["US"], &["GB"], &["DE", "AT", "CH"], &["JP"]];
const BUDGETS: &[i64] = &[1_000, 12_34, 77_700, 5_050];

/// Makes them all.
pub async fn make(world: &World, files: &Files) {
    let api = Api::new(world);
    let mut images = Vec::new();
    for number in 0..5 {
        let content = api.read(files, &format!("by-hand-{number}-1x1.jpg")).await;
        images.push(api.meta_image(&format!("Summer {number} (final).jpg"), &content).await);
    }
    let video = json!({"file_url": format!("{}/by-hand-9x16.mp4", files.url()), "title": "trailer"});
    let video = api.meta("advideos", video).await;
    for number in 0..OBJECTS {
        campaign(&api, number, &images, &video).await;
    }
}

async fn campaign(api: &Api, number: usize, images: &[String], video: &str) {
    let kind = Kind::of(number);
    let token = if kind == Kind::ForeignToken { " [other-one.0123456789abcdef.01234567.0]" } else { "" };
    let sales = number % 5 == 2 && kind == Kind::Held;
    let mut top = json!({
        "name": format!("{} {number}{token}", NAMES[number % NAMES.len()]),
        "objective": if sales { "OUTCOME_SALES" } else { "OUTCOME_TRAFFIC" },
        "status": if number % 3 == 1 { "PAUSED" } else { "ACTIVE" },
        "special_ad_categories": [],
    });
    if kind == Kind::CampaignBudget {
        top["daily_budget"] = json!(BUDGETS[number % BUDGETS.len()]);
        top["bid_strategy"] = "LOWEST_COST_WITHOUT_CAP".into();
    } else {
        top["is_adset_budget_sharing_enabled"] = false.into();
    }
    let campaign = api.meta("campaigns", top).await;
    for set in 0..if kind == Kind::TwoSets { 2 } else { 1 } {
        let mut params = ad_set(number, sales);
        params["name"] = format!("set {set}").into();
        params["campaign_id"] = campaign.as_str().into();
        let set = api.meta("adsets", params).await;
        for ad in 0..if number.is_multiple_of(4) { 2 } else { 1 } {
            let image = &images[(number + ad) % images.len()];
            let story = story(number, kind, image, video);
            let creative =
                api.meta("adcreatives", json!({"name": format!("creative {ad}"), "object_story_spec": story})).await;
            let params = json!({"name": format!("ad {ad}"), "adset_id": set, "status": "ACTIVE",
                "creative": {"creative_id": creative}});
            api.meta("ads", params).await;
        }
    }
}

fn ad_set(number: usize, sales: bool) -> Value {
    let kind = Kind::of(number);
    let mut targeting = json!({
        "geo_locations": {"countries": COUNTRIES[number % COUNTRIES.len()]},
        "targeting_automation": {"advantage_audience": 0},
    });
    if number % 7 == 1 {
        targeting["age_min"] = 21.into();
        targeting["age_max"] = 54.into();
    }
    if number % 7 == 3 {
        targeting["genders"] = json!([2]);
    }
    if number.is_multiple_of(6) {
        targeting["flexible_spec"] = json!([{"interests": [{"id": "6003107902433", "name": "Football"}]}]);
    }
    if number % 10 == 1 {
        targeting["publisher_platforms"] = json!(["instagram"]);
    }
    let mut set = json!({
        "status": if number % 10 == 2 { "PAUSED" } else { "ACTIVE" },
        "billing_event": "IMPRESSIONS",
        "optimization_goal": match (kind, sales) {
            (Kind::OtherGoal, _) => "LANDING_PAGE_VIEWS",
            (_, true) => "OFFSITE_CONVERSIONS",
            _ => "LINK_CLICKS",
        },
        "targeting": targeting,
        "dsa_beneficiary": "Somebody",
        "dsa_payor": "Somebody",
    });
    if sales {
        set["promoted_object"] = json!({"pixel_id": "600000000000001", "custom_event_type": "PURCHASE"});
    }
    match kind {
        Kind::CampaignBudget => {}
        Kind::Lifetime => {
            set["lifetime_budget"] = 500_000.into();
            set["end_time"] = "2027-12-24T23:59:59+0100".into();
        }
        _ => set["daily_budget"] = json!(BUDGETS[number % BUDGETS.len()]),
    }
    if kind == Kind::Held && number % 4 == 3 {
        set["bid_strategy"] = "COST_CAP".into();
        set["bid_amount"] = 250.into();
    }
    if number % 3 == 2 {
        set["end_time"] = "2027-12-24T23:59:59+0100".into();
    }
    set
}

fn story(number: usize, kind: Kind, image: &str, video: &str) -> Value {
    let link = format!("https://example.com/a?b=c&n={number}#top");
    let button = ["LEARN_MORE", "SHOP_NOW", "GET_QUOTE"][number % 3];
    let button = json!({"type": button, "value": {"link": link}});
    let text = if number.is_multiple_of(11) { "All  episodes." } else { "All episodes, today." };
    let mut data = json!({"message": text, "call_to_action": button});
    let name = match kind {
        Kind::Video => {
            data["title"] = "Spring".into();
            data["video_id"] = video.into();
            data["image_hash"] = image.into();
            "video_data"
        }
        Kind::Carousel => {
            let card = json!({"link": link, "image_hash": image, "name": "card"});
            data["link"] = link.as_str().into();
            data["child_attachments"] = json!([card, card]);
            "link_data"
        }
        _ => {
            data["link"] = link.as_str().into();
            data["name"] = "Spring is \"here\"".into();
            data["description"] = "Start for free - no card".into();
            data["image_hash"] = image.into();
            "link_data"
        }
    };
    json!({"page_id": "900000000000001", name: data})
}
