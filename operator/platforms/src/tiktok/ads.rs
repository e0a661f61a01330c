//! What must be done so that an ad group shows just the ads that are wanted.

use std::collections::BTreeSet;

use adops_core::campaign::settings::AdSettings;

use super::library::Library;
use super::observe::{ad_settings, identity_of};
use super::tree::Group;
use super::wire::is_on;

/// An ad as it is.
#[derive(Debug, Clone)]
pub(super) struct Shown {
    pub(super) id: String,
    pub(super) on: bool,
    pub(super) identity: String,
    pub(super) settings: AdSettings,
}

/// The ads of a group, the oldest first.
pub(super) fn of(group: &Group, library: &Library) -> Vec<Shown> {
    let mut ads: Vec<Shown> = group
        .ads
        .iter()
        .map(|ad| Shown {
            id: ad.smart_plus_ad_id.clone(),
            on: is_on(&ad.operation_status),
            identity: identity_of(ad).to_owned(),
            settings: ad_settings(ad, library),
        })
        .collect();
    ads.sort_by_key(|ad| (ad.id.len(), ad.id.clone()));
    ads
}

/// What is to be done. Nothing is deleted: what is not wanted any more is switched off.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Steps {
    /// These become other ads: a new creative on the same ad.
    pub(super) change: Vec<(String, AdSettings)>,
    pub(super) create: Vec<AdSettings>,
    pub(super) enable: Vec<String>,
    pub(super) disable: Vec<String>,
}

/// The way from what is there to what is wanted, under the identity that is wanted.
pub(super) fn steps(there: &[Shown], wanted: &BTreeSet<AdSettings>, identity: &str) -> Steps {
    let mut steps = Steps::default();
    let mut used: BTreeSet<&str> = BTreeSet::new();
    let mut left: Vec<&AdSettings> = Vec::new();
    for ad in wanted {
        // One that is on before one that is off.
        let mut equals = there.iter().filter(|shown| shown.settings == *ad).collect::<Vec<_>>();
        equals.sort_by_key(|shown| !shown.on);
        let Some(found) = equals.first() else {
            left.push(ad);
            continue;
        };
        used.insert(&found.id);
        if found.identity != identity {
            steps.change.push((found.id.clone(), ad.clone()));
        }
        if !found.on {
            steps.enable.push(found.id.clone());
        }
    }
    let mut surplus: Vec<&Shown> = there.iter().filter(|shown| shown.on && !used.contains(shown.id.as_str())).collect();
    for ad in left {
        // An ad that equals a wanted one was made twice; it only goes.
        match surplus.iter().position(|shown| !wanted.contains(&shown.settings)) {
            Some(at) => steps.change.push((surplus.remove(at).id.clone(), ad.clone())),
            None => steps.create.push(ad.clone()),
        }
    }
    steps.disable = surplus.into_iter().map(|shown| shown.id.clone()).collect();
    steps
}

/// Those of the wanted ads that are not there at all.
pub(super) fn missing<'a>(there: &[Shown], wanted: impl Iterator<Item = &'a AdSettings>) -> BTreeSet<AdSettings> {
    wanted.filter(|ad| there.iter().all(|shown| shown.settings != **ad)).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ad(url: &str) -> AdSettings {
        AdSettings {
            url: url.to_owned(),
            headlines: Vec::new(),
            descriptions: Vec::new(),
            paths: Vec::new(),
            call_to_action: String::new(),
            media: BTreeSet::new(),
        }
    }

    fn shown(id: &str, url: &str, on: bool) -> Shown {
        Shown { id: id.to_owned(), on, identity: "me".to_owned(), settings: ad(url) }
    }

    fn ids(ids: &[&str]) -> Vec<String> {
        ids.iter().map(|id| (*id).to_owned()).collect()
    }

    #[test]
    fn each_ad_goes_the_shortest_way() {
        let wanted = |urls: &[&str]| urls.iter().map(|url| ad(url)).collect::<BTreeSet<_>>();
        let none = Steps::default;
        for (there, urls, expected) in [
            (vec![shown("1", "a", true)], &["a"][..], none()),
            (vec![shown("1", "a", true)], &["b"], Steps { change: vec![("1".to_owned(), ad("b"))], ..none() }),
            (vec![shown("1", "a", false)], &["a"], Steps { enable: ids(&["1"]), ..none() }),
            (vec![shown("1", "a", false)], &["b"], Steps { create: vec![ad("b")], ..none() }),
            (vec![shown("1", "a", true)], &["a", "b"], Steps { create: vec![ad("b")], ..none() }),
            (vec![shown("1", "a", true), shown("2", "b", true)], &["a"], Steps { disable: ids(&["2"]), ..none() }),
            // The younger of two equals goes, and is not made into another one.
            (
                vec![shown("1", "a", true), shown("2", "a", true)],
                &["a", "b"],
                Steps { create: vec![ad("b")], disable: ids(&["2"]), ..none() },
            ),
            (vec![shown("1", "a", false), shown("2", "a", true)], &["a"], none()),
        ] {
            assert_eq!(steps(&there, &wanted(urls), "me"), expected, "{urls:?}");
        }
    }

    #[test]
    fn another_identity_is_written_on_every_ad() {
        let found = steps(&[shown("1", "a", true)], &BTreeSet::from([ad("a")]), "other");
        assert_eq!(found, Steps { change: vec![("1".to_owned(), ad("a"))], ..Steps::default() });
    }
}
