//! What goes to a platform next, and how much of it today.
//!
//! Two questions are decided here, both without a clock and without a network:
//! - *Order* ([`schedule`]): of all that waits on an account the most important goes into the next request, and within
//!   one importance every namespace, and in it every Campaign, has an equal share by cost ([`fair`]).
//! - *Amount*: a platform counts operations by its own scope (a project or app), which several accounts share. A day's
//!   operations ([`day`]) are kept for what stops spend first, then for observing, then for growth, then for the rest;
//!   what growth may have is divided by the same fair order ([`demand`]). How fast requests follow each other adapts to
//!   what the platform takes ([`pace`]).

pub mod day;
pub mod demand;
pub mod fair;
pub mod pace;
pub mod schedule;

use std::fmt;

use crate::campaign::plan::Importance;

/// What operations are used for, in the order in which they are kept when they are scarce.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Use {
    /// Spend is stopped or shrinks, or what is ours is recognised again; and the reading back of that.
    Protect,
    /// An account is listed.
    Observe,
    /// Spend begins or grows.
    Grow,
    /// All else.
    Polish,
}

impl Use {
    /// What a change of an importance uses operations for.
    pub fn of(importance: Importance) -> Self {
        match importance {
            Importance::Stop | Importance::Decrease | Importance::Mark => Self::Protect,
            Importance::Increase => Self::Grow,
            Importance::Cosmetic => Self::Polish,
        }
    }

    /// The word in metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Protect => "protect",
            Self::Observe => "observe",
            Self::Grow => "grow",
            Self::Polish => "polish",
        }
    }
}

impl fmt::Display for Use {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
