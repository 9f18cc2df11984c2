//! A program that misbehaves on demand: what the backend's tests run instead of a tool.

use std::{
    env, fs,
    io::{self, Read as _, Write as _},
    process::{Command, ExitCode},
    thread,
};

#[path = "fake-tool/system.rs"]
mod system;

type Outcome = Result<(), Box<dyn std::error::Error>>;

fn main() -> ExitCode {
    let args: Vec<String> = env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match run(&args) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            let _told = writeln!(io::stderr(), "fake-tool: {error}");
            ExitCode::from(99)
        }
    }
}

fn run(args: &[&str]) -> Result<u8, Box<dyn std::error::Error>> {
    match args {
        ["echo", rest @ ..] => print(serde_json::to_string(rest)?.as_bytes())?,
        ["env"] => print_environment()?,
        ["fds"] => print_descriptors()?,
        ["cwd"] => print(env::current_dir()?.to_string_lossy().as_bytes())?,
        ["cat"] => print(&read_stdin()?)?,
        ["print", text] => print(text.as_bytes())?,
        ["print-hex", hex] => print(&bytes(hex)?)?,
        ["print-many", count] => print_many(count.parse()?)?,
        ["print-singly", count] => print_singly(count.parse()?)?,
        ["exit", code, stderr_hex] => {
            io::stderr().write_all(&bytes(stderr_hex)?)?;
            return Ok(code.parse()?);
        }
        ["sleep"] => sleep(),
        ["ignore-term"] => {
            system::ignore_term()?;
            report("progress 1 - ready\n")?;
            sleep();
        }
        ["ready-then-sleep"] => {
            report("progress 1 - ready\n")?;
            sleep();
        }
        ["close-stdout-then-exit", code] => {
            system::close_output()?;
            report("progress 1 - closed\n")?;
            // The test answers through standard input, so that nobody has to wait for time.
            read_stdin()?;
            return Ok(code.parse()?);
        }
        ["close-stdout-then-sleep"] => {
            system::close_output()?;
            report("progress 1 - closed\n")?;
            sleep();
        }
        ["stderr-then-stdin", count] => {
            io::stderr().write_all(&vec![b'e'; count.parse()?])?;
            let read = read_stdin()?.len();
            print(read.to_string().as_bytes())?;
        }
        ["kill-self", signal] => signal_self(signal)?,
        ["report", lines @ ..] => {
            for line in lines {
                report(&format!("{line}\n"))?;
            }
        }
        _ => return with_traces(args),
    }
    Ok(0)
}

/// What leaves something in a file, or looks for it.
fn with_traces(args: &[&str]) -> Result<u8, Box<dyn std::error::Error>> {
    match args {
        ["append", path, line] => append(path, line)?,
        ["note", path, line, rest @ ..] => {
            append(path, line)?;
            return then(rest);
        }
        ["append-then", path, rest @ ..] => {
            append(path, &operation()?)?;
            return run(rest);
        }
        ["effect", path, name] => {
            let line = format!("{name} {} {}", operation()?, std::process::id());
            append(path, &line)?;
            print(line.as_bytes())?;
        }
        ["once-tried", path, rest @ ..] => {
            if fs::exists(path)? {
                return run(rest);
            }
            fs::write(path, "")?;
            return Ok(75);
        }
        ["happened", path, name] => {
            let effects = fs::read_to_string(path)?;
            let happened = effects
                .lines()
                .any(|line| line.split(' ').next() == Some(name));
            print(happened.to_string().as_bytes())?;
        }
        ["write", path] => fs::write(path, "x")?,
        ["read", path] => print(&fs::read(path)?)?,
        _ => return with_others(args),
    }
    Ok(0)
}

/// What comes after an effect.
fn then(args: &[&str]) -> Result<u8, Box<dyn std::error::Error>> {
    match args {
        [] => {}
        ["then-exit", code] => return Ok(code.parse()?),
        ["then-kill"] => signal_self("KILL")?,
        ["then-cat", path] => print(&fs::read(path)?)?,
        _ => return Ok(98),
    }
    Ok(0)
}

/// What takes other processes, or the system.
fn with_others(args: &[&str]) -> Result<u8, Box<dyn std::error::Error>> {
    match args {
        ["leave-child"] => leave_child()?,
        ["leave-daemon", how] => leave_daemon(how)?,
        ["detach", how] => detach(how)?,
        ["bomb", depth] => bomb(depth.parse()?)?,
        ["overlap", folder] => overlap(folder)?,
        ["connect", port] => {
            std::net::TcpStream::connect(("127.0.0.1", port.parse()?))?;
            print(b"connected")?;
        }
        ["spin"] => loop {
            std::hint::spin_loop();
        },
        ["self"] => print(system::told()?.as_bytes())?,
        _ => return Ok(98),
    }
    Ok(0)
}

fn print(bytes: &[u8]) -> io::Result<()> {
    io::stdout().write_all(bytes)?;
    io::stdout().flush()
}

fn print_many(count: u64) -> Outcome {
    let mut source = io::repeat(b'x').take(count);
    io::copy(&mut source, &mut io::stdout().lock())?;
    Ok(())
}

/// A write for each byte.
fn print_singly(count: u64) -> Outcome {
    let mut stdout = io::stdout().lock();
    for _ in 0..count {
        stdout.write_all(b"x")?;
        stdout.flush()?;
    }
    Ok(())
}

fn print_environment() -> Outcome {
    let all: std::collections::BTreeMap<String, String> = env::vars().collect();
    print(serde_json::to_string(&all)?.as_bytes())?;
    Ok(())
}

/// Without the descriptor by which the list itself is read.
fn print_descriptors() -> Outcome {
    let mut open = Vec::new();
    for entry in fs::read_dir("/proc/self/fd")? {
        let entry = entry?;
        let target = fs::read_link(entry.path())?;
        let itself = target.starts_with("/proc") && target.ends_with("fd");
        if !itself {
            open.push(entry.file_name().to_string_lossy().parse::<u32>()?);
        }
    }
    open.sort_unstable();
    print(serde_json::to_string(&open)?.as_bytes())?;
    Ok(())
}

fn read_stdin() -> io::Result<Vec<u8>> {
    let mut read = Vec::new();
    io::stdin().read_to_end(&mut read)?;
    Ok(read)
}

fn bytes(hex: &str) -> Result<Vec<u8>, Box<dyn std::error::Error>> {
    let digits: Vec<char> = hex.chars().collect();
    let pair = |pair: &[char]| u8::from_str_radix(&pair.iter().collect::<String>(), 16);
    Ok(digits.chunks(2).map(pair).collect::<Result<_, _>>()?)
}

fn sleep() {
    loop {
        thread::park();
    }
}

/// Prints the process id of a sleeping child that inherits every stream, and ends.
#[expect(clippy::disallowed_methods, reason = "a program that behaves badly")]
fn leave_child() -> Outcome {
    let child = Command::new(env::current_exe()?).arg("sleep").spawn()?;
    print(child.id().to_string().as_bytes())?;
    Ok(())
}

/// Prints the process id of a sleeping grandchild in a session of its own, and ends; `bare` is
/// one that also has an empty environment, `group` one that has only a group of its own.
#[expect(clippy::disallowed_methods, reason = "a program that behaves badly")]
fn leave_daemon(how: &str) -> Outcome {
    let ourselves = env::current_exe()?;
    Command::new(ourselves).args(["detach", how]).status()?;
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "a program that behaves badly")]
fn detach(how: &str) -> Outcome {
    if how == "group" {
        system::begin_group()?;
    } else {
        system::begin_session()?;
    }
    let mut daemon = Command::new(env::current_exe()?);
    if how == "bare" {
        daemon.env_clear();
    }
    let daemon = daemon.arg("sleep").spawn()?;
    print(format!("{}\n", daemon.id()).as_bytes())?;
    Ok(())
}

/// Starts two of its kind, each in a session of its own, to this depth; prints `done` when the
/// whole tree stands, and ends. The others sleep.
#[expect(clippy::disallowed_methods, reason = "a program that behaves badly")]
fn bomb(depth: u32) -> Outcome {
    let leads = system::leads_group();
    if !leads {
        system::begin_session()?;
    }
    if depth > 0 {
        for _ in 0..2 {
            let next = (depth - 1).to_string();
            let mut child = Command::new(env::current_exe()?)
                .args(["bomb", &next])
                .stdout(std::process::Stdio::piped())
                .spawn()?;
            let mut told = [0; 4];
            child
                .stdout
                .take()
                .ok_or("no pipe")?
                .read_exact(&mut told)?;
        }
    }
    print(b"done")?;
    if !leads {
        sleep();
    }
    Ok(())
}

/// Stays for a moment and writes into `seen` how many of its kind were there with it.
fn overlap(folder: &str) -> Outcome {
    let folder = std::path::Path::new(folder);
    let own = folder.join(format!("running-{}", std::process::id()));
    fs::write(&own, "")?;
    let deadline = std::time::Duration::from_millis(20);
    thread::park_timeout(deadline);
    let entries = fs::read_dir(folder)?.filter_map(Result::ok);
    let running = entries
        .filter(|entry| entry.file_name().to_string_lossy().starts_with("running-"))
        .count();
    append(&folder.join("seen").to_string_lossy(), &running.to_string())?;
    fs::remove_file(own)?;
    Ok(())
}

fn signal_self(name: &str) -> Outcome {
    if name == "STOP" {
        report("progress 1 - ready\n")?;
    }
    system::signal_self(name)?;
    sleep();
    Ok(())
}

/// Writes to the file that `$PROGRESS` names; without one there is nobody to tell.
fn report(line: &str) -> Outcome {
    let Some((_, path)) = env::vars_os().find(|(name, _)| name == "PROGRESS") else {
        return Ok(());
    };
    fs::OpenOptions::new()
        .write(true)
        .open(path)?
        .write_all(line.as_bytes())?;
    Ok(())
}

/// The operation that this program is run for.
fn operation() -> Result<String, Box<dyn std::error::Error>> {
    let named = env::vars().find(|(name, _)| name == "TOLLGATE_OPERATION_ID");
    Ok(named.ok_or("no operation")?.1)
}

/// One line in a file that survives this process: counts how often an effect happened. It is there or not, also
/// where this process is killed: the system ends a write there only where that goes on in another page, and a line
/// that would begins a page of its own, behind empty lines.
fn append(path: &str, line: &str) -> Outcome {
    const PAGE_BYTES: usize = 4096;
    let mut file = fs::OpenOptions::new()
        .append(true)
        .create(true)
        .open(path)?;
    file.lock()?;
    let line = format!("{line}\n");
    let used = usize::try_from(file.metadata()?.len())? % PAGE_BYTES;
    if used > 0 && used + line.len() > PAGE_BYTES {
        file.write_all("\n".repeat(PAGE_BYTES - used).as_bytes())?;
    }
    file.write_all(line.as_bytes())?;
    file.sync_all()?;
    Ok(())
}
