//! An exported trail, and what its reader trusts: shared by the commands that check one.

use std::{
    fmt::Write as _,
    fs::File,
    io::BufReader,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use chrono::{DateTime, FixedOffset};
use clap::Args;
use trail::{Keys, Record, Report, SignedHead, Trust, Witness, verify_export_with};

/// What the reader trusts.
#[derive(Debug, Args)]
pub struct Trusted {
    /// Public key that must have signed it, 64 hexadecimal digits; may be given several times. Without one, the key
    /// that the file itself names is taken, and only the file's own coherence is shown
    #[arg(long = "key", value_name = "HEX")]
    keys: Vec<String>,
    /// Tree heads that were kept elsewhere, each a line of JSON, such as a copy of the server's witness file: shows that
    /// nothing from before them was rewritten or cut off
    #[arg(long, value_name = "FILE")]
    witness: Option<PathBuf>,
    /// When the export was asked for, as 2026-03-02T09:00:00+08:00: heads that the witness has from later are passed over
    #[arg(long, value_name = "TIME", requires = "witness")]
    until: Option<DateTime<FixedOffset>>,
}

/// What was read, and what the verifier says of it.
pub struct Verified {
    pub report: Report,
    /// Heads that it was held against.
    pub n_witnesses: usize,
}

/// Verifies the file, and shows each of its entries.
pub fn verify(file: &Path, trusted: &Trusted, mut on_entry: impl FnMut(&Record)) -> anyhow::Result<Verified> {
    let Trusted { keys, witness, until } = trusted;
    let keys = if keys.is_empty() {
        Keys::InHeader
    } else {
        Keys::Expected(keys.iter().map(|key| hex(key)).collect::<anyhow::Result<_>>()?)
    };
    let mut heads = match witness {
        Some(path) => read_heads(path, until.map(|until| until.timestamp_micros()))?,
        None => Vec::new(),
    };
    let trust = Trust::new(keys);
    if !heads.is_empty() {
        // The export of one chain has one head, which only a witness of the same size can be held against.
        let alone = read(file, &trust, |_| {})?;
        if alone.chain.is_some() {
            let same = heads.iter().position(|head| Some(head.head.root) == alone.root);
            heads = same.or(heads.len().checked_sub(1)).map(|at| heads.swap_remove(at)).into_iter().collect();
        }
    }
    let n_witnesses = heads.len();
    let trust = trust.witnesses(heads.into_iter().map(Witness::from));
    Ok(Verified { report: read(file, &trust, &mut on_entry)?, n_witnesses })
}

fn read(file: &Path, trust: &Trust, on_entry: impl FnMut(&Record)) -> anyhow::Result<Report> {
    let input = File::open(file).with_context(|| format!("could not read {}", file.display()))?;
    verify_export_with(BufReader::new(input), trust, on_entry).context("could not read the file to its end")
}

/// The heads of a file, each on a line, that were taken no later than `until`.
fn read_heads(path: &Path, until: Option<i64>) -> anyhow::Result<Vec<SignedHead>> {
    let text = std::fs::read_to_string(path).with_context(|| format!("could not read {}", path.display()))?;
    let mut heads = Vec::new();
    for (number, line) in (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty()) {
        let head = SignedHead::from_json(line.trim())
            .with_context(|| format!("line {number} of {} is no tree head", path.display()))?;
        if until.is_none_or(|until| head.head.time_micros <= until) {
            heads.push(head);
        }
    }
    anyhow::ensure!(!heads.is_empty(), "{} holds no tree head to compare with", path.display());
    Ok(heads)
}

impl Trusted {
    /// Whether the keys are those of the file itself.
    pub fn takes_the_files_word(&self) -> bool {
        self.keys.is_empty()
    }
}

pub fn hex_of(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn hex(text: &str) -> anyhow::Result<Vec<u8>> {
    let digits = text.as_bytes();
    anyhow::ensure!(
        digits.len() == 64 && digits.iter().all(u8::is_ascii_hexdigit),
        "{text:?} is not 64 hexadecimal digits"
    );
    digits.chunks(2).map(|pair| Ok(u8::from_str_radix(std::str::from_utf8(pair)?, 16)?)).collect()
}
