//! Ports: those of the node that lead to a workload, and those of a container that checks ask.

use std::net::Ipv6Addr;

use corten_document::BadValue;

use super::address::{Address, port};
use super::form::{Checked, Form};
use crate::settings::{PublishedPort, Transport};

/// The form of a [`Published`].
#[derive(Debug)]
pub enum PublishedForm {}

/// A port of the node that leads to a workload, as docker writes it: `8080:80`, `127.0.0.1:8443:443`, `53:53/udp`.
pub type Published = Checked<PublishedForm>;

impl Form for PublishedForm {
    const NAME: &'static str = "PublishedPort";
    const PATTERN: &'static str = "^((([0-9.]+|\\[[0-9A-Fa-f:.]+\\]):)?[0-9]{1,5}:)?[0-9]{1,5}(/(tcp|udp))?$";
    type Value = PublishedPort;

    fn read(text: &str) -> Result<PublishedPort, BadValue> {
        const EXPECTED: &str = "a port of the node and one of the workload, for example `8080:80`, `53:53/udp` or \
                                `127.0.0.1:8443:443`";
        let (ports, protocol) = match text.rsplit_once('/') {
            None => (text, Transport::Tcp),
            Some((ports, "tcp")) => (ports, Transport::Tcp),
            Some((ports, "udp")) => (ports, Transport::Udp),
            Some((ports, other)) => {
                let close = other.to_ascii_lowercase();
                let is_other = matches!(close.as_str(), "tcp" | "udp") && Self::read(ports).is_ok();
                return Err(if is_other {
                    BadValue::or(EXPECTED, format!("{ports}/{close}"))
                } else {
                    BadValue::new(EXPECTED)
                });
            }
        };
        let of = |address, node_port: &str, inner: &str| {
            Some(PublishedPort { address, node_port: port(node_port)?, port: port(inner)?, protocol })
        };
        let Some((rest, inner)) = ports.rsplit_once(':') else {
            return of(None, ports, ports).ok_or_else(|| BadValue::new(EXPECTED));
        };
        let Some((host, node_port)) = rest.rsplit_once(':') else {
            return of(None, rest, inner).ok_or_else(|| BadValue::new(EXPECTED));
        };
        let plain = of(None, node_port, inner).ok_or_else(|| BadValue::new(EXPECTED))?;
        // All addresses are meant where none is written.
        if matches!(host, "0.0.0.0" | "[::]" | "::" | "*" | "") {
            let all = &text[host.len() + 1..];
            return Err(BadValue::or(EXPECTED, all));
        }
        let inside = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        let address = match inside {
            Some(inside) if inside.parse::<Ipv6Addr>().is_ok() => inside.parse::<Address>().ok(),
            Some(_) => None,
            None if host.parse::<Ipv6Addr>().is_ok() => {
                return Err(BadValue::or(EXPECTED, format!("[{host}]{}", &text[host.len()..])));
            }
            None => host.parse::<Address>().ok(),
        };
        match address {
            Some(address) => Ok(PublishedPort { address: Some(*address.get()), ..plain }),
            None => Err(BadValue::new(EXPECTED)),
        }
    }
}

/// The form of an [`HttpCheck`].
#[derive(Debug)]
pub enum HttpCheckForm {}

/// What a check of a container asks over HTTP: `:8080/healthz`. The container is the host.
pub type HttpCheck = Checked<HttpCheckForm>;

impl Form for HttpCheckForm {
    const NAME: &'static str = "HttpCheck";
    const PATTERN: &'static str = "^:[0-9]{1,5}(/[^ #]*)?$";
    type Value = (u16, String);

    fn read(text: &str) -> Result<(u16, String), BadValue> {
        const EXPECTED: &str = "a port of the container with a path, for example `:8080/healthz`";
        if let Some(found) = http_check(text) {
            return Ok(found);
        }
        let rest = text.strip_prefix("http://").unwrap_or(text);
        let start = rest.find(':').unwrap_or_default();
        let close = format!(":{}", rest[start..].trim_start_matches(':'));
        Err(if http_check(&close).is_some() {
            BadValue::or(EXPECTED, close)
        } else {
            BadValue::new(EXPECTED)
        })
    }
}

fn http_check(text: &str) -> Option<(u16, String)> {
    if text.len() > 2048 || text.bytes().any(|byte| !byte.is_ascii_graphic() || byte == b'#') {
        return None;
    }
    let rest = text.strip_prefix(':')?;
    let (number, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    Some((port(number)?, if path.is_empty() { "/".to_owned() } else { path.to_owned() }))
}

/// The form of a [`GrpcService`].
#[derive(Debug)]
pub enum GrpcServiceForm {}

/// Name of a service that a check asks for: `example.v1.Store`.
pub type GrpcService = Checked<GrpcServiceForm>;

impl Form for GrpcServiceForm {
    const NAME: &'static str = "GrpcService";
    const PATTERN: &'static str = "^[!-~]{1,255}$";
    type Value = String;

    fn read(text: &str) -> Result<String, BadValue> {
        if (1..=255).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Ok(text.to_owned());
        }
        Err(BadValue::new("the name of a service, for example `example.v1.Store`"))
    }
}
