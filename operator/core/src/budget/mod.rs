//! Budgets: how an amount is split, paced over a flight, and kept below its caps.

pub mod authority;
pub mod brakes;
pub mod pacing;
pub mod split;
