//! Which endpoints may be talked to (S7): the platforms' own, and what the operator was started with.

use std::net::SocketAddr;
use std::sync::Arc;

use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::error::PlatformError;

/// Hosts of the platforms themselves, https only.
const PLATFORM_HOSTS: &[&str] =
    &["googleads.googleapis.com", "oauth2.googleapis.com", "graph.facebook.com", "business-api.tiktok.com"];

/// An allow-list of origins.
#[derive(Debug, Clone, Default)]
pub struct AllowList {
    extra: Arc<Vec<Origin>>,
}

/// Scheme, host and, if it is given, port.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Origin {
    scheme: String,
    host: String,
    port: Option<u16>,
}

impl AllowList {
    /// The platforms' own hosts and these origins: `https://host`, `http://127.0.0.1` (any port),
    /// `http://127.0.0.1:8080`.
    pub fn new(extra: &[String]) -> Result<Self, String> {
        let origins = extra
            .iter()
            .map(|text| {
                let url: Url = text.parse().map_err(|_| format!("`{text}` is not an origin such as https://host"))?;
                let host = url.host_str().ok_or_else(|| format!("`{text}` has no host"))?;
                Ok(Origin { scheme: url.scheme().to_owned(), host: host.to_owned(), port: url.port() })
            })
            .collect::<Result<_, String>>()?;
        Ok(Self { extra: Arc::new(origins) })
    }

    /// Refuses a URL whose origin is not on the list.
    pub fn check_url(&self, url: &str) -> Result<(), PlatformError> {
        let refuse = || PlatformError::EndpointNotAllowed { url: origin_of(url) };
        let url: Url = url.parse().map_err(|_| refuse())?;
        let host = url.host_str().unwrap_or_default();
        let own = url.scheme() == "https" && url.port().is_none() && PLATFORM_HOSTS.contains(&host);
        let extra = self.extra.iter().any(|origin| {
            origin.scheme == url.scheme()
                && origin.host == host
                && origin.port.is_none_or(|port| url.port_or_known_default() == Some(port))
        });
        if own || extra { Ok(()) } else { Err(refuse()) }
    }

    /// A resolver that refuses addresses inside the cluster or the machine for hosts that are not
    /// listed as such: a public name that resolves to 127.0.0.1 is an attack.
    pub fn resolver(&self) -> Arc<dyn Resolve> {
        Arc::new(GuardedResolver)
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

/// Names are resolved by the system; literal addresses never come here. What a name resolves to must
/// be a public address: a private endpoint is allowed by its address, not by a name somebody controls.
struct GuardedResolver;

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let public: Vec<SocketAddr> =
                found.into_iter().filter(|a| is_public(a.ip()) || name.as_str() == "localhost").collect();
            if public.is_empty() {
                return Err(format!("{} resolves to no public address", name.as_str()).into());
            }
            Ok(Box::new(public.into_iter()) as Addrs)
        })
    }
}

fn is_public(ip: std::net::IpAddr) -> bool {
    match ip {
        std::net::IpAddr::V4(v4) => {
            let [first, second, ..] = v4.octets();
            let shared = first == 100 && (64..128).contains(&second);
            let local = v4.is_private() || v4.is_loopback() || v4.is_link_local() || v4.is_broadcast();
            !(local || shared || first == 0)
        }
        std::net::IpAddr::V6(v6) => {
            if let Some(v4) = v6.to_ipv4_mapped() {
                return is_public(v4.into());
            }
            let first = v6.segments()[0];
            !(v6.is_loopback() || v6.is_unspecified() || first & 0xfe00 == 0xfc00 || first & 0xffc0 == 0xfe80)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_platform_hosts_and_listed_origins_are_allowed() {
        let list = AllowList::new(&["http://127.0.0.1".to_owned(), "https://ads.example:8443".to_owned()]).unwrap();
        for allowed in
            ["https://googleads.googleapis.com/v26/x", "http://127.0.0.1:4711/token", "https://ads.example:8443/x"]
        {
            assert!(list.check_url(allowed).is_ok(), "{allowed}");
        }
        for refused in [
            "http://googleads.googleapis.com/v26/x",
            "https://googleads.googleapis.com:8443/",
            "https://googleads.googleapis.com.evil.example/",
            "https://googleads.googleapis.com@evil.example/",
            "http://169.254.169.254/latest",
            "https://ads.example/x",
            "file:///etc/passwd",
            "nonsense",
        ] {
            assert!(list.check_url(refused).is_err(), "{refused}");
        }
    }

    #[test]
    fn private_addresses_are_not_public() {
        for ip in ["127.0.0.1", "10.1.2.3", "192.168.0.1", "169.254.169.254", "::1", "fd00::1", "::ffff:10.0.0.1"] {
            assert!(!is_public(ip.parse().unwrap()), "{ip}");
        }
        assert!(is_public("142.250.1.1".parse().unwrap()));
    }
}
