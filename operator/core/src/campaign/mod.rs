//! From a Campaign's spec to the changes that make the platforms match it.

pub mod import;
pub mod line;
#[cfg(test)]
mod line_tests;
pub mod observed;
pub mod plan;
#[cfg(test)]
mod rates_tests;
pub mod record;
pub mod restrict;
pub mod settings;
mod shares;
pub mod spec;
