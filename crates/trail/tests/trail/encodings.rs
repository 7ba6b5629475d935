use std::collections::BTreeMap;

use proptest::prelude::*;
use trail::{DecodeError, Entry, Hash, MAX_DEPTH, SignedHead, Value};

use crate::log::{entry, heads, linked, signer};

fn any_value() -> impl Strategy<Value = Value> {
    let scalar = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::Int),
        any::<String>().prop_map(Value::Text),
    ];
    scalar.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::List),
            prop::collection::btree_map(any::<String>(), inner, 0..4).prop_map(Value::Map),
        ]
    })
}

proptest! {
    #[test]
    fn a_value_comes_back_from_its_encoding_and_from_its_text(value in any_value()) {
        prop_assert_eq!(Value::decode(&value.encode()), Ok(value.clone()));
        prop_assert_eq!(Value::from_json(value.to_json().as_bytes()), Ok(value.clone()));
        let foreign: serde_json::Value = serde_json::from_str(&value.to_json()).unwrap();
        prop_assert_eq!(Value::try_from(foreign), Ok(value));
    }

    #[test]
    fn bytes_that_decode_are_the_encoding_of_what_they_decode_to(
        value in any_value(), at in any::<prop::sample::Index>(), bit in 0..8_u32,
    ) {
        let mut bytes = value.encode();
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        if let Ok(other) = Value::decode(&bytes) {
            prop_assert_ne!(&other, &value);
            prop_assert_eq!(other.encode(), bytes);
        }
    }

    #[test]
    fn an_entry_comes_back_from_its_encoding(payload in any_value(), seq in 1..=u64::MAX >> 1, time in any::<i64>()) {
        let entry = Entry { payload, seq, time_micros: time, ..entry(0, 1) };
        prop_assert_eq!(Entry::decode(&entry.encode()), Ok(entry));
    }
}

#[test]
fn bytes_that_are_no_canonical_encoding_are_refused() {
    let int = Value::Int(1).encode();
    let with = |bytes: &[u8], more: &[u8]| [bytes, more].concat();
    let map = |keys: [u8; 2]| {
        let mut bytes = vec![1, 6, 0, 0, 0, 0, 0, 0, 0, 2];
        for key in keys {
            bytes.extend([0, 0, 0, 0, 0, 0, 0, 1, key, 0]);
        }
        bytes
    };
    let cases: [(Vec<u8>, DecodeError); 9] = [
        (vec![], DecodeError::End),
        (vec![2, 0], DecodeError::Version),
        (vec![1, 7], DecodeError::Tag(7)),
        (int[..9].to_vec(), DecodeError::End),
        (with(&int, &[0]), DecodeError::Trailing),
        (vec![1, 4, 0, 0, 0, 0, 0, 0, 0, 1, 0xff], DecodeError::Utf8),
        (vec![1, 4, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], DecodeError::End),
        (map([b'b', b'a']), DecodeError::KeyOrder),
        (map([b'a', b'a']), DecodeError::KeyOrder),
    ];
    for (bytes, error) in cases {
        assert_eq!(Value::decode(&bytes), Err(error), "{bytes:?}");
    }
    assert!(Value::decode(&map([b'a', b'b'])).is_ok());
}

#[test]
fn nesting_is_limited_when_decoding() {
    let nested = |levels: usize| (0..levels).fold(Value::Null, |inner, _| Value::List(vec![inner]));
    assert!(Value::decode(&nested(MAX_DEPTH).encode()).is_ok());
    assert_eq!(Value::decode(&nested(MAX_DEPTH + 1).encode()), Err(DecodeError::TooDeep));
    let deepest = Entry { payload: nested(MAX_DEPTH), ..entry(0, 1) };
    assert_eq!(Entry::decode(&deepest.encode()), Ok(deepest));
    let deeper = Entry { payload: nested(MAX_DEPTH + 1), ..entry(0, 1) };
    assert!(deeper.check().is_err());
    assert!(Entry::decode(&deeper.encode()).is_err());
}

#[test]
fn an_entry_with_a_field_too_many_or_too_few_is_refused() {
    let Ok(Value::Map(fields)) = Value::decode(&entry(0, 1).encode()) else { panic!("an entry is a map") };
    for name in fields.keys() {
        let fewer: BTreeMap<_, _> =
            fields.iter().filter(|(key, _)| *key != name).map(|(k, v)| (k.clone(), v.clone())).collect();
        assert!(Entry::decode(&Value::Map(fewer).encode()).is_err(), "{name}");
    }
    let mut more = fields.clone();
    more.insert("note".to_owned(), Value::Null);
    assert!(Entry::decode(&Value::Map(more).encode()).is_err());
    let mut unplaced = fields;
    unplaced.insert("seq".to_owned(), Value::Int(0));
    assert!(Entry::decode(&Value::Map(unplaced).encode()).is_err());
}

#[test]
fn a_head_comes_back_from_its_line_and_only_from_that() {
    let head = heads(&linked([entry(0, 1)]), 1, &signer()).remove(0);
    let line = head.to_json();
    assert_eq!(SignedHead::from_json(&line), Ok(head.clone()));
    assert!(SignedHead::from_json(&format!("{line} ")).is_err());
    assert!(SignedHead::from_json(&line.replace("\"head\"", "\"foot\"")).is_err());
    assert!(head.verify(crate::log::SUITE, trail::Signer::public_key(&signer())));
    let mut other = head;
    other.head.root = Hash::ZERO;
    assert!(!other.verify(crate::log::SUITE, trail::Signer::public_key(&signer())));
}
