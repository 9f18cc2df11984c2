//! A PostgreSQL server of the tests' own, which ends with them: in a folder of its own, behind a
//! socket there and, by TLS alone, at an address of its own, run by somebody who is not root.

use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    net::{Ipv4Addr, SocketAddr},
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{ChildStdin, Stdio},
    sync::{
        OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use postgres::{Client, Config, NoTls};

/// Of the role of the gate, and of whoever sets things up; so long that nothing else is the same.
pub(super) const PASSWORD: &str = "correct-horse-battery-staple-5432";

/// Ends the server when standard input does, however whoever holds it has ended. PostgreSQL does
/// not run as root.
const SCRIPT: &str = r#"
set -eu
as=
if [ "$(id -u)" = 0 ]; then
    chown nobody "$2"
    as="runuser -u nobody --"
fi
cd "$2"
$as sh -c 'umask 077 && cat >server.pem' <"$6"
printf %s "$3" >"$2/password"
chmod 644 "$2/password"
$as "$1/initdb" -D "$2/data" -U root -A password --pwfile="$2/password" -N --no-instructions 2>&1
# Without optimization, the client takes half a second for SCRAM: one test has it.
printf 'local all strict scram-sha-256\nlocal all all password\n' >"$2/data/pg_hba.conf"
printf 'hostssl all strict all scram-sha-256\nhostssl all all all password\n' >>"$2/data/pg_hba.conf"
$as "$1/postgres" -D "$2/data" -k "$2" -p "$5" -c listen_addresses="$4" -c ssl=on \
    -c ssl_cert_file="$2/server.pem" -c ssl_key_file="$2/server.pem" -c fsync=off -c log_statement=none 2>&1 </dev/null &
cat >/dev/null
read -r postmaster <"$2/data/postmaster.pid"
kill -QUIT "$postmaster"
wait
rm -rf "$2"
"#;

const READY: &str = "database system is ready to accept connections";

/// Its socket is named after it, too.
const PORT: u16 = 25432;

/// A server that runs.
pub(super) struct Cluster {
    /// Where its socket is.
    pub(super) folder: PathBuf,
    /// Where it listens, and speaks with nobody but by TLS.
    pub(super) address: SocketAddr,
    databases: AtomicUsize,
    /// It ends when this is closed.
    _held: ChildStdin,
}

/// The one server of all tests of this process; `None`, and said and counted, where there is
/// none.
pub(super) fn cluster() -> Option<&'static Cluster> {
    static CLUSTER: OnceLock<Result<Cluster, String>> = OnceLock::new();
    match CLUSTER.get_or_init(start) {
        Ok(cluster) => Some(cluster),
        Err(why) => {
            skipped(why);
            None
        }
    }
}

/// Whoever runs the tests counts the lines of the file `TOLLGATE_SKIPPED`.
fn skipped(why: &str) {
    let line = format!("skipped: no PostgreSQL server: {why}\n");
    if let Ok(path) = std::env::var("TOLLGATE_SKIPPED") {
        let mut options = fs::OpenOptions::new();
        let mut file = options.append(true).create(true).open(path).unwrap();
        file.write_all(line.as_bytes()).unwrap();
    }
    std::io::stderr().write_all(line.as_bytes()).unwrap();
}

/// The folder of the newest server that is installed.
fn programs() -> Option<PathBuf> {
    let mut found = Vec::new();
    for parent in ["/usr/lib/postgresql", "/usr/local/lib/postgresql", "/opt"] {
        let entries = fs::read_dir(parent).into_iter().flatten().flatten();
        found.extend(entries.map(|entry| entry.path().join("bin")));
    }
    // Versions are numbers.
    let version = |path: &PathBuf| {
        let parent = path.parent().and_then(Path::file_name);
        parent.and_then(|name| name.to_str()?.parse::<u32>().ok())
    };
    found.sort_by_key(version);
    let others = ["/usr/local/pgsql/bin", "/usr/local/bin", "/usr/bin"];
    let others = others.map(PathBuf::from);
    let mut all = found.into_iter().rev().chain(others);
    all.find(|bin| bin.join("initdb").exists() && bin.join("postgres").exists())
}

/// An address of this machine at which no other process of tests has its server. Only Linux has
/// more than one.
fn address() -> SocketAddr {
    let [_, first, second, third] = std::process::id().to_be_bytes();
    let address = match cfg!(target_os = "linux") {
        true => Ipv4Addr::new(127, 64 | (first & 63), second, third),
        false => Ipv4Addr::LOCALHOST,
    };
    (address, PORT).into()
}

fn start() -> Result<Cluster, String> {
    let bin = programs().ok_or("none is installed")?;
    let folder = tempfile::Builder::new().prefix("tollgate-pg").tempdir();
    // The script takes it away.
    let folder = folder.map_err(|error| error.to_string())?.keep();
    let address = address();
    let mut child = crate::program_named("/bin/sh")
        .args(["-c", SCRIPT, "sh"])
        .args([&bin, &folder])
        .arg(PASSWORD)
        .args([address.ip().to_string(), PORT.to_string()])
        .arg(crate::root().join("tests/data/tls/localhost.pem"))
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .env("LC_ALL", "C")
        // Whoever ends the tests with a signal to their group ends them, and not this.
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| error.to_string())?;
    let held = child.stdin.take().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut told = Vec::new();
    let is_ready = lines.by_ref().map_while(Result::ok).any(|line| {
        let is_ready = line.contains(READY);
        told.push(line);
        is_ready
    });
    if !is_ready {
        drop(held);
        return Err(format!("it does not start: {}", told.join(" / ")));
    }
    // It goes on writing.
    thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
    let cluster = Cluster {
        folder,
        address,
        databases: AtomicUsize::new(0),
        _held: held,
    };
    cluster
        .connect("postgres")
        .batch_execute(&format!(
            "CREATE ROLE gate LOGIN PASSWORD '{PASSWORD}';
             CREATE ROLE strict LOGIN PASSWORD '{PASSWORD}'"
        ))
        .unwrap();
    Ok(cluster)
}

impl Cluster {
    /// A connection of somebody who may do anything.
    pub(super) fn connect(&self, database: &str) -> Client {
        let mut config = Config::new();
        config
            .host(self.folder.to_str().unwrap())
            .port(PORT)
            .user("root")
            .password(PASSWORD)
            .dbname(database)
            .connect(NoTls)
            .unwrap()
    }

    /// A new database in which the role of the gate may do everything.
    pub(super) fn database(&self) -> String {
        let number = self.databases.fetch_add(1, Ordering::SeqCst);
        let name = format!("shop_{number}");
        let create = format!("CREATE DATABASE {name} OWNER gate");
        self.connect("postgres").batch_execute(&create).unwrap();
        name
    }
}
