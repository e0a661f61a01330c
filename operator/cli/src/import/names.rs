//! Names of Campaigns: of the platform's names, as far as Kubernetes takes them.

use std::collections::{BTreeMap, BTreeSet};

use adops_core::campaign::observed::{ExternalId, ObservedLine};

/// The most characters of a name without an id behind it.
const LENGTH: usize = 40;

/// The name of each object's Campaign. Objects that would share one, or whose is taken, have their id in it, so that a
/// name depends neither on the order nor on what else is imported.
pub(super) fn of<'a>(
    lines: impl Iterator<Item = &'a ObservedLine>,
    taken: &BTreeSet<String>,
) -> BTreeMap<ExternalId, String> {
    let named: Vec<(&ExternalId, String)> = lines.map(|line| (&line.id, plain(line))).collect();
    let mut count: BTreeMap<&str, usize> = BTreeMap::new();
    for (_, name) in &named {
        *count.entry(name).or_default() += 1;
    }
    let whole = |id: &str, name: &str| match count.get(name) {
        Some(1) if !taken.contains(name) => name.to_owned(),
        _ => format!("{name}-{}", slug(id)),
    };
    named.iter().map(|(id, name)| ((*id).clone(), whole(id, name))).collect()
}

/// A platform's name as a DNS label.
pub(super) fn plain(line: &ObservedLine) -> String {
    let name: String = slug(super::name_of(line)).chars().take(LENGTH).collect();
    let name = name.trim_end_matches('-');
    if name.is_empty() { format!("campaign-{}", slug(&line.id)) } else { name.to_owned() }
}

/// Letters and digits in lower case, with one dash for all that is between them.
fn slug(text: &str) -> String {
    let mut slug = String::new();
    for c in text.chars().flat_map(char::to_lowercase) {
        if c.is_ascii_alphanumeric() {
            slug.push(c);
        } else if !slug.ends_with('-') && !slug.is_empty() {
            slug.push('-');
        }
    }
    slug.trim_end_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_names_become_dns_labels() {
        for (name, expected) in [
            ("  [Brand] \"US\" 🚀 2027 ", "brand-us-2027"),
            ("Größe & Maß", "gr-e-ma"),
            ("日本", ""),
            ("---", ""),
            ("a_b.c/d", "a-b-c-d"),
        ] {
            assert_eq!(slug(name), expected);
        }
    }
}
