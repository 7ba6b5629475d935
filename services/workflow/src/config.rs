//! What this service needs of the configuration, checked when it starts.

use std::{path::PathBuf, sync::Arc, time::Duration};

use anyhow::{Context as _, anyhow, bail};
use chrono::TimeDelta;
use files::{Blobs, Clamd, Scan};
use runtime::{Attachments, Config, Drafts, Profile, WitnessConfig};
use tokio::sync::Semaphore;

use crate::{domain::figure::Limits, events::witness::Target};

/// Files that are looked into at once: each is in memory meanwhile.
const MAX_INSPECTED_AT_ONCE: usize = 2;
/// Largest file that the contract allows, in MiB.
const MAX_MIB: u32 = 20;

/// What takes, looks into, scans and keeps files, and how many.
#[derive(Debug, Clone)]
pub(crate) struct FileRoom {
    pub blobs: Blobs,
    /// `None`: files are given out that nobody scanned.
    pub scanner: Option<Arc<dyn Scan>>,
    /// Where files are while they arrive.
    pub spool_dir: PathBuf,
    pub inspecting: Arc<Semaphore>,
    pub max_bytes: u64,
    pub max_per_owner: i64,
    pub firm_bytes: i64,
    pub keep_removed: TimeDelta,
    /// How long one file may take to be scanned.
    pub scan_timeout: Duration,
}

/// How many drafts, and how long.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DraftLimits {
    pub max_per_author: i64,
    pub keep: TimeDelta,
}

impl FileRoom {
    pub(crate) fn of(config: &Config) -> anyhow::Result<Self> {
        Self::open(config).context("in the section [workflow.attachments] of the configuration")
    }

    fn open(config: &Config) -> anyhow::Result<Self> {
        let Attachments {
            scanner,
            scan_timeout_s,
            max_mib,
            max_per_issue,
            firm_quota_mib,
            keep_removed_days,
            s3,
        } = &config.workflow.attachments;
        if !(1..=MAX_MIB).contains(max_mib) {
            bail!("max_mib: must be 1 to {MAX_MIB}");
        }
        if !(1..=600).contains(scan_timeout_s) {
            bail!("scan_timeout_s: must be 1 to 600");
        }
        let scan_timeout = Duration::from_secs(u64::from(*scan_timeout_s));
        let dir = config.data_dir.join("attachments");
        let blobs = match s3 {
            Some(s3) => bucket(s3, config.profile)?,
            None => Blobs::on_disk(&dir.join("kept"))?,
        };
        Ok(Self {
            blobs,
            scanner: scan(scanner.as_deref(), config.profile, scan_timeout)?,
            spool_dir: dir.join("arriving"),
            inspecting: Arc::new(Semaphore::new(MAX_INSPECTED_AT_ONCE)),
            max_bytes: u64::from(*max_mib) << 20,
            max_per_owner: (*max_per_issue).into(),
            firm_bytes: i64::from(*firm_quota_mib) << 20,
            keep_removed: TimeDelta::days((*keep_removed_days).into()),
            scan_timeout,
        })
    }
}

/// Doing without a scanner has to be said, but for trying the suite out.
fn scan(scanner: Option<&str>, profile: Profile, timeout: Duration) -> anyhow::Result<Option<Arc<dyn Scan>>> {
    match (scanner, profile) {
        (Some("none"), _) | (None, Profile::Development) => Ok(None),
        (Some(address), _) => {
            let clamd = Clamd::new(address, timeout).with_context(|| format!("scanner is {address:?}"))?;
            Ok(Some(Arc::new(clamd)))
        }
        (None, Profile::Production) => {
            bail!("scanner: name the scanner of files, or \"none\" to give out files that nobody scanned")
        }
    }
}

fn bucket(config: &runtime::S3, profile: Profile) -> anyhow::Result<Blobs> {
    let runtime::S3 { endpoint, bucket, region, access_key_file, secret_key_file } = config;
    if profile == Profile::Production && !endpoint.starts_with("https://") {
        bail!("s3.endpoint: files and keys would go in plain text; use https");
    }
    let key = |path: &PathBuf| {
        let key = std::fs::read_to_string(path).with_context(|| format!("could not read {}", path.display()));
        key.map(|key| key.trim().to_owned())
    };
    let s3 = files::S3 {
        endpoint: endpoint.clone(),
        bucket: bucket.clone(),
        region: region.clone(),
        access_key: key(access_key_file)?,
        secret_key: key(secret_key_file)?,
    };
    Ok(Blobs::s3(&s3)?)
}

impl DraftLimits {
    pub(crate) fn of(config: &Config) -> anyhow::Result<Self> {
        let Drafts { max_per_author, keep_days } = config.workflow.drafts;
        if max_per_author == 0 || keep_days == 0 {
            bail!("in the section [workflow.drafts] of the configuration: both numbers must be at least 1");
        }
        Ok(Self { max_per_author: max_per_author.into(), keep: TimeDelta::days(keep_days.into()) })
    }
}

/// Where heads of the log are kept, if nothing else is said: beside the databases, in none of them.
const DEFAULT_FILE: &str = "witness/trail-heads.jsonl";

/// Where heads of the log are kept outside of the database.
#[derive(Debug, Clone)]
pub(crate) struct WitnessPlaces {
    pub file: PathBuf,
    pub url: Option<Arc<Target>>,
}

impl WitnessPlaces {
    /// Fails when the address is none, or its certificates cannot be read.
    pub(crate) fn of(config: &Config) -> anyhow::Result<Self> {
        let WitnessConfig { file, url, ca_file } = &config.workflow.witness;
        let url = match url {
            Some(url) => {
                let target = Target::new(url, ca_file.as_deref());
                Some(Arc::new(target.context("in [workflow.witness] of the configuration")?))
            }
            None => None,
        };
        Ok(Self { file: file.clone().unwrap_or_else(|| config.data_dir.join(DEFAULT_FILE)), url })
    }
}

/// The limits of figures: those that come with the suite, or those of the file that stands in for them. Fails with
/// everything that is wrong with the file, each with its place.
pub(crate) fn figure_limits(config: &Config) -> anyhow::Result<Arc<Limits>> {
    let Some(path) = &config.workflow.figures_file else { return Ok(Arc::new(Limits::built_in().clone())) };
    let read = || {
        let text = std::fs::read_to_string(path).context("could not read it")?;
        Limits::parse(&text).map_err(|faults| {
            let told = faults.iter().map(|fault| match fault.line {
                Some(line) => format!("line {line}: {fault}"),
                None => fault.to_string(),
            });
            anyhow!("{}", told.collect::<Vec<_>>().join("; "))
        })
    };
    let limits = read().with_context(|| format!("figures_file is {}", path.display()));
    Ok(Arc::new(limits.context("in the section [workflow] of the configuration")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doing_without_a_scanner_has_to_be_said_in_production() {
        let scan = |scanner, profile| scan(scanner, profile, Duration::from_secs(1));
        assert!(scan(None, Profile::Development).unwrap().is_none());
        assert!(scan(None, Profile::Production).is_err());
        assert!(scan(Some("none"), Profile::Production).unwrap().is_none());
        for profile in [Profile::Development, Profile::Production] {
            assert!(scan(Some("clamd://127.0.0.1:3310"), profile).unwrap().is_some());
            assert!(scan(Some("nonsense"), profile).is_err());
        }
    }

    #[test]
    fn limits_of_figures_that_are_none_are_refused_with_place_and_reason() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("figures.toml");
        let mut config = Config::default();
        assert_eq!(*figure_limits(&config).unwrap(), *Limits::built_in());
        config.workflow.figures_file = Some(path.clone());
        let missing = format!("{:#}", figure_limits(&config).unwrap_err());
        assert!(missing.contains("figures.toml") && missing.contains("could not read it"), "{missing}");
        let text = include_str!("../packs/figures.toml");
        std::fs::write(&path, text.replace("min_firms = 5", "min_firms = 4").replace("= 850", "= 70"))
            .unwrap();
        let refused = format!("{:#}", figure_limits(&config).unwrap_err());
        let told = "line 12: rank.second: must be below first; line 19: public.min_firms: must be at least 5";
        assert!(refused.contains("[workflow]") && refused.ends_with(told), "{refused}");
        std::fs::write(&path, text.replace("version = 1", "version = 2")).unwrap();
        assert_eq!(figure_limits(&config).unwrap().version, 2);
    }

    #[test]
    fn a_bucket_in_plain_text_is_refused_in_production() {
        let dir = std::env::temp_dir();
        let s3 = runtime::S3 {
            endpoint: "http://10.0.0.9:9000".to_owned(),
            bucket: "files".to_owned(),
            region: "cn-east".to_owned(),
            access_key_file: dir.join("no such file"),
            secret_key_file: dir.join("no such file"),
        };
        let refused = bucket(&s3, Profile::Production).unwrap_err();
        assert!(refused.to_string().contains("plain text"), "{refused}");
        let refused = bucket(&s3, Profile::Development).unwrap_err();
        assert!(refused.to_string().contains("no such file"), "{refused}");
    }
}
