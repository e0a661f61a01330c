//! Names and URLs, which are written alike on all platforms.

use adops_core::campaign::line::{DesiredAd, DesiredLine, LineProblem};
use adops_core::platform::Account;
use adops_core::reason::Reason;

/// A text without space around it and with single spaces within.
pub(crate) fn tidy(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A line's name by its template, of at most `most` characters, without its token.
pub(crate) fn name(line: &DesiredLine, account: &Account, most: usize) -> String {
    let template = line
        .account_overrides
        .name_template
        .as_ref()
        .or(account.name_template.as_ref())
        .map_or("{campaign} {market}", String::as_str);
    let filled = template
        .replace("{platform}", account.platform.name())
        .replace("{campaign}", &line.campaign.name)
        .replace("{market}", &line.market.key)
        .replace("{account}", &account.name)
        .replace("{locale}", line.locale.as_str());
    let name = tidy(&filled.replace('\0', " "));
    let name: String = name.chars().take(most).collect();
    if name.trim().is_empty() { line.campaign.name.clone() } else { name.trim().to_owned() }
}

/// What is appended to the URLs of a line's ads; `ad` stands for the ad, encoded. Placeholders of the platform itself
/// stay as they are.
pub(crate) fn url_parameters(line: &DesiredLine, account: &Account, ad: &str) -> String {
    let parameters = line.account_overrides.url_parameters.as_ref().or(account.url_parameters.as_ref());
    parameters.map_or_else(String::new, |parameters| {
        fill(parameters, line, account, ad).trim_start_matches(['?', '&']).to_owned()
    })
}

/// A URL or its parameters with all placeholders filled in; `ad` stands for the ad, encoded.
pub(crate) fn fill(text: &str, line: &DesiredLine, account: &Account, ad: &str) -> String {
    text.replace("{platform}", &account.platform.name().to_lowercase())
        .replace("{account}", &encode(&account.name))
        .replace("{campaign}", &encode(&line.campaign.name))
        .replace("{market}", &encode(&line.market.key))
        .replace("{locale}", line.locale.as_str())
        .replace("{ad}", ad)
}

/// An ad's own URL must not say something else than the parameters that are appended to it: such URLs are copied from
/// another Campaign.
pub(crate) fn foreign_parameters(url: &str, appended: &str, ad: &DesiredAd, problems: &mut Vec<LineProblem>) {
    for (name, value) in parameters(query(url)) {
        let ours = parameters(appended).find(|(other, _)| *other == name);
        if let Some((_, ours)) = ours.filter(|(_, ours)| *ours != value) {
            let message = format!(
                "ad `{}`: its URL says {name}={value}, urlParameters say {name}={ours}: take {name} out of the URL",
                ad.name
            );
            problems.push(LineProblem::new(Reason::UrlParametersForeign, message));
        }
    }
}

/// A URL with parameters at the end of its query, before its fragment. Those that it has already are not repeated.
pub(crate) fn append(url: &str, appended: &str) -> String {
    let (address, fragment) = url.split_once('#').map_or((url, None), |(address, fragment)| (address, Some(fragment)));
    let mut whole = address.to_owned();
    for part in appended.split('&').filter(|part| !part.is_empty()) {
        let name = part.split('=').next().unwrap_or_default();
        if parameters(query(address)).any(|(other, _)| other == name) {
            continue;
        }
        if !whole.ends_with(['?', '&']) {
            whole.push(if whole.contains('?') { '&' } else { '?' });
        }
        whole.push_str(part);
    }
    if let Some(fragment) = fragment {
        whole.push('#');
        whole.push_str(fragment);
    }
    whole
}

/// A value in a URL's query, with all but unreserved characters encoded.
pub(crate) fn encode(value: &str) -> String {
    value.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            use std::fmt::Write;
            let _ = write!(out, "%{byte:02X}");
        }
        out
    })
}

/// The parameters of a query: name and value as written.
pub(crate) fn parameters(query: &str) -> impl Iterator<Item = (&str, &str)> {
    query.split('&').filter(|part| !part.is_empty()).map(|part| part.split_once('=').unwrap_or((part, "")))
}

/// The query of a URL, without its fragment.
pub(crate) fn query(url: &str) -> &str {
    let url = url.split('#').next().unwrap_or_default();
    url.split_once('?').map_or("", |(_, query)| query)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_has_its_parameters() {
        let found: Vec<_> = parameters(query("https://x.example/a?utm_campaign=spring&b#c?d=e")).collect();
        assert_eq!(found, [("utm_campaign", "spring"), ("b", "")]);
        assert_eq!(encode("growth/spring sale"), "growth%2Fspring%20sale");
    }

    #[test]
    fn parameters_are_appended_once_and_before_the_fragment() {
        for (url, appended, whole) in [
            ("https://x.example/a", "", "https://x.example/a"),
            ("https://x.example/a", "b=c", "https://x.example/a?b=c"),
            ("https://x.example/a?d", "b=c&e", "https://x.example/a?d&b=c&e"),
            ("https://x.example/a?", "b=c", "https://x.example/a?b=c"),
            ("https://x.example/a?b=c#top", "b=c&e=f", "https://x.example/a?b=c&e=f#top"),
        ] {
            assert_eq!(append(url, appended), whole);
        }
    }
}
