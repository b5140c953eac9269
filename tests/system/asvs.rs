//! The list of security requirements (OWASP ASVS 5.0): what is said to be done has a test that is
//! there, in a file that is there.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

/// One requirement a line; no cell holds a comma.
const LIST: &str = include_str!("../asvs.csv");

/// What is done, or in part, names a test. What is later, or up to the operator, says why.
const TESTED: [&str; 2] = ["done", "partly"];
const UNTESTED: [&str; 2] = ["later", "deployment"];

/// Folders of code below the root, each with what the modules in it are called after.
const SOURCES: [(&str, &str); 4] = [
    ("tests", ""),
    ("api/src", "api"),
    ("domain/src", "domain"),
    ("persistence/src", "persistence"),
];

/// Names of functions by the module in whose file they stand.
type Functions = BTreeMap<String, BTreeSet<String>>;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

fn collect(folder: &Path, module: &str, found: &mut Functions) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let is_rust = path.extension().is_some_and(|extension| extension == "rs");
        if !is_rust && !path.is_dir() {
            continue;
        }
        let name = path.file_stem().unwrap().to_str().unwrap();
        let inner = match (module, name) {
            (outer, "mod" | "lib" | "main" | "tests") => outer.to_owned(),
            ("", name) => name.to_owned(),
            (outer, name) => format!("{outer}::{name}"),
        };
        if path.is_dir() {
            collect(&path, &inner, found);
        } else {
            let text = fs::read_to_string(&path).unwrap();
            let names = text.lines().filter_map(function).map(str::to_owned);
            found.entry(inner).or_default().extend(names);
        }
    }
}

/// The function that begins on a line. A test is never public.
fn function(line: &str) -> Option<&str> {
    let line = line.trim_start();
    let line = line.strip_prefix("async ").unwrap_or(line);
    let (name, _) = line.strip_prefix("fn ")?.split_once('(')?;
    Some(name)
}

#[test]
fn every_row_of_asvs_names_a_test_that_is_there() {
    let mut functions = Functions::new();
    for (folder, module) in SOURCES {
        collect(&root().join(folder), module, &mut functions);
    }
    let mut lines = LIST.lines();
    assert_eq!(lines.next(), Some("id,status,where,test"));
    let mut before = Vec::<u32>::new();
    for line in lines {
        let cells: Vec<&str> = line.split(',').collect();
        assert_eq!(cells.len(), 4, "{line}");
        let (id, status, place, test) = (cells[0], cells[1], cells[2], cells[3]);
        let number: Vec<u32> = id.split('.').map(|part| part.parse().unwrap()).collect();
        assert!(
            number.len() == 3 && number > before,
            "{id} is no id, or out of order"
        );
        before = number;
        assert!(!place.is_empty(), "{id} does not say where, or why not");
        if UNTESTED.contains(&status) {
            assert_eq!(test, "", "{id} is {status}, and has a test");
            continue;
        }
        assert!(TESTED.contains(&status), "{id} is {status}");
        let (file, _) = place.split_once(": ").unwrap_or((place, ""));
        assert!(root().join(file).is_file(), "{id}: there is no file {file}");
        let (module, name) = test.rsplit_once("::").unwrap_or(("", test));
        let module = module.strip_suffix("::tests").unwrap_or(module);
        let is_there = functions
            .get(module)
            .is_some_and(|names| names.contains(name));
        assert!(is_there, "{id}: there is no test {test}");
    }
}
