//! The tests start a private PostgreSQL from installed programs; here is seen to it that there are some.

use std::{fs, path::Path, process::Command};

use anyhow::{Context as _, bail};

const OLDEST: u32 = 15;
const INSTALL: &str = "apt-get install --yes --no-install-recommends postgresql";

/// Installs the Debian package where PostgreSQL is missing and that is allowed; says what to do where it is not.
pub fn ensure_installed() -> anyhow::Result<()> {
    if let Some(place) = find() {
        println!("    PostgreSQL programs in {place}");
        return Ok(());
    }
    if !is_root() || !on_path("apt-get") {
        bail!("PostgreSQL {OLDEST} or newer is needed for the tests; install it with: sudo {INSTALL}");
    }
    println!("    PostgreSQL is missing: running {INSTALL}");
    // The package would otherwise make and start a server of its own.
    let policy = Path::new("/usr/sbin/policy-rc.d");
    let ours = !policy.exists() && fs::write(policy, "#!/bin/sh\nexit 101\n").is_ok() && executable(policy);
    let installed = shell("apt-get update").and_then(|()| shell(INSTALL));
    if ours {
        fs::remove_file(policy).context("could not remove the policy that kept PostgreSQL from starting")?;
    }
    installed?;
    match find() {
        Some(place) => {
            println!("    PostgreSQL programs in {place}");
            Ok(())
        }
        None => bail!("the package is installed, but there is no PostgreSQL {OLDEST} or newer"),
    }
}

fn find() -> Option<String> {
    let debian = fs::read_dir("/usr/lib/postgresql").ok().into_iter().flatten().flatten();
    let newest = debian
        .filter_map(|entry| entry.file_name().to_string_lossy().parse::<u32>().ok())
        .filter(|major| *major >= OLDEST)
        .max()
        .map(|major| format!("/usr/lib/postgresql/{major}/bin"))
        .filter(|place| Path::new(place).join("initdb").exists());
    newest.or_else(|| (on_path("initdb") && on_path("postgres")).then(|| "PATH".to_owned()))
}

fn on_path(program: &str) -> bool {
    std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|place| place.join(program).is_file()))
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

fn executable(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(file, fs::Permissions::from_mode(0o755)).is_ok()
}

fn shell(line: &str) -> anyhow::Result<()> {
    let mut words = line.split(' ');
    let status = Command::new(words.next().unwrap_or_default())
        .args(words)
        .env("DEBIAN_FRONTEND", "noninteractive")
        .status()
        .with_context(|| format!("could not run {line}"))?;
    if status.success() { Ok(()) } else { bail!("{line} failed") }
}
