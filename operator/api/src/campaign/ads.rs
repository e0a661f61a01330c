//! Ads: text in locales, and media by URL.

use std::collections::BTreeMap;

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One ad: texts, media and where it leads.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct Ad {
    /// The name of the ad within the Campaign: lower-case letters, digits and -.
    #[schemars(length(min = 1, max = 63), regex(pattern = crate::common::OBJECT_NAME))]
    pub name: String,
    /// Where the ad leads. Placeholders: {market} {locale} {platform} {account} {campaign} {ad}. For example
    /// https://example.com/{market}/spring.
    #[schemars(length(max = 2048))]
    #[x_kube(validation = Rule::new(crate::common::URL_RULE).message(crate::common::URL_MESSAGE))]
    pub url: String,
    /// The texts by locale. For example en, de, pt-BR. A market takes those of its own language, else of `locales`, else
    /// of `fallbackLocale`. Write "no" in quotes.
    #[schemars(extend("minProperties" = 1, "maxProperties" = 64))]
    #[x_kube(
        validation = Rule::new(crate::common::NO_KEY_RULE).message(crate::common::NO_KEY_MESSAGE),
        validation = Rule::new(crate::common::LOCALE_KEYS_RULE).message(crate::common::LOCALE_KEYS_MESSAGE)
)]
    pub copy: BTreeMap<String, AdCopy>,
    /// Images and videos by URL, at most 20. Placeholders: {market} {locale}. The kind and the shape are read from the
    /// file. Ends in #sha256=... to accept one content only.
    #[schemars(length(max = 20), inner(length(max = 2048), regex(pattern = "^https?://[^ ]+$")))]
    #[x_kube(merge_strategy = ListMerge::Set)]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub media: Vec<String>,
}

/// The texts of an ad in one locale.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct AdCopy {
    /// Headlines, 1 to 15. Google needs 3, of at most 30 characters each (wide characters count twice), all different.
    #[schemars(length(min = 1, max = 15), inner(length(min = 1, max = 256)))]
    pub headlines: Vec<String>,
    /// Descriptions, at most 5. Google needs 2 and takes 4, of at most 90 characters each.
    #[schemars(length(max = 5), inner(length(min = 1, max = 1024)))]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub descriptions: Vec<String>,
    /// Up to 2 words that Google shows after the domain, of at most 15 characters each.
    #[schemars(length(max = 2), inner(length(min = 1, max = 64)))]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub paths: Vec<String>,
}
