//! Which cluster writes to an account (S13), as recorded on the platform itself.
//!
//! # The record
//! Records are numbered, and the one with the highest number counts. None is ever changed into another holder's: who
//! takes an account over writes the next number. Numbers are unique on the platform, so that of two clusters that want
//! the same one only one gets it.
//!
//! # The rule
//! A holder's reading of the record lets it write for [`Hold::bound`], from when the reading was begun, by its own
//! monotonic clock; then it reads again. So it has noticed a takeover after `bound`, and what it has sent until then has
//! ended after its *patience*: `bound`, a request timeout and the platform's read-after-write lag. Its record says how
//! long that is, and who takes over waits as long before its first write. That it still waits is in its own record,
//! until it has waited: it may be killed meanwhile.

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, Instant};

/// What a record that cannot be read is taken to say of its holder's patience.
const UNREADABLE_PATIENCE: Duration = Duration::from_mins(10);

/// How an account is held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// Who we are.
    pub me: Holder,
    /// Whom the account may be taken over from: a record as [`Record`] shows it.
    pub takeover: Option<String>,
    /// How long a reading of the record lets us write.
    pub bound: Duration,
}

/// One that writes: an installation in a cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// The installation.
    pub installation: String,
    /// The cluster.
    pub cluster: String,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.installation, self.cluster)
    }
}

/// A record on the platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Its number.
    pub number: u64,
    /// Who holds the account: `installation@cluster`.
    pub holder: String,
    /// How long after a takeover this holder's writes may still have an effect.
    pub patience: Duration,
    /// How long it waits, for its predecessor, before it writes; none when it has waited.
    pub waits: Option<Duration>,
}

impl Record {
    /// From its number and the text that the platform keeps.
    pub fn read(number: u64, text: &str) -> Self {
        let parsed = || {
            let mut words = text.split_whitespace();
            let holder = words.next()?.to_owned();
            let patience = milliseconds(words.next()?)?;
            let waits = match words.next() {
                Some("after") => Some(milliseconds(words.next()?)?),
                _ => None,
            };
            Some(Self { number, holder, patience, waits })
        };
        // Somebody has edited it: it is somebody's all the same.
        let unreadable =
            || Self { number, holder: "unreadable".to_owned(), patience: UNREADABLE_PATIENCE, waits: None };
        parsed().unwrap_or_else(unreadable)
    }

    /// The text that the platform keeps, below 200 characters.
    pub fn text(&self) -> String {
        let waits = self.waits.map_or_else(String::new, |waits| format!(" after {}ms", waits.as_millis()));
        format!(
            "{} {}ms{waits} - who writes to this account with adops: do not change",
            self.holder,
            self.patience.as_millis()
        )
    }
}

/// As users see it, and name it in `spec.takeover`: the number makes that good for one takeover only.
impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}", self.holder, self.number)
    }
}

fn milliseconds(text: &str) -> Option<Duration> {
    text.strip_suffix("ms")?.parse().ok().map(Duration::from_millis)
}

/// The name of a cluster: 1 to 63 letters, digits, dots and dashes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterId(String);

impl FromStr for ClusterId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fits = (1..=63).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-'));
        if fits { Ok(Self(text.to_owned())) } else { Err(format!("`{text}` is not 1 to 63 of A-Z, a-z, 0-9, . and -")) }
    }
}

impl fmt::Display for ClusterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What to do before a write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// The account is ours: write until then.
    Write {
        /// By the monotonic clock.
        until: Instant,
    },
    /// The record was read too long ago.
    Read,
    /// Write this record. Another one that has its number is not an answer to this.
    Claim(Record),
    /// The predecessor may still write.
    Wait(Duration),
    /// The wait is over: say so in the record.
    Confirm(Record),
    /// The account is somebody else's.
    Refuse(Record),
}

/// What is known of an account's record.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// The latest reading: the record that counts, and when the reading began.
    reading: Option<(Option<Record>, Instant)>,
    /// A record that we wrote, and until when a reading may not show it.
    written: Option<(Record, Instant)>,
    /// Since when we wait, by our own record.
    waits_since: Option<Instant>,
}

impl Known {
    /// Takes a reading: all records there are.
    pub fn saw(&mut self, records: impl IntoIterator<Item = Record>, began: Instant) {
        if self.reading.as_ref().is_some_and(|(_, before)| *before > began) {
            return;
        }
        let mut latest = records.into_iter().max_by_key(|record| record.number);
        // A reading may lag behind what we wrote.
        if let Some((written, until)) = &self.written
            && began < *until
            && latest.as_ref().is_none_or(|latest| latest.number <= written.number)
        {
            latest = Some(written.clone());
        }
        self.reading = Some((latest, began));
    }

    /// We wrote a record; readings that begin later than `lag` from now show it.
    pub fn wrote(&mut self, record: Record, now: Instant, lag: Duration) {
        self.waits_since = record.waits.map(|_| now);
        self.written = Some((record.clone(), now + lag));
        self.reading = Some((Some(record), now));
    }

    /// What was read cannot be relied on.
    pub fn forget(&mut self) {
        self.reading = None;
    }

    /// The record that counts, as last read.
    pub fn record(&self) -> Option<&Record> {
        self.reading.as_ref()?.0.as_ref()
    }

    /// What to do before a write. `patience` is our own.
    pub fn next(&mut self, hold: &Hold, patience: Duration, now: Instant) -> Step {
        let Some((record, began)) = self.reading.clone().filter(|(_, began)| now < *began + hold.bound / 2) else {
            return Step::Read;
        };
        let me = hold.me.to_string();
        let claim = |number, waits| Step::Claim(Record { number, holder: me.clone(), patience, waits });
        let Some(record) = record else { return claim(1, None) };
        if !is_same_cluster(&record.holder, &hold.me) {
            let named = hold.takeover.as_deref() == Some(record.to_string().as_str());
            return if named { claim(record.number + 1, Some(record.patience)) } else { Step::Refuse(record) };
        }
        let Some(waits) = record.waits else { return Step::Write { until: began + hold.bound } };
        let since = *self.waits_since.get_or_insert(now);
        match waits.saturating_sub(now.saturating_duration_since(since)) {
            Duration::ZERO => Step::Confirm(Record { waits: None, patience: patience.max(record.patience), ..record }),
            left => Step::Wait(left),
        }
    }
}

/// Within a cluster the Lease and the AdAccounts' claims decide.
fn is_same_cluster(holder: &str, me: &Holder) -> bool {
    holder.split_once('@').is_some_and(|(_, cluster)| cluster == me.cluster)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(95);

    fn hold(cluster: &str, takeover: Option<&str>) -> Hold {
        let me = Holder { installation: "prod".to_owned(), cluster: cluster.to_owned() };
        Hold { me, takeover: takeover.map(str::to_owned), bound: Duration::from_mins(1) }
    }

    fn record(number: u64, cluster: &str, waits: Option<u64>) -> Record {
        let waits = waits.map(Duration::from_secs);
        Record { number, holder: format!("prod@{cluster}"), patience: PATIENCE, waits }
    }

    #[test]
    fn a_record_survives_its_way_over_the_platform() {
        for record in [record(7, "a", None), record(8, "b", Some(95))] {
            assert_eq!(Record::read(record.number, &record.text()), record);
            assert!(record.text().len() < 160);
        }
        assert_eq!(Record::read(3, "hands off").to_string(), "unreadable#3");
        assert_eq!(record(7, "a", None).to_string(), "prod@a#7");
    }

    #[test]
    fn a_reading_lets_its_holder_write_for_a_while_and_no_longer() {
        let (mut known, now, a) = (Known::default(), Instant::now(), hold("a", None));
        assert_eq!(known.next(&a, PATIENCE, now), Step::Read);
        known.saw([record(1, "a", None)], now);
        assert_eq!(known.next(&a, PATIENCE, now), Step::Write { until: now + a.bound });
        assert_eq!(known.next(&a, PATIENCE, now + a.bound / 2), Step::Read);
    }

    #[test]
    fn a_free_account_is_claimed_and_anothers_is_refused() {
        let (mut known, now) = (Known::default(), Instant::now());
        known.saw([], now);
        assert_eq!(known.next(&hold("a", None), PATIENCE, now), Step::Claim(record(1, "a", None)));
        known.saw([record(1, "b", None), record(2, "a", None)], now);
        assert_eq!(known.next(&hold("b", None), PATIENCE, now), Step::Refuse(record(2, "a", None)));
        // Another installation of the same cluster is the Lease's and the claims' affair.
        known.saw([Record { holder: "test@b".to_owned(), ..record(3, "b", None) }], now);
        assert!(matches!(known.next(&hold("b", None), PATIENCE, now), Step::Write { .. }));
    }

    #[test]
    fn a_takeover_names_one_record_and_waits_for_its_holder() {
        let (mut known, now, b) = (Known::default(), Instant::now(), hold("b", Some("prod@a#1")));
        known.saw([record(1, "a", None)], now);
        let mine = record(2, "b", Some(95));
        assert_eq!(known.next(&b, PATIENCE, now), Step::Claim(mine.clone()));
        known.wrote(mine.clone(), now, Duration::from_secs(5));
        assert_eq!(known.next(&b, PATIENCE, now), Step::Wait(PATIENCE));
        let later = now + PATIENCE;
        assert_eq!(known.next(&b, PATIENCE, later), Step::Read);
        known.saw([mine.clone()], later);
        assert_eq!(known.next(&b, PATIENCE, later), Step::Confirm(Record { waits: None, ..mine }));
        // Taken back, and the old `takeover` does not fight.
        known.saw([record(3, "a", None)], later);
        assert_eq!(known.next(&b, PATIENCE, later), Step::Refuse(record(3, "a", None)));
    }

    #[test]
    fn a_process_that_finds_its_own_unfinished_takeover_waits_anew() {
        let (mut known, now, b) = (Known::default(), Instant::now(), hold("b", Some("prod@a#1")));
        known.saw([record(2, "b", Some(95))], now);
        assert_eq!(known.next(&b, PATIENCE, now), Step::Wait(PATIENCE));
        assert_eq!(known.next(&b, PATIENCE, now + Duration::from_secs(20)), Step::Wait(Duration::from_secs(75)));
    }

    #[test]
    fn a_reading_that_lags_does_not_hide_what_was_written() {
        let (mut known, now, a) = (Known::default(), Instant::now(), hold("a", None));
        let lag = Duration::from_secs(5);
        known.wrote(record(1, "a", None), now, lag);
        known.saw([], now + Duration::from_secs(1));
        assert!(matches!(known.next(&a, PATIENCE, now + Duration::from_secs(1)), Step::Write { .. }));
        known.saw([], now + lag);
        assert!(matches!(known.next(&a, PATIENCE, now + lag), Step::Claim(_)));
    }

    #[test]
    fn a_cluster_is_named_plainly() {
        for (name, fits) in [("3f0e-11", true), ("eu.prod", true), ("", false), ("a b", false), ("a@b", false)] {
            assert_eq!(name.parse::<ClusterId>().is_ok(), fits, "{name}");
        }
    }
}
