//! How Google writes and measures texts: widths, keywords, demographic groups.

use std::collections::BTreeSet;
use std::fmt;

use adops_core::campaign::spec::{AgeRange, Gender};

use crate::text::tidy;

/// Columns of a text as Google counts them: wide characters (Chinese, Japanese, Korean) take two, and
/// of an insertion such as `{KeyWord:Shoes}` its default counts.
pub(super) fn width(text: &str) -> usize {
    let mut width = 0;
    let mut rest = text;
    while let Some((before, insertion)) = rest.split_once('{') {
        width += plain_width(before);
        let Some((inner, after)) = insertion.split_once('}') else {
            return width + plain_width(insertion) + 1;
        };
        width += match inner.split_once(':') {
            Some((_, default)) => plain_width(default),
            None => plain_width(inner) + 2,
        };
        rest = after;
    }
    width + plain_width(rest)
}

fn plain_width(text: &str) -> usize {
    text.chars().map(|c| if is_wide(c) { 2 } else { 1 }).sum()
}

fn is_wide(c: char) -> bool {
    matches!(c,
        '\u{1100}'..='\u{115F}' | '\u{2E80}'..='\u{303E}' | '\u{3041}'..='\u{33FF}' | '\u{3400}'..='\u{4DBF}'
        | '\u{4E00}'..='\u{9FFF}' | '\u{A000}'..='\u{A4CF}' | '\u{AC00}'..='\u{D7A3}' | '\u{F900}'..='\u{FAFF}'
        | '\u{FE30}'..='\u{FE4F}' | '\u{FF00}'..='\u{FF60}' | '\u{FFE0}'..='\u{FFE6}' | '\u{20000}'..='\u{3FFFD}')
}

/// How close a search must be to a keyword.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Match {
    Broad,
    Phrase,
    Exact,
}

impl Match {
    pub(super) fn as_wire(self) -> &'static str {
        match self {
            Self::Broad => "BROAD",
            Self::Phrase => "PHRASE",
            Self::Exact => "EXACT",
        }
    }

    pub(super) fn from_wire(word: &str) -> Self {
        match word {
            "PHRASE" => Self::Phrase,
            "EXACT" => Self::Exact,
            _ => Self::Broad,
        }
    }
}

/// A keyword in the one form in which two equal ones are the same: Google tells them apart neither by
/// case nor by space.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Keyword {
    pub(super) text: String,
    pub(super) matching: Match,
}

impl Keyword {
    /// Of a text and a match type.
    pub(super) fn new(text: &str, matching: Match) -> Self {
        Self { text: tidy(&text.to_lowercase()), matching }
    }

    /// Reads Google's notation: `plain`, `"phrase"`, `[exact]`. The error says what is wrong with it.
    pub(super) fn parse(written: &str) -> Result<Self, String> {
        let trimmed = written.trim();
        let inner = |open: char, close: char| trimmed.strip_prefix(open).and_then(|rest| rest.strip_suffix(close));
        let keyword = if let Some(text) = inner('[', ']') {
            Self::new(text, Match::Exact)
        } else if let Some(text) = inner('"', '"') {
            Self::new(text, Match::Phrase)
        } else {
            Self::new(trimmed, Match::Broad)
        };
        keyword.check().map(|()| keyword)
    }

    fn check(&self) -> Result<(), String> {
        const FORBIDDEN: &[char] = &[
            '!', '@', '%', '^', '(', ')', '=', '{', '}', ';', '~', '`', '<', '>', '?', '\\', '|', ',', '*', '"', '[',
            ']',
        ];
        let (length, words) = (self.text.chars().count(), self.text.split(' ').count());
        if self.text.is_empty() {
            Err("it is empty".to_owned())
        } else if length > 80 {
            Err(format!("it is {} characters longer than the 80 that Google takes", length - 80))
        } else if words > 10 {
            Err(format!("it has {words} words; Google takes 10"))
        } else if let Some(bad) = self.text.chars().find(|c| FORBIDDEN.contains(c)) {
            Err(format!("Google takes no `{bad}` in a keyword"))
        } else {
            Ok(())
        }
    }
}

impl fmt::Display for Keyword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.matching {
            Match::Broad => f.write_str(&self.text),
            Match::Phrase => write!(f, "\"{}\"", self.text),
            Match::Exact => write!(f, "[{}]", self.text),
        }
    }
}

/// The word for people of whom Google does not know the age or the gender. They are always targeted.
pub(super) const UNKNOWN: &str = "unknown";

/// A demographic group: our word, Google's enum value.
pub(super) type Group = (&'static str, &'static str);

/// Ages as Google has them.
pub(super) const AGES: &[Group] = &[
    ("18-24", "AGE_RANGE_18_24"),
    ("25-34", "AGE_RANGE_25_34"),
    ("35-44", "AGE_RANGE_35_44"),
    ("45-54", "AGE_RANGE_45_54"),
    ("55-64", "AGE_RANGE_55_64"),
    ("65+", "AGE_RANGE_65_UP"),
    (UNKNOWN, "AGE_RANGE_UNDETERMINED"),
];

/// Genders as Google has them.
pub(super) const GENDERS: &[Group] = &[("female", "FEMALE"), ("male", "MALE"), (UNKNOWN, "UNDETERMINED")];

const STARTS: &[u8] = &[18, 25, 35, 45, 55, 65];
const ENDS: &[u8] = &[24, 34, 44, 54, 64];

/// The words of all groups that a range covers, or which range is the nearest that Google can target.
pub(super) fn ages(range: Option<AgeRange>) -> Result<BTreeSet<String>, String> {
    let Some(range) = range else { return Ok(words(AGES)) };
    let first = STARTS.iter().position(|start| *start == range.from);
    let last = match range.to {
        None => Some(STARTS.len() - 1),
        Some(to) => ENDS.iter().position(|end| *end == to),
    };
    match (first, last) {
        (Some(first), Some(last)) if first <= last => {
            let mut covered: BTreeSet<String> = AGES[first..=last].iter().map(|(word, _)| (*word).to_owned()).collect();
            covered.insert(UNKNOWN.to_owned());
            Ok(covered)
        }
        _ => Err(nearest(range)),
    }
}

fn nearest(range: AgeRange) -> String {
    let closest = |choices: &[u8], wanted: u8| {
        choices.iter().copied().min_by_key(|choice| choice.abs_diff(wanted)).unwrap_or(wanted)
    };
    let from = closest(STARTS, range.from);
    match range.to {
        Some(to) if to < 70 => {
            let to = closest(ENDS, to).max(from.saturating_add(6));
            let to = closest(ENDS, to);
            if to < from { format!("{from}+") } else { format!("{from}-{to}") }
        }
        _ => format!("{from}+"),
    }
}

/// The words of all groups of the given genders; of all if none is given.
pub(super) fn genders(wanted: &BTreeSet<Gender>) -> BTreeSet<String> {
    let mut covered: BTreeSet<String> = wanted
        .iter()
        .map(|gender| match gender {
            Gender::Female => "female".to_owned(),
            Gender::Male => "male".to_owned(),
        })
        .collect();
    if covered.is_empty() {
        return words(GENDERS);
    }
    covered.insert(UNKNOWN.to_owned());
    covered
}

/// All words of a kind of groups.
pub(super) fn words(groups: &[Group]) -> BTreeSet<String> {
    groups.iter().map(|(word, _)| (*word).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_characters_and_insertions_count_as_google_counts_them() {
        for (text, expected) in [
            ("Spring is here", 14),
            ("Frühling ist da", 15),
            ("春が来た", 8),
            ("봄이 왔다", 9),
            ("Buy {KeyWord:Shoes} now", 13),
            ("a {b} c", 7),
            ("open {brace", 11),
        ] {
            assert_eq!(width(text), expected, "{text}");
        }
    }

    #[test]
    fn keywords_are_read_in_googles_notation() {
        for (written, canonical) in [
            ("Spring  Series", "spring series"),
            ("\"Spring series\"", "\"spring series\""),
            (" [Spring Series] ", "[spring series]"),
        ] {
            assert_eq!(Keyword::parse(written).unwrap().to_string(), canonical);
        }
        for bad in ["", "[]", "a, b", "[a", "\"a", "one two three four five six seven eight nine ten eleven"] {
            assert!(Keyword::parse(bad).is_err(), "{bad}");
        }
        assert!(Keyword::parse(&"x".repeat(83)).unwrap_err().contains("3 characters longer"));
    }

    #[test]
    fn ages_are_googles_groups_or_the_nearest_is_named() {
        let range = |from, to| Some(AgeRange { from, to });
        let set = |words: &[&str]| words.iter().map(|w| (*w).to_owned()).collect::<BTreeSet<_>>();
        assert_eq!(ages(range(18, Some(34))).unwrap(), set(&["18-24", "25-34", UNKNOWN]));
        assert_eq!(ages(range(55, None)).unwrap(), set(&["55-64", "65+", UNKNOWN]));
        assert_eq!(ages(None).unwrap().len(), 7);
        for (from, to, near) in [
            (18, Some(55), "18-54"),
            (13, Some(54), "18-54"),
            (20, None, "18+"),
            (18, Some(99), "18+"),
            (35, Some(36), "35-44"),
            (64, Some(66), "65+"),
        ] {
            assert_eq!(ages(range(from, to)).unwrap_err(), near, "{from}-{to:?}");
        }
    }
}
