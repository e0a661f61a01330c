//! Requests a minute, by category and token.

use std::collections::HashMap;

use jiff::Timestamp;

use super::errors::Refusal;

/// Requests of the present minute.
#[derive(Debug, Default)]
pub(super) struct Windows(HashMap<(&'static str, String), (i64, u32)>);

impl Windows {
    /// Counts a request, or refuses it. What is left of the minute is `x-ratelimit-reset`.
    pub(super) fn take(
        &mut self,
        category: &'static str,
        token: &str,
        most: Option<u32>,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let Some(most) = most else { return Ok(()) };
        let minute = now.as_second().div_euclid(60);
        let (begun, count) = self.0.entry((category, token.to_owned())).or_default();
        if *begun != minute {
            (*begun, *count) = (minute, 0);
        }
        if *count >= most {
            return Err(Refusal::throttled((minute + 1) * 60 - now.as_second()));
        }
        *count += 1;
        Ok(())
    }
}
