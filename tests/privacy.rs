//! No photo leaves the machine: nothing we build or write can reach a network, and nothing does.
//!
//! `scripts/privacy_test.sh` traces the window as well.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]
#![expect(clippy::print_stderr, reason = "a skipped check must be seen")]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Crates that speak to networks, or exist for those that do; `tokio` cannot without `mio` and `socket2`.
const NETWORK_CRATES: &[&str] = &[
    "actix-web",
    "async-net",
    "async-std",
    "attohttpc",
    "awc",
    "curl",
    "curl-sys",
    "h2",
    "h3",
    "hickory-resolver",
    "http",
    "hyper",
    "isahc",
    "minreq",
    "mio",
    "native-tls",
    "openssl",
    "openssl-sys",
    "quinn",
    "reqwest",
    "ring",
    "rustls",
    "smol",
    "socket2",
    "surf",
    "trust-dns-resolver",
    "tungstenite",
    "ureq",
    "url",
    "webpki",
    "ws",
];

fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

#[test]
fn no_crate_we_build_speaks_to_networks() {
    let lock = std::fs::read_to_string(project("Cargo.lock")).unwrap();
    let names: Vec<&str> = lock
        .lines()
        .filter_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"'))
        .collect();
    assert!(
        names.len() > 100 && names.contains(&"png"),
        "{}",
        names.len()
    );
    let found: Vec<_> = names
        .iter()
        .filter(|name| NETWORK_CRATES.contains(name))
        .collect();
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn our_own_sources_never_name_the_network() {
    let mut folders = vec![project("src")];
    let mut read = 0;
    while let Some(folder) = folders.pop() {
        for entry in folder.read_dir().unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            read += 1;
            for name in [
                "std::net",
                "TcpStream",
                "UdpSocket",
                "AF_INET",
                "libc::socket",
            ] {
                assert!(!text.contains(name), "{name}: {path:?}");
            }
        }
    }
    assert!(read > 100, "found only {read} sources");
}

/// The binary on a small scan and a mask of it: both networks' library is loaded and stage 2 runs.
fn restore_line(folder: &Path) -> Vec<String> {
    let picture = image::RgbImage::from_fn(90, 70, |x, y| {
        image::Rgb([(x * 2) as u8, (y * 3) as u8, if x == y { 255 } else { 90 }])
    });
    picture.save(folder.join("a.png")).unwrap();
    let mask =
        image::GrayImage::from_fn(90, 70, |x, y| image::Luma([if x == y { 255 } else { 0 }]));
    mask.save(folder.join("m.png")).unwrap();
    let line = "inpaint a.png --mask m.png -o b.png --dossier --provider cpu";
    let words = line.split_whitespace().map(str::to_owned);
    std::iter::once(env!("CARGO_BIN_EXE_unscratch").to_owned())
        .chain(words)
        .collect()
}

/// `program` with its own arguments and then those of the binary.
fn wrapped(program: &str, own: &[&str], folder: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .args(own)
        .args(restore_line(folder))
        .current_dir(folder);
    let runtime = project("runtime");
    if runtime.is_dir() {
        command.env("ORT_DYLIB_PATH", runtime);
    }
    command
}

/// Whether `program` can do on this machine what a test needs.
fn is_possible(program: &str, arguments: &[&str]) -> bool {
    let tried = Command::new(program)
        .args(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    let works = tried.is_ok_and(|status| status.success());
    if !works {
        eprintln!(
            "skipped: `{program} {}` does not work here",
            arguments.join(" ")
        );
    }
    works
}

#[cfg(unix)]
#[test]
fn nothing_is_kept_in_the_persons_folders() {
    let folder = tempfile::tempdir().unwrap();
    let home = tempfile::tempdir().unwrap();
    let mut command = wrapped("env", &[], folder.path());
    for name in ["HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"] {
        command.env(name, home.path());
    }
    // As on a machine where nobody ever heard of it.
    let output = command
        .env_remove("ORT_DISABLE_TELEMETRY")
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let kept: Vec<_> = home.path().read_dir().unwrap().collect();
    assert!(kept.is_empty(), "{kept:?}");
}

#[test]
fn a_photo_is_restored_where_there_is_no_network_at_all() {
    if !is_possible("unshare", &["-rn", "true"]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let output = wrapped("unshare", &["-rn"], folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    assert!(folder.path().join("b.restoration.json").is_file());
}

#[test]
fn the_system_is_never_asked_for_an_internet_socket() {
    if !is_possible("strace", &["-f", "-qq", "-o", "/dev/null", "true"]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let trace = folder.path().join("trace");
    let own = [
        "-f",
        "-qq",
        "-e",
        "trace=network",
        "-e",
        "signal=none",
        "-o",
    ];
    let own: Vec<&str> = own.into_iter().chain(trace.to_str()).collect();
    let output = wrapped("strace", &own, folder.path()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    let calls = std::fs::read_to_string(&trace).unwrap();
    let internet: Vec<&str> = calls.lines().filter(|call| call.contains("INET")).collect();
    assert!(internet.is_empty(), "{internet:?}");
}
