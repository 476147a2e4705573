//! Taking the address.

use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use anyhow::Result;
use tokio::net::TcpListener;

use crate::problem::Problem;

/// Listens on `address`, a host or IP address with a port.
pub(super) async fn bind(address: &str) -> Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|error| {
        let what = |why: &str| format!("cannot listen on {address}: {why}");
        match error.kind() {
            ErrorKind::AddrInUse => Problem::error(
                what("the port is taken"),
                format!(
                    "Another bursar may be running. Stop it, or choose another port:\n\
                     bursar serve --listen {}",
                    next_port(address)
                ),
            ),
            ErrorKind::PermissionDenied => Problem::error(
                what("permission denied"),
                "Ports below 1024 are for administrators: choose a higher one, as in \
                 --listen 127.0.0.1:8080.",
            ),
            ErrorKind::AddrNotAvailable => Problem::error(
                what("this machine does not have that address"),
                "Use 127.0.0.1 for this machine alone, 0.0.0.0 for all its addresses.",
            ),
            _ => Problem::error(
                what(&error.to_string()),
                "An address is HOST:PORT, as in --listen 127.0.0.1:8080.",
            ),
        }
    })
}

/// The same host with the next port, as a suggestion.
fn next_port(address: &str) -> String {
    let Some((host, port)) = address.rsplit_once(':') else {
        return address.to_owned();
    };
    let next = port.parse::<u16>().ok().and_then(|port| port.checked_add(1)).unwrap_or(8081);
    format!("{host}:{next}")
}

/// Where a browser on this machine finds it.
pub(super) fn url(address: SocketAddr) -> String {
    let host = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    format!("http://{}", SocketAddr::new(host, address.port()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_for_all_is_shown_as_one_that_can_be_clicked() {
        let shown = |address: &str| url(address.parse().unwrap());
        assert_eq!(shown("0.0.0.0:8080"), "http://127.0.0.1:8080");
        assert_eq!(shown("[::]:80"), "http://[::1]:80");
        assert_eq!(shown("10.0.0.1:80"), "http://10.0.0.1:80");
        assert_eq!(next_port("127.0.0.1:8080"), "127.0.0.1:8081");
    }
}
