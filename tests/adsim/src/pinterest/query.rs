//! The parameters of a query: lists are a parameter for each item, or separated by commas where the description says so.

use super::errors::Refusal;
use crate::urlencoded::pairs;

/// A query that has been read.
#[derive(Debug)]
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    /// Reads a query; a parameter that an endpoint does not have is refused, so that a typing error shows.
    pub(super) fn read(text: &str, known: &[&str]) -> Result<Query, Refusal> {
        let pairs = pairs(text);
        match pairs.iter().find(|(name, _)| !known.contains(&name.as_str())) {
            Some((name, _)) => Err(Refusal::invalid(format!("'{name}' is not a parameter."))),
            None => Ok(Query(pairs)),
        }
    }

    /// A parameter.
    pub(super) fn one(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    /// A parameter that must be there.
    pub(super) fn required(&self, name: &str) -> Result<&str, Refusal> {
        self.one(name).ok_or_else(|| Refusal::invalid(format!("'{name}' is a required parameter.")))
    }

    /// A list with a parameter for each item, of at most so many.
    pub(super) fn many(&self, name: &str, most: usize) -> Result<Vec<&str>, Refusal> {
        let values: Vec<&str> =
            self.0.iter().filter(|(other, _)| other == name).map(|(_, value)| value.as_str()).collect();
        if values.len() > most {
            return Err(Refusal::invalid(format!("'{name}' has too many items.")));
        }
        Ok(values)
    }

    /// Ids with a parameter for each.
    pub(super) fn ids(&self, name: &str) -> Result<Vec<u64>, Refusal> {
        let number = |id: &str| id.parse().map_err(|_| Refusal::invalid(format!("'{name}': {id} is no id.")));
        self.many(name, 250)?.into_iter().map(number).collect()
    }
}
