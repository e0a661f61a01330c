//! What the demo prints.

use adsim::google::view::AccountView;

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

/// The platform's own view of an account.
pub fn platform(account: &AccountView) {
    println!("   \x1b[2mGoogle Ads {} itself:\x1b[0m", account.customer_id);
    println!("   {:<9} {:>12}  {:<22} NAME", "STATUS", "BUDGET/DAY", "PLACES");
    let mut campaigns: Vec<_> = account.campaigns.iter().filter(|campaign| campaign.status != "REMOVED").collect();
    campaigns.sort_by_key(|campaign| campaign.id);
    for campaign in campaigns {
        let places: Vec<&str> = campaign
            .criteria
            .iter()
            .filter(|criterion| criterion.kind.eq_ignore_ascii_case("location"))
            .map(|criterion| criterion.display_name.as_str())
            .collect();
        let budget = campaign.budget.as_ref().map_or(0, |budget| budget.amount_micros);
        println!(
            "   {:<9} {:>9}.{:02}  {:<22} {}",
            campaign.status,
            budget / 1_000_000,
            budget % 1_000_000 / 10_000,
            places.join(", "),
            campaign.name
        );
    }
}
