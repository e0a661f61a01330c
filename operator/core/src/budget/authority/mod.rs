//! The spend authority (S3): the one place that grants what can raise spend.
//!
//! # The model
//! For every account it keeps a *book*: of each object of ours the most that it may spend a day. That is what was last
//! seen of it, or what a write that no observation shows yet may have made of it, whichever is more:
//!
//! | what is known of an object | it counts with |
//! |---|---|
//! | seen enabled | its budget |
//! | seen paused, ended or removed | nothing |
//! | an increase or an enable was granted, and is not settled | the larger of old and new |
//! | a decrease or a pause was sent | the old value, until it is seen |
//! | its account is out of reach | what was last seen |
//!
//! A cap ([`Cap`]) is a limit over the sum of some of these: the objects of an account (its ceiling), those of a
//! Campaign on all accounts (its budget), or those of several Campaigns (a policy's cap, when there is one). A
//! [`Claim`] names an object, what it may spend a day if the change is made, and goes through all caps that it touches,
//! or through none: what is granted is noted once, on the object, and counts in every sum from then on.
//!
//! # Guarantees
//! - The sum of what may be spent below a cap passes its limit by no grant, whatever becomes of the writes.
//! - Nothing grows below a cap before each of its accounts has been listed in full after this process took over.
//! - A grant ends when the write has surely failed ([`SpendAuthority::release`]), or when the object was seen later
//!   than the write can have had its effect ([`SpendAuthority::settle`]). Until it is told, it stays.
//! - Amounts are [`Money`]: no floats, nothing negative, and what is of two currencies is converted by the cap's rates,
//!   rounded up, or refused.
//!
//! A permit ends once: it cannot be copied, and giving it back uses it up.
//! ```compile_fail,E0382
//! use adops_core::budget::authority::{Permit, SpendAuthority};
//! fn twice(authority: &mut SpendAuthority, permit: Permit) {
//!     authority.release(permit);
//!     authority.release(permit);
//! }
//! ```

mod book;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod walk;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use jiff::Timestamp;

use self::book::Book;
use crate::campaign::line::CampaignId;
use crate::campaign::observed::ExternalId;
use crate::marker::CampaignHash;
use crate::money::{Currency, Money};
use crate::rates::Rates;

/// Which AdAccount it is, whoever names it: `namespace/name`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountRef(String);

impl AccountRef {
    /// Of an AdAccount's namespace and name.
    pub fn new(namespace: &str, name: &str) -> Self {
        Self(format!("{namespace}/{name}"))
    }

    /// What a Campaign means by a name: `name` in its own namespace, or `namespace/name`.
    pub fn of(campaign: &CampaignId, name: &str) -> Self {
        if name.contains('/') { Self(name.to_owned()) } else { Self::new(&campaign.namespace, name) }
    }
}

impl fmt::Display for AccountRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One object on one account.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectRef {
    /// On which account.
    pub account: AccountRef,
    /// Which.
    pub id: ExternalId,
}

/// What was seen of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// Which.
    pub id: ExternalId,
    /// The Campaigns whose marker it carries.
    pub owners: BTreeSet<CampaignHash>,
    /// What it may spend a day as it is: its budget, or nothing if it is paused, ended or removed.
    pub spends: Money,
    /// When the reading began.
    pub seen: Timestamp,
}

/// What a cap sums up. A policy's cap will be a third one: its Campaigns are [`Members::Campaigns`], too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Members {
    /// All that is ours on an account.
    Account(AccountRef),
    /// All that is of one of these Campaigns, on every account.
    Campaigns(BTreeSet<CampaignHash>),
}

/// Whose cap it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// A Campaign's budget.
    Campaign,
    /// An account's ceiling.
    Account,
}

/// A limit of what may be spent a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cap {
    /// Whose.
    pub scope: Scope,
    /// Of what.
    pub members: Members,
    /// How much.
    pub limit: Money,
    /// What amounts of other currencies count with, in that of the limit.
    pub rates: Rates,
    /// The accounts that must have been listed before anything grows.
    pub accounts: BTreeSet<AccountRef>,
    /// What may be spent beyond the books: the last that is known of objects that no book has.
    pub reserved: Money,
    /// Why it cannot be said what is spent.
    pub unknown: Option<String>,
}

/// A wish: an object that may spend so much a day, if a change is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Which object.
    pub object: ObjectRef,
    /// Whose it is.
    pub owner: CampaignHash,
    /// The most that it may spend a day then.
    pub to: Money,
}

/// A grant. It is to be given back: see [`SpendAuthority::release`] and [`SpendAuthority::settle`].
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
#[must_use]
pub struct Permit {
    number: u64,
    object: ObjectRef,
}

/// Why nothing is granted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// An account was not listed since this process took over.
    #[error("the account {0} was not listed since the operator took over")]
    NotListed(AccountRef),
    /// What is spent is not known.
    #[error("{0}")]
    Unknown(String),
    /// The limit leaves no room.
    #[error("{would_be} a day could be live with it, of {limit}")]
    Reached {
        /// Whose.
        scope: Scope,
        /// The most that may be spent a day with the change.
        would_be: Money,
        /// The limit.
        limit: Money,
    },
    /// There is no rate between two currencies.
    #[error("what is spent in {0} cannot be held against a limit in {1}")]
    Currency(Currency, Currency),
}

/// All books.
#[derive(Debug, Clone, Default)]
pub struct SpendAuthority {
    books: BTreeMap<AccountRef, Book>,
    granted: u64,
}

impl SpendAuthority {
    /// Takes a full listing that began at `began`. `fresh`: it began so late that it shows all that an earlier process
    /// may have written.
    pub fn take_listing(
        &mut self,
        account: &AccountRef,
        currency: Currency,
        (began, fresh): (Timestamp, bool),
        readings: impl IntoIterator<Item = Reading>,
    ) {
        let book = self.books.entry(account.clone()).or_insert_with(|| Book::new(currency));
        book.take_listing(currency, began, fresh, readings);
    }

    /// Takes readings of some objects.
    pub fn take_readings(&mut self, account: &AccountRef, readings: impl IntoIterator<Item = Reading>) {
        if let Some(book) = self.books.get_mut(account) {
            readings.into_iter().for_each(|reading| book.take(reading));
        }
    }

    /// Forgets an account that is gone, or that is not ours to write to.
    pub fn forget(&mut self, account: &AccountRef) {
        self.books.remove(account);
    }

    /// Says whose an object is whose marker does not tell.
    pub fn enlist(&mut self, object: &ObjectRef, owner: CampaignHash) {
        if let Some(book) = self.books.get_mut(&object.account) {
            book.enlist(&object.id, owner);
        }
    }

    /// Whether the book of its account has an object.
    pub fn has(&self, object: &ObjectRef) -> bool {
        self.books.get(&object.account).is_some_and(|book| book.has(&object.id))
    }

    /// Grants a claim below all caps, or none of it.
    ///
    /// What lowers or stops needs no grant: whatever is above a limit may shrink.
    ///
    /// # Errors
    /// The first cap that leaves no room, and by how much.
    pub fn grant(&mut self, claim: Claim, caps: &[Cap]) -> Result<Permit, Refusal> {
        let Claim { object, owner, to } = claim;
        let Some(book) = self.books.get(&object.account) else { return Err(Refusal::NotListed(object.account)) };
        if book.currency() != to.currency() {
            return Err(Refusal::Currency(to.currency(), book.currency()));
        }
        // What was sent before may not have had its effect: that it counts already is no reason to let it pass.
        let growth = (i128::from(to.micros()) - book.bound(&object.id)).max(0);
        caps.iter().try_for_each(|cap| self.check(cap, (&object.account, growth)))?;
        self.granted += 1;
        let permit = Permit { number: self.granted, object };
        if let Some(book) = self.books.get_mut(&permit.object.account) {
            book.grant(&permit.object.id, owner, permit.number, to);
        }
        Ok(permit)
    }

    fn check(&self, cap: &Cap, growth: (&AccountRef, i128)) -> Result<(), Refusal> {
        let unlisted = cap.accounts.iter().find(|account| !self.books.get(*account).is_some_and(Book::is_fresh));
        if let Some(unlisted) = unlisted {
            return Err(Refusal::NotListed(unlisted.clone()));
        }
        if let Some(unknown) = &cap.unknown {
            return Err(Refusal::Unknown(unknown.clone()));
        }
        let would_be = self.sum(cap, Some(growth))?;
        if would_be > i128::from(cap.limit.micros()) {
            return Err(Refusal::Reached {
                scope: cap.scope,
                would_be: money(would_be, cap.limit.currency()),
                limit: cap.limit,
            });
        }
        Ok(())
    }

    /// Whether more may be spent below a cap than its limit, as far as is known.
    pub fn is_passed(&self, cap: &Cap) -> bool {
        self.sum(cap, None).is_ok_and(|sum| sum > i128::from(cap.limit.micros()))
    }

    /// The most that may be spent a day below a cap, in its currency, if so much more is spent on one of its accounts.
    /// What is of another currency is converted account by account, and rounded up.
    ///
    /// # Errors
    /// Something is of a currency without a rate.
    fn sum(&self, cap: &Cap, growth: Option<(&AccountRef, i128)>) -> Result<i128, Refusal> {
        let limit = cap.limit.currency();
        let counted = |micros: i128, currency: Currency| {
            let known = (cap.rates.base() == limit).then(|| cap.rates.count_micros(micros, currency)).flatten();
            known.ok_or(Refusal::Currency(currency, limit))
        };
        let with_growth = |account: &AccountRef, micros: i128| {
            let growth = growth.filter(|(of, _)| *of == account).map_or(0, |(_, growth)| growth);
            micros + growth
        };
        let mut sum = counted(cap.reserved.micros().into(), cap.reserved.currency())?;
        match &cap.members {
            Members::Account(account) => {
                if let Some(book) = self.books.get(account) {
                    sum += counted(with_growth(account, book.total()), book.currency())?;
                }
            }
            Members::Campaigns(campaigns) => {
                for (account, book) in &self.books {
                    let of_book = with_growth(account, book.total_of(campaigns));
                    if of_book > 0 {
                        sum = sum.saturating_add(counted(of_book, book.currency())?);
                    }
                }
            }
        }
        Ok(sum)
    }

    /// The write of a grant was surely not done, or never sent: what it reserved is free.
    pub fn release(&mut self, permit: Permit) {
        let Permit { number, object } = permit;
        if let Some(book) = self.books.get_mut(&object.account) {
            book.release(&object.id, number);
        }
    }

    /// The write of a grant was done, or nobody knows: it counts until the object was seen later than `until`, by when
    /// it has had its effect, if any, and every reading shows it.
    pub fn settle(&mut self, permit: Permit, until: Timestamp) {
        let Permit { number, object } = permit;
        if let Some(book) = self.books.get_mut(&object.account) {
            book.settle(&object.id, number, until);
        }
    }

    /// If what was seen to run on an account passes `limit`: the most that one object may have so that it fits.
    ///
    /// Objects above the level are to be cut down to it, those below are left: the largest give first, and what is cut
    /// already stays where it is, so that it does not matter in which order, or how often, this is done. Objects that
    /// nobody can cut (`cuttable` says no) keep what they have.
    pub fn level(
        &self,
        account: &AccountRef,
        limit: Money,
        cuttable: impl Fn(&BTreeSet<CampaignHash>) -> bool,
    ) -> Option<Money> {
        self.books.get(account)?.level(limit, cuttable)
    }

    /// What was seen to run on an account, a day.
    pub fn live(&self, account: &AccountRef) -> Option<Money> {
        self.books.get(account).map(Book::live)
    }
}

/// Micros as money, at most what fits.
fn money(micros: i128, currency: Currency) -> Money {
    let micros = u64::try_from(micros.max(0)).unwrap_or(u64::MAX).min(i64::MAX.unsigned_abs());
    Money::from_micros(micros, currency).unwrap_or(Money::zero(currency))
}
