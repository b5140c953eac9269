//! E-mail addresses in one form, and the form that is safe to show.

use std::fmt;

use crate::{fault::Rule, rules};

rules! {
    EMAIL_INVALID = Invalid "email_invalid" {
        "邮箱地址无效", "Not an e-mail address";
        "请填写形如 name@example.com 的邮箱地址。", "Give an address such as name@example.com." }
}

/// The longest address that mail can be sent to, in characters (RFC 5321).
const MAX: usize = 254;
const MAX_LOCAL: usize = 64;
const MAX_LABEL: usize = 63;

/// An e-mail address in lower case. It is personal: `Debug` doesn't show it, and there is no
/// `Display`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Email(String);

impl Email {
    /// ASCII only, one `@`, 1 to 64 characters before it, a dotted domain after it, 254
    /// characters in all, no blanks; quoted local parts are not known. All else is
    /// `email_invalid`.
    pub fn parse(text: &str) -> Result<Self, &'static Rule> {
        let fits = text.len() <= MAX && text.split_once('@').is_some_and(is_address);
        if fits {
            Ok(Self(text.to_ascii_lowercase()))
        } else {
            Err(&EMAIL_INVALID)
        }
    }

    pub fn address(&self) -> &str {
        &self.0
    }

    /// What stands before and after the `@`.
    pub fn parts(&self) -> (&str, &str) {
        self.0.split_once('@').unwrap_or_default()
    }

    /// The form that is safe to show: `h***@example.com`.
    pub fn masked(&self) -> String {
        let (local, domain) = self.parts();
        let first: String = local.chars().take(1).collect();
        format!("{first}***@{domain}")
    }
}

impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

fn is_address((local, domain): (&str, &str)) -> bool {
    let labels = || domain.split('.');
    (1..=MAX_LOCAL).contains(&local.len())
        && local.split('.').all(is_atom)
        && labels().count() > 1
        && labels().all(is_label)
        // No top-level domain is a number: this was an IP address
        && labels().next_back().is_some_and(|top| top.starts_with(|c: char| c.is_ascii_alphabetic()))
}

fn is_atom(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c);
    !text.is_empty() && text.chars().all(allowed)
}

fn is_label(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-';
    (1..=MAX_LABEL).contains(&text.len())
        && text.chars().all(allowed)
        && !text.starts_with('-')
        && !text.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_kept_in_lower_case() {
        let email = Email::parse("Hong.Li+kids@Mail.Example.COM").unwrap();
        assert_eq!(email.address(), "hong.li+kids@mail.example.com");
        assert_eq!(email.parts(), ("hong.li+kids", "mail.example.com"));
        assert_eq!(email.masked(), "h***@mail.example.com");
        assert_eq!(format!("{email:?}"), "***");
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in [
            "",
            "没有",
            "x@",
            "@example.com",
            "a@b@c",
            "a@b@c.com",
            "a@b",
            "a b@example.com",
            " a@example.com",
            "a@example.com\n",
            "a\u{0}@example.com",
            "张伟@example.com",
            "a@例子.中国",
            "a..b@example.com",
            ".a@example.com",
            "a@example..com",
            "a@-example.com",
            "a@192.168.0.1",
            "a＠example.com",
        ] {
            assert_eq!(Email::parse(text), Err(&EMAIL_INVALID), "{text}");
        }
    }

    #[test]
    fn lengths_are_bounded() {
        let local = |n| format!("{}@example.com", "a".repeat(n));
        assert!(Email::parse(&local(64)).is_ok());
        assert!(Email::parse(&local(65)).is_err());
        let total = |n: usize| format!("a@{}b.com", "b.".repeat((n - 7) / 2));
        assert_eq!(total(253).len(), 253);
        assert!(Email::parse(&total(253)).is_ok());
        assert!(Email::parse(&total(255)).is_err());
    }
}
