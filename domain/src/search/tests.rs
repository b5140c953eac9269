use proptest::prelude::*;

use super::*;

fn query(text: &str) -> Result<Query, FieldFault> {
    Query::read("/query", Sought::Anywhere, text)
}

/// As a store would: any term's grams among the name's, then the recheck.
fn finds(text: &str, name: &str) -> bool {
    let query = query(text).unwrap();
    let grams = name_grams(name);
    let candidate = query.terms().iter().any(|term| match term {
        Term::Grams(wanted) => wanted.iter().all(|gram| grams.contains(gram)),
        Term::NamePrefix(prefix) => fold(name).starts_with(prefix),
        _ => false,
    });
    candidate && recheck(&query, name)
}

fn only_term(text: &str) -> Term {
    let query = query(text).unwrap();
    assert_eq!(query.terms().len(), 1);
    query.terms().first().unwrap().clone()
}

fn some_name() -> impl Strategy<Value = Vec<char>> {
    let character = prop_oneof![
        8 => prop::sample::select("张王李单曾乐行若雨吕女伟诸葛〇".chars().collect::<Vec<_>>()),
        8 => prop::char::range('\u{4E00}', '\u{9FFF}'),
        1 => prop::char::range('\u{20000}', '\u{2A6DF}'),
    ];
    prop::collection::vec(character, 2..8)
}

#[test]
fn the_grams_of_a_name() {
    let grams: Vec<_> = name_grams("张伟").into_iter().collect();
    assert_eq!(
        grams,
        [
            "bwe", "bzh", "h张伟", "izw", "tang", "tgwe", "than", "tngw", "twei", "tzha"
        ]
    );
    assert!(name_grams("Анна").is_empty());
}

#[test]
fn a_chinese_name_is_found_by_each_way_of_typing_it() {
    for text in [
        "张伟",
        "张 伟",
        "zhangwei",
        "Zhang Wei",
        "zhangw",
        "angwei",
        "wei",
        "zh",
        "zw",
        "ZW",
        "张wei",
        "张",
        "Ｚｗ",
    ] {
        assert!(finds(text, "张伟"), "{text}");
    }
    for text in ["章伟", "伟张", "李zw", "zhangwen", "wz", "张伟明", "伟"] {
        assert!(!finds(text, "张伟"), "{text}");
    }
    assert!(finds("zs", "张三"));
    assert!(finds("zgry", "诸葛若雨"));
    assert!(finds("gr", "诸葛若雨"));
    assert!(finds("葛若雨", "诸葛若雨"));
}

#[test]
fn characters_with_several_readings_are_found_by_each() {
    assert!(finds("shanxiaoming", "单晓明"));
    assert!(finds("sxm", "单晓明"));
    assert!(finds("danxiaoming", "单晓明"));
    assert!(finds("zengyue", "曾乐"));
    assert!(finds("lvbu", "吕布"));
    assert!(finds("lubu", "吕布"));
    assert!(finds("lübu", "吕布"));
}

#[test]
fn rare_syllables_are_found_in_plain_letters() {
    // Dictionaries give 誒 the sound ê besides ei, xi and yi
    assert!(finds("ezhang", "誒张"));
}

#[test]
fn other_names_are_found_by_their_letters() {
    assert!(finds("mit", "Tom Smith"));
    assert!(finds("tom smith", "Tom Smith"));
    assert!(finds("ts", "Tom Smith"));
    assert!(finds("jose", "José Núñez"));
    assert!(finds("张tom", "张Tom"));
    assert!(finds("ab", "张ab"));
    assert!(finds("анна", "Анна Петрова"));
    assert!(finds("阿依古丽", "阿依·古丽"));
    assert!(finds("12班", "三年级12班"));
    assert!(finds("𠮷", "𠮷田"));
    assert!(finds("张𠮷", "张𠮷明"));
    assert!(!finds("zm", "张𠮷明"));
}

#[test]
fn contacts_are_looked_up_as_such() {
    let phone = Phone::parse("13800131234").unwrap();
    assert_eq!(only_term("138 0013 1234"), Term::Phone(phone));
    assert_eq!(only_term("１２３４"), Term::PhoneLastFour("1234".into()));
    assert_eq!(only_term("li@"), Term::EmailPart("li".into()));
    assert_eq!(
        only_term("@Example.com"),
        Term::EmailPart("example.com".into())
    );
    let email = Email::parse("li@example.com").unwrap();
    assert_eq!(only_term(" Li@example.com "), Term::Email(email));
    assert_eq!(last_four_gram("1234"), "d1234");
    assert!(recheck(&query("1234").unwrap(), "张伟"));
    assert!(matches!(only_term("***"), Term::NamePrefix(_)));
}

#[test]
fn what_is_sought_in_a_field_must_be_such() {
    let read = |sought, text: &str| Query::read("/it", sought, text);
    let refused = |sought, text, rule: &'static Rule| {
        assert_eq!(
            read(sought, text),
            Err(FieldFault::new("/it", rule)),
            "{text}"
        );
    };
    refused(Sought::Phone, "zhangwei", &PHONE_INVALID);
    refused(Sought::Email, "张伟", &EMAIL_INVALID);
    refused(Sought::Address, "路", &QUERY_TOO_SHORT);
    let term = |sought, text| read(sought, text).unwrap().terms().to_vec();
    assert_eq!(
        term(Sought::Phone, "1234"),
        [Term::PhoneLastFour("1234".into())]
    );
    assert_eq!(
        term(Sought::Email, "example"),
        [Term::EmailPart("example".into())]
    );
    assert!(matches!(
        term(Sought::Name, "1234")[..],
        [Term::Grams(_), ..]
    ));
}

#[test]
fn an_address_is_held_against_the_whole_of_what_is_sought() {
    let query = Query::read("/address", Sought::Address, "越秀区 238号").unwrap();
    assert!(recheck_address(&query, ["", "广州市越秀区238号"]));
    // Every pair is there, the whole is not.
    assert!(!recheck_address(&query, ["越秀区2号、38号"]));
    assert!(!recheck_address(&query, []));
    assert!(recheck(&query, "张伟"));
}

#[test]
fn a_query_is_neither_blank_nor_endless() {
    assert_eq!(
        query(" \u{3000}"),
        Err(FieldFault::new("/query", &REQUIRED))
    );
    assert!(query(&"张".repeat(64)).is_ok());
    assert_eq!(
        query(&"张".repeat(65)),
        Err(FieldFault::new("/query", &QUERY_TOO_LONG).with("max", 64))
    );
}

proptest! {
    #[test]
    fn a_name_is_found_by_any_two_neighbours(name in some_name(), at in any::<prop::sample::Index>()) {
        let start = at.index(name.len() - 1);
        let all: String = name.iter().collect();
        for end in start + 2..=name.len() {
            let part: String = name.get(start..end).unwrap().iter().collect();
            prop_assert!(finds(&part, &all), "{} in {}", part, all);
        }
    }

    #[test]
    fn a_name_is_found_by_any_of_its_readings(name in some_name(), at in any::<prop::sample::Index>()) {
        let name: String = name.into_iter().collect();
        for reading in readings(&parts(&name)) {
            let letters = reading.letters();
            let part = letters.get(at.index(letters.len())..).unwrap().trim();
            if part.len() >= 3 && !part.contains(' ') {
                prop_assert!(finds(part, &name), "{} in {}", part, name);
            }
        }
    }

    #[test]
    fn grams_are_words_for_the_index(name in "\\PC{0,30}") {
        for gram in name_grams(&name) {
            let mut chars = gram.chars();
            prop_assert!(matches!(chars.next(), Some('h' | 't' | 'i' | 'b')));
            prop_assert!(chars.all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || is_han(c)));
        }
    }

    #[test]
    fn any_text_is_a_query_or_refused(text in "\\PC{0,70}") {
        let _ = query(&text).map(|query| recheck(&query, &text));
    }
}
