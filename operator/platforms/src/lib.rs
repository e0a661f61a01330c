//! The port to the ad platforms, and one folder for each of them.
//!
//! [`port::AdPlatform`] is what the controllers know of a platform. Its pure half,
//! [`adops_core::platform::PlatformRules`], says what a platform would hold for a line; the impure
//! half observes an account in bulk and writes to it in batches.

pub mod allow;
pub mod clock;
mod describe;
pub mod error;
pub mod google_ads;
pub mod holder;
mod marks;
pub mod media;
pub mod meta;
mod paused;
pub mod pinterest;
pub mod port;
pub mod quota;
pub mod registry;
mod rehearsal;
pub mod resolve;
mod subdivisions;
mod text;
pub mod tiktok;
pub mod transport;
