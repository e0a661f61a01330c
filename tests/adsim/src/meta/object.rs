//! The objects of an ad account.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Map, Value};

use super::budgets::Brake;

/// Kinds of objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// A campaign.
    Campaign,
    /// An ad set.
    AdSet,
    /// An ad.
    Ad,
    /// A creative.
    Creative,
    /// A label.
    Label,
    /// An image.
    Image,
    /// A video.
    Video,
    /// A run of an asynchronous report.
    Report,
}

impl Kind {
    /// The name in the schema, in ledger entries and in faults.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Campaign => "campaign",
            Kind::AdSet => "adset",
            Kind::Ad => "ad",
            Kind::Creative => "creative",
            Kind::Label => "label",
            Kind::Image => "image",
            Kind::Video => "video",
            Kind::Report => "report",
        }
    }

    /// The node type in error messages.
    pub fn node_type(self) -> &'static str {
        match self {
            Kind::Campaign => "Campaign",
            Kind::AdSet => "AdSet",
            Kind::Ad => "Ad",
            Kind::Creative => "AdCreative",
            Kind::Label => "AdLabel",
            Kind::Image => "AdImage",
            Kind::Video => "AdVideo",
            Kind::Report => "AdReportRun",
        }
    }

    /// Kind of an account's edge, such as `adsets`.
    pub fn of_edge(edge: &str) -> Option<Kind> {
        Some(match edge {
            "campaigns" => Kind::Campaign,
            "adsets" => Kind::AdSet,
            "ads" => Kind::Ad,
            "adcreatives" => Kind::Creative,
            "adlabels" => Kind::Label,
            "adimages" => Kind::Image,
            "advideos" => Kind::Video,
            _ => return None,
        })
    }
}

/// An object. Budgets are whole minor units, times are seconds since 1970, labels and parents are ids in its document;
/// what the API shows is made of that when it is read.
#[derive(Debug, Clone, PartialEq)]
pub struct Object {
    /// Kind.
    pub kind: Kind,
    /// Id.
    pub id: i64,
    /// Fields that were set.
    pub doc: Map<String, Value>,
    /// When it was created.
    pub created: Timestamp,
    /// When it was last changed.
    pub updated: Timestamp,
    /// When something about it ends by itself: an ad's review, a video's processing, a report's run.
    pub due: Option<Timestamp>,
    /// Changes of its budget.
    pub brake: Brake,
    /// Whether it has ever been active.
    pub published: bool,
    /// The last change that an ad set has to learn from.
    pub learning_since: Timestamp,
}

impl Object {
    /// A new object.
    pub fn new(kind: Kind, id: i64, doc: Map<String, Value>, now: Timestamp) -> Object {
        let brake = Brake::default();
        let mut object = Object {
            kind,
            id,
            doc,
            created: now,
            updated: now,
            due: None,
            brake,
            published: false,
            learning_since: now,
        };
        object.published = object.is_active();
        object
    }

    /// A text field; empty if there is none.
    pub fn text(&self, name: &str) -> &str {
        self.doc.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    /// A whole number.
    pub fn int(&self, name: &str) -> Option<i64> {
        self.doc.get(name).and_then(Value::as_i64)
    }

    /// An id in a field.
    pub fn reference(&self, name: &str) -> i64 {
        self.text(name).parse().unwrap_or_default()
    }

    /// A point in time.
    pub fn time(&self, name: &str) -> Option<Timestamp> {
        Timestamp::from_second(self.int(name)?).ok()
    }

    /// `configured_status`. Kinds without one are always active.
    pub fn status(&self) -> &str {
        match self.text("status") {
            "" => "ACTIVE",
            status => status,
        }
    }

    /// Whether it was set to be active.
    pub fn is_active(&self) -> bool {
        self.status() == "ACTIVE"
    }

    /// Whether it is neither deleted nor archived.
    pub fn is_present(&self) -> bool {
        !matches!(self.status(), "DELETED" | "ARCHIVED")
    }

    /// The ids of the labels on it.
    pub fn labels(&self) -> impl Iterator<Item = i64> {
        let labels = self.doc.get("adlabels").and_then(Value::as_array);
        labels.into_iter().flatten().filter_map(Value::as_i64)
    }

    /// The object that it belongs to: an ad set's campaign, an ad's ad set.
    pub fn parent(&self) -> i64 {
        match self.kind {
            Kind::AdSet => self.reference("campaign_id"),
            Kind::Ad => self.reference("adset_id"),
            _ => 0,
        }
    }

    /// The Page that a creative speaks for.
    pub fn page(&self) -> &str {
        let spec = self.doc.get("object_story_spec").and_then(|spec| spec.get("page_id")).and_then(Value::as_str);
        spec.or_else(|| self.text("object_story_id").split('_').next()).unwrap_or_default()
    }
}

/// A time as the API shows it: in the account's zone, with its offset.
pub fn show_time(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%Y-%m-%dT%H:%M:%S%z").to_string()
}

/// Reads a time: seconds since 1970, or ISO 8601 with an offset, or without one in the account's zone.
pub fn read_time(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    if let Ok(seconds) = text.parse::<i64>() {
        return Timestamp::from_second(seconds).ok();
    }
    let local = |format: &str| {
        let civil = jiff::civil::DateTime::strptime(format, text).ok()?;
        civil.to_zoned(zone.clone()).ok().map(|zoned| zoned.timestamp())
    };
    Timestamp::strptime("%Y-%m-%dT%H:%M:%S%z", text)
        .ok()
        .or_else(|| text.parse().ok())
        .or_else(|| Timestamp::strptime("%Y-%m-%d %H:%M:%S %z", text).ok())
        .or_else(|| local("%Y-%m-%dT%H:%M:%S"))
        .or_else(|| local("%Y-%m-%d %H:%M:%S"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_all_forms_and_shown_in_the_accounts_zone() {
        let zone = TimeZone::get("America/New_York").unwrap();
        let noon = "2027-03-01T17:00:00Z".parse().unwrap();
        for text in [
            "1803920400",
            "2027-03-01T12:00:00-0500",
            "2027-03-01T12:00:00-05:00",
            "2027-03-01T17:00:00Z",
            "2027-03-01T12:00:00",
            "2027-03-01 12:00:00",
        ] {
            assert_eq!(read_time(text, &zone), Some(noon), "{text}");
        }
        assert_eq!(read_time("tomorrow", &zone), None);
        assert_eq!(show_time(noon, &zone), "2027-03-01T12:00:00-0500");
    }
}
