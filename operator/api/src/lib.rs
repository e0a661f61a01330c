//! The custom resources of adops: what a user writes, and what the operator answers in `status`.
//!
//! Group `adops.dev`, version `v1alpha1`, all kinds namespaced:
//!
//! | kind | what it is |
//! |---|---|
//! | [`AdAccount`] | one advertiser account on one platform: credentials, ceiling, who may use it |
//! | [`Campaign`] | one message promoted for one objective during one flight, in markets x accounts |
//!
//! The types are the single source: the CRDs in `crds/` are generated from them ([`crds`]), `kubectl explain` shows
//! their doc comments, and [`validate`] judges YAML with the same schemas and CEL rules without a cluster.
//!
//! Strings and maps stay as the user wrote them here. Whatever acts on a resource first turns it into the domain types
//! of `adops-core` ([`convert`]), inside of which an invalid state cannot be written down.
//!
//! `status` is a cache: apart from unsettled creates ([`campaign::Line::attempt`]) it can be rebuilt from the
//! platforms, so its types read what a newer version wrote without failing.

// Doc comments are what `kubectl explain` shows: names of kinds and values stand there as people write them.
#![allow(clippy::doc_markdown, rustdoc::bare_urls)]
// clippy takes the arguments of several `printcolumn`s for one attribute given twice.
#![allow(clippy::duplicated_attributes)]

pub mod account;
pub mod campaign;
pub mod common;
pub mod condition;
pub mod convert;
pub mod reason;
mod schema;
pub mod validate;
mod write;

pub use account::{AdAccount, AdAccountSpec, AdAccountStatus};
pub use campaign::{Campaign, CampaignSpec, CampaignStatus};
pub use condition::{ConditionType, Conditions};
pub use reason::Reason;
pub use schema::{crd_template, crd_yaml, crds};

/// The API group of all kinds.
pub const GROUP: &str = "adops.dev";
/// The API version of all kinds.
pub const VERSION: &str = "v1alpha1";
/// The finalizer of Campaigns, and of AdAccounts that are in use.
pub const FINALIZER: &str = "adops.dev/finalizer";
/// The annotation that gives up what is left on the platforms and lets a deletion finish. Its value is the
/// object's UID, so that it cannot be copied to another object by accident.
pub const ABANDON_ANNOTATION: &str = "adops.dev/abandon";
/// The annotation that lets a Campaign remove more objects than the hourly allowance of an account: removes cannot
/// be undone. Its value is the object's UID.
pub const CONFIRM_REMOVES_ANNOTATION: &str = "adops.dev/confirm-removes";
