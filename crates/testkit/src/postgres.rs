//! A PostgreSQL of the tests' own: made when first needed, gone with the process that made it.

use std::{
    collections::hash_map::RandomState,
    env,
    ffi::OsStr,
    fs,
    hash::{BuildHasher as _, Hasher as _},
    io::{BufRead as _, BufReader, ErrorKind::WouldBlock, Read as _},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail, ensure};
use sqlx::{Connection as _, Executor as _, PgConnection};

/// Names a server to use in place of one of our own: the URL of its maintenance database.
pub const SERVER_VARIABLE: &str = "QINQING_TEST_POSTGRES";

/// The oldest major version that the suite works with.
const OLDEST: u32 = 15;

/// How long a busy server is asked again.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a test server differs in from a real one. Writes are as durable as there, though sooner forgotten.
const SETTINGS: &str = "\
listen_addresses = ''
max_connections = 200
shared_buffers = 64MB
max_wal_size = 256MB
autovacuum_naptime = 1h
log_min_messages = warning
";

/// Initialises, starts, says so, and takes it all away when the parent's end of the pipe closes, however and whenever
/// the parent ended. Arguments: directory, directory of the programs.
const SCRIPT: &str = r#"
trap '' INT TERM HUP PIPE
trap '"$2/pg_ctl" --pgdata="$1/data" --mode=immediate --wait stop >/dev/null 2>&1; rm -rf "$1"' EXIT
fail() { cat "$1/log" >&2; exit 1; }
"$2/initdb" --pgdata="$1/data" --username=postgres --auth=trust --encoding=UTF8 --locale=C.UTF-8 \
    --no-sync --no-instructions >"$1/log" 2>&1 || fail "$1"
cat "$1/settings" >>"$1/data/postgresql.conf"
"$2/pg_ctl" --pgdata="$1/data" --wait --log="$1/log" --options="-k $1" start >>"$1/log" 2>&1 </dev/null || fail "$1"
echo started
cat >/dev/null
"#;

/// A server that no one else uses. Dropped, or when its process ends, it is stopped and its files are removed.
#[derive(Debug)]
pub struct PrivatePostgres {
    /// Everything of its URL but the database.
    base: String,
    maintenance: String,
    /// `None` for a server that somebody else has started.
    server: Option<Server>,
}

#[derive(Debug)]
struct Server {
    directory: PathBuf,
    guard: Child,
}

impl PrivatePostgres {
    /// Starts a server from the programs installed on this machine; takes about a second, and blocks.
    pub fn start() -> anyhow::Result<Self> {
        let programs = find_programs()?;
        let directory = tempfile::Builder::new().prefix("qinqing-pg-").tempdir()?.keep();
        fs::write(directory.join("settings"), SETTINGS)?;

        let mut command = unprivileged(&directory)?;
        command.arg(SCRIPT).arg("sh").arg(&directory).arg(&programs);
        let spawned = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let mut server = Server { guard: spawned.context("could not start a shell")?, directory };
        server.wait_until_started()?;

        // The socket's directory stands in the URL percent-encoded.
        let host = server.directory.to_string_lossy().replace('/', "%2F");
        let base = format!("postgres://postgres@{host}");
        Ok(Self { maintenance: format!("{base}/postgres"), base, server: Some(server) })
    }

    /// The server of this process, which all its tests share. It is the one that the environment names, if any.
    ///
    /// # Panics
    /// When there is none and none can be started.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<PrivatePostgres> = OnceLock::new();
        SHARED.get_or_init(|| {
            let server = match env::var(SERVER_VARIABLE) {
                Ok(url) => Self::at(&url),
                Err(_) => Self::start(),
            };
            server.expect("tests need a PostgreSQL server")
        })
    }

    /// A server that somebody else has started, by the URL of its maintenance database.
    pub fn at(url: &str) -> anyhow::Result<Self> {
        let (base, _) = url
            .rsplit_once('/')
            .filter(|(base, _)| base.contains("://") && !base.ends_with('/'))
            .with_context(|| format!("{SERVER_VARIABLE} is not postgres://role@host/database"))?;
        Ok(Self { base: base.to_owned(), maintenance: url.to_owned(), server: None })
    }

    /// The URL of its maintenance database.
    pub fn url(&self) -> &str {
        &self.maintenance
    }

    /// Whether the server is this process's own, so that a test may change its settings or end it.
    pub fn is_private(&self) -> bool {
        self.server.is_some()
    }

    /// Makes an empty database that no other test has, and gives its URL.
    pub async fn fresh_database(&self) -> anyhow::Result<String> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        static RUN: OnceLock<u64> = OnceLock::new();
        // Each process draws another number, so that several may share a server.
        let run = RUN.get_or_init(|| RandomState::new().build_hasher().finish());
        let name = format!("test_{run:x}_{}", COUNT.fetch_add(1, Relaxed));
        let statement = format!("CREATE DATABASE {name} TEMPLATE template0 STRATEGY wal_log");
        self.execute(&statement).await.with_context(|| format!("could not create database {name}"))?;
        Ok(format!("{}/{name}", self.base))
    }

    /// On a Unix socket a server that has many connections to answer lets no one wait in line.
    async fn connect(&self) -> sqlx::Result<PgConnection> {
        let give_up_at = Instant::now() + PATIENCE;
        loop {
            match PgConnection::connect(&self.maintenance).await {
                Err(sqlx::Error::Io(error)) if error.kind() == WouldBlock && Instant::now() < give_up_at => {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
                answer => return answer,
            }
        }
    }

    /// Runs one statement as the server's superuser.
    pub async fn execute(&self, statement: &str) -> anyhow::Result<()> {
        let mut connection = self.connect().await?;
        connection.execute(sqlx::AssertSqlSafe(statement)).await?;
        connection.close().await?;
        Ok(())
    }
}

impl Server {
    fn wait_until_started(&mut self) -> anyhow::Result<()> {
        let stdout = self.guard.stdout.take().context("no standard output")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        if line.trim() == "started" {
            return Ok(());
        }
        let mut complaint = String::new();
        if let Some(mut stderr) = self.guard.stderr.take() {
            stderr.read_to_string(&mut complaint)?;
        }
        bail!("PostgreSQL did not start: {}", complaint.trim())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The end of its input tells the guard to stop the server.
        drop(self.guard.stdin.take());
        if self.guard.wait().is_ok() {
            let _ = fs::remove_dir_all(&self.directory);
        }
    }
}

/// The directory of the newest PostgreSQL that is new enough.
fn find_programs() -> anyhow::Result<PathBuf> {
    let debian =
        fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().map(|entry| entry.path());
    let by_version = debian
        .filter_map(|path| Some((path.file_name()?.to_str()?.parse::<u32>().ok()?, path.join("bin"))))
        .filter(|(version, programs)| OLDEST <= *version && programs.join("initdb").is_file());
    if let Some((_, programs)) = by_version.max() {
        return Ok(programs);
    }
    let path = env::var_os("PATH").unwrap_or_default();
    let programs = env::split_paths(&path)
        .find(|directory| directory.join("initdb").is_file() && directory.join("pg_ctl").is_file());
    programs.with_context(|| {
        format!(
            "no PostgreSQL {OLDEST} or newer is installed: install the Debian package `postgresql`, \
            or set {SERVER_VARIABLE} to the URL of a server"
        )
    })
}

/// `sh -c` as somebody who is not root: PostgreSQL refuses to run as root. Gives that somebody the directory.
fn unprivileged(directory: &Path) -> anyhow::Result<Command> {
    let id = |arguments: &[&str]| -> anyhow::Result<String> {
        let output = Command::new("id").args(arguments).output().context("could not run `id`")?;
        ensure!(output.status.success(), "no such user: {arguments:?}");
        Ok(String::from_utf8(output.stdout)?.trim().to_owned())
    };
    if id(&["-u"])? != "0" {
        let mut command = Command::new("sh");
        command.arg("-c");
        return Ok(command);
    }
    let user = ["postgres", "nobody"].into_iter().find(|user| id(&["-u", user]).is_ok());
    let user = user.context("PostgreSQL does not run as root, and there is no user postgres or nobody")?;
    let (uid, gid) = (id(&["-u", user])?.parse()?, id(&["-g", user])?.parse()?);
    std::os::unix::fs::chown(directory, Some(uid), Some(gid)).context("could not give the directory away")?;

    let mut command;
    if is_on_path("setpriv") {
        command = Command::new("setpriv");
        command.args([format!("--reuid={uid}"), format!("--regid={gid}"), "--clear-groups".to_owned()]);
        command.args(["sh", "-c"]);
    } else if is_on_path("runuser") {
        command = Command::new("runuser");
        command.args(["-u", user, "--", "sh", "-c"]);
    } else {
        bail!("PostgreSQL does not run as root, and neither setpriv nor runuser is installed (`util-linux`)");
    }
    Ok(command)
}

fn is_on_path(program: impl AsRef<OsStr>) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).any(|directory| directory.join(program.as_ref()).is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_server_named_by_its_url_gives_databases_of_its_own() {
        let server = PrivatePostgres::at(PrivatePostgres::shared().url()).unwrap();
        let (one, two) = (server.fresh_database().await.unwrap(), server.fresh_database().await.unwrap());
        assert_ne!(one, two);
        for url in [one, two] {
            let mut connection = PgConnection::connect(&url).await.unwrap();
            connection.execute("CREATE TABLE only_here (a INTEGER)").await.unwrap();
        }
        assert!(PrivatePostgres::at("host/database").is_err());
    }

    #[tokio::test]
    async fn a_dropped_server_leaves_neither_process_nor_file() {
        let server = PrivatePostgres::start().unwrap();
        let directory = server.server.as_ref().unwrap().directory.clone();
        let url = server.url().to_owned();
        assert!(directory.join("data").exists());
        drop(server);
        assert!(!directory.exists());
        assert!(PgConnection::connect(&url).await.is_err());
    }
}
