//! Every type of event that the program tells.

use std::{collections::HashSet, sync::OnceLock};

use super::EventType;
use crate::reference;

/// One list a capability.
static EVENTS: &[&[&EventType]] = &[
    crate::access::share_requests::EVENTS,
    crate::access::shares::EVENTS,
    crate::approvals::EVENTS,
    crate::customers::EVENTS,
    crate::customers::cleaning::EVENTS,
    crate::customers::filings::EVENTS,
    crate::customers::screenings::EVENTS,
    crate::enrollments::EVENTS,
    crate::follow_ups::EVENTS,
    crate::organization::EVENTS,
    crate::payments::EVENTS,
    crate::privacy::EVENTS,
    crate::tags::EVENTS,
];

/// Kinds of reference data, one list a capability.
static KINDS: &[&[&reference::Events]] = &[
    &[&crate::access::ROLE, &crate::access::api_client::API_CLIENT],
    crate::approvals::KINDS,
    crate::courses::KINDS,
    crate::custom_fields::KINDS,
    crate::customers::KINDS,
    crate::organization::KINDS,
    crate::privacy::KINDS,
    crate::tags::KINDS,
];

/// Every type, by name.
pub fn types() -> Vec<&'static EventType> {
    let single = EVENTS.iter().flat_map(|list| list.iter().copied());
    let kinds = KINDS.iter().flat_map(|list| list.iter());
    let mut all: Vec<_> = single.chain(kinds.flat_map(|kind| kind.all())).collect();
    all.sort_by_key(|kind| kind.name);
    all
}

/// Whether there is a type of this name.
pub fn is_known(name: &str) -> bool {
    static NAMES: OnceLock<HashSet<&'static str>> = OnceLock::new();
    let names = NAMES.get_or_init(|| types().into_iter().map(|kind| kind.name).collect());
    names.contains(name)
}

#[cfg(test)]
mod tests {
    use std::{
        collections::BTreeSet,
        fs,
        path::{Path, PathBuf},
    };

    use super::*;

    /// Every source file with its text, blanks left out.
    fn sources(folder: &Path, found: &mut Vec<(PathBuf, String)>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                sources(&path, found);
            } else {
                let text = fs::read_to_string(&path).unwrap();
                found.push((path, text.split_whitespace().collect()));
            }
        }
    }

    #[test]
    fn every_list_and_every_type_that_is_declared_is_in_the_registry() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let mut files = Vec::new();
        sources(&root, &mut files);
        let own = include_str!("registry.rs");
        let (mut lists, mut names) = (0, BTreeSet::new());
        for (path, text) in files
            .iter()
            .filter(|(path, _)| !path.ends_with("registry.rs"))
        {
            let module = path.strip_prefix(&root).unwrap().with_extension("");
            let module = module
                .to_str()
                .unwrap()
                .replace('/', "::")
                .replace("::mod", "");
            for (list, kind) in [("EVENTS", "EventType"), ("KINDS", "reference::Events")] {
                if text.contains(&format!("static{list}:&[&{kind}]")) {
                    lists += 1;
                    assert!(
                        own.contains(&format!("crate::{module}::{list}")),
                        "not in the registry: crate::{module}::{list}"
                    );
                }
            }
            let quoted = |start: &str, end: &str| -> Vec<String> {
                let rest = text.split(start).skip(1);
                rest.filter_map(|rest| Some(format!("{}{end}", rest.split_once('"')?.0)))
                    .collect()
            };
            names.extend(quoted("EventType{name:\"", ""));
            names.extend(quoted("reference::events!(\"", ".created"));
        }
        assert!(
            lists > 4 && names.len() > 10,
            "the sources were not understood"
        );
        let missing: Vec<_> = names.iter().filter(|name| !is_known(name)).collect();
        assert!(
            missing.is_empty(),
            "not in a list of the registry: {missing:?}"
        );
    }

    #[test]
    fn every_type_has_a_name_of_its_own() {
        let names: BTreeSet<_> = types().iter().map(|kind| kind.name).collect();
        assert_eq!(names.len(), types().len());
        for name in names {
            let parts: Vec<_> = name.split('.').collect();
            let snake = |part: &str| part.chars().all(|c| c.is_ascii_lowercase() || c == '_');
            assert!(
                parts.len() == 2 && parts.iter().all(|part| snake(part)),
                "{name}"
            );
        }
    }
}
