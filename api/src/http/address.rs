//! Where a request came from.

use std::net::{IpAddr, SocketAddr};

use actix_web::{HttpRequest, dev::ServiceRequest, http::header};
use persistence::database::Origin;

use crate::app::App;

/// Characters of a user agent that are kept.
const USER_AGENT_MAX: usize = 256;

/// Where a request came from, for the audit trail.
pub fn origin(request: &HttpRequest, app: &App) -> Origin {
    let user_agent = request.headers().get(header::USER_AGENT).map(|value| {
        String::from_utf8_lossy(value.as_bytes())
            .chars()
            .filter(|c| !c.is_control())
            .take(USER_AGENT_MAX)
            .collect::<String>()
    });
    Origin {
        address: client(request, app),
        user_agent: user_agent.filter(|text| !text.is_empty()).map(Into::into),
    }
}

/// Address of the client: what the socket says, or the last address in `X-Forwarded-For` that no
/// trusted proxy wrote.
pub fn client(request: &HttpRequest, app: &App) -> Option<IpAddr> {
    let trusted = |ip: &IpAddr| {
        app.settings
            .trusted_proxies
            .0
            .iter()
            .any(|n| n.contains(ip))
    };
    let peer = request.peer_addr()?.ip().to_canonical();
    if !trusted(&peer) {
        return Some(peer);
    }
    let forwarded = request
        .headers()
        .get_all("x-forwarded-for")
        .filter_map(|v| v.to_str().ok())
        .flat_map(|v| v.split(','))
        .map(|v| read(v.trim()))
        .collect::<Vec<_>>();
    // Behind what can't be read, anything may have been written by the client itself.
    let mut known = forwarded.into_iter().rev().map_while(|ip| ip);
    Some(known.find(|ip| !trusted(ip)).unwrap_or(peer))
}

/// An address as proxies write it: alone, or with the port. One of IPv4 stays one where the socket
/// is of both.
fn read(text: &str) -> Option<IpAddr> {
    let alone = text.parse().ok();
    let address: IpAddr = alone.or_else(|| Some(text.parse::<SocketAddr>().ok()?.ip()))?;
    Some(address.to_canonical())
}

/// The network of a client: its /24, or /56 for IPv6; what limits count by.
pub fn network(request: &ServiceRequest, app: &App) -> [u8; 16] {
    client(request.request(), app).map_or([0xff; 16], network_of)
}

pub fn network_of(address: IpAddr) -> [u8; 16] {
    let mut network = [0; 16];
    match address.to_canonical() {
        IpAddr::V4(ip) => {
            for (to, from) in network.iter_mut().zip(ip.octets()).take(3) {
                *to = from;
            }
        }
        IpAddr::V6(ip) => {
            for (to, from) in network.iter_mut().zip(ip.octets()).take(7) {
                *to = from;
            }
        }
    }
    network
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_in_each_form_in_which_proxies_write_it() {
        for text in [
            "203.0.113.7",
            "203.0.113.7:4711",
            "::ffff:203.0.113.7",
            "[::ffff:203.0.113.7]:4711",
        ] {
            assert_eq!(read(text), Some(IpAddr::from([203, 0, 113, 7])), "{text}");
        }
        assert_eq!(read("unknown"), None);
    }
}
