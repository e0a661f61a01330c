//! The Google Ads connector against the simulated platform.

mod access;
mod create;
mod drift;
mod plan;
mod support;
mod writes;
