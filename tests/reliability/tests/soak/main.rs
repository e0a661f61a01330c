//! A simulated month of everything at once: specs change, Campaigns are deleted and come back, requests fail, quota
//! runs out, credentials break, the control plane is out of reach, people edit by hand, the operator is killed. When
//! all of that is over, the platforms are what the specs say: nothing is there twice, nothing runs that no spec asks for,
//! and at no instant has a write of ours passed a cap.
//!
//! A month follows its seed: the first is lived always, fifty with `ADOPS_FULL=1`; `ADOPS_SEED=N` replays one. How the
//! machine interleaves operator and platform within an instant is not in the seed's hand.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test")]

mod end;
mod month;
mod plan;
mod stage;
mod trouble;

use std::sync::Arc;
use std::time::Instant;

use adops_reliability::{has_cluster, is_full};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tracing_subscriber::EnvFilter;

/// How many months are lived at once; most of their time is waiting.
const AT_ONCE: usize = 8;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_month_of_everything_the_platforms_are_what_the_specs_say() {
    if !has_cluster("the soak") {
        return;
    }
    // What operators log, for who replays a seed with RUST_LOG.
    let _ = tracing_subscriber::fmt().with_env_filter(EnvFilter::from_default_env()).try_init();
    let one = std::env::var("ADOPS_SEED").ok().and_then(|seed| seed.parse::<u64>().ok());
    let most = if is_full() { 50 } else { 1 };
    let seeds = one.map_or_else(|| (1..=most).collect(), |seed| vec![seed]);
    let failed = months(&seeds).await;
    assert!(failed.is_empty(), "seeds {failed:?} failed");
}

/// Lives the months of some seeds; the answer is which have failed.
async fn months(seeds: &[u64]) -> Vec<u64> {
    let began = Instant::now();
    let (places, mut months) = (Arc::new(Semaphore::new(AT_ONCE)), JoinSet::new());
    for &seed in seeds {
        let places = places.clone();
        months.spawn(async move {
            let _place = places.acquire().await.unwrap();
            (seed, tokio::spawn(month::live(seed)).await)
        });
    }
    let mut failed = Vec::new();
    while let Some(ended) = months.join_next().await {
        let (seed, result) = ended.unwrap();
        match result {
            Ok(told) => println!("seed {seed}: {told}"),
            Err(error) => {
                println!("seed {seed} failed: {error}");
                println!("  to replay it: ADOPS_SEED={seed} cargo test -p adops-reliability --test soak");
                failed.push(seed);
            }
        }
    }
    println!("{} months, {:.1} s", seeds.len(), began.elapsed().as_secs_f64());
    failed
}
