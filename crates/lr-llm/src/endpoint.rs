//! Where requests go: a provider's base URL, taken apart so that it can be judged before a key is sent there.
//!
//! Stricter than URLs in general, so that no two readers of one can disagree about its host.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The port of Ollama.
const OLLAMA_PORT: u16 = 11434;

/// Where protocols are spoken; a base URL that was copied from a request ends with one.
const OPERATIONS: [&str; 4] = ["/chat/completions", "/responses", "/messages", "/api/chat"];

/// A base URL, such as `https://api.groq.com/openai/v1`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Endpoint {
    secure: bool,
    host: String,
    port: u16,
    /// Without a slash at the end; empty or starting with one.
    path: String,
    /// With its question mark, or empty.
    query: String,
}

impl Endpoint {
    /// Reads a base URL; one that ends in a protocol's own path is shortened to the base.
    /// The error is what is wrong with it.
    pub(crate) fn parse(url: &str) -> Result<Endpoint, &'static str> {
        let (scheme, rest) = url
            .split_once("://")
            .ok_or("it does not start with http:// or https://")?;
        let secure = match scheme.to_ascii_lowercase().as_str() {
            "http" => false,
            "https" => true,
            _ => return Err("it does not start with http:// or https://"),
        };
        if rest.contains(|c: char| !c.is_ascii_graphic() || "\\\"<>^`{|}#".contains(c)) {
            return Err("it holds a character that URLs do not have");
        }
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, rest) = rest.split_at(end);
        if authority.contains('@') {
            return Err("it holds a user name; keys have options of their own");
        }
        if authority.is_empty() || authority.starts_with(':') {
            return Err("it names no host");
        }
        let (path, query) = rest.split_at(rest.find('?').unwrap_or(rest.len()));
        let (host, port) = split_port(authority, if secure { 443 } else { 80 })?;
        let path = path.trim_end_matches('/');
        Ok(Endpoint {
            secure,
            host,
            port,
            path: OPERATIONS
                .iter()
                .find_map(|operation| path.strip_suffix(operation))
                .unwrap_or(path)
                .to_owned(),
            query: query.to_owned(),
        })
    }

    /// Reads `OLLAMA_HOST`: a host, `host:port` or a URL; 0.0.0.0 stands for this machine.
    pub(crate) fn parse_ollama(value: &str) -> Result<Endpoint, &'static str> {
        let value = value.trim().trim_matches(['"', '\'']);
        let mut endpoint = if value.contains("://") {
            Endpoint::parse(value)?
        } else if let Ok(address) = value.parse::<Ipv6Addr>() {
            Endpoint::parse(&format!("http://[{address}]:{OLLAMA_PORT}"))?
        } else {
            let end = value.find('/').unwrap_or(value.len());
            let (authority, path) = value.split_at(end);
            let (host, port) = split_port(authority, OLLAMA_PORT)?;
            Endpoint::parse(&format!("http://{host}:{port}{path}"))?
        };
        if matches!(endpoint.host.as_str(), "0.0.0.0" | "[::]") {
            endpoint.host = Ipv4Addr::LOCALHOST.to_string();
        }
        Ok(endpoint)
    }

    /// The same without the version at the end of its path, for protocols that bring their own.
    pub(crate) fn without_version(mut self) -> Endpoint {
        if let Some(path) = self.path.strip_suffix("/v1") {
            self.path.truncate(path.len());
        }
        self
    }

    /// The URL of a path below the base.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{}{path}{}", self.origin(), self.path, self.query)
    }

    /// Scheme, host and port: what a key belongs to.
    pub(crate) fn origin(&self) -> String {
        let scheme = if self.secure { "https" } else { "http" };
        match (self.secure, self.port) {
            (true, 443) | (false, 80) => format!("{scheme}://{}", self.host),
            _ => format!("{scheme}://{}:{}", self.host, self.port),
        }
    }

    /// Host and port.
    pub(crate) fn address(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// Whether the host is this machine, by its name.
    pub(crate) fn is_loopback(&self) -> bool {
        let name = self.host.trim_start_matches('[').trim_end_matches(']');
        name == "localhost" || name.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
    }

    /// Whether what is sent can be read on its way to another machine.
    pub(crate) fn is_exposed(&self) -> bool {
        !self.secure && !self.is_loopback()
    }
}

/// Shows the host, with the port where it is not the usual one: what messages name.
impl fmt::Display for Endpoint {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.secure, self.port) {
            (true, 443) | (false, 80) => write!(out, "{}", self.host),
            _ => write!(out, "{}:{}", self.host, self.port),
        }
    }
}

/// Takes `host:port` apart; an empty host is this machine.
fn split_port(authority: &str, default: u16) -> Result<(String, u16), &'static str> {
    let bracket_end = authority.rfind(']').map_or(0, |end| end + 1);
    let (host, port) = match authority[bracket_end..].rfind(':') {
        None => (authority, default),
        Some(colon) => {
            let (host, port) = authority.split_at(bracket_end + colon);
            let port = match &port[1..] {
                "" => default,
                digits => digits.parse().map_err(|_| "its port is not a number")?,
            };
            (host, port)
        }
    };
    let host = if host.is_empty() { "127.0.0.1" } else { host };
    let bracketed = host.starts_with('[') && host.ends_with(']');
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
    if bracketed {
        let address = &host[1..host.len() - 1];
        address
            .parse::<Ipv6Addr>()
            .map_err(|_| "its address is not IPv6")?;
    } else if !host.chars().all(allowed) {
        return Err("its host is not a name or an address");
    }
    Ok((host.to_ascii_lowercase(), port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(url: &str, expected: &str) {
        let endpoint = Endpoint::parse(url).unwrap();
        assert_eq!(endpoint.url("/chat/completions"), expected);
    }

    #[track_caller]
    fn check_ollama(value: &str, expected: &str) {
        assert_eq!(Endpoint::parse_ollama(value).unwrap().url(""), expected);
    }

    #[test]
    fn accepts_a_base_with_and_without_its_end() {
        let full = "https://api.groq.com/openai/v1/chat/completions";
        check("https://api.groq.com/openai/v1", full);
        check("https://api.groq.com/openai/v1/", full);
        check("HTTPS://API.groq.com:443/openai/v1/chat/completions", full);
        check("http://[::1]:80", "http://[::1]/chat/completions");
        check(
            "https://a.b:8443/x?v=1",
            "https://a.b:8443/x/chat/completions?v=1",
        );
    }

    #[test]
    fn refuses_what_readers_could_disagree_about() {
        for url in [
            "api.groq.com/v1",
            "https:///v1",
            "https://:443/v1",
            "ftp://a.b",
            "https://user:key@a.b/v1",
            "http://127.0.0.1\\@evil.com",
            "http://127.0.0.1#@evil.com",
            "http://a b/",
            "http://a.b:99999/",
            "http://[::zz]/",
            "http://::1/",
            "http://ä.de/",
        ] {
            assert!(Endpoint::parse(url).is_err(), "{url}");
        }
    }

    #[test]
    fn reads_every_form_of_ollama_host() {
        check_ollama("127.0.0.1", "http://127.0.0.1:11434");
        check_ollama("box:1234", "http://box:1234");
        check_ollama(":1234", "http://127.0.0.1:1234");
        check_ollama("0.0.0.0", "http://127.0.0.1:11434");
        check_ollama("[::]:1", "http://127.0.0.1:1");
        check_ollama("::1", "http://[::1]:11434");
        check_ollama("::", "http://127.0.0.1:11434");
        check_ollama("http://box", "http://box");
        check_ollama("https://ollama.com/", "https://ollama.com");
        check_ollama("http://box:1/v1", "http://box:1/v1");
        check_ollama("box/proxy", "http://box:11434/proxy");
    }

    #[test]
    fn knows_what_can_be_read_on_its_way() {
        for (url, exposed) in [
            ("http://localhost/v1", false),
            ("http://127.3.2.1:8080", false),
            ("http://[::1]:8080", false),
            ("https://a.b", false),
            ("http://a.b", true),
            ("http://0.0.0.0", true),
            ("http://localhost.evil.com", true),
            ("http://127.0.0.1.evil.com", true),
        ] {
            assert_eq!(Endpoint::parse(url).unwrap().is_exposed(), exposed, "{url}");
        }
    }
}
