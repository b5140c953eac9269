//! Ways to reach somebody, taken apart as the index of grams holds them.
//!
//! None of it stands in the index in the clear: the store enters keyed hashes.

use std::collections::BTreeSet;

use crate::{email::Email, text::fold};

/// The parts by which an e-mail address is found: what stands before and after its `@`, and the
/// words of both of two letters or more, but for the top-level domain.
pub fn email_parts(email: &Email) -> BTreeSet<String> {
    let (local, domain) = email.parts();
    let of = |part: &str| -> Vec<String> {
        let words = part.split(|c: char| !c.is_ascii_alphanumeric());
        let words = words.filter(|word| word.len() > 1);
        words.chain([part]).map(str::to_owned).collect()
    };
    let mut parts: BTreeSet<String> = of(local).into_iter().collect();
    let top = domain.rsplit('.').next().unwrap_or_default();
    parts.extend(of(domain).into_iter().filter(|part| part != top));
    parts
}

/// The part of an e-mail address that somebody typed, with or without its `@`; `None` where no
/// address has such a part.
pub(super) fn email_part(text: &str) -> Option<String> {
    let part = text.trim_matches('@').to_ascii_lowercase();
    let is_part = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c);
    (!part.is_empty() && part.chars().all(is_part)).then_some(part)
}

/// What of a postal address is compared: letters, digits and characters, folded.
pub(super) fn plain_address(text: &str) -> String {
    let folded = fold(text);
    folded.chars().filter(|c| c.is_alphanumeric()).collect()
}

/// Each two neighbouring characters of a postal address.
pub fn address_pairs(address: &str) -> BTreeSet<String> {
    let plain = plain_address(address);
    let seconds = plain.chars().skip(1);
    let pairs = plain.chars().zip(seconds);
    pairs
        .map(|(first, second)| [first, second].iter().collect())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_found_by_what_stands_around_its_at_and_by_their_words() {
        let email = Email::parse("Li.Hong+kids@mail.example.com").unwrap();
        let parts: Vec<_> = email_parts(&email).into_iter().collect();
        let expected = [
            "example",
            "hong",
            "kids",
            "li",
            "li.hong+kids",
            "mail",
            "mail.example.com",
        ];
        assert_eq!(parts, expected);
        assert_eq!(email_part("@Example").as_deref(), Some("example"));
        assert_eq!(email_part("li.hong+kids@").as_deref(), Some("li.hong+kids"));
        for text in ["", "@", "a@b", "张伟", "li hong"] {
            assert_eq!(email_part(text), None, "{text}");
        }
    }

    #[test]
    fn an_address_is_taken_apart_without_its_punctuation() {
        let pairs: Vec<_> = address_pairs("越秀区 ２３８号").into_iter().collect();
        assert_eq!(pairs, ["23", "38", "8号", "区2", "秀区", "越秀"]);
        assert!(address_pairs("区").is_empty());
    }
}
