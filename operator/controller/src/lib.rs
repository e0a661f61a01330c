//! The controllers of adops.
//!
//! [`account`] observes AdAccounts and is the way to write to them; [`campaign`] makes the platforms
//! match Campaigns: gather, plan, restrict, apply, report. [`media`] brings images and videos into the
//! accounts' libraries. [`runtime`] is what all run on, [`shared`] what they share, and [`operator`] puts them together.

pub mod account;
pub mod campaign;
pub mod media;
pub mod operator;
pub mod runtime;
pub mod shared;
