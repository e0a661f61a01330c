//! The platforms of a world, alike: how their accounts are called, what they show, and what a person does there.

use adops_conformance::Subject;
use adops_conformance::subject::{Google, Hand, Meta, Object, Pinterest, TikTok};
use adsim::{AdSim, Match, PlatformName};

/// The platforms of worlds: those with ads of ours.
pub const ALL: [PlatformName; 3] = [PlatformName::Google, PlatformName::Meta, PlatformName::TikTok];
/// The Meta ad account of worlds, without `act_`.
pub const META: &str = "2345678901";
/// The TikTok advertiser of worlds.
pub const TIKTOK: &str = "7000000000000000001";

/// Does the same with what is known of a platform.
macro_rules! with {
    ($platform:expr, $subject:ident => $work:expr) => {
        match $platform {
            PlatformName::Google => {
                type $subject = Google;
                $work
            }
            PlatformName::Meta => {
                type $subject = Meta;
                $work
            }
            PlatformName::TikTok => {
                type $subject = TikTok;
                $work
            }
            PlatformName::Pinterest => {
                type $subject = Pinterest;
                $work
            }
        }
    };
}

/// The name of the AdAccount on a platform.
pub fn adaccount(platform: PlatformName) -> &'static str {
    match platform {
        PlatformName::Google => "google-global",
        PlatformName::Meta => "meta-global",
        PlatformName::TikTok => "tiktok-global",
        PlatformName::Pinterest => "pinterest-global",
    }
}

/// The platform's own id of that account, as the simulator has it.
pub fn account_id(platform: PlatformName) -> &'static str {
    match platform {
        PlatformName::Google => crate::world::CUSTOMER,
        PlatformName::Meta => META,
        PlatformName::TikTok => TIKTOK,
        PlatformName::Pinterest => Pinterest::ACCOUNT,
    }
}

/// The topmost objects that are not removed, whoever made them.
pub fn objects(sim: &AdSim, platform: PlatformName) -> Vec<Object> {
    with!(platform, S => S::objects(sim))
}

/// What can be spent there a day, in micros.
pub fn live(sim: &AdSim, platform: PlatformName) -> i64 {
    with!(platform, S => S::live_micros(sim))
}

/// Does something by hand.
pub fn by_hand(sim: &AdSim, platform: PlatformName, hand: &Hand<'_>) {
    with!(platform, S => S::by_hand(sim, hand));
}

/// Requests that write.
pub fn writes(platform: PlatformName) -> Match {
    with!(platform, S => S::writes())
}

/// Takes our access away for good, until it is given back.
pub fn revoke(sim: &AdSim, platform: PlatformName) {
    with!(platform, S => S::revoke(sim));
}

/// Gives it back.
pub fn restore(sim: &AdSim, platform: PlatformName) {
    with!(platform, S => S::restore(sim));
}
