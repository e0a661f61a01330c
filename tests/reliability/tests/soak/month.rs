//! The month itself: what happens, when, by the seed.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use adops_api::{AdAccount, Campaign};
use adops_e2e::world::start_time;
use adops_reliability::audit::Audit;
use adops_reliability::dice::Dice;
use jiff::{SignedDuration, Timestamp};
use kube::Api;
use kube::api::{DeleteParams, Patch, PatchParams};
use serde_json::json;

use crate::plan::{ACCOUNTS, CAMPAIGNS, Plan};
use crate::stage::{CUSTOMERS, Stage};
use crate::trouble::{self, Repair};

/// How long it takes.
const MONTH: SignedDuration = SignedDuration::from_hours(30 * 24);
/// Ceilings of the accounts, in whole euros a day.
const CEILINGS: [i64; 3] = [1_500, 3_000, 20_000];

/// A month as it is lived.
pub struct Month {
    pub stage: Stage,
    pub audit: Audit,
    /// What is asked for; a Campaign that is deleted and has not come back is not in it.
    pub plans: BTreeMap<&'static str, Plan>,
    pub story: Vec<String>,
    dice: Dice,
    repairs: Vec<Repair>,
    /// Since when the control plane is out of reach.
    cut: Option<Timestamp>,
    number: usize,
}

/// Lives the month of a seed. The answer is what there was of it.
pub async fn live(seed: u64) -> String {
    let began = Instant::now();
    let mut month = Month::begin(seed).await;
    let end = month.stage.world.now() + MONTH;
    while month.stage.world.now() < end {
        month.number += 1;
        let told = month.happens().await;
        let now = month.stage.world.now();
        month.story.push(format!("{now}: {told}"));
        month.stage.informed().await;
        // Some things come in the middle of others.
        if !month.dice.once_in(4) {
            let span = *month.dice.of(&[0, 2, 30, 600, 3600, 20_000, 70_000, 110_000]);
            month.pass(SignedDuration::from_secs(span)).await;
        }
    }
    month.all_is_mended().await;
    crate::end::check(&mut month, seed).await;
    format!(
        "{} events, {} steps of time, killed at {} points, {} changes on the platforms, {:.1} s",
        month.number,
        month.stage.steps,
        month.stage.kills,
        month.stage.world.sim.ledger().len(),
        began.elapsed().as_secs_f64()
    )
}

impl Drop for Month {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("{}", self.story.join("\n"));
        }
    }
}

impl Month {
    async fn begin(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let poll = SignedDuration::from_mins(*dice.of(&[150, 240]));
        let mut audit = Audit::default();
        audit.blind_after_hand = poll * 2;
        let stage = Stage::new(start_time(), poll).await;
        for customer in CUSTOMERS {
            audit.ceiling(customer, stage.world.now(), 20_000_000_000);
        }
        let mut month = Self {
            stage,
            audit,
            plans: BTreeMap::new(),
            story: vec![format!("seed {seed}, a poll each {poll:#}")],
            dice,
            repairs: Vec::new(),
            cut: None,
            number: 0,
        };
        for name in CAMPAIGNS {
            let plan = Plan::new(&mut month.dice, name);
            month.apply(plan).await;
        }
        month.stage.restart().await;
        month.stage.informed().await;
        month
    }

    /// Applies a Campaign, new or changed.
    pub async fn apply(&mut self, plan: Plan) {
        let world = &self.stage.world;
        self.audit.cap(&world.namespace, plan.name, world.now(), plan.micros());
        world.apply(&plan.yaml()).await.unwrap();
        self.plans.insert(plan.name, plan);
    }

    /// Time passes. Of a control plane that is out of reach not more than ten minutes, and of credentials that do not
    /// work an hour: days of them would be thousands of retries and nothing else.
    async fn pass(&mut self, span: SignedDuration) {
        let hour = SignedDuration::from_hours(1);
        if self.cut.is_none() && span > hour && self.repairs.iter().any(Repair::is_urgent) {
            self.stage.pass(hour).await;
            let (urgent, rest) = std::mem::take(&mut self.repairs).into_iter().partition(Repair::is_urgent);
            self.repairs = rest;
            self.mend(urgent).await;
            return self.stage.pass(span - hour).await;
        }
        let Some(cut) = self.cut.take() else { return self.stage.pass(span).await };
        self.stage.pass(span.min(SignedDuration::from_mins(10))).await;
        self.stage.proxy.mend();
        self.stage.informed().await;
        self.stage.rest().await;
        self.audit.outage(cut, self.stage.world.now());
    }

    /// Something happens; the answer is what.
    async fn happens(&mut self) -> String {
        match self.dice.below(24) {
            0..=5 => self.a_spec_changes().await,
            6..=8 => trouble::by_hand(&mut self.dice, &self.stage.world),
            9..=11 => {
                let fault = trouble::fault(&mut self.dice);
                let told = format!("{fault:?}");
                self.stage.world.sim.faults().add(fault);
                told
            }
            12 | 13 => {
                let (told, repair) = trouble::breaks(&mut self.dice, &self.stage.world).await;
                self.repairs.push(repair);
                told
            }
            14..=16 => self.something_is_mended().await,
            17 => self.a_campaign_goes_or_comes().await,
            18 => self.an_account_changes().await,
            19 => self.a_status_is_lost().await,
            20 => self.the_control_plane_is_gone(),
            21 => {
                self.stage.world.sim.expire_tokens();
                "tokens expire".into()
            }
            _ => self.the_operator_dies().await,
        }
    }

    async fn a_spec_changes(&mut self) -> String {
        let names: Vec<&str> = self.plans.keys().copied().collect();
        if names.is_empty() {
            return self.a_campaign_goes_or_comes().await;
        }
        let mut plan = self.plans[*self.dice.of(&names)].clone();
        let told = plan.edit(&mut self.dice, self.number);
        self.apply(plan).await;
        told
    }

    async fn a_campaign_goes_or_comes(&mut self) -> String {
        let name = *self.dice.of(&CAMPAIGNS);
        let campaigns: Api<Campaign> = Api::namespaced(self.stage.world.admin.clone(), &self.stage.world.namespace);
        if self.plans.remove(name).is_some() {
            let _ = campaigns.delete(name, &DeleteParams::default()).await.unwrap();
            return format!("{name} is deleted");
        }
        if campaigns.get_opt(name).await.unwrap().is_some() {
            return format!("{name} is not gone yet");
        }
        let plan = Plan::new(&mut self.dice, name);
        let told = format!("again: {plan:?}");
        self.apply(plan).await;
        told
    }

    async fn an_account_changes(&mut self) -> String {
        let of = self.dice.below(ACCOUNTS.len());
        if self.dice.once_in(3) {
            let stop = self.dice.once_in(2);
            self.stage.world.patch_account(ACCOUNTS[of], json!({ "stop": stop })).await;
            return format!("{}: stop: {stop}", ACCOUNTS[of]);
        }
        let ceiling = *self.dice.of(&CEILINGS);
        self.set_ceiling(of, ceiling).await;
        format!("{}: a ceiling of {ceiling}", ACCOUNTS[of])
    }

    async fn set_ceiling(&mut self, of: usize, euros: i64) {
        let world = &self.stage.world;
        self.audit.ceiling(CUSTOMERS[of], world.now(), euros * 1_000_000);
        let ceiling = json!({ "ceiling": { "daily": format!("{euros}.00"), "currency": "EUR" } });
        world.patch_account(ACCOUNTS[of], ceiling).await;
    }

    async fn a_status_is_lost(&mut self) -> String {
        let world = &self.stage.world;
        let (patch, params) = (Patch::Merge(json!({ "status": null })), PatchParams::default());
        if self.dice.once_in(3) {
            let name = *self.dice.of(&ACCOUNTS);
            let accounts: Api<AdAccount> = Api::namespaced(world.admin.clone(), &world.namespace);
            accounts.patch_status(name, &params, &patch).await.unwrap();
            return format!("the status of {name} is lost");
        }
        let name = *self.dice.of(&CAMPAIGNS);
        let campaigns: Api<Campaign> = Api::namespaced(world.admin.clone(), &world.namespace);
        match campaigns.patch_status(name, &params, &patch).await {
            Ok(_) => format!("the status of {name} is lost"),
            Err(_) => format!("{name} is not there"),
        }
    }

    fn the_control_plane_is_gone(&mut self) -> String {
        self.stage.proxy.cut();
        self.cut.get_or_insert(self.stage.world.now());
        "the control plane is out of reach".into()
    }

    async fn the_operator_dies(&mut self) -> String {
        if self.dice.once_in(2) {
            let point = self.dice.below(40);
            self.stage.switch.arm(point);
            return format!("the operator will die at point {point}");
        }
        if self.dice.once_in(2) {
            // In the middle of what it does.
            tokio::time::sleep(Duration::from_millis(u64::try_from(self.dice.below(30)).unwrap())).await;
        }
        self.stage.world.kill_operator();
        let dead = SignedDuration::from_secs(*self.dice.of(&[0, 5, 900]));
        self.stage.world.set_now(self.stage.world.now() + dead);
        self.stage.restart().await;
        if let Some(cut) = self.cut.take() {
            self.audit.outage(cut, self.stage.world.now());
        }
        format!("the operator is killed, and started {dead:#} later")
    }

    async fn something_is_mended(&mut self) -> String {
        if self.repairs.is_empty() {
            return "all is well".into();
        }
        let repair = self.repairs.swap_remove(self.dice.below(self.repairs.len()));
        repair.mend(&self.stage.world).await;
        format!("mended: {repair:?}")
    }

    async fn mend(&mut self, repairs: Vec<Repair>) {
        for repair in repairs {
            repair.mend(&self.stage.world).await;
            self.story.push(format!("{}: mended: {repair:?}", self.stage.world.now()));
        }
    }

    /// The end of all trouble.
    async fn all_is_mended(&mut self) {
        self.pass(SignedDuration::from_secs(1)).await;
        let repairs = std::mem::take(&mut self.repairs);
        self.mend(repairs).await;
        self.stage.world.sim.faults().clear();
        for (of, account) in ACCOUNTS.iter().enumerate() {
            self.stage.world.patch_account(account, json!({ "stop": false })).await;
            self.set_ceiling(of, 20_000).await;
        }
        self.story.push(format!("{}: all is mended", self.stage.world.now()));
        self.stage.informed().await;
    }
}
