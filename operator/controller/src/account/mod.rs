//! AdAccounts: one observer and one queue for each.
//!
//! The observer lists an account in bulk once a poll interval and wakes the Campaigns whose objects
//! look different from before. The queue is the one way in which Campaigns write to the account; it
//! puts what is pending into few requests and sends what stops spend first.

pub mod claim;
pub mod credentials;
pub mod grant;
pub mod queue;
pub mod reconcile;
pub mod report;
pub mod sought;
pub mod spend;
pub mod state;
