//! `qinqing verify FILE`: checks an exported trail, with no server and no trust in one.

use std::{fmt::Write as _, fs::File, io::BufReader, path::PathBuf, process::ExitCode};

use anyhow::Context as _;
use clap::Args;
use trail::{Keys, SignedHead, Trust, Witness, verify_export};

#[derive(Debug, Args)]
pub struct Arguments {
    /// The exported trail
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Public key that must have signed it, 64 hexadecimal digits; may be given several times. Without one, the key
    /// that the file itself names is taken, and only the file's own coherence is shown
    #[arg(long = "key", value_name = "HEX")]
    keys: Vec<String>,
    /// A tree head that was kept elsewhere, one line of JSON: shows that nothing from before it was rewritten
    #[arg(long, value_name = "FILE")]
    witness: Option<PathBuf>,
}

pub fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let Arguments { file, keys, witness } = arguments;
    let trusted = if keys.is_empty() {
        Keys::InHeader
    } else {
        Keys::Expected(keys.iter().map(|key| hex(key)).collect::<anyhow::Result<_>>()?)
    };
    let mut trust = Trust::new(trusted);
    if let Some(path) = witness {
        let line =
            std::fs::read_to_string(path).with_context(|| format!("could not read {}", path.display()))?;
        let head = SignedHead::from_json(line.trim())
            .with_context(|| format!("{} is no tree head", path.display()))?;
        trust = trust.witness(Witness { head, consistency: None });
    }
    let input = File::open(file).with_context(|| format!("could not read {}", file.display()))?;
    let report =
        verify_export(BufReader::new(input), &trust).context("could not read the file to its end")?;
    println!("log       {}", report.log_id);
    println!("entries   {} in {} chains", report.entries, report.chains);
    println!("heads     {}", report.heads);
    for key in &report.public_keys {
        let source = if keys.is_empty() {
            " (named by the file itself; compare it with the published one)"
        } else {
            ""
        };
        println!("key       {}{source}", hex_of(key));
    }
    if let Some(root) = report.root {
        println!("root      {root}");
    }
    for fault in &report.faults {
        println!("FAULT     {fault}");
    }
    if report.is_intact() {
        if keys.is_empty() {
            println!(
                "coherent: whoever holds the key above wrote it as it stands; give --key to know who that is"
            );
        } else {
            println!("intact: nothing was deleted, edited, swapped or attributed to somebody else");
        }
        Ok(ExitCode::SUCCESS)
    } else {
        println!("NOT intact: {} faults", report.n_faults);
        Ok(ExitCode::from(1))
    }
}

fn hex_of(bytes: &[u8]) -> String {
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
