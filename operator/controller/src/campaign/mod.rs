//! Campaigns: gather -> plan -> restrict -> apply -> report. The middle two are pure and live in
//! `adops_core`.

pub mod adoption;
pub mod apply;
pub mod gather;
pub mod memory;
pub mod quota;
pub mod reconcile;
pub mod records;
pub mod report;
