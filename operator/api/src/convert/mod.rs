//! From what a user wrote, and what a status keeps, to the domain's types, inside of which an invalid Campaign cannot be
//! written down.
//!
//! The schemas and rules of the CRDs have refused most of what is wrong; here is what they cannot judge (whether a time
//! zone or a currency exists), and what an older CRD may have let in. All that is wrong is told, not only the first.

mod account;
mod campaign;
mod records;
mod words;

use std::fmt;

pub use self::account::{brakes, ceiling, identity, poll_interval, written};
pub use self::records::{record, records, write_record};
pub(crate) use self::words::special_ad_category;

/// All that keeps a resource from being carried out as written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct InvalidSpec {
    /// What is wrong; never empty.
    pub problems: Vec<FieldProblem>,
}

impl fmt::Display for InvalidSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            write!(f, "{}{problem}", if index == 0 { "" } else { "; " })?;
        }
        Ok(())
    }
}

/// What is wrong with one field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldProblem {
    /// The field's path, for example `spec.flight.timeZone`.
    pub field: String,
    /// What is wrong.
    pub message: String,
}

impl fmt::Display for FieldProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.message)
    }
}
