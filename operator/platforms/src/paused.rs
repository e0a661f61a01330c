//! The mark of a pause in a name, on platforms that have no labels.

/// What stands behind the name of a campaign that *we* have paused or not yet enabled. A paused campaign of ours without
/// it was paused by somebody else.
const PAUSED: &str = " [paused]";

/// A name without the mark of a pause.
pub(crate) fn bare(name: &str) -> &str {
    name.strip_suffix(PAUSED).unwrap_or(name).trim_end()
}

/// Whether a name says that we have paused its campaign.
pub(crate) fn is_paused(name: &str) -> bool {
    name.ends_with(PAUSED)
}

/// A name with the mark of a pause.
pub(crate) fn paused(name: &str) -> String {
    format!("{}{PAUSED}", bare(name))
}

/// A name with the mark of a pause or without it.
pub(crate) fn with(name: &str, mark: bool) -> String {
    if mark { paused(name) } else { bare(name).to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mark_of_a_pause_is_put_on_once_and_taken_off() {
        let name = "spring US [prod.0123456789abcdef.01234567.0]";
        let marked = paused(name);
        assert_eq!(paused(&marked), marked);
        assert!(is_paused(&marked) && !is_paused(name));
        assert_eq!((bare(&marked), bare(name)), (name, name));
        assert_eq!((with(&marked, false).as_str(), with(name, true)), (name, marked));
    }
}
