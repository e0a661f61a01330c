//! S9: at rest nothing is written, and a poll reads pages.

use std::sync::Arc;

use adops_controller::operator::Options;
use adops_e2e::given;
use adops_e2e::kill::KillSwitch;
use adops_e2e::world::World;
use jiff::SignedDuration;
use serde_json::{Value, json};

/// What passed a counting switch: writes to the API server, reads and writes of the platform.
pub(crate) struct Traffic(Arc<KillSwitch>, usize);

impl Traffic {
    pub(crate) async fn counted(world: &mut World) -> Self {
        Self::counted_with(world, |_| {}).await
    }

    async fn counted_with(world: &mut World, adjust: impl FnOnce(&mut Options)) -> Self {
        let switch = KillSwitch::counting();
        let adjust = |options: &mut Options| {
            options.poll_interval = SignedDuration::from_mins(15);
            adjust(options);
        };
        world.start_operator_with(Some(switch.clone()), adjust).await;
        Self(switch, 0)
    }

    pub(crate) fn begin(&mut self) {
        self.1 = self.0.names().len();
    }

    fn since(&self, wanted: impl Fn(&str) -> bool) -> Vec<String> {
        let names = self.0.names();
        names[self.1..]
            .iter()
            .filter_map(|name| name.strip_prefix("before "))
            .filter(|n| wanted(n))
            .map(str::to_owned)
            .collect()
    }

    pub(crate) fn api_writes(&self) -> Vec<String> {
        self.since(|name| name.contains("/apis/") || name.contains("/api/"))
    }

    pub(crate) fn platform_writes(&self) -> Vec<String> {
        self.since(|name| name.contains(":mutate"))
    }

    pub(crate) fn platform_reads(&self) -> Vec<String> {
        self.since(|name| name.contains("googleAds:search"))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_of_spending_writes_nothing_but_measurement() {
    let Some(mut world) = given::world().await else { return };
    // A measurement may be written less often than there is a new one.
    let mut traffic =
        Traffic::counted_with(&mut world, |options| options.measure_interval = SignedDuration::from_hours(1)).await;
    world.given("spring", json!({})).await;
    world.given("summer", json!({"markets": ["FR"], "fallbackLocale": "en"})).await;
    world.pass(SignedDuration::from_hours(2)).await;
    traffic.begin();
    world.sim.reset_ledger();
    world.pass(SignedDuration::from_hours(24)).await;
    assert_eq!(world.writes(), []);
    assert_eq!(traffic.platform_writes(), Vec::<String>::new());
    let writes = traffic.api_writes();
    assert!(writes.iter().all(|write| write.contains("/campaigns/") && write.contains("/status")), "{writes:?}");
    for name in ["spring", "summer"] {
        let of_it = writes.iter().filter(|write| write.contains(&format!("/{name}/status"))).count();
        assert!(of_it <= 24, "{name}: {of_it}");
        assert!(of_it > 12, "what is spent is shown: {of_it} times");
    }
    // Of a poll: the account, the listing, its parts and the spend; no read for an object.
    let polls = 24 * 4 - 8;
    let reads = traffic.platform_reads().len();
    assert!(reads / polls <= 16, "{} reads a poll", reads / polls);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_spend_writes_nothing_at_all() {
    let Some(mut world) = given::world().await else { return };
    let mut traffic = Traffic::counted(&mut world).await;
    world.given("spring", json!({"state": "Paused"})).await;
    // A Campaign that waits for a person is at rest, too.
    world.apply(&given::campaign("stalled", json!({"markets": ["FR"]}))).await.unwrap();
    world.until_condition("stalled", "Stalled", "True", "CopyMissing").await;
    world.pass(SignedDuration::from_hours(2)).await;
    traffic.begin();
    world.pass(SignedDuration::from_hours(24)).await;
    assert_eq!(traffic.api_writes(), Vec::<String>::new());
    assert_eq!(traffic.platform_writes(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_looks_again_and_finds_nothing_new_writes_nothing() {
    let Some(mut world) = given::world().await else { return };
    Traffic::counted(&mut world).await;
    world.given("spring", json!({"state": "Paused"})).await;
    world.pass(SignedDuration::from_hours(1)).await;
    world.kill_operator();
    // A new process looks at everything, and at a Campaign that only got a note.
    let mut traffic = Traffic::counted(&mut world).await;
    traffic.begin();
    world.pass(SignedDuration::from_hours(1)).await;
    world.annotate("spring", "example.com/note", "looked at").await;
    world.pass(SignedDuration::from_hours(1)).await;
    assert!(traffic.platform_reads().len() > 10, "it looks");
    assert_eq!(traffic.api_writes(), Vec::<String>::new());
    assert_eq!(traffic.platform_writes(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_poll_of_many_lines_reads_as_often_as_one_of_few() {
    let mut reads = Vec::new();
    for markets in [vec!["US"], COUNTRIES.to_vec()] {
        let Some(mut world) = given::world().await else { return };
        let mut traffic = Traffic::counted(&mut world).await;
        world.given("spring", json!({"markets": Value::from(markets), "fallbackLocale": "en"})).await;
        world.pass(SignedDuration::from_hours(1)).await;
        traffic.begin();
        world.pass(SignedDuration::from_hours(4)).await;
        reads.push(traffic.platform_reads().len());
    }
    // One may have had a poll more in its four hours.
    assert!(reads[0].abs_diff(reads[1]) <= 16, "{reads:?}");
}

const COUNTRIES: [&str; 24] = [
    "US", "GB", "FR", "DE", "AT", "CH", "IT", "ES", "PT", "NL", "BE", "LU", "DK", "SE", "FI", "NO", "PL", "CZ", "SK",
    "HU", "RO", "BG", "GR", "IE",
];
