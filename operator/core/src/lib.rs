//! The domain of adops: what a Campaign asks for, what the ad platforms hold, and the plan that
//! leads from one to the other.
//!
//! # The model
//! A [`campaign::spec::CampaignSpec`] is written by people. Together with what is known of its ad
//! accounts it becomes a set of [`campaign::line::DesiredLine`]s, one for each (account, market).
//! A connector's pure half ([`platform::PlatformRules`]) renders a line into the
//! [`campaign::settings::Settings`] that its platform would hold. [`campaign::plan`] compares them
//! with an observed snapshot and lists the changes; [`campaign::restrict`] takes out those that
//! policy forbids and says why. What remains is applied by the controller.
//!
//! Everything here is pure: no network, no Kubernetes, no clock (`now` is an argument) and no
//! randomness but a seed.

pub mod budget;
pub mod campaign;
pub mod catalog;
pub mod locale;
pub mod marker;
pub mod market;
pub mod money;
pub mod platform;
pub mod queue;
pub mod rates;
pub mod reason;
pub mod secret;
pub mod text;

#[cfg(test)]
mod testing;
