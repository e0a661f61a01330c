//! Campaigns: gather -> plan -> restrict -> apply -> report. The middle two are pure and live in
//! `adops_core`.

pub mod adoption;
pub mod apply;
pub mod deletion;
pub mod gather;
pub mod line_report;
pub mod memory;
pub mod quota;
pub mod reconcile;
pub mod report;
pub mod tell;
pub mod verdict;
pub mod wake;
