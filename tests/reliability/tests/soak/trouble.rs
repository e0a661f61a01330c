//! What goes wrong on the platforms: edits by hand, faults of requests, quota, credentials, access.

use adops_e2e::world::World;
use adops_reliability::dice::Dice;
use adsim::google::account::CustomerStatus;
use adsim::{Edit, EditAction, Effect, Fault, Match};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::stage::{CUSTOMERS, GRANTS, SECRETS};

/// What is mended later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Repair {
    Faults,
    ReadLag,
    Grant(usize),
    Secret(usize),
    Access(usize),
    Status(usize),
}

impl Repair {
    /// Whether the operator can do nothing at all on an account before it is mended.
    pub fn is_urgent(&self) -> bool {
        matches!(self, Self::Grant(_) | Self::Secret(_) | Self::Access(_) | Self::Status(_))
    }

    /// Mends it.
    pub async fn mend(&self, world: &World) {
        match self {
            Self::Faults => world.sim.faults().clear(),
            Self::ReadLag => world.sim.set_read_lag(SignedDuration::ZERO),
            Self::Grant(of) => world.sim.restore_grant(GRANTS[*of]),
            Self::Secret(of) => crate::stage::write_secret(world, *of, GRANTS[*of]).await,
            Self::Access(of) => edit(world, *of, EditAction::SetAccess { allowed: true }),
            Self::Status(of) => edit(world, *of, EditAction::SetAccountStatus { status: CustomerStatus::Enabled }),
        }
    }
}

fn edit(world: &World, account: usize, action: EditAction) {
    world.sim.edit(&Edit::by_hand(CUSTOMERS[account], action)).expect("an edit of an account");
}

/// Somebody edits one of our campaigns by hand.
pub fn by_hand(dice: &mut Dice, world: &World) -> String {
    let customer = *dice.of(&CUSTOMERS);
    let view = world.sim.google_account(customer);
    let campaigns: Vec<_> = view.present().collect();
    if campaigns.is_empty() {
        return "nothing to edit by hand".into();
    }
    let chosen = *dice.of(&campaigns);
    let campaign = chosen.id.to_string();
    let ad = chosen.ad_groups.iter().flat_map(|group| &group.ads).map(|ad| ad.id).next();
    let action = match (dice.below(13), ad) {
        (0 | 1, _) => EditAction::Pause { campaign },
        (2, _) => EditAction::Enable { campaign },
        (3, _) => EditAction::SetBudget { campaign, amount_micros: 7_000_000 },
        (4 | 5, _) => EditAction::SetBudget { campaign, amount_micros: 900_000_000 },
        (6, _) => EditAction::Rename { name: format!("by hand {campaign}"), campaign },
        (7, _) => EditAction::RemoveCampaign { campaign },
        (8, _) => EditAction::AddLocation { campaign, geo_target_id: 2392, negative: dice.once_in(2) },
        (9, _) => EditAction::RemoveLabel { campaign, label: "adops:test".into() },
        (10, _) => EditAction::SetEndDate { campaign, end_date_time: None },
        (11, Some(ad)) => {
            let headlines = Some(["By hand", "Watch now", "New season"].map(str::to_owned).to_vec());
            EditAction::EditAd { ad, headlines, descriptions: None, final_url: None }
        }
        _ => EditAction::AddForeignCampaign {
            name: format!("others {campaign} {}", world.sim.ledger().len()),
            amount_micros: 5_000_000,
            enabled: true,
            labels: Vec::new(),
            geo_target_ids: vec![2840],
        },
    };
    let told = format!("by hand on {customer}: {action:?}");
    match world.sim.edit(&Edit::by_hand(customer, action)) {
        Ok(_) => told,
        Err(error) => format!("{told}: {error}"),
    }
}

/// Requests fail, in one of many ways.
pub fn fault(dice: &mut Dice) -> Fault {
    let status = |status| Effect::Status { status, body: Value::Null };
    let when = match dice.below(6) {
        0 => Match::searches(),
        1 => Match::path("/token"),
        2 => Match::mutates().operation("campaign.create"),
        3 => Match::mutates().operation("campaignBudget.update"),
        _ => Match::mutates(),
    };
    let when = if dice.once_in(2) { when.account(CUSTOMERS[dice.below(CUSTOMERS.len())]) } else { when };
    let effect = match dice.below(8) {
        0 | 1 => Effect::CutAfter,
        2 => Effect::CutBefore,
        3 => status(500),
        4 => status(503),
        5 => Effect::transient_error(),
        6 => Effect::concurrent_modification(),
        _ => Effect::Latency { millis: 20 },
    };
    let (times, skip) = (1 + dice.below(3), dice.below(3));
    Fault::new(when, effect).times(u64::try_from(times).unwrap()).after(u64::try_from(skip).unwrap())
}

/// Some operations are refused for as long as it takes.
fn refusal(dice: &mut Dice) -> Fault {
    let effect = Effect::Reject { category: "campaignBudgetError".into(), code: "MONEY_AMOUNT_TOO_LARGE".into() };
    let operation = *dice.of(&["campaignBudget.update", "campaign.update", "campaign.create"]);
    Fault::new(Match::mutates().operation(operation), effect).with_probability(0.5)
}

/// The quota is used up, for a while or for the day.
fn quota(dice: &mut Dice) -> Fault {
    let daily = dice.once_in(2);
    let (code, seconds) =
        if daily { ("RESOURCE_EXHAUSTED", 3600 + dice.below(20_000)) } else { ("RESOURCE_TEMPORARILY_EXHAUSTED", 30) };
    let scope = if daily { "DEVELOPER" } else { "ACCOUNT" };
    let error = json!({
        "errorCode": { "quotaError": code },
        "message": format!("Too many requests. Retry in {seconds} seconds."),
        "details": { "quotaErrorDetails": {
            "rateScope": scope, "rateName": "Operations", "retryDelay": format!("{seconds}s"),
        } },
    });
    let body = json!({ "error": {
        "code": 429,
        "message": "Resource has been exhausted (e.g. check quota).",
        "status": "RESOURCE_EXHAUSTED",
        "details": [{
            "@type": "type.googleapis.com/google.ads.googleads.v26.errors.GoogleAdsFailure",
            "errors": [error],
            "requestId": "none",
        }],
    } });
    let fault = Fault::new(Match::path("googleAds"), Effect::Status { status: 429, body });
    fault.after(u64::try_from(dice.below(4)).unwrap()).times(u64::try_from(1 + dice.below(20)).unwrap())
}

/// Something breaks that is mended later; the answer is what, and how.
pub async fn breaks(dice: &mut Dice, world: &World) -> (String, Repair) {
    let of = dice.below(CUSTOMERS.len());
    match dice.below(9) {
        0 | 1 => {
            let fault = quota(dice);
            let told = format!("quota: {:?} requests after {}", fault.times, fault.skip);
            world.sim.faults().add(fault);
            (told, Repair::Faults)
        }
        2 => {
            let fault = refusal(dice);
            let told = format!("refusals: {fault:?}");
            world.sim.faults().add(fault);
            (told, Repair::Faults)
        }
        3 | 4 => {
            let lag = *dice.of(&[1, 2, 5]);
            world.sim.set_read_lag(SignedDuration::from_secs(lag));
            (format!("reads lag {lag} s"), Repair::ReadLag)
        }
        5 => {
            world.sim.revoke_grant(GRANTS[of]);
            (format!("the grant of {} is revoked", SECRETS[of]), Repair::Grant(of))
        }
        6 => {
            crate::stage::write_secret(world, of, "no such token").await;
            (format!("{} is wrong", SECRETS[of]), Repair::Secret(of))
        }
        7 => {
            edit(world, of, EditAction::SetAccess { allowed: false });
            (format!("no access to {}", CUSTOMERS[of]), Repair::Access(of))
        }
        _ => {
            edit(world, of, EditAction::SetAccountStatus { status: CustomerStatus::Suspended });
            (format!("{} is suspended", CUSTOMERS[of]), Repair::Status(of))
        }
    }
}
