//! Configuration: file, then environment, then flags; read whole before any port is bound.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

/// What is wrong with the configuration, and where.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("could not read {}", .path.display())]
    File { path: PathBuf, source: std::io::Error },
    #[error("{origin} is not valid TOML")]
    Syntax { origin: String, source: toml::de::Error },
    #[error("the configuration has a mistake")]
    Content { source: toml::de::Error },
    #[error("{name}: {why}")]
    Refused { name: &'static str, why: String },
}

/// How strict the suite is with its own configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Profile {
    /// Works with no file at all: reflection on, plain text on loopback.
    #[default]
    Development,
    /// Refuses what is only good enough for development.
    Production,
}

/// Everything that can be configured.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    pub profile: Profile,
    /// Where SQLite files and keys live.
    pub data_dir: PathBuf,
    /// The one port for gRPC and JSON.
    pub listen: SocketAddr,
    /// Health for machines; never to be reached from outside.
    pub admin_listen: SocketAddr,
    /// Says that something in front of `listen` speaks TLS; without it the production profile stays on loopback.
    pub behind_tls: bool,
    pub database: Database,
    /// Addresses of the services that run elsewhere, as `workflow = "http://10.0.0.7:7300"`.
    pub peers: BTreeMap<String, String>,
    /// Certificates (PEM) that vouch for `https` peers.
    pub peer_ca_file: Option<PathBuf>,
    pub log: Log,
    /// Sends e-mail; without it there is none.
    pub smtp: Option<Smtp>,
    pub workflow: WorkflowConfig,
    pub export: Export,
}

/// What is handed out as files.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Export {
    /// Rows of one file, at most.
    pub max_rows: u32,
}

/// Which engine keeps the data.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Database {
    /// `postgres://…`: one database, a schema per service. Without it, one SQLite file per service.
    pub url: Option<String>,
    /// File that holds the URL, where it has a password in it.
    pub url_file: Option<PathBuf>,
    /// Connections per service on PostgreSQL.
    pub max_connections: Option<u32>,
}

/// What is logged, and how.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Log {
    /// Filter, as `info,qinqing_workflow=debug`.
    pub filter: String,
    pub format: LogFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    Text,
    Json,
}

/// A mail server.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Smtp {
    /// As `smtps://mail.example.gov.cn:465` or `smtp://127.0.0.1:2525`.
    pub url: String,
    /// Sender of all mail.
    pub from: String,
    /// Where the account's password is kept.
    pub password_file: Option<PathBuf>,
}

/// What the workflow alone uses.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WorkflowConfig {
    /// Limits of figures (who is ranked, what the public is shown) in place of those that come with the suite.
    pub figures_file: Option<PathBuf>,
    pub drafts: Drafts,
    pub attachments: Attachments,
    pub witness: WitnessConfig,
}

/// Where signed heads of the trail are kept outside of the database.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WitnessConfig {
    /// A line for each head. Without it, `witness/trail-heads.jsonl` in the data directory; better on a disk that those
    /// who keep the database cannot write to.
    pub file: Option<PathBuf>,
    /// Every head is posted there, too: `http://…` or `https://…`, in another house.
    pub url: Option<String>,
    /// Certificates (PEM) that vouch for `url`. Without it, the authorities on Mozilla's list do.
    pub ca_file: Option<PathBuf>,
}

/// Issues that are not submitted yet.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Drafts {
    /// Of one author, at most.
    pub max_per_author: u32,
    /// Days after which a draft that nobody touched goes by itself.
    pub keep_days: u32,
}

/// Files of issues.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Attachments {
    /// `clamd://127.0.0.1:3310`, `clamd:///run/clamav/clamd.ctl`, or `none` to give out files that nobody scanned.
    /// Unset, the development profile takes it for `none`, and the production profile does not start.
    pub scanner: Option<String>,
    /// Seconds that the scanner has for one file.
    pub scan_timeout_s: u32,
    /// Largest file in MiB, at most 20.
    pub max_mib: u32,
    /// Files of one issue or draft, at most.
    pub max_per_issue: u32,
    /// Room for what the agents and the manager of one firm upload, in MiB.
    pub firm_quota_mib: u32,
    /// Days after which the bytes of what was removed, or found infected, are deleted.
    pub keep_removed_days: u32,
    /// A store that speaks as S3 does; without it files are in `attachments` below `data_dir`.
    pub s3: Option<S3>,
}

/// A bucket for files.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct S3 {
    /// As `https://oss.example.gov.cn`; the bucket stands in the path.
    pub endpoint: String,
    pub bucket: String,
    pub region: String,
    /// Where the access key is kept.
    pub access_key_file: PathBuf,
    /// Where the secret key is kept.
    pub secret_key_file: PathBuf,
}

impl Default for Drafts {
    fn default() -> Self {
        Self { max_per_author: 50, keep_days: 90 }
    }
}

impl Default for Attachments {
    fn default() -> Self {
        Self {
            scanner: None,
            scan_timeout_s: 60,
            max_mib: 20,
            max_per_issue: 50,
            firm_quota_mib: 1_024,
            keep_removed_days: 7,
            s3: None,
        }
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            profile: Profile::default(),
            data_dir: PathBuf::from("data"),
            listen: SocketAddr::from(([127, 0, 0, 1], 7300)),
            admin_listen: SocketAddr::from(([127, 0, 0, 1], 7301)),
            behind_tls: false,
            database: Database::default(),
            peers: BTreeMap::new(),
            peer_ca_file: None,
            log: Log::default(),
            smtp: None,
            workflow: WorkflowConfig::default(),
            export: Export::default(),
        }
    }
}

impl Default for Export {
    fn default() -> Self {
        Self { max_rows: 50_000 }
    }
}

impl Default for Log {
    fn default() -> Self {
        Self { filter: "info".to_owned(), format: LogFormat::Text }
    }
}

impl Config {
    /// Reads `file` (when given), lays `QINQING_…` of `environment` over it, then `flags` (dotted key and value).
    pub fn load(
        file: Option<&Path>,
        environment: impl IntoIterator<Item = (String, String)>,
        flags: &[(&str, String)],
    ) -> Result<Self, ConfigError> {
        let mut table = match file {
            Some(path) => {
                let text = std::fs::read_to_string(path)
                    .map_err(|source| ConfigError::File { path: path.to_owned(), source })?;
                toml::from_str(&text)
                    .map_err(|source| ConfigError::Syntax { origin: path.display().to_string(), source })?
            }
            None => toml::Table::new(),
        };
        let mut environment: Vec<_> = environment
            .into_iter()
            .filter_map(|(key, value)| {
                let key = key.strip_prefix("QINQING_")?.to_ascii_lowercase();
                // Settings of tests and of the log are none of the suite's configuration.
                (!key.starts_with("test_")).then(|| (key.replace("__", "."), value))
            })
            .collect();
        environment.sort();
        for (key, value) in environment {
            lay(&mut table, &key, &value);
        }
        for (key, value) in flags {
            lay(&mut table, key, value);
        }
        let config: Self = table.try_into().map_err(|source| ConfigError::Content { source })?;
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> Result<(), ConfigError> {
        let open = !self.listen.ip().is_loopback() && !self.behind_tls;
        if self.profile == Profile::Production && open {
            let why = "plain text off loopback: set behind_tls when something in front speaks TLS".to_owned();
            return Err(ConfigError::Refused { name: "listen", why });
        }
        if !self.admin_listen.ip().is_loopback() && self.profile == Profile::Production {
            let why = "must be a loopback address".to_owned();
            return Err(ConfigError::Refused { name: "admin_listen", why });
        }
        if self.profile == Profile::Production && self.database.url.as_deref().is_some_and(is_plain_postgres)
        {
            let why = "PostgreSQL off loopback without TLS: add sslmode=verify-full".to_owned();
            return Err(ConfigError::Refused { name: "database.url", why });
        }
        if self.database.url.is_some() && self.database.url_file.is_some() {
            let why = "give database.url or database.url_file, not both".to_owned();
            return Err(ConfigError::Refused { name: "database", why });
        }
        if let Some(unknown) = self.peers.keys().find(|name| !crate::SERVICES.contains(&name.as_str())) {
            let why = format!("there is no service {unknown:?}");
            return Err(ConfigError::Refused { name: "peers", why });
        }
        if self.profile == Profile::Production
            && let Some((name, _)) = self.peers.iter().find(|(_, address)| !is_private(address))
        {
            let why = format!("{name} is reached in plain text off loopback: use https and peer_ca_file");
            return Err(ConfigError::Refused { name: "peers", why });
        }
        self.check_witness()?;
        if self.peer_ca_file.is_none() && self.peers.values().any(|address| address.starts_with("https://")) {
            let why = "is needed for peers with https".to_owned();
            return Err(ConfigError::Refused { name: "peer_ca_file", why });
        }
        Ok(())
    }

    fn check_witness(&self) -> Result<(), ConfigError> {
        let refused = |why: &str| {
            let name = "workflow.witness.url";
            Err(ConfigError::Refused { name, why: why.to_owned() })
        };
        let Some(url) = &self.workflow.witness.url else { return Ok(()) };
        let (scheme, place) = url.split_once("://").unwrap_or_default();
        if !["http", "https"].contains(&scheme) {
            return refused("begins with neither http:// nor https://");
        }
        let authority = place.split(['/', '?']).next().unwrap_or_default();
        if authority.contains('@') {
            return refused("has a user in it, which nobody would look at");
        }
        if self.profile == Profile::Production && !is_private(&format!("{scheme}://{authority}")) {
            return refused("plain text off loopback: use https");
        }
        Ok(())
    }

    /// Where the service's data is.
    pub fn store(&self, service: &str) -> Result<store::Config, ConfigError> {
        let from_file = match &self.database.url_file {
            Some(path) => Some(
                std::fs::read_to_string(path)
                    .map_err(|source| ConfigError::File { path: path.clone(), source })?
                    .trim()
                    .to_owned(),
            ),
            None => None,
        };
        let mut config = match self.database.url.clone().or(from_file) {
            Some(url) => {
                let mut config = store::Config::new(url);
                config.schema = Some(service.to_owned());
                config
            }
            None => store::Config::new(format!(
                "sqlite:{}",
                self.data_dir.join(format!("{service}.db")).display()
            )),
        };
        if let Some(max_connections) = self.database.max_connections {
            config.max_connections = max_connections;
        }
        Ok(config)
    }

    /// The effective configuration as TOML, with passwords blotted out.
    pub fn redacted(&self) -> String {
        let mut shown = self.clone();
        if let Some(url) = &mut shown.database.url {
            *url = without_password(url);
        }
        if let Some(smtp) = &mut shown.smtp {
            smtp.url = without_password(&smtp.url);
        }
        // Whatever tells the witness who is writing stands among the parameters.
        if let Some(url) = &mut shown.workflow.witness.url
            && let Some((place, _)) = url.split_once('?')
        {
            *url = format!("{place}?***");
        }
        toml::to_string_pretty(&shown).unwrap_or_else(|error| format!("# cannot be shown: {error}\n"))
    }
}

/// Whether somebody on the way could read what goes to the database: no socket, not this machine, no TLS asked for.
fn is_plain_postgres(url: &str) -> bool {
    let Some((_, rest)) = url.split_once("://") else { return false };
    let place = rest.split(['/', '?']).next().unwrap_or_default();
    let host = place.rsplit('@').next().unwrap_or_default();
    let here = host.is_empty()
        || host.starts_with("%2F")
        || ["127.0.0.1", "localhost", "[::1]"].iter().any(|name| host.starts_with(name));
    let tls =
        ["sslmode=require", "sslmode=verify-ca", "sslmode=verify-full"].iter().any(|mode| url.contains(mode));
    !here && !tls
}

/// Whether nobody on the way can read what is sent to an address.
fn is_private(address: &str) -> bool {
    let plain = address.strip_prefix("http://").unwrap_or_default();
    let host = plain.rsplit_once(':').map_or(plain, |(host, _)| host);
    address.starts_with("https://") || ["127.0.0.1", "[::1]", "localhost"].contains(&host)
}

/// A URL's password may stand before its host, and among its parameters.
fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let (place, parameters) = rest.split_once('?').unwrap_or((rest, ""));
    let mut shown = match place.rsplit_once('@') {
        Some((login, host)) => {
            let name = login.split(':').next().unwrap_or_default();
            format!("{scheme}://{name}:***@{host}")
        }
        None => format!("{scheme}://{place}"),
    };
    for (n, parameter) in parameters.split('&').filter(|parameter| !parameter.is_empty()).enumerate() {
        shown.push(if n == 0 { '?' } else { '&' });
        match parameter.split_once('=') {
            Some((name, _)) if name.to_ascii_lowercase().contains("password") => {
                shown.push_str(name);
                shown.push_str("=***");
            }
            _ => shown.push_str(parameter),
        }
    }
    shown
}

/// Sets `a.b.c` to a value: a number or a truth where it reads as one, text otherwise.
fn lay(table: &mut toml::Table, key: &str, text: &str) {
    let value = match text.parse::<i64>() {
        Ok(number) => toml::Value::Integer(number),
        Err(_) => {
            text.parse::<bool>().map_or_else(|_| toml::Value::String(text.to_owned()), toml::Value::Boolean)
        }
    };
    let mut parts: Vec<&str> = key.split('.').collect();
    let last = parts.pop().unwrap_or_default();
    let mut at = table;
    for part in parts {
        let inner = at.entry(part).or_insert_with(|| toml::Value::Table(toml::Table::new()));
        if !inner.is_table() {
            *inner = toml::Value::Table(toml::Table::new());
        }
        let toml::Value::Table(inner) = inner else { return };
        at = inner;
    }
    at.insert(last.to_owned(), value);
}

#[cfg(test)]
mod tests;
