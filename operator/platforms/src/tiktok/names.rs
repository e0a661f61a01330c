//! Names: TikTok has no labels, so a name says whose an object is (the token), and that it is we who have paused it.

pub(super) use crate::paused::{bare, is_paused, paused, with};

/// Characters of a campaign's name without its token. TikTok takes 512 in all, wide ones counting twice.
pub(super) const LENGTH: usize = 200;

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
    fn emoji_are_left_out_of_names() {
        assert_eq!(plain("spring 🌱 US ☀️"), "spring US");
    }
}
