//! Objects with their past, and the typed reads that rules need.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::DateTime;
use serde_json::Value;

use super::key::Key;
use super::schema::Doc;

/// The state that most resources share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Serves if all else allows it.
    Enabled,
    /// Stopped by its owner.
    Paused,
    /// Gone for good, still readable.
    Removed,
}

/// One version of an object: what users have set, in the API's JSON form.
#[derive(Debug, Clone)]
pub struct Object {
    /// Its key.
    pub key: Key,
    /// The settable fields.
    pub doc: Doc,
    /// When its ad review ends (ads only).
    pub reviewed_at: Option<Timestamp>,
    /// When learning began (campaigns only).
    pub learning_since: Option<Timestamp>,
}

impl Object {
    /// An object with fields.
    pub fn new(key: Key, doc: Doc) -> Object {
        Object { key, doc, reviewed_at: None, learning_since: None }
    }

    /// The value at a path of JSON names.
    pub fn get(&self, path: &[&str]) -> Option<&Value> {
        let (first, rest) = path.split_first()?;
        rest.iter().try_fold(self.doc.get(*first)?, |value, name| value.get(name))
    }

    /// A text field, empty if unset.
    pub fn text(&self, name: &str) -> &str {
        self.doc.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    /// An int64 field, 0 if unset.
    pub fn int(&self, name: &str) -> i64 {
        self.text(name).parse().unwrap_or_default()
    }

    /// A flag.
    pub fn flag(&self, name: &str) -> bool {
        self.doc.get(name).and_then(Value::as_bool).unwrap_or_default()
    }

    /// The status; what has none is enabled.
    pub fn status(&self) -> Status {
        match self.text("status") {
            "PAUSED" => Status::Paused,
            "REMOVED" => Status::Removed,
            _ => Status::Enabled,
        }
    }

    /// Whether it has been removed.
    pub fn is_removed(&self) -> bool {
        self.status() == Status::Removed
    }

    /// The last id of a resource name field: the budget of a campaign, the campaign of an ad group.
    pub fn reference(&self, name: &str) -> i64 {
        self.text(name).rsplit(['/', '~']).next().and_then(|id| id.parse().ok()).unwrap_or_default()
    }

    /// A date and time in the account's zone.
    pub fn date_time(&self, name: &str) -> Option<DateTime> {
        parse_date_time(self.text(name))
    }
}

/// Reads `yyyy-MM-dd HH:mm:ss`, exactly.
pub fn parse_date_time(text: &str) -> Option<DateTime> {
    let shape = text.len() == 19
        && text.bytes().enumerate().all(|(i, b)| match i {
            4 | 7 => b == b'-',
            10 => b == b' ',
            13 | 16 => b == b':',
            _ => b.is_ascii_digit(),
        });
    if shape { text.parse().ok() } else { None }
}

/// An object's present and recent versions.
#[derive(Debug, Clone)]
pub struct Row {
    /// The present version; none once it has been deleted outright.
    pub now: Option<Arc<Object>>,
    /// When the first version came to be.
    pub born: Timestamp,
    /// Earlier versions, each with the instant at which the next one replaced it; oldest first.
    pub past: Vec<(Timestamp, Option<Arc<Object>>)>,
}

impl Row {
    /// The version that was current at an instant.
    pub fn at(&self, instant: Timestamp) -> Option<&Arc<Object>> {
        if instant < self.born {
            return None;
        }
        self.past.iter().find(|(until, _)| instant < *until).map_or(self.now.as_ref(), |(_, object)| object.as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::super::key::Kind;
    use super::*;

    fn second(s: i64) -> Timestamp {
        Timestamp::from_second(s).unwrap()
    }

    fn object(name: &str) -> Arc<Object> {
        let mut doc = Doc::new();
        doc.insert("name".into(), name.into());
        Arc::new(Object::new(Key::one(Kind::Label, 1), doc))
    }

    #[test]
    fn a_row_knows_what_it_was() {
        let row = Row { now: Some(object("b")), born: second(10), past: vec![(second(20), Some(object("a")))] };
        assert!(row.at(second(9)).is_none());
        assert_eq!(row.at(second(10)).unwrap().text("name"), "a");
        assert_eq!(row.at(second(20)).unwrap().text("name"), "b");
    }

    #[test]
    fn only_the_documented_form_is_a_date_and_time() {
        assert!(parse_date_time("2027-03-01 00:00:00").is_some());
        for wrong in ["2027-03-01", "2027-03-01T00:00:00", "2027-02-30 00:00:00", "2027-3-1 00:00:00"] {
            assert!(parse_date_time(wrong).is_none(), "{wrong}");
        }
    }
}
