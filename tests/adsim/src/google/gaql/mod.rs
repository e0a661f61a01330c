//! The Google Ads Query Language: parsed, checked against the schema, evaluated over an account.

mod cell;
mod dates;
mod eval;
mod lexer;
mod parser;
mod plan;
mod rows;

pub use eval::{View, run};
pub use parser::{Condition, Literal, Op, Query, parse};
pub use plan::{Plan, plan};

use super::errors::AdsError;

/// A mistake in a query: a `QueryError` code and a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryError {
    /// The enum value.
    pub code: String,
    /// Text for humans.
    pub message: String,
}

impl QueryError {
    fn new(code: &str, message: impl Into<String>) -> QueryError {
        QueryError { code: code.to_owned(), message: message.into() }
    }
}

impl From<QueryError> for AdsError {
    fn from(error: QueryError) -> AdsError {
        AdsError::new("queryError", &error.code, error.message)
    }
}
