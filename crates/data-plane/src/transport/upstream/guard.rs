//! Which resolved addresses may not be backends.
//!
//! Whoever may write an integration chooses where this machine connects to. Addresses that answer only to this machine and
//! hand out its credentials (the metadata services), that mean no one host, or that are Postern itself are refused; loopback
//! and private networks are where backends live and are not. The check is made on the address that is connected to, after
//! DNS, so that a name cannot change its meaning in between.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

use postern_api_model::ports::RUNTIME_API_ADDRESS;

use super::{ChosenBy, UpstreamError, UpstreamSettings};

/// EC2's metadata service over IPv6, which is in no link-local range.
const METADATA_V6: Ipv6Addr = Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254);
/// Metadata services of other clouds that lie outside the link-local range (Alibaba Cloud, Oracle Cloud's legacy one).
const METADATA_V4: [Ipv4Addr; 2] = [Ipv4Addr::new(100, 100, 100, 200), Ipv4Addr::new(192, 0, 0, 192)];

/// The rules.
pub(super) struct Guard {
    allowed: Vec<IpAddr>,
    own: Vec<SocketAddr>,
}

impl Guard {
    pub(super) fn new(settings: &UpstreamSettings) -> Self {
        Self {
            allowed: settings.allowed_addresses.iter().map(IpAddr::to_canonical).collect(),
            own: settings.own_addresses.clone(),
        }
    }

    /// Passes an address that may be connected to.
    pub(super) fn check(&self, address: SocketAddr, chosen_by: ChosenBy) -> Result<(), UpstreamError> {
        let ip = address.ip().to_canonical();
        if self.allowed.contains(&ip) {
            return Ok(());
        }
        let rule = match ip {
            IpAddr::V4(ip) => refusal_v4(ip),
            IpAddr::V6(ip) => refusal_v6(ip),
        };
        let rule = rule.filter(|rule| !(rule.is_about_trust && chosen_by == ChosenBy::Operator)).map(|rule| rule.reason);
        let reason = rule.or_else(|| self.is_own(ip, address.port()).then_some("Postern itself listens on it"));
        reason.map_or(Ok(()), |reason| Err(UpstreamError::Refused { address, reason }))
    }

    fn is_own(&self, ip: IpAddr, port: u16) -> bool {
        self.own
            .iter()
            .any(|own| own.port() == port && (own.ip().to_canonical() == ip || own.ip().is_unspecified() && is_local(ip)))
    }
}

/// Whether `ip` is one of this machine's: only such an address can be bound to.
fn is_local(ip: IpAddr) -> bool {
    ip.is_loopback() || UdpSocket::bind((ip, 0)).is_ok()
}

/// Why an address is no backend's.
struct Refusal {
    reason: &'static str,
    /// Whether it could be a backend's, if somebody says so who may read this machine's secrets anyway.
    is_about_trust: bool,
}

impl Refusal {
    const fn of_trust(reason: &'static str) -> Option<Self> {
        Some(Self { reason, is_about_trust: true })
    }

    const fn of_meaning(reason: &'static str) -> Option<Self> {
        Some(Self { reason, is_about_trust: false })
    }
}

fn refusal_v4(ip: Ipv4Addr) -> Option<Refusal> {
    if ip.is_link_local() {
        Refusal::of_trust("link-local addresses are refused, the metadata service's among them")
    } else if METADATA_V4.contains(&ip) {
        Refusal::of_trust("it is a metadata service's")
    } else if ip == RUNTIME_API_ADDRESS {
        Refusal::of_meaning("functions ask for their events there")
    } else if ip.octets()[0] == 0 {
        Refusal::of_meaning("it means no one host")
    } else if ip.is_multicast() || ip.is_broadcast() {
        Refusal::of_meaning("multicast and broadcast addresses are refused")
    } else {
        None
    }
}

fn refusal_v6(ip: Ipv6Addr) -> Option<Refusal> {
    if ip.is_unicast_link_local() {
        Refusal::of_trust("link-local addresses are refused")
    } else if ip == METADATA_V6 {
        Refusal::of_trust("it is a metadata service's")
    } else if ip.is_unspecified() {
        Refusal::of_meaning("it means no one host")
    } else if ip.is_multicast() {
        Refusal::of_meaning("multicast and broadcast addresses are refused")
    } else {
        embedded_v4(ip).and_then(refusal_v4)
    }
}

/// The IPv4 address that a translator on the way would connect to: NAT64 (RFC 6052's and RFC 8215's prefixes), 6to4
/// (RFC 3056), and the deprecated IPv4-compatible form. IPv4-mapped ones are IPv4 by now.
fn embedded_v4(ip: Ipv6Addr) -> Option<Ipv4Addr> {
    let s = ip.segments();
    let from = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match s {
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x64, 0xff9b, 1, _, _, _, high, low] => Some(from(high, low)),
        [0x2002, high, low, ..] => Some(from(high, low)),
        [0, 0, 0, 0, 0, 0, high, low] if (high, low) != (0, 1) => Some(from(high, low)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn guard(own: &[&str], allowed: &[&str]) -> Guard {
        Guard {
            allowed: allowed.iter().map(|ip| ip.parse().unwrap()).collect(),
            own: own.iter().map(|address| address.parse().unwrap()).collect(),
        }
    }

    #[test]
    fn addresses_that_reach_no_backend_are_refused_in_every_form() {
        let guard = guard(&[], &[]);
        for address in [
            "169.254.169.254:80",
            "169.254.170.2:80",
            "169.254.0.1:80",
            "100.100.100.200:80",
            "0.0.0.0:80",
            "0.1.2.3:80",
            "224.0.0.1:80",
            "255.255.255.255:80",
            "127.80.84.78:40000",
            "[::ffff:127.80.84.78]:40000",
            "[fe80::1]:80",
            "[febf::1]:80",
            "[fd00:ec2::254]:80",
            "[::]:80",
            "[ff02::1]:80",
            "[::ffff:169.254.169.254]:80",
            "[::ffff:0.0.0.0]:80",
            "[64:ff9b::a9fe:a9fe]:80",
            "[64:ff9b:1::a9fe:a9fe]:80",
            "[2002:a9fe:a9fe::1]:80",
            "[::a9fe:a9fe]:80",
        ] {
            assert!(guard.check(address.parse().unwrap(), ChosenBy::Api).is_err(), "{address}");
        }
    }

    #[test]
    fn loopback_private_and_public_addresses_pass() {
        let guard = guard(&["127.0.0.1:8080"], &[]);
        for address in
            ["127.0.0.1:80", "[::1]:80", "10.1.2.3:80", "192.168.1.1:80", "[fd12::1]:80", "1.1.1.1:443", "[64:ff9b::101:101]:80"]
        {
            assert!(guard.check(address.parse().unwrap(), ChosenBy::Api).is_ok(), "{address}");
        }
    }

    #[test]
    fn own_listeners_are_refused_wildcard_ones_on_every_local_address() {
        let guard = guard(&["127.0.0.2:8080", "0.0.0.0:8443"], &[]);
        for (address, passes) in [
            ("127.0.0.2:8080", false),
            ("127.0.0.1:8080", true),
            ("127.0.0.1:8443", false),
            ("[::ffff:127.0.0.1]:8443", false),
            ("[::1]:8443", false),
            ("192.0.2.1:8443", true),
        ] {
            assert_eq!(guard.check(address.parse().unwrap(), ChosenBy::Api).is_ok(), passes, "{address}");
        }
    }

    #[test]
    fn the_operator_may_name_any_one_host_but_this_gateway() {
        let guard = guard(&["127.0.0.2:8080", "0.0.0.0:8443"], &[]);
        for (address, passes) in [
            ("169.254.169.254:80", true),
            ("100.100.100.200:80", true),
            ("[fe80::1]:80", true),
            ("[fd00:ec2::254]:80", true),
            ("[::ffff:169.254.169.254]:80", true),
            ("0.0.0.0:80", false),
            ("[::]:80", false),
            ("224.0.0.1:80", false),
            ("127.0.0.2:8080", false),
            ("127.0.0.1:8443", false),
        ] {
            assert_eq!(guard.check(address.parse().unwrap(), ChosenBy::Operator).is_ok(), passes, "{address}");
        }
    }

    #[test]
    fn an_allowed_address_passes_every_rule() {
        let guard = guard(&["127.0.0.1:8080"], &["169.254.170.2", "127.0.0.1"]);
        assert!(guard.check("169.254.170.2:80".parse().unwrap(), ChosenBy::Api).is_ok());
        assert!(guard.check("[::ffff:169.254.170.2]:80".parse().unwrap(), ChosenBy::Api).is_ok());
        assert!(guard.check("127.0.0.1:8080".parse().unwrap(), ChosenBy::Api).is_ok());
        assert!(guard.check("169.254.169.254:80".parse().unwrap(), ChosenBy::Api).is_err());
    }
}
