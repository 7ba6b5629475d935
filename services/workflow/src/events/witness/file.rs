//! The file: a line for each head, as an export and `qinqing verify --witness` have it.

use std::{
    fs::{File, OpenOptions},
    io::{self, BufRead as _, BufReader, Read as _, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use trail::SignedHead;

/// More than a head takes.
const MAX_LINE_BYTES: u64 = 8 * 1024;
/// How every line begins.
const BEGINNING: &[u8] = br#"{"log_id":"#;

/// The witness file. Replicas that share it take turns by a lock of the operating system; those that do not, keep a file
/// of their own each.
#[derive(Debug)]
pub(super) struct WitnessFile {
    path: PathBuf,
}

/// The end of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tail {
    /// Bytes before which nothing is open any more.
    pub len: u64,
    /// The last line. `None`: there is none yet.
    pub last: Option<String>,
}

impl WitnessFile {
    pub fn open(path: &Path) -> anyhow::Result<Self> {
        let doing = || format!("could not open the witness file {}", path.display());
        let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
        std::fs::create_dir_all(dir).with_context(doing)?;
        let file = Self { path: path.to_owned() };
        file.locked().with_context(doing)?;
        // So that the file is still there after the power has failed.
        File::open(dir).and_then(|dir| dir.sync_all()).with_context(doing)?;
        file.tail().with_context(doing)?;
        Ok(file)
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads the end. A line that a crash left half written is taken away: its head is written again.
    pub fn tail(&self) -> io::Result<Tail> {
        read_tail(&self.locked()?)
    }

    /// Appends lines and waits until the disk has them. `false`: somebody else has written meanwhile, and nothing was done.
    pub fn append(&self, seen: &Tail, lines: &[String]) -> io::Result<bool> {
        let mut file = self.locked()?;
        if read_tail(&file)? != *seen {
            return Ok(false);
        }
        let text: String = lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect();
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        Ok(true)
    }

    /// At most `n_lines` lines from a place on, and the place after them. One that is too long for a head is given empty, and
    /// what a crash left half written at the end is passed over.
    pub fn lines(&self, from: u64, n_lines: usize) -> io::Result<(Vec<String>, u64)> {
        let mut file = self.locked()?;
        file.seek(SeekFrom::Start(from))?;
        let mut reader = BufReader::new(file);
        let (mut lines, mut at) = (Vec::new(), from);
        let mut line = Vec::new();
        while lines.len() < n_lines {
            line.clear();
            let n_read = reader.by_ref().take(MAX_LINE_BYTES).read_until(b'\n', &mut line)?;
            at += n_read as u64;
            if let Some(text) = line.strip_suffix(b"\n") {
                lines.push(String::from_utf8_lossy(text).into_owned());
            } else if (n_read as u64) < MAX_LINE_BYTES {
                break;
            } else {
                at += skip_line(&mut reader)?;
                lines.push(String::new());
            }
        }
        Ok((lines, at))
    }

    /// The file, with nobody else in it until it is closed.
    fn locked(&self) -> io::Result<File> {
        let file = OpenOptions::new().read(true).append(true).create(true).open(&self.path)?;
        file.lock()?;
        Ok(file)
    }
}

/// Reads on to the next line. Gives the bytes passed over.
fn skip_line(reader: &mut impl io::BufRead) -> io::Result<u64> {
    let mut n_skipped = 0;
    loop {
        let buffer = reader.fill_buf()?;
        let end = buffer.iter().position(|byte| *byte == b'\n');
        let n_bytes = end.map_or(buffer.len(), |at| at + 1);
        let is_over = end.is_some() || buffer.is_empty();
        reader.consume(n_bytes);
        n_skipped += n_bytes as u64;
        if is_over {
            return Ok(n_skipped);
        }
    }
}

fn read_tail(mut file: &File) -> io::Result<Tail> {
    let len = file.metadata()?.len();
    let from = len.saturating_sub(MAX_LINE_BYTES);
    let mut end = Vec::new();
    file.seek(SeekFrom::Start(from))?;
    file.take(MAX_LINE_BYTES).read_to_end(&mut end)?;
    let n_whole = end.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1);
    let torn = &end[n_whole..];
    let is_ours = torn.starts_with(BEGINNING) || BEGINNING.starts_with(torn);
    if !is_ours || (n_whole == 0 && 0 < from) {
        return Err(no_witness("its end is no line of a head"));
    }
    let len = len - torn.len() as u64;
    if !torn.is_empty() {
        tracing::warn!(n_bytes = torn.len(), "half a line at the end of the witness file is taken away");
        file.set_len(len)?;
        file.sync_all()?;
    }
    let whole = &end[..n_whole];
    let Some(last) = whole.strip_suffix(b"\n") else { return Ok(Tail { len, last: None }) };
    let begin = last.iter().rposition(|byte| *byte == b'\n').map_or(0, |before| before + 1);
    let last = String::from_utf8_lossy(&last[begin..]).into_owned();
    SignedHead::from_json(&last).map_err(|_| no_witness("its last line is no head"))?;
    Ok(Tail { len, last: Some(last) })
}

/// Nothing is written to what may be somebody else's file.
fn no_witness(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("this is no witness file: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = include_str!("../../../../../crates/trail/vectors/trail-v1.json");

    /// A head, as a line of the file.
    fn head() -> String {
        let vectors: serde_json::Value = serde_json::from_str(LINE).unwrap();
        vectors["head"]["line"].as_str().unwrap().to_owned()
    }

    fn file(content: &[u8]) -> (tempfile::TempDir, PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("below/heads.jsonl");
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        (dir, path)
    }

    #[test]
    fn what_was_appended_is_there_and_a_writer_that_was_overtaken_writes_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let witness = WitnessFile::open(&dir.path().join("new/heads.jsonl")).unwrap();
        let empty = witness.tail().unwrap();
        assert_eq!(empty, Tail { len: 0, last: None });
        assert!(witness.append(&empty, &[head()]).unwrap());
        assert!(!witness.append(&empty, &[head()]).unwrap());
        let tail = witness.tail().unwrap();
        assert_eq!(tail, Tail { len: head().len() as u64 + 1, last: Some(head()) });
        assert!(witness.append(&tail, &[head(), head()]).unwrap());
        let (lines, at) = witness.lines(0, 2).unwrap();
        assert_eq!((lines, at), (vec![head(), head()], 2 * tail.len));
        assert_eq!(witness.lines(at, 2).unwrap(), (vec![head()], 3 * tail.len));
    }

    #[test]
    fn a_line_that_is_too_long_hides_none_that_follows() {
        let content = format!("{}\n{}\n{}\n", head(), "x".repeat(30_000), head());
        let (_dir, path) = file(content.as_bytes());
        let (lines, at) = WitnessFile::open(&path).unwrap().lines(0, 9).unwrap();
        assert_eq!((lines, at), (vec![head(), String::new(), head()], content.len() as u64));
    }

    #[test]
    fn a_line_that_was_cut_by_a_crash_is_taken_away_wherever_it_was_cut() {
        for n_bytes in 0..head().len() {
            let content = format!("{}\n{}", head(), &head()[..n_bytes]);
            let (_dir, path) = file(content.as_bytes());
            let tail = WitnessFile::open(&path).unwrap().tail().unwrap();
            assert_eq!(tail.last, Some(head()), "{n_bytes}");
            assert_eq!(std::fs::read(&path).unwrap(), format!("{}\n", head()).as_bytes());
        }
    }

    #[test]
    fn a_file_of_somebody_else_is_left_as_it_is() {
        let long = vec![b'x'; 10_000];
        for content in [b"SQLite format 3\0".as_slice(), b"log\nlog\n", &long] {
            let (_dir, path) = file(content);
            assert!(WitnessFile::open(&path).is_err());
            assert_eq!(std::fs::read(&path).unwrap(), content);
        }
    }
}
