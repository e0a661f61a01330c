//! What advertising is for, in Meta's words: objectives, what delivery is optimised for, and which conversion counts.

use adops_core::campaign::spec::{CallToAction, Objective};
use serde_json::{Value, json};

/// Of an objective: Meta's objective, its goal of optimisation, and the event of the pixel that is optimised for unless
/// the user names another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Aim {
    pub(super) objective: &'static str,
    pub(super) goal: &'static str,
    pub(super) event: Option<&'static str>,
}

/// What an objective is on Meta; none for what needs an app, which ads of an image or a video for a website are not made
/// for.
pub(super) fn aim(objective: Objective) -> Option<Aim> {
    let aim = |objective, goal, event| Some(Aim { objective, goal, event });
    match objective {
        Objective::Awareness => aim("OUTCOME_AWARENESS", "REACH", None),
        Objective::Traffic => aim("OUTCOME_TRAFFIC", "LINK_CLICKS", None),
        Objective::Leads => aim("OUTCOME_LEADS", "OFFSITE_CONVERSIONS", Some("LEAD")),
        Objective::Signups => aim("OUTCOME_LEADS", "OFFSITE_CONVERSIONS", Some("COMPLETE_REGISTRATION")),
        Objective::Sales => aim("OUTCOME_SALES", "OFFSITE_CONVERSIONS", Some("PURCHASE")),
        Objective::AppInstalls => None,
    }
}

/// The objective that these are: Meta's objective, goal, and the setting of the conversion. None for what a spec has no
/// word for. Leads and sign-ups are told apart by what counts.
pub(super) fn objective_of(objective: &str, goal: &str, conversion: &str) -> Option<Objective> {
    let all =
        [Objective::Awareness, Objective::Traffic, Objective::Leads, Objective::Signups, Objective::Sales].into_iter();
    let fitting: Vec<(Objective, Aim)> = all
        .filter_map(|of| Some((of, aim(of)?)))
        .filter(|(_, aim)| aim.objective == objective && aim.goal == goal)
        .collect();
    let event = conversion_of(conversion);
    let exact = fitting.iter().find(|(_, aim)| aim.event == event.as_deref());
    exact.or_else(|| fitting.first()).map(|(objective, _)| *objective)
}

/// What a user would write for the conversion of a setting.
pub(super) fn conversion_of(setting: &str) -> Option<String> {
    Some(match Conversion::of_setting(setting)?.0 {
        Conversion::Event(event) => event,
        Conversion::Custom(id) => id,
    })
}

/// Standard events of a pixel that can be optimised for: as a website sends them, and as ad sets name them.
const EVENTS: &[(&str, &str)] = &[
    ("AddPaymentInfo", "ADD_PAYMENT_INFO"),
    ("AddToCart", "ADD_TO_CART"),
    ("AddToWishlist", "ADD_TO_WISHLIST"),
    ("CompleteRegistration", "COMPLETE_REGISTRATION"),
    ("Contact", "CONTACT"),
    ("CustomizeProduct", "CUSTOMIZE_PRODUCT"),
    ("Donate", "DONATE"),
    ("FindLocation", "FIND_LOCATION"),
    ("InitiateCheckout", "INITIATED_CHECKOUT"),
    ("Lead", "LEAD"),
    ("Purchase", "PURCHASE"),
    ("Schedule", "SCHEDULE"),
    ("Search", "SEARCH"),
    ("StartTrial", "START_TRIAL"),
    ("SubmitApplication", "SUBMIT_APPLICATION"),
    ("Subscribe", "SUBSCRIBE"),
    ("ViewContent", "CONTENT_VIEW"),
];

/// Which conversion counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Conversion {
    /// A standard event of the pixel.
    Event(String),
    /// A custom conversion, by its id.
    Custom(String),
}

impl Conversion {
    /// Reads what a user writes: `Purchase`, `PURCHASE`, or the id of a custom conversion.
    pub(super) fn parse(written: &str) -> Result<Self, String> {
        let plain = |text: &str| text.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase();
        let written = written.trim();
        if !written.is_empty() && written.bytes().all(|byte| byte.is_ascii_digit()) {
            return Ok(Self::Custom(written.to_owned()));
        }
        let known = EVENTS.iter().find(|(sent, named)| [*sent, *named].map(plain).contains(&plain(written)));
        known.map(|(_, named)| Self::Event((*named).to_owned())).ok_or_else(|| {
            let events: Vec<&str> = EVENTS.iter().map(|(sent, _)| *sent).collect();
            format!(
                "conversionAction `{written}` is neither a standard event of a pixel ({}) nor the number of a custom \
                 conversion",
                events.join(", ")
            )
        })
    }

    /// As the value of a setting.
    pub(super) fn setting(&self, pixel: &str) -> String {
        match self {
            Self::Event(event) => format!("{event} of pixel {pixel}"),
            Self::Custom(id) => format!("custom conversion {id} of pixel {pixel}"),
        }
    }

    /// Conversion and pixel of a setting.
    pub(super) fn of_setting(text: &str) -> Option<(Self, &str)> {
        let (what, pixel) = text.rsplit_once(" of pixel ")?;
        let conversion = match what.strip_prefix("custom conversion ") {
            Some(id) => Self::Custom(id.to_owned()),
            None => Self::Event(what.to_owned()),
        };
        Some((conversion, pixel))
    }

    /// `promoted_object` of an ad set.
    pub(super) fn promoted(&self, pixel: &str) -> Value {
        match self {
            Self::Event(event) => json!({ "pixel_id": pixel, "custom_event_type": event }),
            Self::Custom(id) => {
                json!({ "pixel_id": pixel, "custom_event_type": "OTHER", "custom_conversion_id": id })
            }
        }
    }
}

/// The setting of a `promoted_object`; empty where no pixel is promoted.
pub(super) fn setting_of(promoted: &Value) -> String {
    let text = |name: &str| match &promoted[name] {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    let Some(pixel) = text("pixel_id") else { return String::new() };
    let conversion = match text("custom_conversion_id") {
        Some(id) => Conversion::Custom(id),
        None => Conversion::Event(text("custom_event_type").unwrap_or_default()),
    };
    conversion.setting(&pixel)
}

/// Meta's word for a button.
pub(super) fn button(action: CallToAction) -> &'static str {
    match action {
        CallToAction::LearnMore => "LEARN_MORE",
        CallToAction::SignUp => "SIGN_UP",
        CallToAction::ShopNow => "SHOP_NOW",
        CallToAction::Subscribe => "SUBSCRIBE",
        CallToAction::Download => "DOWNLOAD",
        CallToAction::WatchMore => "WATCH_MORE",
        CallToAction::ContactUs => "CONTACT_US",
        CallToAction::ApplyNow => "APPLY_NOW",
        CallToAction::BookNow => "BOOK_NOW",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_conversion_is_a_standard_event_or_a_number() {
        for (written, setting) in [
            ("Purchase", "PURCHASE of pixel 6"),
            ("complete_registration", "COMPLETE_REGISTRATION of pixel 6"),
            ("InitiateCheckout", "INITIATED_CHECKOUT of pixel 6"),
            ("INITIATED_CHECKOUT", "INITIATED_CHECKOUT of pixel 6"),
            ("1234567", "custom conversion 1234567 of pixel 6"),
        ] {
            let conversion = Conversion::parse(written).unwrap();
            assert_eq!(conversion.setting("6"), setting);
            assert_eq!(Conversion::of_setting(setting), Some((conversion.clone(), "6")));
            assert_eq!(setting_of(&conversion.promoted("6")), setting);
        }
        let leads = |event: &str| objective_of("OUTCOME_LEADS", "OFFSITE_CONVERSIONS", &format!("{event} of pixel 6"));
        assert_eq!(leads("COMPLETE_REGISTRATION"), Some(Objective::Signups));
        assert_eq!(leads("CONTACT"), Some(Objective::Leads));
        assert_eq!(objective_of("OUTCOME_TRAFFIC", "LINK_CLICKS", ""), Some(Objective::Traffic));
        assert_eq!(objective_of("OUTCOME_TRAFFIC", "LANDING_PAGE_VIEWS", ""), None);
        assert!(Conversion::parse("signup").unwrap_err().contains("CompleteRegistration"));
        assert!(Conversion::parse("").is_err());
        assert_eq!(setting_of(&json!({ "page_id": "9" })), "");
    }
}
