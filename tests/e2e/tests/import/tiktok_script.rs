//! A TikTok account that a script has made, with all that scripts do.

use adops_e2e::files::Files;
use adops_e2e::world::World;
use serde_json::{Value, json};

use crate::api::Api;

/// How many campaigns there are.
pub const OBJECTS: usize = 60;
/// How many videos they show.
const VIDEOS: usize = 4;

/// What a campaign is made as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A Campaign can hold it, though not all of it exactly.
    Held,
    /// It has two ad groups.
    TwoGroups,
    /// Its budget is for all its days.
    Total,
    /// Another installation holds it.
    ForeignToken,
    /// It has no ad.
    NoAd,
    /// It shows a video that lies nowhere but in the library.
    Lost,
}

impl Kind {
    /// Of the campaign of a number.
    pub fn of(number: usize) -> Self {
        match number % 12 {
            3 => Self::TwoGroups,
            5 => Self::Total,
            7 => Self::ForeignToken,
            9 => Self::NoAd,
            11 => Self::Lost,
            _ => Self::Held,
        }
    }
}

/// How many of a kind there are.
pub fn count(kind: Kind) -> usize {
    (0..OBJECTS).filter(|number| Kind::of(*number) == kind).count()
}

const NAMES: &[&str] = &["Brand \"US\"", "Spring/Summer — 'sale'", "NO", "null: ~ # not a comment", "日本語"];
/// The United States, the United Kingdom, Germany with Austria.
const PLACES: &[&[&str]] = &[&["6252001"], &["2635167"], &["2921044", "2782113"]];
const BUTTONS: &[&str] = &["LEARN_MORE", "SHOP_NOW", "VIEW_NOW"];
const BUDGETS: &[&str] = &["50", "123.45", "777"];

/// Makes them all. A video's name in the library is that of its file.
pub async fn make(world: &World, files: &Files) {
    let api = Api::new(world);
    let cover = api.tiktok_image("cover.jpg", &api.read(files, "cover-9x16.jpg").await).await;
    let mut videos = Vec::new();
    for number in 0..VIDEOS {
        let name = format!("by-hand-{number}-9x16.mp4");
        videos.push(api.tiktok_video(&name, &api.read(files, &name).await).await);
    }
    let lost =
        api.tiktok_video("lost-9x16.mp4", &[&api.read(files, "lost-9x16.mp4").await[..], b"edited"].concat()).await;
    for number in 0..OBJECTS {
        let video = if Kind::of(number) == Kind::Lost { &lost } else { &videos[number % VIDEOS] };
        campaign(&api, number, video, &cover).await;
    }
}

async fn campaign(api: &Api, number: usize, video: &str, cover: &str) {
    let kind = Kind::of(number);
    let token = if kind == Kind::ForeignToken { " [other-one.0123456789abcdef.01234567.0]" } else { "" };
    let amount: Value = serde_json::from_str(BUDGETS[number % BUDGETS.len()]).unwrap();
    let mut top = json!({
        "request_id": (1_000 + number).to_string(),
        "campaign_name": format!("{} {number}{token}", NAMES[number % NAMES.len()]),
        "objective_type": "WEB_CONVERSIONS",
        "sales_destination": "WEBSITE",
        "operation_status": if number % 3 == 1 { "DISABLE" } else { "ENABLE" },
        "budget_optimize_on": number % 4 != 2,
    });
    match (kind, number % 4) {
        (Kind::Total, _) => {
            top["budget_optimize_on"] = true.into();
            top["budget_mode"] = "BUDGET_MODE_TOTAL".into();
            top["budget"] = 5_000.into();
        }
        (_, 2) => top["budget_mode"] = "BUDGET_MODE_INFINITE".into(),
        _ => {
            top["budget_mode"] = "BUDGET_MODE_DYNAMIC_DAILY_BUDGET".into();
            top["budget"] = amount.clone();
        }
    }
    let campaign = api.tiktok("smart_plus/campaign/create", top).await["campaign_id"].as_str().unwrap().to_owned();
    for at in 0..if kind == Kind::TwoGroups { 2 } else { 1 } {
        let mut group = ad_group(number);
        group["request_id"] = (10_000 + 10 * number + at).to_string().into();
        group["adgroup_name"] = format!("group {at}").into();
        group["campaign_id"] = campaign.as_str().into();
        if number % 4 == 2 {
            group["budget_mode"] = "BUDGET_MODE_DYNAMIC_DAILY_BUDGET".into();
            group["budget"] = amount.clone();
        }
        let group = api.tiktok("smart_plus/adgroup/create", group).await["adgroup_id"].as_str().unwrap().to_owned();
        if kind != Kind::NoAd {
            let ad = json!({"adgroup_id": group, "ad_name": "ad", "operation_status": "ENABLE",
                "creative_list": [{"creative_info": {"ad_format": "SINGLE_VIDEO", "video_info": {"video_id": video},
                    "image_info": [{"web_uri": cover}]}}],
                "ad_text_list": [{"ad_text": "All episodes, today."}, {"ad_text": "Größte Auswahl: 100%"}],
                "call_to_action_list": [{"call_to_action": BUTTONS[number % BUTTONS.len()]}],
                "landing_page_url_list": [{"landing_page_url": format!("https://example.com/a?b=c&n={number}#top")}],
                "ad_configuration": {"identity_id": "7200000000000000001", "identity_type": "CUSTOMIZED_USER"}});
            api.tiktok("smart_plus/ad/create", ad).await;
        }
    }
}

fn ad_group(number: usize) -> Value {
    let mut targeting = json!({"location_ids": PLACES[number % PLACES.len()]});
    if number % 5 != 4 {
        let language = if number.is_multiple_of(2) { "de" } else { "en" };
        targeting["languages"] = json!([language]);
    }
    if number % 7 == 1 {
        targeting["age_groups"] = json!(["AGE_18_24", "AGE_25_34"]);
    }
    if number % 7 == 2 {
        targeting["age_groups"] = json!(["AGE_18_24", "AGE_55_100"]);
    }
    if number % 7 == 3 {
        targeting["gender"] = "GENDER_FEMALE".into();
    }
    let mut group = json!({
        "promotion_type": "WEBSITE",
        "optimization_goal": "CLICK",
        "billing_event": "CPC",
        "bid_type": "BID_TYPE_NO_BID",
        "schedule_type": "SCHEDULE_FROM_NOW",
        "schedule_start_time": "2027-02-24 09:00:00",
        "targeting_optimization_mode": "MANUAL",
        "targeting_spec": targeting,
        "operation_status": "ENABLE",
    });
    if Kind::of(number) == Kind::Total || number % 3 == 2 {
        group["schedule_type"] = "SCHEDULE_START_END".into();
        group["schedule_end_time"] = "2027-12-24 22:59:59".into();
    }
    group
}
