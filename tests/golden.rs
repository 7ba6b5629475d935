//! Files that a person reviews: what the code says now must be what the file says.

use std::{env, fs, path::PathBuf};

/// The file `tests/golden/<name>`.
pub fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("golden").join(name)
}

pub fn read(name: &str) -> String {
    fs::read_to_string(path(name)).unwrap_or_default()
}

/// Whether `UPDATE_EXPECT=1` asks for the files to be written anew.
pub fn updating() -> bool {
    env::var("UPDATE_EXPECT").is_ok_and(|value| value == "1")
}

/// Compares with the file, or writes it anew when asked to.
pub fn check(name: &str, now: &str) {
    if updating() {
        fs::create_dir_all(path("")).unwrap();
        fs::write(path(name), now).unwrap();
        return;
    }
    let before = read(name);
    if before != now {
        let first = before.lines().zip(now.lines()).find(|(a, b)| a != b);
        panic!(
            "tests/golden/{name} is not what the code says now; first difference: {first:?}. Look at it, then write it \
             anew with UPDATE_EXPECT=1 cargo test -p qinqing-tests"
        );
    }
}
