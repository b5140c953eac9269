//! The kinds of values that settings have.

use std::{fmt, net::SocketAddr, str::FromStr};

use jiff::{civil::Time, tz::TimeZone};

/// A whole number from `LEAST` to `MOST`.
#[derive(Clone, Copy, Debug)]
pub struct Number<const LEAST: u32, const MOST: u32>(pub u32);

impl<const LEAST: u32, const MOST: u32> FromStr for Number<LEAST, MOST> {
    type Err = String;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        match s.parse() {
            Ok(n) if (LEAST..=MOST).contains(&n) => Ok(Self(n)),
            _ => Err(format!("a whole number from {LEAST} to {MOST} is needed")),
        }
    }
}

/// `on` or `off`.
#[derive(Clone, Copy, Debug)]
pub struct Switch(pub bool);

impl FromStr for Switch {
    type Err = &'static str;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        match s {
            "on" | "true" => Ok(Self(true)),
            "off" | "false" => Ok(Self(false)),
            _ => Err("`on` or `off` is needed"),
        }
    }
}

/// An address to listen at, or `off`.
#[derive(Clone, Copy, Debug)]
pub struct ListenAt(pub Option<SocketAddr>);

impl FromStr for ListenAt {
    type Err = &'static str;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        match s {
            "off" => Ok(Self(None)),
            _ => s
                .parse()
                .map(|at| Self(Some(at)))
                .map_err(|_| "an address such as 127.0.0.1:9464, or `off`, is needed"),
        }
    }
}

/// Host and port of another service; nothing where there is none.
#[derive(Clone, Debug)]
pub struct Service(pub Option<String>);

impl FromStr for Service {
    type Err = &'static str;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        let is_name = |host: &str| {
            let may_stand = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
            !host.is_empty() && host.chars().all(may_stand)
        };
        let named = s.split_once(':').is_some_and(|(host, port)| {
            is_name(host) && port.parse::<u16>().is_ok_and(|port| port > 0)
        });
        match s {
            "" => Ok(Self(None)),
            _ if named || s.parse::<SocketAddr>().is_ok_and(|at| at.port() > 0) => {
                Ok(Self(Some(s.to_owned())))
            }
            _ => Err("a host and a port such as 127.0.0.1:3310 are needed"),
        }
    }
}

/// A time of each day, or `off`.
#[derive(Clone, Copy, Debug)]
pub struct DailyTime(pub Option<Time>);

impl FromStr for DailyTime {
    type Err = &'static str;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        match s {
            "off" => Ok(Self(None)),
            _ => Time::strptime("%H:%M", s)
                .map(|time| Self(Some(time)))
                .map_err(|_| "a time such as 03:30, or `off`, is needed"),
        }
    }
}

/// A time zone by its IANA name.
#[derive(Clone, Debug)]
pub struct Zone(pub TimeZone);

impl FromStr for Zone {
    type Err = &'static str;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        TimeZone::get(s)
            .map(Self)
            .map_err(|_| "a time zone such as Asia/Shanghai is needed")
    }
}

/// Directives of `tracing_subscriber`'s filter.
#[derive(Clone, Debug)]
pub struct LogFilter(pub String);

impl FromStr for LogFilter {
    type Err = &'static str;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        tracing_subscriber::EnvFilter::try_new(s)
            .map(|_| Self(s.to_owned()))
            .map_err(|_| "a level such as info, or target=level separated by commas, is needed")
    }
}

/// Values separated by commas.
#[derive(Clone, Debug)]
pub struct List(pub Vec<String>);

impl FromStr for List {
    type Err = std::convert::Infallible;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        Ok(Self(
            s.split(',')
                .map(str::trim)
                .filter(|v| !v.is_empty())
                .map(str::to_owned)
                .collect(),
        ))
    }
}

/// Networks in CIDR form, separated by commas.
#[derive(Clone, Debug)]
pub struct Networks(pub Vec<ipnet::IpNet>);

impl FromStr for Networks {
    type Err = &'static str;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        s.split(',')
            .map(str::trim)
            .filter(|v| !v.is_empty())
            .map(str::parse)
            .collect::<Result<_, _>>()
            .map(Self)
            .map_err(|_| "networks such as 10.0.0.0/8 are needed")
    }
}

/// Text that never shows in logs.
#[derive(Clone)]
pub struct Secret(pub String);

impl FromStr for Secret {
    type Err = std::convert::Infallible;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        Ok(Self(s.to_owned()))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}
