//! The schema that people and editors go by, against the reader that decides.

use std::sync::LazyLock;

use jsonschema::Validator;
use serde_json::Value;

use super::*;

static SCHEMA: LazyLock<Validator> = LazyLock::new(|| {
    let schema: Value = serde_json::from_str(include_str!("../../../packs/schema.json")).unwrap();
    jsonschema::draft202012::meta::validate(&schema).unwrap();
    jsonschema::draft202012::new(&schema).unwrap()
});

fn packs() -> Vec<Value> {
    Policy::built_in().iter().map(|pack| toml::from_str(pack.text).unwrap()).collect()
}

fn reads(pack: &Value) -> bool {
    Policy::parse(&pack.to_string()).is_ok()
}

/// Pointers to every value within, as JSON pointers write them.
fn pointers(value: &Value, at: &str, found: &mut Vec<String>) {
    let inner: Vec<(String, &Value)> = match value {
        Value::Object(object) => object.iter().map(|(key, value)| (key.clone(), value)).collect(),
        Value::Array(array) => array.iter().enumerate().map(|(i, value)| (i.to_string(), value)).collect(),
        _ => Vec::new(),
    };
    for (key, value) in inner {
        let at = format!("{at}/{key}");
        pointers(value, &at, found);
        found.push(at);
    }
}

fn everywhere(pack: &Value) -> Vec<String> {
    let mut found = Vec::new();
    pointers(pack, "", &mut found);
    found
}

fn object_around<'a>(
    pack: &'a mut Value,
    pointer: &str,
) -> Option<(&'a mut serde_json::Map<String, Value>, String)> {
    let (around, key) = pointer.rsplit_once('/')?;
    Some((pack.pointer_mut(around)?.as_object_mut()?, key.to_owned()))
}

#[test]
fn every_pack_of_the_suite_is_read_and_fits_the_schema() {
    let names: Vec<_> = Policy::built_in().iter().map(|pack| pack.policy.version.to_string()).collect();
    assert_eq!(names, ["default/1", "shandong-2115/1", "strict-2h/1"]);
    for (pack, built_in) in packs().iter().zip(Policy::built_in()) {
        let faults: Vec<_> = SCHEMA.iter_errors(pack).map(|error| error.to_string()).collect();
        assert_eq!(faults, Vec::<String>::new(), "{}", built_in.policy.version);
        assert_eq!(&Policy::parse(&pack.to_string()).unwrap(), &*built_in.policy, "JSON is read as TOML is");
    }
}

#[test]
fn the_schema_and_the_reader_require_and_know_the_same_fields() {
    for pack in packs() {
        for pointer in everywhere(&pack) {
            let mut less = pack.clone();
            let Some((object, key)) = object_around(&mut less, &pointer) else { continue };
            object.remove(&key);
            // Without its light a rung may leave a clock without one, which is no question of form.
            if !pointer.ends_with("/light") {
                assert_eq!(SCHEMA.is_valid(&less), reads(&less), "without {pointer}");
            }
            let mut more = pack.clone();
            let (object, key) = object_around(&mut more, &pointer).unwrap();
            object.insert(format!("{key}_x"), Value::from(1));
            assert_eq!((SCHEMA.is_valid(&more), reads(&more)), (false, false), "with more beside {pointer}");
        }
    }
}

#[test]
fn whatever_the_schema_refuses_the_reader_refuses() {
    let wrong = [
        "true",
        "null",
        "[]",
        "{}",
        "-1",
        "0",
        "1.5",
        "99",
        "\"\"",
        "\" \"",
        "\"x\"",
        "\"X y\"",
        "\"0 working days\"",
        "\"1 working days\"",
        "\"2 working hours\"",
        "\"C9\"",
        "\"GREEN\"",
        "\"1234567890123\"",
        "4294967296",
    ];
    let mut n_refused = 0;
    for pack in packs() {
        for pointer in everywhere(&pack) {
            for text in wrong {
                let mut broken = pack.clone();
                *broken.pointer_mut(&pointer).unwrap() = serde_json::from_str(text).unwrap();
                if !SCHEMA.is_valid(&broken) {
                    n_refused += 1;
                    assert!(!reads(&broken), "{pointer} = {text}: refused by the schema alone");
                }
            }
        }
    }
    assert!(1_000 < n_refused, "the cases say little: {n_refused}");
}

#[test]
fn the_packs_promise_what_their_names_say() {
    let limits = |name: &str| {
        let pack =
            &Policy::built_in().iter().find(|pack| pack.policy.version.pack.as_str() == name).unwrap().policy;
        [ClockId::C1, ClockId::C2, ClockId::C3, ClockId::C4]
            .map(|clock| pack.limit(clock, Difficulty::Normal).to_string())
    };
    assert_eq!(
        limits("shandong-2115"),
        ["2 working hours", "1 working day", "2 working hours", "15 working days"]
    );
    assert_eq!(
        limits("strict-2h"),
        ["2 working hours", "2 working hours", "2 working hours", "4 working days"]
    );
}
