//! The data that another implementation can check itself against.

use expect_test::expect_file;
use serde_json::{Value as Json, json};
use trail::{Keys, Signer, Trust, Value, digest_text, verify_export};

use crate::log::{SUITE, entries, export, export_chain, heads, lines, linked, signer, tree, trust};
use crate::merkle::{LEAVES, tree_of_eight};

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

fn texts(proof: Option<Vec<trail::Hash>>) -> Vec<String> {
    proof.unwrap().iter().map(ToString::to_string).collect()
}

fn encodings() -> Vec<Json> {
    let values = [
        json!(null),
        json!(false),
        json!(true),
        json!(0),
        json!(-1),
        json!(i64::MAX),
        json!(i64::MIN),
        json!(""),
        json!("签收 \"S328\" \\ \u{1f600}\u{7f}\u{0}\u{1f}\t\r\n\u{8}\u{c}/"),
        json!([]),
        json!([1, [2], "x"]),
        json!({}),
        json!({"b": 1, "a": {"中": null, "Z": [true]}, "": "\u{ffff}", "\u{ffff}": 1, "\u{1f600}": 2}),
    ];
    let of = |value: Json| {
        let value = Value::try_from(value).unwrap();
        json!({"json": value.to_json(), "encoding": hex(&value.encode())})
    };
    values.into_iter().map(of).collect()
}

fn merkle() -> Json {
    let tree = tree_of_eight();
    let roots: Vec<_> = (0..=8).map(|size| tree.root_at(SUITE, size).unwrap().to_string()).collect();
    let inclusion: Vec<_> = [(0, 1), (0, 8), (5, 8), (2, 3), (1, 5), (6, 7)]
        .map(|(index, size)| json!({"index": index, "size": size, "proof": texts(tree.inclusion(SUITE, index, size))}))
        .into();
    let consistency: Vec<_> = [(0, 8), (1, 1), (1, 8), (6, 8), (2, 5), (4, 7), (3, 7)]
        .map(|(old, new)| json!({"old": old, "new": new, "proof": texts(tree.consistency(SUITE, old, new))}))
        .into();
    let leaves: Vec<_> = LEAVES.iter().map(|leaf| hex(leaf)).collect();
    json!({"leaves": leaves, "roots": roots, "inclusion": inclusion, "consistency": consistency})
}

fn text_lines(export: &[u8]) -> Vec<String> {
    lines(export)
        .into_iter()
        .map(|line| String::from_utf8(line).unwrap().trim_end_matches('\n').to_owned())
        .collect()
}

/// Exports with one thing wrong, and the line at which a verifier has to say so first.
fn broken(lines: &[String]) -> Vec<Json> {
    let case = |what: &str, line: usize, change: &dyn Fn(&mut Vec<String>)| {
        let mut changed = lines.to_vec();
        change(&mut changed);
        json!({"what": what, "line": line, "export": changed})
    };
    vec![
        case("actor changed", 3, &|lines| lines[2] = lines[2].replace("account/1", "account/2")),
        case("a space added", 3, &|lines| lines[2] = lines[2].replace(":{\"action", ": {\"action")),
        case("entry removed", 3, &|lines| drop(lines.remove(2))),
        case("entries swapped", 2, &|lines| lines.swap(1, 2)),
        case("entry repeated", 4, &|lines| lines.insert(3, lines[2].clone())),
        case("head removed", 6, &|lines| drop(lines.remove(3))),
        case("footer removed", 8, &|lines| drop(lines.pop())),
        case("header of another time", 1, &|lines| {
            lines[0] = lines[0].replace("_micros\":19", "_micros\":18");
        }),
        case("footer of other counts", 8, &|lines| lines[7] = lines[7].replace("entries\":4", "entries\":5")),
    ]
}

fn vectors() -> Json {
    let signer = signer();
    let records = linked(entries(4, 2));
    let heads = heads(&records, 2, &signer);
    let file = text_lines(&export(&records, &heads, &signer));
    let one_chain = text_lines(&export_chain(&records, "issue/1", &heads[1], &signer));
    let links: Vec<_> = records
        .iter()
        .map(|record| {
            let encoding = record.entry.encode();
            let entry = Value::decode(&encoding).unwrap().to_json();
            let (prev, link) = (record.prev.to_string(), record.link.to_string());
            json!({"entry": entry, "encoding": hex(&encoding), "prev": prev, "link": link})
        })
        .collect();
    let head = &heads[1];
    let salt: [u8; 16] = std::array::from_fn(|i| u8::try_from(i).unwrap());
    let text = "S328 路段缺少警示标志";
    json!({
        "suite": "sha256-ed25519",
        "encodings": encodings(),
        "links": links,
        "merkle": merkle(),
        "head": {
            "private_key": hex(&[1; 32]),
            "public_key": hex(signer.public_key()),
            "message": hex(&head.head.message()),
            "hash": head.head.hash(SUITE).to_string(),
            "line": head.to_json(),
        },
        "digest": {"salt": hex(&salt), "text": text, "digest": digest_text(SUITE, &salt, text).to_string()},
        "export": file,
        "export_of_one_chain": one_chain,
        "consistency_of_heads": texts(tree(&records).consistency(SUITE, 2, 4)),
        "broken": broken(&file),
    })
}

#[test]
fn the_vectors_are_what_this_implementation_produces() {
    let text = serde_json::to_string_pretty(&vectors()).unwrap() + "\n";
    expect_file!["../../vectors/trail-v1.json"].assert_eq(&text);
}

fn joined(lines: &Json) -> String {
    lines.as_array().unwrap().iter().flat_map(|line| [line.as_str().unwrap(), "\n"]).collect()
}

#[test]
fn the_exports_in_the_vectors_are_verified_as_they_say() {
    let vectors = vectors();
    for name in ["export", "export_of_one_chain"] {
        let report = verify_export(joined(&vectors[name]).as_bytes(), &trust()).unwrap();
        assert_eq!(report.faults, [], "{name}");
    }
    let intact = joined(&vectors["export"]);
    for case in vectors["broken"].as_array().unwrap() {
        let changed = joined(&case["export"]);
        assert_ne!(changed, intact, "{}", case["what"]);
        let report = verify_export(changed.as_bytes(), &Trust::new(Keys::InHeader)).unwrap();
        assert_eq!(
            Some(report.faults[0].line),
            case["line"].as_u64(),
            "{}: {}",
            case["what"],
            report.faults[0]
        );
    }
}
