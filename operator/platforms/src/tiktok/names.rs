//! Names: TikTok has no labels, so a name says whose an object is (the token), and that it is we who have paused it.

/// What stands behind the name of a campaign that *we* have paused or not yet enabled. A paused campaign of ours without
/// it was paused by somebody else.
const PAUSED: &str = " [paused]";

/// Characters of a campaign's name without its token. TikTok takes 512 in all, wide ones counting twice.
pub(super) const LENGTH: usize = 200;

/// A name without the mark of a pause.
pub(super) fn bare(name: &str) -> &str {
    name.strip_suffix(PAUSED).unwrap_or(name).trim_end()
}

/// Whether a name says that we have paused its campaign.
pub(super) fn is_paused(name: &str) -> bool {
    name.ends_with(PAUSED)
}

/// A name with the mark of a pause.
pub(super) fn paused(name: &str) -> String {
    format!("{}{PAUSED}", bare(name))
}

/// A name with the mark of a pause or without it.
pub(super) fn with(name: &str, mark: bool) -> String {
    if mark { paused(name) } else { bare(name).to_owned() }
}

/// A name without the characters that TikTok refuses in names: emoji.
pub(super) fn plain(name: &str) -> String {
    let plain: String = name.chars().filter(|c| !is_emoji(*c)).collect();
    crate::text::tidy(&plain)
}

fn is_emoji(c: char) -> bool {
    matches!(c, '\u{1F000}'..='\u{1FAFF}' | '\u{2600}'..='\u{27BF}' | '\u{FE0F}')
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

    #[test]
    fn emoji_are_left_out_of_names() {
        assert_eq!(plain("spring 🌱 US ☀️"), "spring US");
    }
}
