//! The controllers of adops.
//!
//! [`account`] observes AdAccounts and is the way to write to them; [`campaign`] makes the platforms
//! match Campaigns: gather, plan, restrict, apply, report. [`runtime`] is what both run on, and
//! [`operator`] puts them together.

pub mod account;
pub mod campaign;
pub mod operator;
pub mod runtime;
