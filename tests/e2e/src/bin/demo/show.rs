//! What the demo prints.

use adops_e2e::reach;
use adsim::{AdSim, PlatformName};
use serde_json::Value;

/// A step of the story.
pub fn step(number: usize, title: &str) {
    println!("\n\x1b[1m{number}. {title}\x1b[0m");
}

/// What the narrator says.
pub fn say(text: &str) {
    println!("   {text}");
}

/// Something that was checked and holds.
pub fn holds(text: &str) {
    println!("   \x1b[32m✔\x1b[0m {text}");
}

/// The story does not hold.
pub fn failed(error: &anyhow::Error) {
    println!("   \x1b[31m✘\x1b[0m {error:#}");
}

/// A command as the user would type it, and what it printed.
pub fn command(line: &str, output: &str) {
    println!("   \x1b[2m$ {line}\x1b[0m");
    for line in output.lines() {
        println!("   {line}");
    }
}

/// What a platform itself shows of an object, in its own words.
struct Row {
    status: String,
    micros: i64,
    places: String,
    name: String,
}

/// A platform's own view of its account.
pub fn platform(sim: &AdSim, platform: PlatformName) {
    let (title, rows) = match platform {
        PlatformName::Google => ("Google Ads", google(sim)),
        PlatformName::Meta => ("Meta", meta(sim)),
        PlatformName::TikTok => ("TikTok", tiktok(sim)),
        // The demo has no account there.
        PlatformName::Pinterest => ("Pinterest", Vec::new()),
    };
    println!("   \x1b[2m{title} {} itself:\x1b[0m", reach::account_id(platform));
    println!("   {:<9} {:>12}  {:<24} NAME", "STATUS", "BUDGET/DAY", "PLACES");
    for Row { status, micros, places, name } in rows {
        let (whole, cents) = (micros / 1_000_000, micros % 1_000_000 / 10_000);
        println!("   {status:<9} {whole:>9}.{cents:02}  {places:<24} {name}");
    }
}

fn google(sim: &AdSim) -> Vec<Row> {
    let row = |campaign: &adsim::google::view::CampaignView| {
        let criteria = campaign.criteria.iter().filter(|criterion| criterion.kind.eq_ignore_ascii_case("location"));
        Row {
            status: campaign.status.clone(),
            micros: campaign.budget.as_ref().map_or(0, |budget| budget.amount_micros),
            places: criteria.map(|criterion| criterion.display_name.as_str()).collect::<Vec<_>>().join(", "),
            name: campaign.name.clone(),
        }
    };
    sim.google_account(reach::account_id(PlatformName::Google)).present().map(row).collect()
}

fn meta(sim: &AdSim) -> Vec<Row> {
    let row = |campaign: &adsim::meta::view::MetaCampaignView| {
        let set = campaign.ad_sets.first();
        let countries = set.and_then(|set| set.targeting["geo_locations"]["countries"].as_array());
        Row {
            status: campaign.object.status.clone(),
            // In cents.
            micros: set.and_then(|set| set.object.daily_budget).unwrap_or(0) * 10_000,
            places: countries.into_iter().flatten().filter_map(Value::as_str).collect::<Vec<_>>().join(", "),
            name: campaign.object.name.clone(),
        }
    };
    sim.meta_account(reach::account_id(PlatformName::Meta)).present().map(row).collect()
}

fn tiktok(sim: &AdSim) -> Vec<Row> {
    let row = |campaign: &adsim::tiktok::view::TikTokCampaignView| Row {
        status: if campaign.enabled { "ENABLE" } else { "DISABLE" }.to_owned(),
        micros: campaign.budget_micros.unwrap_or(0),
        places: campaign.adgroups.iter().flat_map(|group| group.location_ids.clone()).collect::<Vec<_>>().join(", "),
        name: campaign.name.clone(),
    };
    let account = sim.tiktok_account(reach::account_id(PlatformName::TikTok));
    account.iter().flat_map(adsim::AdvertiserView::present).map(row).collect()
}
