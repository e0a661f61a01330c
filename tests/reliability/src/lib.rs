//! What the reliability tests share: a Campaign to work with, a driver that stops where the operator is
//! killed, an audit of the simulator's ledger, and the state of the platform in a form that can be compared.

#![allow(clippy::missing_panics_doc, reason = "a fixture that cannot be set up ends the test")]
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, reason = "test support")]

pub mod audit;
pub mod dice;
pub mod drive;
pub mod process;
pub mod proxy;
pub mod spec;
pub mod spend;
pub mod state;
pub mod tree;

/// Whether the long matrices run.
pub fn is_full() -> bool {
    std::env::var_os("ADOPS_FULL").is_some()
}

/// Whether there is a control plane to test against; says so if not.
pub fn has_cluster(test: &str) -> bool {
    let has = adops_e2e::cluster::binary().is_some();
    if !has {
        println!("{test} is skipped: {} is not set (`cargo xtask test` sets it)", adops_e2e::cluster::BINARY);
    }
    has
}
