//! Names of first-level subdivisions (ISO 3166-2) as the platforms write them.

/// `CC-CODE|name`, further spellings behind more bars.
const TABLE: &str = include_str!("subdivisions.txt");

/// The code of a subdivision by its name, whatever its accents and case.
pub(crate) fn code(country: &str, name: &str) -> Option<&'static str> {
    let wanted = plain(name);
    TABLE.lines().find_map(|line| {
        let mut parts = line.split('|');
        let code = parts.next()?.strip_prefix(country)?.strip_prefix('-')?;
        parts.any(|known| plain(known) == wanted).then_some(code)
    })
}

/// The names of a subdivision, the usual one first; none if its code is not known.
pub(crate) fn names(country: &str, code: &str) -> impl Iterator<Item = &'static str> {
    let line = TABLE.lines().find_map(|line| {
        let (known, names) = line.split_once('|')?;
        let own = known.strip_prefix(country)?.strip_prefix('-')?;
        (own == code).then_some(names)
    });
    line.unwrap_or_default().split('|').filter(|name| !name.is_empty())
}

/// A name in lower-case ASCII letters and digits.
fn plain(name: &str) -> String {
    name.chars()
        .flat_map(char::to_lowercase)
        .filter_map(|c| match c {
            'à'..='å' | 'ā' | 'ă' | 'ą' => Some('a'),
            'ç' | 'ć' | 'č' => Some('c'),
            'è'..='ë' | 'ē' | 'ę' | 'ě' => Some('e'),
            'ì'..='ï' | 'ī' => Some('i'),
            'ł' => Some('l'),
            'ñ' | 'ń' => Some('n'),
            'ò'..='ö' | 'ō' | 'ø' => Some('o'),
            'ś' | 'š' => Some('s'),
            'ù'..='ü' | 'ū' => Some('u'),
            'ź' | 'ż' | 'ž' => Some('z'),
            c if c.is_ascii_alphanumeric() => Some(c),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_a_code_and_a_name() {
        for line in TABLE.lines() {
            let (place, name) = line.split_once('|').unwrap();
            assert!(place.parse::<adops_core::market::Place>().is_ok(), "{line}");
            assert!(!name.is_empty(), "{line}");
        }
    }

    #[test]
    fn names_are_found_whatever_their_accents() {
        for (country, name, expected) in [
            ("US", "California", Some("CA")),
            ("DE", "Baden-Württemberg", Some("BW")),
            ("DE", "Baden-Wurttemberg", Some("BW")),
            ("BR", "State of Sao Paulo", Some("SP")),
            ("CA", "California", None),
        ] {
            assert_eq!(code(country, name), expected, "{name}");
        }
    }

    #[test]
    fn a_code_has_its_names() {
        assert_eq!(names("US", "CA").next(), Some("California"));
        assert_eq!(names("US", "XX").next(), None);
        for line in TABLE.lines() {
            let (country, code) = line.split('|').next().unwrap().split_once('-').unwrap();
            assert_eq!(names(country, code).next(), line.split('|').nth(1), "{line}");
        }
    }
}
