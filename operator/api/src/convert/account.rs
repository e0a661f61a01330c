//! What an AdAccount says.

use std::collections::BTreeMap;

use adops_core::budget::brakes::Brakes;
use adops_core::money::Money;
use adops_core::platform::Platform;

use super::InvalidSpec;
use super::campaign::Parse;
use crate::account;
use crate::common::DailyAmount;

/// The ceiling of an AdAccount as money.
///
/// # Errors
///
/// If the amount or the currency cannot be read.
pub fn ceiling(ceiling: &DailyAmount) -> Result<Money, InvalidSpec> {
    let mut parse = Parse::default();
    parse
        .money("spec.ceiling", "daily", &ceiling.daily, &ceiling.currency)
        .ok_or(InvalidSpec { problems: parse.problems })
}

/// What an AdAccount asks of changes of budgets. What cannot be read lets nothing grow.
pub fn brakes(brakes: Option<&account::Brakes>) -> Brakes {
    let Some(brakes) = brakes else { return Brakes::default() };
    let percent = |text: &String| text.strip_suffix('%').and_then(|number| number.parse().ok()).unwrap_or(0);
    Brakes {
        changes_per_hour: brakes.changes_per_hour.map(|number| u32::try_from(number).unwrap_or(0)),
        max_step_percent: brakes.max_step.as_ref().map(percent),
    }
}

/// A poll interval such as `5m`.
pub fn poll_interval(text: &str) -> Option<std::time::Duration> {
    let unit = match text.as_bytes().last()? {
        b's' => 1,
        b'm' => 60,
        b'h' => 3600,
        _ => return None,
    };
    let number: u64 = text[..text.len() - 1].parse().ok()?;
    (number > 0).then(|| number.checked_mul(unit)).flatten().map(std::time::Duration::from_secs)
}

/// Under whom ads are shown on an account, by what the platform calls it, and who makes them.
pub fn identity(account: &account::AdAccountSpec) -> BTreeMap<String, String> {
    let meta = account.meta.clone().unwrap_or_default();
    let tiktok = account.tiktok.clone().unwrap_or_default();
    let given = [
        ("pageId", meta.page_id),
        ("instagramId", meta.instagram_id),
        ("pixelId", meta.pixel_id.or(tiktok.pixel_id)),
        ("identityId", tiktok.identity_id),
        ("ads", pinterest_ads(account)),
    ];
    given.into_iter().filter_map(|(name, id)| Some((name.to_owned(), id?))).collect()
}

/// Who makes the ads on Pinterest, if it is said.
fn pinterest_ads(account: &account::AdAccountSpec) -> Option<String> {
    account.pinterest.as_ref()?.ads.map(|account::PinterestAds::ByHand| "ByHand".to_owned())
}

/// An interval as a poll interval is written: in the largest unit that has no rest.
pub fn written(seconds: i64) -> String {
    match seconds {
        _ if seconds % 3600 == 0 => format!("{}h", seconds / 3600),
        _ if seconds % 60 == 0 => format!("{}m", seconds / 60),
        _ => format!("{seconds}s"),
    }
}

impl From<account::Platform> for Platform {
    fn from(platform: account::Platform) -> Self {
        Self::named(match platform {
            account::Platform::Google => "Google",
            account::Platform::Meta => "Meta",
            account::Platform::TikTok => "TikTok",
            account::Platform::Pinterest => "Pinterest",
        })
    }
}
