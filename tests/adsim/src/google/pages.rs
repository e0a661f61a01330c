//! Pages of search results. The rows of a query are fixed when its first page is asked for.

use std::collections::VecDeque;

use super::errors::AdsError;

/// How many unfinished searches are remembered.
const REMEMBERED: usize = 64;

/// Unfinished searches.
#[derive(Debug, Default)]
pub struct Pages {
    last: u64,
    open: VecDeque<Open>,
}

#[derive(Debug)]
struct Open {
    id: u64,
    customer: String,
    query: String,
    rows: Vec<String>,
}

impl Pages {
    /// Keeps the rows of a search and returns its id.
    pub fn open(&mut self, customer: &str, query: &str, rows: Vec<String>) -> u64 {
        self.last += 1;
        if self.open.len() == REMEMBERED {
            self.open.pop_front();
        }
        self.open.push_back(Open { id: self.last, customer: customer.into(), query: query.into(), rows });
        self.last
    }

    /// The rows from the place that a token names on, and the token of the page after.
    pub fn page(
        &self,
        token: &str,
        customer: &str,
        query: &str,
        size: usize,
    ) -> Result<(&[String], Option<String>), AdsError> {
        let invalid = || {
            AdsError::new("requestError", "INVALID_PAGE_TOKEN", "Page token is invalid.")
                .at("page_token")
                .trigger(token)
        };
        let (id, from) = token.strip_prefix("adsim-").and_then(|t| t.split_once('-')).ok_or_else(invalid)?;
        let (id, from): (u64, usize) = (id.parse().map_err(|_| invalid())?, from.parse().map_err(|_| invalid())?);
        if id == 0 || id > self.last {
            return Err(invalid());
        }
        let open = self.open.iter().find(|o| o.id == id).ok_or_else(|| {
            AdsError::new("requestError", "EXPIRED_PAGE_TOKEN", "Page token has expired.")
                .at("page_token")
                .trigger(token)
        })?;
        if open.customer != customer || open.query != query || from > open.rows.len() {
            return Err(invalid());
        }
        let to = (from + size).min(open.rows.len());
        let next = (to < open.rows.len()).then(|| Pages::token(id, to));
        Ok((&open.rows[from..to], next))
    }

    /// The token of a place in a search.
    pub fn token(id: u64, from: usize) -> String {
        format!("adsim-{id}-{from}")
    }

    /// Forgets a search that has been read to its end.
    pub fn close(&mut self, token: &str) {
        if let Some(id) = token.strip_prefix("adsim-").and_then(|t| t.split('-').next()?.parse::<u64>().ok()) {
            self.open.retain(|o| o.id != id);
        }
    }
}
