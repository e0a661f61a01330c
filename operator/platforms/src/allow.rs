//! Which endpoints may be talked to (S7): the platforms' own, and what the operator was started with.
//!
//! A URL that a tenant can set (the endpoint of an AdAccount, the token endpoint of a Secret or of a key file in it)
//! is judged as the client that sends will read it, before anything is sent. What its name resolves to is judged
//! at each connection, on the very addresses that are then connected to ([`crate::resolve`]).

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use reqwest::Url;
use reqwest::dns::Resolve;

use crate::error::PlatformError;
use crate::resolve::{Guarded, Lookup, System, is_public};

/// Hosts of the platforms themselves, https only.
const PLATFORM_HOSTS: &[&str] = &[
    "googleads.googleapis.com",
    "oauth2.googleapis.com",
    "graph.facebook.com",
    "business-api.tiktok.com",
    "api.pinterest.com",
];

/// An allow-list of origins.
#[derive(Clone)]
pub struct AllowList {
    extra: Arc<Vec<Origin>>,
    media: Arc<Vec<Origin>>,
    lookup: Arc<dyn Lookup>,
}

/// Scheme, host and, if it is given, port.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Origin {
    scheme: String,
    host: String,
    port: Option<u16>,
}

impl Default for AllowList {
    /// The platforms' own hosts.
    fn default() -> Self {
        Self { extra: Arc::default(), media: Arc::default(), lookup: Arc::new(System) }
    }
}

impl fmt::Debug for AllowList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("AllowList").field(&self.extra).finish()
    }
}

impl AllowList {
    /// The platforms' own hosts and these origins: `https://host`, `http://127.0.0.1` (any port),
    /// `http://127.0.0.1:8080`. A host that resolves to a private address needs that address on the list, too.
    pub fn new(extra: &[String]) -> Result<Self, String> {
        let origins = extra.iter().map(|text| Origin::parse(text)).collect::<Result<_, String>>()?;
        Ok(Self { extra: Arc::new(origins), ..Self::default() })
    }

    /// The same list, by which images and videos come from these origins only, and from those that are on the list
    /// anyway. Without any they may come from every public host.
    pub fn with_media(self, origins: &[String]) -> Result<Self, String> {
        let media = origins.iter().map(|text| Origin::parse(text)).collect::<Result<_, String>>()?;
        Ok(Self { media: Arc::new(media), ..self })
    }

    /// The same list with another way to find the addresses of names.
    #[must_use]
    pub fn with_lookup(self, lookup: Arc<dyn Lookup>) -> Self {
        Self { lookup, ..self }
    }

    /// Refuses a URL whose origin is not on the list.
    pub fn check_url(&self, url: &str) -> Result<(), PlatformError> {
        let refuse = || PlatformError::EndpointNotAllowed { url: origin_of(url) };
        let url: Url = url.parse().map_err(|_| refuse())?;
        let host = url.host_str().unwrap_or_default();
        let own = is_https(&url) && PLATFORM_HOSTS.contains(&host);
        let extra = self.extra.iter().any(|origin| origin.has(&url));
        if is_plain(&url) && (own || extra) { Ok(()) } else { Err(refuse()) }
    }

    /// Refuses the URL of an image or video that is not to be fetched: all but https at public hosts, or at those of
    /// [`AllowList::with_media`], and what is on the list. What a name resolves to is judged by the resolver.
    pub fn check_media_url(&self, url: &str) -> Result<(), PlatformError> {
        let refuse = || PlatformError::EndpointNotAllowed { url: origin_of(url) };
        let parsed: Url = url.parse().map_err(|_| refuse())?;
        let host = parsed.host_str().ok_or_else(refuse)?;
        // No resolver sees an address.
        let public = host.trim_matches(['[', ']']).parse().map_or(true, is_public);
        let media = is_https(&parsed) && public && self.media.is_empty()
            || self.media.iter().any(|origin| public && origin.has(&parsed));
        let extra = self.extra.iter().any(|origin| origin.has(&parsed));
        if is_plain(&parsed) && (media || extra) { Ok(()) } else { Err(refuse()) }
    }

    /// Whether an address that is not public is on the list by itself.
    pub(crate) fn has_address(&self, ip: IpAddr) -> bool {
        let of = |origin: &Origin| origin.host.trim_matches(['[', ']']).parse::<IpAddr>().ok();
        self.extra.iter().any(|origin| of(origin) == Some(ip))
    }

    /// A resolver that gives only addresses that may be connected to.
    pub fn resolver(&self) -> Arc<dyn Resolve> {
        Arc::new(Guarded::new(self.clone(), self.lookup.clone()))
    }
}

/// Who writes credentials into a URL shows them to whoever may read it.
fn is_plain(url: &Url) -> bool {
    url.username().is_empty() && url.password().is_none()
}

fn is_https(url: &Url) -> bool {
    url.scheme() == "https" && url.port().is_none()
}

impl Origin {
    /// Whether a URL lies there.
    fn has(&self, url: &Url) -> bool {
        self.scheme == url.scheme()
            && Some(self.host.as_str()) == url.host_str()
            && self.port.is_none_or(|port| url.port_or_known_default() == Some(port))
    }

    fn parse(text: &str) -> Result<Self, String> {
        let url: Url = text.parse().map_err(|_| format!("`{text}` is not an origin such as https://host"))?;
        let host = url.host_str().ok_or_else(|| format!("`{text}` has no host"))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(format!("`{text}` is neither http nor https"));
        }
        let rest = url.path() != "/" || url.query().is_some() || url.fragment().is_some();
        if rest || !url.username().is_empty() || url.password().is_some() {
            return Err(format!("`{text}` is more than an origin: write scheme, host and, if only one is meant, port"));
        }
        // A port that is the scheme's own is one that was asked for, too.
        let written = text.trim_end_matches('/').rsplit_once(':').and_then(|(_, port)| port.parse().ok());
        Ok(Self { scheme: url.scheme().to_owned(), host: host.to_owned(), port: url.port().or(written) })
    }
}

fn origin_of(url: &str) -> String {
    url.parse::<Url>().map_or_else(
        |_| "the endpoint".to_owned(),
        |url| {
            let port = url.port().map_or_else(String::new, |port| format!(":{port}"));
            format!("{}://{}{port}", url.scheme(), url.host_str().unwrap_or_default())
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list() -> AllowList {
        AllowList::new(&["http://127.0.0.1".to_owned(), "https://ads.example:8443".to_owned()]).unwrap()
    }

    #[test]
    fn only_platform_hosts_and_listed_origins_are_allowed() {
        for allowed in [
            "https://googleads.googleapis.com/v26/x",
            "https://oauth2.googleapis.com/token",
            "http://127.0.0.1:4711/token",
            "https://ads.example:8443/x",
            // Other ways to write what is on the list.
            "HTTPS://GoogleAds.GoogleAPIs.com:443/",
            "https://googleads%2egoogleapis.com/",
            "https://googleads。googleapis.com/",
            "https://googleads.googleapis.com\\@evil.example/",
            "http://2130706433/",
            "http://0x7f.1:80/",
        ] {
            assert!(list().check_url(allowed).is_ok(), "{allowed}");
        }
        for refused in [
            "http://googleads.googleapis.com/v26/x",
            "https://googleads.googleapis.com:8443/",
            "https://googleads.googleapis.com:80/",
            "https://googleads.googleapis.com./",
            "https://googleads.googleapis.com.evil.example/",
            "https://evil.example/googleads.googleapis.com",
            "https://googleads.googleapis.com@evil.example/",
            "https://googleads.googleapis.com:443@evil.example/",
            "https://evil.example#@googleads.googleapis.com/",
            "https://evil.example\\@googleads.googleapis.com/",
            "https://user:secret@googleads.googleapis.com/",
            "https://user@googleads.googleapis.com/",
            // A Cyrillic letter that looks like ours, and the name that it stands for.
            "https://googleаds.googleapis.com/",
            "https://xn--googleds-1nf.googleapis.com/",
            "https://storage.googleapis.com/",
            "https://googleapis.com/",
            "http://169.254.169.254/latest",
            "http://metadata.google.internal/",
            "http://127.0.0.2/",
            "http://[::1]/",
            "http://[::ffff:127.0.0.1]/",
            "http://localhost/",
            "https://127.0.0.1/",
            "https://ads.example/x",
            "https://ads.example:443/x",
            "http://ads.example:8443/x",
            "file:///etc/passwd",
            "ftp://googleads.googleapis.com/",
            "//googleads.googleapis.com/",
            "nonsense",
            "",
        ] {
            let Err(PlatformError::EndpointNotAllowed { url }) = list().check_url(refused) else {
                panic!("{refused} is allowed")
            };
            assert!(!url.contains("secret") && !url.contains("user"), "{url}");
        }
    }

    #[test]
    fn media_come_from_public_hosts_by_https_and_from_what_is_on_the_list() {
        for (allowed, of_media) in [
            ("https://cdn.example.com/spring.mp4?v=1#sha256=00", None),
            ("https://1.1.1.1/spring.jpg", None),
            ("http://127.0.0.1:4711/spring.jpg", None),
            ("https://cdn.example.com/spring.mp4", Some("https://cdn.example.com")),
            ("http://cdn.example.com:8080/spring.mp4", Some("http://cdn.example.com:8080")),
            ("http://127.0.0.1:4711/spring.jpg", Some("https://cdn.example.com")),
        ] {
            let list = list().with_media(&of_media.map(str::to_owned).into_iter().collect::<Vec<_>>()).unwrap();
            assert!(list.check_media_url(allowed).is_ok(), "{allowed}");
        }
        for (refused, of_media) in [
            ("http://cdn.example.com/spring.mp4", None),
            ("https://cdn.example.com:8443/spring.mp4", None),
            ("https://user:secret@cdn.example.com/spring.mp4", None),
            ("https://10.0.0.1/spring.jpg", None),
            ("https://169.254.169.254/latest", None),
            ("https://[::1]/spring.jpg", None),
            ("https://0x7f.1/", None),
            ("file:///etc/passwd", None),
            ("https:", None),
            ("https://other.example/spring.mp4", Some("https://cdn.example.com")),
            ("https://10.0.0.1/spring.jpg", Some("https://10.0.0.1")),
        ] {
            let list = list().with_media(&of_media.map(str::to_owned).into_iter().collect::<Vec<_>>()).unwrap();
            assert!(list.check_media_url(refused).is_err(), "{refused}");
        }
    }

    #[test]
    fn an_origin_on_the_list_is_no_more_than_an_origin() {
        for (wrong, why) in [
            ("ads.example", "not an origin"),
            ("ftp://ads.example", "neither http nor https"),
            ("https://ads.example/path", "more than an origin"),
            ("https://ads.example?x", "more than an origin"),
            ("https://user@ads.example", "more than an origin"),
            ("https://", "not an origin"),
        ] {
            let error = AllowList::new(&[wrong.to_owned()]).unwrap_err();
            assert!(error.contains(why), "{error}");
        }
        let https = AllowList::new(&["https://ads.example:443".to_owned()]).unwrap();
        assert!(https.check_url("https://ads.example/").is_ok());
        assert!(https.check_url("https://ads.example:8443/").is_err(), "a port that was asked for is the only one");
    }
}
