//! Where the attack takes place: accounts, what money is worth there, and what goes wrong.

use adops_conformance::subject::Hand;
use adops_e2e::reach::{self, META, TIKTOK};
use adops_e2e::world::{CUSTOMER, World};
use adops_reliability::dice::Dice;
use adops_reliability::spec;
use adsim::PlatformName::{self, Google, Meta, Pinterest, TikTok};
use adsim::{AdSim, Edit, EditAction, Effect, Fault, Match};
use jiff::SignedDuration;
use serde_json::Value;

/// An AdAccount.
#[derive(Debug)]
pub(crate) struct Account {
    /// Its name.
    pub(crate) name: &'static str,
    /// The platform's id.
    pub(crate) id: &'static str,
    platform: PlatformName,
}

/// The accounts of an attack.
#[derive(Debug)]
pub(crate) struct Field {
    /// All of them.
    pub(crate) accounts: &'static [Account],
    /// By how much all amounts are larger than on Google, where no budget is too small.
    pub(crate) scale: i64,
    /// How long it may take until all is quiet: Meta takes four changes of a budget an hour.
    pub(crate) quiet: SignedDuration,
    /// Steps of a run. With one account less is cut, and more must happen for as many cuts.
    pub(crate) steps: usize,
}

/// The second account on Google.
pub(crate) const SECOND: &str = "2345678901";

const ON_GOOGLE: Account = Account { name: "google-global", id: CUSTOMER, platform: Google };
const ON_META: Account = Account { name: "meta-global", id: META, platform: Meta };
const ON_TIKTOK: Account = Account { name: "tiktok-global", id: TIKTOK, platform: TikTok };

/// Two accounts on Google.
pub(crate) static GOOGLE: Field = Field {
    accounts: &[ON_GOOGLE, Account { name: "google-two", id: SECOND, platform: Google }],
    scale: 1,
    quiet: SignedDuration::from_mins(40),
    steps: 18,
};
/// One on Meta.
pub(crate) static ON_META_ALONE: Field =
    Field { accounts: &[ON_META], scale: 5, quiet: SignedDuration::from_mins(130), steps: 24 };
/// One on TikTok.
pub(crate) static ON_TIKTOK_ALONE: Field =
    Field { accounts: &[ON_TIKTOK], scale: 5, quiet: SignedDuration::from_mins(40), steps: 24 };
/// One on each platform.
pub(crate) static EVERYWHERE: Field =
    Field { accounts: &[ON_GOOGLE, ON_META, ON_TIKTOK], scale: 5, quiet: SignedDuration::from_mins(130), steps: 18 };

impl Field {
    /// What ads are made of beside words.
    pub(crate) fn media(&self) -> Vec<String> {
        spec::media(&self.accounts.iter().map(|account| account.platform).collect::<Vec<_>>())
    }

    /// Something that goes wrong a few times.
    pub(crate) fn fault(&self, dice: &mut Dice) -> Fault {
        let platform = dice.of(self.accounts).platform;
        let writes = || reach::writes(platform);
        let status = |status| Effect::Status { status, body: Value::Null };
        let times = u64::try_from(1 + dice.below(3)).unwrap();
        let fault = match dice.below(9) {
            0 | 1 => Fault::new(of_budgets(platform), refusal(platform)).times(times),
            2 => Fault::new(writes(), refusal(platform)).with_probability(0.5).times(4),
            3 | 4 => Fault::new(writes(), Effect::CutAfter).times(times),
            5 => Fault::new(writes(), Effect::CutBefore).times(times),
            6 => Fault::new(writes(), status(503)).times(times),
            7 => Fault::new(reads(platform), passing(platform)).times(times),
            _ => Fault::new(writes(), conflict(platform)).times(1),
        };
        fault.after(dice.below(3).try_into().unwrap())
    }

    /// Somebody edits a campaign on the platform.
    pub(crate) fn by_hand(&self, dice: &mut Dice, world: &World) -> String {
        let account = dice.of(self.accounts);
        if account.platform == Google {
            return on_google(dice, world, account.id);
        }
        let objects = reach::objects(&world.sim, account.platform);
        if objects.is_empty() {
            return "nothing to edit".into();
        }
        let id = dice.of(&objects).id.clone();
        let hand = match dice.below(5) {
            0 => Hand::Pause(&id),
            1 => Hand::Budget(&id, 60_000_000),
            2 => Hand::Remove(&id),
            _ => Hand::Budget(&id, 850_000_000),
        };
        let told = format!("{}: {hand:?}", account.name);
        reach::by_hand(&world.sim, account.platform, &hand);
        told
    }
}

/// From now on reads see the accounts as they were so long ago.
pub(crate) fn lag(sim: &AdSim, lag: SignedDuration) {
    sim.set_read_lag(lag);
    sim.configure_meta(|meta| meta.read_lag = lag);
    sim.configure_tiktok(|tiktok| tiktok.read_lag = lag);
}

fn on_google(dice: &mut Dice, world: &World, customer: &str) -> String {
    let account = world.sim.google_account(customer);
    let ids: Vec<String> = account.present().map(|campaign| campaign.id.to_string()).collect();
    if ids.is_empty() {
        return "nothing to edit".into();
    }
    let campaign = dice.of(&ids).clone();
    let action = match dice.below(6) {
        0 => EditAction::Pause { campaign },
        1 => EditAction::Enable { campaign },
        2 => EditAction::SetBudget { campaign, amount_micros: 3_000_000 },
        5 => EditAction::RemoveCampaign { campaign },
        _ => EditAction::SetBudget { campaign, amount_micros: 170_000_000 },
    };
    let told = format!("{action:?}");
    match world.sim.edit(&Edit::by_hand(customer, action)) {
        Ok(_) => told,
        Err(error) => format!("{told}: {error}"),
    }
}

/// Requests that set budgets.
fn of_budgets(platform: PlatformName) -> Match {
    match platform {
        Google => Match::mutates().operation("campaignBudget.update"),
        Meta => reach::writes(Meta).operation("adset.update").contains("daily_budget"),
        TikTok => reach::writes(TikTok).operation("campaign.update").contains("budget"),
        Pinterest => reach::writes(Pinterest).contains("daily_spend_cap"),
    }
}

fn reads(platform: PlatformName) -> Match {
    match platform {
        Google => Match::searches(),
        _ => Match::platform(platform).method("GET"),
    }
}

/// A refusal that stands.
fn refusal(platform: PlatformName) -> Effect {
    let (category, code) = match platform {
        Google => ("campaignBudgetError", "MONEY_AMOUNT_TOO_LARGE"),
        Meta => ("100", "1885272"),
        TikTok => ("budget: The amount is too large.", "40002"),
        Pinterest => ("daily_spend_cap: The amount is too large.", "400"),
    };
    Effect::Reject { category: category.into(), code: code.into() }
}

/// An error that passes.
fn passing(platform: PlatformName) -> Effect {
    match platform {
        Google => Effect::transient_error(),
        Meta => Effect::Error { category: "2".into(), code: String::new() },
        TikTok => Effect::Error { category: String::new(), code: "50000".into() },
        Pinterest => Effect::Error { category: String::new(), code: "500".into() },
    }
}

/// Somebody else writes to the same thing at the same time; where that is no error, the platform is busy.
fn conflict(platform: PlatformName) -> Effect {
    if platform == Google { Effect::concurrent_modification() } else { passing(platform) }
}
