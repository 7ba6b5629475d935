//! The rules of ARCHITECTURE.md that a machine can check.

use std::{
    fs,
    path::{Path, PathBuf},
};

const SERVICES: [&str; 5] = ["identity", "registry", "workflow", "notification", "scoring"];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Every `.rs` file below `dir`, with its text.
fn sources(dir: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let Ok(entries) = fs::read_dir(dir) else { return found };
    for entry in entries.map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|ext| ext == "rs") {
            let text = read(&path);
            found.push((path, text));
        }
    }
    found
}

/// The code of a file without its comments and its tests.
fn code(text: &str) -> String {
    let text = text.split("#[cfg(test)]").next().unwrap_or_default();
    text.lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .fold(String::new(), |code, line| code + line + "\n")
}

fn none(complaints: &[String]) {
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
}

#[test]
fn no_service_depends_on_another() {
    let mut complaints = Vec::new();
    for service in SERVICES {
        let manifest = read(&root().join("services").join(service).join("Cargo.toml"));
        for other in SERVICES.iter().filter(|other| **other != service) {
            if manifest.contains(&format!("qinqing-{other}")) {
                complaints.push(format!("services/{service} depends on {other}"));
            }
        }
    }
    none(&complaints);
}

#[test]
fn all_services_have_the_same_rooms() {
    let rooms = ["domain", "error.rs", "events", "lib.rs", "main.rs", "rpc", "store"];
    for service in SERVICES {
        let src = root().join("services").join(service).join("src");
        for room in rooms {
            assert!(src.join(room).exists(), "services/{service}/src has no {room}");
        }
        for entry in fs::read_dir(&src).unwrap().map(Result::unwrap) {
            let name = entry.file_name().to_string_lossy().into_owned();
            assert!(
                rooms.contains(&name.as_str()) || name == "config.rs",
                "services/{service}/src has {name}"
            );
        }
    }
}

#[test]
fn domains_are_pure() {
    let banned = [
        ("async ", "async"),
        (".await", "async"),
        ("tonic::", "tonic"),
        ("sqlx::", "SQL"),
        ("store::", "SQL"),
        ("tokio::", "tokio"),
        ("std::env", "the environment"),
        ("std::fs", "files"),
        ("SystemClock", "the clock"),
        ("Utc::now", "the clock"),
        ("proto::", "generated types"),
    ];
    let mut complaints = Vec::new();
    for service in SERVICES {
        for (path, text) in sources(&root().join("services").join(service).join("src/domain")) {
            let code = code(&text);
            for (word, what) in banned {
                if code.contains(word) {
                    complaints.push(format!("{}: a domain knows nothing of {what} ({word})", path.display()));
                }
            }
        }
    }
    none(&complaints);
}

#[test]
fn sql_is_written_in_store_alone() {
    let words = ["SELECT ", "INSERT INTO ", "UPDATE ", "DELETE FROM "];
    let mut complaints = Vec::new();
    for service in SERVICES {
        for (path, text) in sources(&root().join("services").join(service).join("src")) {
            if path.components().any(|part| part.as_os_str() == "store") {
                continue;
            }
            let code = code(&text);
            for word in words {
                if code.contains(&format!("\"{word}")) {
                    complaints.push(format!("{}: {word}", path.display()));
                }
            }
        }
    }
    none(&complaints);
}

#[test]
fn generated_types_and_tonic_stay_at_the_edge() {
    let edge = ["rpc", "events", "error.rs", "lib.rs", "main.rs"];
    let mut complaints = Vec::new();
    for service in SERVICES {
        let src = root().join("services").join(service).join("src");
        for (path, text) in sources(&src) {
            let room = path.strip_prefix(&src).unwrap().components().next().unwrap();
            if edge.iter().any(|name| room.as_os_str() == *name) {
                continue;
            }
            let code = code(&text);
            for word in ["proto::", "tonic::"] {
                if code.contains(word) {
                    complaints.push(format!("{}: {word}", path.display()));
                }
            }
        }
    }
    none(&complaints);
}

#[test]
fn no_file_is_too_long_to_read() {
    let mut complaints = Vec::new();
    for dir in ["crates", "services", "tests"] {
        for (path, text) in sources(&root().join(dir)) {
            if path.components().any(|part| part.as_os_str() == "target") {
                continue;
            }
            let n_lines = text.lines().count();
            if n_lines > 800 {
                complaints.push(format!("{}: {n_lines} lines", path.display()));
            }
        }
    }
    none(&complaints);
}

#[test]
fn the_code_map_names_what_is_there() {
    let mut complaints = Vec::new();
    for document in ["README.md", "README.zh-CN.md", "ARCHITECTURE.md"] {
        let text = read(&root().join(document));
        for quoted in text.split('`').skip(1).step_by(2) {
            let is_path = quoted.contains('/')
                && !quoted.contains([' ', '*', '<', '…', ':', '{', '='])
                && ["crates", "services", "proto", "tests", "docs", "deploy", ".ci"]
                    .iter()
                    .any(|top| quoted.starts_with(&format!("{top}/")));
            if is_path && !root().join(quoted).exists() {
                complaints.push(format!("{document} names {quoted}, which is not there"));
            }
        }
    }
    for dir in ["crates", "services"] {
        for entry in fs::read_dir(root().join(dir)).unwrap().map(Result::unwrap) {
            let name = format!("{dir}/{}", entry.file_name().to_string_lossy());
            if !read(&root().join("ARCHITECTURE.md")).contains(&name) {
                complaints.push(format!("ARCHITECTURE.md does not name {name}"));
            }
        }
    }
    none(&complaints);
}

#[test]
fn every_crate_keeps_the_workspaces_lints() {
    let mut complaints = Vec::new();
    for dir in ["crates", "services"] {
        for entry in fs::read_dir(root().join(dir)).unwrap().map(Result::unwrap) {
            let manifest = read(&entry.path().join("Cargo.toml"));
            // Generated code is nobody's style.
            let generated = entry.file_name() == "proto";
            if !generated && !manifest.contains("[lints]\nworkspace = true") {
                complaints.push(entry.path().display().to_string());
            }
        }
    }
    none(&complaints);
}
