//! What a name may resolve to (S7). The check stands between resolving and connecting: the client connects to the
//! addresses that pass here and to no others, so that a name which answers differently a moment later gains nothing.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use async_trait::async_trait;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::allow::AllowList;

/// A way to find the addresses of a name.
#[async_trait]
pub trait Lookup: Send + Sync {
    /// All of its addresses; ports do not count.
    async fn lookup(&self, name: &str) -> std::io::Result<Vec<SocketAddr>>;
}

/// The machine's own resolver.
pub(crate) struct System;

#[async_trait]
impl Lookup for System {
    async fn lookup(&self, name: &str) -> std::io::Result<Vec<SocketAddr>> {
        Ok(tokio::net::lookup_host((name, 0)).await?.collect())
    }
}

/// Lets through what may be connected to: public addresses, and those that are on the list by themselves. A private
/// endpoint is allowed by its address, not by a name that somebody else may point anywhere.
pub(crate) struct Guarded {
    allow: AllowList,
    lookup: Arc<dyn Lookup>,
}

impl Guarded {
    pub(crate) fn new(allow: AllowList, lookup: Arc<dyn Lookup>) -> Self {
        Self { allow, lookup }
    }
}

impl Resolve for Guarded {
    fn resolve(&self, name: Name) -> Resolving {
        let (allow, lookup) = (self.allow.clone(), self.lookup.clone());
        Box::pin(async move {
            let name = name.as_str();
            let mut found = lookup.lookup(name).await?;
            // RFC 6761: what is called localhost is this machine.
            let own = |ip: IpAddr| name == "localhost" && ip.is_loopback();
            found.retain(|address| is_public(address.ip()) || own(address.ip()) || allow.has_address(address.ip()));
            if found.is_empty() {
                return Err(format!("{name} resolves to no public address, nor to one on the allow-list").into());
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

/// Networks that are not the public internet: first address and length of the prefix (the registries of special
/// purpose addresses, RFC 6890 and its successors; multicast; what was never given out).
const SPECIAL_V4: &[([u8; 4], u32)] = &[
    ([0, 0, 0, 0], 8),
    ([10, 0, 0, 0], 8),
    ([100, 64, 0, 0], 10),
    ([127, 0, 0, 0], 8),
    ([169, 254, 0, 0], 16),
    ([172, 16, 0, 0], 12),
    ([192, 0, 0, 0], 24),
    ([192, 0, 2, 0], 24),
    ([192, 31, 196, 0], 24),
    ([192, 52, 193, 0], 24),
    ([192, 88, 99, 0], 24),
    ([192, 168, 0, 0], 16),
    ([192, 175, 48, 0], 24),
    ([198, 18, 0, 0], 15),
    ([198, 51, 100, 0], 24),
    ([203, 0, 113, 0], 24),
    ([224, 0, 0, 0], 4),
    ([240, 0, 0, 0], 4),
];

/// Of what lies in `2000::/3`, all that is given out: what is no public host.
const SPECIAL_V6: &[([u16; 8], u32)] = &[
    ([0x2001, 0, 0, 0, 0, 0, 0, 0], 23),
    ([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32),
    ([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20),
];

/// Whether an address is a host of the public internet. What carries an IPv4 address (mapped, NAT64, 6to4) is no
/// better than that one.
pub(crate) fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(v4) => !SPECIAL_V4.iter().any(|(net, bits)| {
            let mask = u32::MAX << (32 - bits);
            u32::from(v4) & mask == u32::from(Ipv4Addr::from(*net))
        }),
        IpAddr::V6(v6) => match embedded(v6) {
            Some(v4) => is_public(v4.into()),
            None => {
                v6.segments()[0] & 0xe000 == 0x2000 && !SPECIAL_V6.iter().any(|(net, bits)| within(v6, *net, *bits))
            }
        },
    }
}

fn embedded(v6: Ipv6Addr) -> Option<Ipv4Addr> {
    let [a, b, .., y, z] = v6.segments();
    let join = |high: u16, low: u16| Ipv4Addr::from(u32::from(high) << 16 | u32::from(low));
    if within(v6, [0x64, 0xff9b, 0, 0, 0, 0, 0, 0], 96) {
        return Some(join(y, z));
    }
    if a == 0x2002 {
        return Some(join(b, v6.segments()[2]));
    }
    v6.to_ipv4_mapped()
}

fn within(v6: Ipv6Addr, net: [u16; 8], bits: u32) -> bool {
    u128::from(v6) & (u128::MAX << (128 - bits)) == u128::from(Ipv6Addr::from(net))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_address_of_a_private_or_special_network_is_public() {
        for special in [
            "0.0.0.0",
            "0.1.2.3",
            "10.1.2.3",
            "100.64.0.1",
            "100.127.255.254",
            "127.0.0.1",
            "127.255.255.254",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.0.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.1",
            "203.0.113.9",
            "224.0.0.1",
            "239.1.1.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::2",
            "::127.0.0.1",
            "::ffff:10.0.0.1",
            "::ffff:169.254.169.254",
            "::ffff:0:10.0.0.1",
            "64:ff9b::10.0.0.1",
            "64:ff9b::169.254.169.254",
            "64:ff9b:1::8.8.8.8",
            "2002:a00:1::1",
            "2002:7f00:1::",
            "100::1",
            "2001::1",
            "2001:2::1",
            "2001:db8::1",
            "3fff::1",
            "5f00::1",
            "fc00::1",
            "fd00::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "4000::1",
        ] {
            assert!(!is_public(special.parse().unwrap()), "{special}");
        }
        for public in [
            "1.1.1.1",
            "8.8.8.8",
            "100.63.255.255",
            "100.128.0.1",
            "126.0.0.1",
            "142.250.1.1",
            "172.15.0.1",
            "172.32.0.1",
            "192.0.1.1",
            "198.17.0.1",
            "198.20.0.1",
            "223.255.255.254",
            "::ffff:8.8.8.8",
            "64:ff9b::8.8.8.8",
            "2002:808:808::1",
            "2001:4860:4860::8888",
            "2606:4700::1111",
            "2a00:1450:4001::1",
        ] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
    }
}
