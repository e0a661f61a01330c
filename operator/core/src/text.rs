//! Words that come from outside (a platform, a tenant) on their way to people.

/// The text on one line, without what a terminal or a page would take for a command: control characters become spaces,
/// what turns the direction of writing or is not to be seen is left out.
pub fn plain(text: &str) -> String {
    text.chars().filter(|c| !is_invisible(*c)).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// The [`plain`] text, cut to at most `limit` bytes at the end of a character, with an ellipsis where something is
/// missing.
pub fn cut(text: &str, limit: usize) -> String {
    const ELLIPSIS: &str = "…";
    // What is far beyond the limit need not be looked at.
    let text = plain(&text[..text.floor_char_boundary(limit.saturating_mul(4))]);
    if text.len() <= limit {
        return text;
    }
    let end = text.floor_char_boundary(limit.saturating_sub(ELLIPSIS.len()));
    format!("{}{ELLIPSIS}", &text[..end])
}

fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_word_from_outside_commands_a_terminal_or_hides() {
        assert_eq!(plain("a\u{1b}[2Jb\r\nc\0\u{7}"), "a [2Jb  c  ");
        assert_eq!(plain("safe\u{202e}txt.exe\u{200b}"), "safetxt.exe");
        assert_eq!(plain("Frühling – 春"), "Frühling – 春");
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        assert_eq!(cut("Frühling", 20), "Frühling");
        assert_eq!(cut("üüüü", 6), "ü…");
        assert!(cut(&"ü".repeat(500_000), 120).len() <= 120);
        assert!(cut(&"\u{202e}".repeat(500_000), 120).len() <= 120);
    }
}
