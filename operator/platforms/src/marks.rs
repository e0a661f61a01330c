//! The names of the labels that mark what is ours, on platforms that have labels.

use adops_core::marker::{Installation, Token};

/// What every label of an installation of adops begins with.
pub(crate) const PREFIX: &str = "adops:";
const PAUSED: &str = ":paused";
/// What the name of every record of an account's holder begins with. No installation can have this for its label: the
/// second colon.
const HOLDER: &str = "adops:holder:";

/// Whether a label's name is that of an installation.
pub(crate) fn is_marker(name: &str) -> bool {
    name.strip_prefix(PREFIX)
        .map(|rest| rest.strip_suffix(PAUSED).unwrap_or(rest))
        .is_some_and(|id| id.parse::<Installation>().is_ok())
}

/// Which installation an object's name or labels say holds it.
pub(crate) fn held_by<'a>(name: &str, labels: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let token = Token::find(name).map(|token| format!("the installation {}", token.installation));
    token.or_else(|| labels.into_iter().find(|label| is_marker(label)).map(str::to_owned))
}

/// What the name of the label begins with that is a record of the account's holder.
pub(crate) fn holder(number: u64) -> String {
    format!("{HOLDER}{number}")
}

/// The number of the record that a label's name begins with, and what follows it.
pub(crate) fn holder_number(name: &str) -> Option<(u64, &str)> {
    let rest = name.strip_prefix(HOLDER)?;
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    Some((rest[..end].parse().ok()?, &rest[end..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_of_installations_are_told_from_others() {
        for (name, marker) in [
            ("adops:prod", true),
            ("adops:prod:paused", true),
            ("adops:To do", false),
            ("adops:holder:1", false),
            ("spring", false),
        ] {
            assert_eq!(is_marker(name), marker, "{name}");
        }
    }

    #[test]
    fn a_record_of_the_holder_has_its_number_in_its_name() {
        assert_eq!(holder_number(&holder(7)), Some((7, "")));
        assert_eq!(holder_number("adops:holder:12 prod@a"), Some((12, " prod@a")));
        for other in ["adops:holder:", "adops:holder:x", "adops:prod", "holder:1"] {
            assert_eq!(holder_number(other), None, "{other}");
        }
    }
}
