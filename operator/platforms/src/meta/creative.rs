//! A creative's story: what an ad shows, and under whose name.
//!
//! Meta's ad shows one image or one video, a headline, a text above it and, on some surfaces, a description. So an ad of
//! a spec with several media is several ads here.

use std::collections::{BTreeSet, HashMap};

use adops_core::campaign::settings::{AdSettings, ContentHash};
use adops_core::marker::{LineHash, Token};
use serde_json::{Map, Value, json};

use super::library::{Medium, Reference};

/// Characters of an ad's name before what tells it from others.
const NAME_LENGTH: usize = 150;

/// Under whose name ads are shown.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Speaker {
    pub(super) page: String,
    pub(super) instagram: Option<String>,
}

/// A story, as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Story {
    pub(super) speaker: Speaker,
    pub(super) reference: Option<Reference>,
    /// All of it but the media.
    settings: AdSettings,
}

/// `object_story_spec` of an ad.
pub(super) fn story(ad: &AdSettings, medium: &Medium, speaker: &Speaker) -> Value {
    let button = json!({ "type": ad.call_to_action, "value": { "link": ad.url } });
    let mut data = Map::from_iter([("call_to_action".to_owned(), button)]);
    let mut put = |name: &str, text: Option<&String>| {
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            data.insert(name.to_owned(), text.as_str().into());
        }
    };
    let (headline, text, description) = (ad.headlines.first(), ad.descriptions.first(), ad.descriptions.get(1));
    put("message", text);
    let kind = match &medium.reference {
        Reference::Image(hash) => {
            put("link", Some(&ad.url));
            put("name", headline);
            put("description", description);
            put("image_hash", Some(hash));
            "link_data"
        }
        Reference::Video(id) => {
            put("title", headline);
            put("link_description", description);
            put("video_id", Some(id));
            put("image_url", Some(&medium.picture));
            "video_data"
        }
    };
    let mut spec = json!({ "page_id": speaker.page, kind: data });
    if let Some(instagram) = &speaker.instagram {
        spec["instagram_user_id"] = instagram.as_str().into();
    }
    spec
}

impl Story {
    /// Reads `object_story_spec`. A story that we would not write is told apart by its URL.
    pub(super) fn read(spec: &Value, creative: &str) -> Self {
        let text = |value: &Value| match value {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        };
        let speaker =
            Speaker { page: text(&spec["page_id"]).unwrap_or_default(), instagram: text(&spec["instagram_user_id"]) };
        let video = &spec["video_data"];
        let (data, headline, description) = if video.is_object() {
            (video, "title", "link_description")
        } else {
            (&spec["link_data"], "name", "description")
        };
        let button = &data["call_to_action"];
        let url = text(&button["value"]["link"]).or_else(|| text(&data["link"]));
        let ours = url.is_some() && !data["child_attachments"].is_array();
        let url = url.unwrap_or_default();
        let texts = |names: &[&str]| names.iter().filter_map(|name| text(&data[*name])).collect::<Vec<_>>();
        let reference =
            text(&data["video_id"]).map(Reference::Video).or_else(|| text(&data["image_hash"]).map(Reference::Image));
        let settings = AdSettings {
            url: if ours { url } else { format!("creative {creative}: {url}") },
            headlines: texts(&[headline]),
            descriptions: texts(&["message", description]),
            paths: Vec::new(),
            call_to_action: text(&button["type"]).unwrap_or_default(),
            media: BTreeSet::new(),
        };
        Self { speaker, reference, settings }
    }

    /// The ad that it shows; `hashes` are those of the library.
    pub(super) fn ad(&self, hashes: &HashMap<Reference, ContentHash>) -> AdSettings {
        let media = self.reference.iter().filter_map(|reference| hashes.get(reference).cloned()).collect();
        AdSettings { media, ..self.settings.clone() }
    }
}

/// The name of an ad and of its creative: that of the line, what tells the content from others, and the line's token.
/// Equal content has an equal name, so that a creative of a chain that was broken is found again.
pub(super) fn name(line: &str, ad: &AdSettings, speaker: &Speaker) -> String {
    let token = Token::find(line).map(|token| token.to_string()).unwrap_or_default();
    let media: Vec<&str> = ad.media.iter().map(|hash| hash.0.as_str()).collect();
    let instagram = speaker.instagram.as_deref().unwrap_or_default();
    let content = [
        ad.url.as_str(),
        &ad.headlines.join("\u{1f}"),
        &ad.descriptions.join("\u{1f}"),
        &ad.call_to_action,
        &media.join(" "),
        &speaker.page,
        instagram,
    ];
    let plain: String = Token::strip(line).chars().take(NAME_LENGTH).collect();
    format!("{} {} {token}", plain.trim(), LineHash::of(&content.join("\u{1e}"))).trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ad(media: &str) -> AdSettings {
        AdSettings {
            url: "https://example.com/us/spring?utm_source=meta".to_owned(),
            headlines: vec!["Spring is here".to_owned()],
            descriptions: vec!["All episodes today.".to_owned(), "Start for free.".to_owned()],
            paths: Vec::new(),
            call_to_action: "SIGN_UP".to_owned(),
            media: BTreeSet::from([ContentHash(media.to_owned())]),
        }
    }

    #[test]
    fn what_is_written_is_read_again() {
        let speakers = [
            Speaker { page: "9".to_owned(), instagram: None },
            Speaker { page: "9".to_owned(), instagram: Some("17".to_owned()) },
        ];
        for speaker in speakers {
            for reference in [Reference::Image("abc".to_owned()), Reference::Video("77".to_owned())] {
                let medium = Medium { reference: reference.clone(), picture: "https://x.example/a.jpg".to_owned() };
                let story = Story::read(&story(&ad("h"), &medium, &speaker), "1");
                assert_eq!((&story.speaker, story.reference.as_ref()), (&speaker, Some(&reference)));
                assert_eq!(story.ad(&HashMap::from([(reference, ContentHash("h".to_owned()))])), ad("h"));
            }
        }
    }

    #[test]
    fn a_story_of_another_kind_is_no_ad_of_ours() {
        let carousel =
            json!({ "page_id": "9", "link_data": { "link": "https://x.example", "child_attachments": [{}] } });
        for spec in [carousel, json!({ "page_id": "9", "photo_data": {} }), Value::Null] {
            assert!(Story::read(&spec, "42").ad(&HashMap::new()).url.starts_with("creative 42: "), "{spec}");
        }
    }

    #[test]
    fn equal_content_has_an_equal_name_and_other_content_another() {
        let line = "spring US [prod.0123456789abcdef.01234567.0]";
        let speaker = Speaker { page: "9".to_owned(), instagram: None };
        let named = name(line, &ad("a"), &speaker);
        assert!(named.starts_with("spring US ") && named.ends_with(" [prod.0123456789abcdef.01234567.0]"), "{named}");
        assert_eq!(name(line, &ad("a"), &speaker), named);
        assert_ne!(name(line, &ad("b"), &speaker), named);
        assert_ne!(name(line, &ad("a"), &Speaker { page: "8".to_owned(), ..speaker }), named);
    }
}
