//! S3 under attack: two or three Campaigns over two accounts on Google, one on Meta or TikTok, or one on each, their budgets, splits, markets and the accounts' ceilings
//! edited up and down, while the operator is killed at random points, the platform refuses decreases, loses answers,
//! fails in part, shows what was so some seconds ago or nothing at all, and people change budgets and pauses by hand.
//!
//! At no instant of the ledger does a write of ours pass a cap: see [`adops_reliability::spend`] for what exactly that
//! means. When all is quiet again, nothing is above its cap, whoever put it there.
//!
//! By default thirty runs on Google and a few elsewhere, with `ADOPS_FULL=1` five hundred of each, `ADOPS_RUNS=N` that many; `ADOPS_SEED=N` runs one seed.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test")]

mod ask;
mod field;

use std::sync::Arc;
use std::time::{Duration, Instant};

use adops_controller::runtime::watch::{Key, Stored};
use adops_e2e::kill::KillSwitch;
use adops_e2e::world::{World, sim_config, start_time};
use adops_reliability::dice::Dice;
use adops_reliability::drive::{End, pass};
use adops_reliability::spend::{Looked, SpendAudit};
use adops_reliability::{has_cluster, is_full};
use adsim::config::AccountConfig;
use adsim::{Effect, Fault, Match};
use jiff::SignedDuration;
use kube::ResourceExt;
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::ask::Ask;
use crate::field::Field;

/// How many worlds run at once.
const AT_ONCE: usize = 6;
const CAMPAIGNS: [&str; 3] = ["spring", "summer", "autumn"];

/// One run.
struct Attack {
    field: &'static Field,
    dice: Dice,
    world: World,
    audit: SpendAudit,
    switch: Arc<KillSwitch>,
    asks: Vec<Ask>,
    killed: usize,
    story: Vec<String>,
}

impl Attack {
    async fn new(seed: u64, field: &'static Field) -> Self {
        let mut dice = Dice::new(seed);
        let mut config = sim_config(start_time());
        config.seed = seed;
        config.google.accounts.push(AccountConfig {
            customer_id: field::SECOND.into(),
            currency_code: "EUR".into(),
            time_zone: "Europe/Berlin".into(),
            managers: vec!["1112223333".into()],
            ..AccountConfig::default()
        });
        let world = World::with_sim(config).await;
        let second = world.account_yaml("google-two", "google-ads").replace("123-456-7890", field::SECOND);
        world.apply(&second).await.unwrap();
        world.add_other_accounts().await;
        let count = 2 + dice.below(2);
        let asks = CAMPAIGNS[..count].iter().map(|name| Ask::new(&mut dice, name, field)).collect();
        let story = vec![format!("seed {seed}")];
        let audit = SpendAudit::default();
        Self { field, dice, world, audit, switch: KillSwitch::counting(), asks, killed: 0, story }
    }

    async fn begin(&mut self) {
        for index in 0..self.field.accounts.len() {
            self.set_ceiling(index).await;
        }
        for ask in self.asks.clone() {
            self.audit.budget(&self.world.namespace, ask.name, self.world.now(), ask.budget * 1_000_000);
            self.world.apply(&ask.yaml()).await.unwrap();
            self.story.push(format!("{ask:?}"));
        }
        self.world.start_operator_with(Some(self.switch.clone()), |_| {}).await;
    }

    async fn set_ceiling(&mut self, index: usize) -> String {
        let field::Account { name, id, .. } = self.field.accounts[index];
        let ceiling = *self.dice.of(&[60, 150, 250, 400, 20_000]) * self.field.scale;
        self.audit.ceiling(id, self.world.now(), ceiling * 1_000_000);
        let spec = json!({ "ceiling": { "daily": format!("{ceiling}.00"), "currency": "EUR" } });
        self.world.patch_account(name, spec).await;
        self.until_told().await;
        format!("the ceiling of {name} is {ceiling}")
    }

    async fn edit(&mut self) -> String {
        let index = self.dice.below(self.asks.len());
        self.asks[index].edit(&mut self.dice);
        self.apply(index).await;
        format!("{:?}", self.asks[index])
    }

    async fn apply(&mut self, index: usize) {
        let ask = &self.asks[index];
        self.audit.budget(&self.world.namespace, ask.name, self.world.now(), ask.budget * 1_000_000);
        self.world.patch_campaign(ask.name, ask.spec()).await;
        self.until_told().await;
    }

    /// Waits until the operator, if it lives, has what the API server has: from then on it could know it.
    async fn until_told(&self) {
        let stored = self.world.look().await;
        let limit = Instant::now() + Duration::from_secs(30);
        let knows = |key: &Key, generation: Option<i64>, campaign: bool| {
            let Some(operator) = &self.world.operator else { return true };
            let (campaigns, accounts) = (&operator.shared.campaigns, &operator.shared.accounts);
            let known = if campaign {
                campaigns.get(key).and_then(|it| if let Stored::Valid(it) = it { it.metadata.generation } else { None })
            } else {
                accounts.get(key).and_then(|it| if let Stored::Valid(it) = it { it.metadata.generation } else { None })
            };
            known >= generation
        };
        let all = stored.campaigns.iter().map(|it| (Key::of(&it.metadata), it.metadata.generation, true));
        let all: Vec<_> = all
            .chain(stored.accounts.iter().map(|it| (Key::of(&it.metadata), it.metadata.generation, false)))
            .collect();
        while !self.switch.is_dead() && !all.iter().all(|(key, generation, is)| knows(key, *generation, *is)) {
            assert!(Instant::now() < limit, "the operator is never told");
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    /// Kills the operator, now or at a point soon, and starts it again, perhaps after a while.
    async fn kill(&mut self) -> String {
        let at = self.dice.below(40);
        let mut told = "killed".to_owned();
        if self.dice.below(3) > 0 {
            self.switch.arm(at);
            let span = SignedDuration::from_secs(*self.dice.of(&[1, 40, 400]));
            let end = pass(&mut self.world, &self.switch, span).await;
            told = format!("killed {end:?} at point {at}");
        }
        self.restart().await;
        told
    }

    async fn restart(&mut self) {
        self.killed += 1;
        self.world.kill_operator();
        if self.dice.below(4) == 0 {
            let now = self.world.now();
            self.world.set_now(now + SignedDuration::from_secs(30));
        }
        self.switch = KillSwitch::counting();
        self.world.start_operator_with(Some(self.switch.clone()), |_| {}).await;
    }

    fn fault(&mut self) -> String {
        let fault = self.field.fault(&mut self.dice);
        let told = format!("{fault:?}");
        self.world.sim.faults().add(fault);
        told
    }

    /// An account is out of reach for a while: what was last known of it counts.
    async fn outage(&mut self) -> String {
        let field::Account { name, id, .. } = self.dice.of(self.field.accounts);
        let effect = Effect::Status { status: 503, body: Value::Null };
        let fault = self.world.sim.faults().add(Fault::new(Match::default().account(id), effect));
        let from = self.world.now();
        let kill = self.dice.below(2) == 0;
        if kill {
            self.restart().await;
        }
        let edit = self.edit().await;
        let span = SignedDuration::from_mins(*self.dice.of(&[1, 10]));
        self.pass(span).await;
        self.world.sim.faults().remove(fault);
        self.audit.outage(id, from, self.world.now());
        format!("{name} was out of reach for {span}{}: {edit}", if kill { ", killed" } else { "" })
    }

    async fn pass(&mut self, span: SignedDuration) {
        if pass(&mut self.world, &self.switch, span).await == End::Dead {
            self.restart().await;
        }
    }

    async fn step(&mut self) {
        let now = self.world.now();
        let told = match self.dice.below(16) {
            0..=3 => self.edit().await,
            4 | 5 => {
                let index = self.dice.below(self.field.accounts.len());
                self.set_ceiling(index).await
            }
            6 | 7 => self.kill().await,
            8 | 9 => self.fault(),
            10 => self.field.by_hand(&mut self.dice, &self.world),
            11 => {
                let lag = *self.dice.of(&[0, 2, 5]);
                field::lag(&self.world.sim, SignedDuration::from_secs(lag));
                format!("reads lag {lag} s")
            }
            12 => self.outage().await,
            _ => {
                let span = SignedDuration::from_secs(*self.dice.of(&[1, 7, 40, 400]));
                self.pass(span).await;
                format!("{span:#} pass")
            }
        };
        self.story.push(format!("{now}: {told}"));
    }

    /// All is quiet again.
    async fn end(&mut self) {
        self.world.sim.faults().clear();
        field::lag(&self.world.sim, SignedDuration::ZERO);
        for index in 0..self.asks.len() {
            // Who is suspended writes nothing, but what a ceiling needs.
            self.asks[index].suspend = false;
            self.apply(index).await;
        }
        self.pass(self.field.quiet).await;
    }
}

async fn run(seed: u64, field: &'static Field) -> (Looked, usize) {
    let mut attack = Attack::new(seed, field).await;
    attack.begin().await;
    for _ in 0..field.steps {
        attack.step().await;
    }
    attack.end().await;
    let Attack { mut world, audit, killed, story, .. } = attack;
    let (mut broken, looked) = audit.broken(&world.sim);
    broken.extend(audit.above_now(&world.sim, world.now() + SignedDuration::from_secs(1)));
    if !broken.is_empty() {
        let ledger: Vec<String> = world.sim.ledger().iter().filter_map(line).collect();
        let end = told(&world).await;
        panic!("{broken:#?}\n{}\n{}\nin the end, at {}:\n{end}", story.join("\n"), ledger.join("\n"), world.now());
    }
    world.kill_operator();
    world.sim.shutdown().await;
    (looked, killed)
}

/// What the statuses say.
async fn told(world: &World) -> String {
    let stored = world.look().await;
    let campaigns = stored.campaigns.iter().map(|it| format!("{}: {}", it.name_any(), json!(it.status)));
    let accounts = stored.accounts.iter().map(|it| format!("{}: {}", it.name_any(), json!(it.status)));
    campaigns.chain(accounts).collect::<Vec<_>>().join("\n")
}

/// An entry of the ledger that is about money.
fn line(entry: &adsim::LedgerEntry) -> Option<String> {
    let told = ["amountMicros", "daily_budget", "budget", "operation_status", "status"];
    let amount = told.iter().find_map(|field| entry.after.get(*field))?;
    let name = entry.after.get("name").or_else(|| entry.after.get("campaign_name")).unwrap_or(&Value::Null);
    Some(format!(
        "#{} {} {:?} {:?} {} {amount} {name} live {}",
        entry.sequence, entry.at, entry.actor, entry.change, entry.resource_name, entry.live_daily_budget_micros
    ))
}

async fn attack(field: &'static Field, few: u64) {
    if !has_cluster("the attack on the caps") {
        return;
    }
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let runs = number("ADOPS_RUNS").unwrap_or(if is_full() { 500 } else { few });
    let seeds: Vec<u64> = number("ADOPS_SEED").map_or_else(|| (1..=runs).collect(), |seed| vec![seed]);
    let began = Instant::now();
    let slots = Arc::new(Semaphore::new(AT_ONCE));
    let mut tasks = JoinSet::new();
    let mut names = std::collections::HashMap::new();
    for seed in seeds {
        let slots = slots.clone();
        let task = tasks.spawn(async move {
            let _slot = slots.acquire().await;
            run(seed, field).await
        });
        names.insert(task.id(), seed);
    }
    let (mut all, mut kills, mut count, mut failed) = (Looked::default(), 0, 0, Vec::new());
    while let Some(joined) = tasks.join_next_with_id().await {
        match joined {
            Ok((_, (looked, killed))) => {
                count += 1;
                kills += killed;
                all.raises += looked.raises;
                all.cuts += looked.cuts;
                all.above += looked.above;
            }
            Err(error) => {
                let seed = names.get(&error.id()).copied().unwrap_or_default();
                println!("seed {seed} failed (ADOPS_SEED={seed} runs it alone): {error}");
                failed.push(seed);
            }
        }
    }
    println!(
        "{count} runs, {kills} kills, {} requests that raised something, {} that lowered something, {} times above a \
         cap without raising, {:.1} s",
        all.raises,
        all.cuts,
        all.above,
        began.elapsed().as_secs_f64()
    );
    assert!(failed.is_empty(), "seeds {failed:?} failed");
    // An attack that attacks nothing proves nothing.
    assert!(all.raises >= count && all.cuts >= count && kills >= count / 2, "{all:?}, {kills} kills in {count} runs");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_write_of_ours_passes_a_cap() {
    attack(&field::GOOGLE, 30).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_write_of_ours_on_meta_passes_a_cap() {
    attack(&field::ON_META_ALONE, 3).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_write_of_ours_on_tiktok_passes_a_cap() {
    attack(&field::ON_TIKTOK_ALONE, 3).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_write_of_ours_passes_a_cap_over_all_platforms() {
    attack(&field::EVERYWHERE, 4).await;
}
