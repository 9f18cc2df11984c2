//! Has the linker put side by side what is used together, where it knows how to.
#![expect(
    clippy::disallowed_methods,
    reason = "cargo tells a build script by its environment"
)]

use std::{
    env, fs, io,
    path::{Path, PathBuf},
    process::Command,
};

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=link-order.ld");
    let is_meant = of("PROFILE") == "release" && of("CARGO_CFG_TARGET_OS") == "linux";
    let script = PathBuf::from(of("CARGO_MANIFEST_DIR")).join("link-order.ld");
    let argument = format!("-T{}", script.display());
    // Without it the program is the same and takes more memory.
    if is_meant && links_with(&argument).unwrap_or(false) {
        println!("cargo::rustc-link-arg-bins={argument}");
    }
}

/// Whether the linker of this build takes `argument`: not every one knows such scripts.
fn links_with(argument: &str) -> io::Result<bool> {
    let folder = of("OUT_DIR");
    let source = Path::new(&folder).join("nothing.rs");
    fs::write(&source, "fn main() {}\n")?;
    let mut rustc = Command::new(of("RUSTC"));
    rustc
        .arg(&source)
        .arg("-o")
        .arg(source.with_extension("out"));
    rustc.args([
        "--target",
        &of("TARGET"),
        "-C",
        &format!("link-arg={argument}"),
    ]);
    if let Ok(linker) = env::var("RUSTC_LINKER") {
        rustc.arg("-C").arg(format!("linker={linker}"));
    }
    let flags = of("CARGO_ENCODED_RUSTFLAGS");
    rustc.args(flags.split('\u{1f}').filter(|flag| !flag.is_empty()));
    Ok(rustc.output()?.status.success())
}

fn of(name: &str) -> String {
    env::var(name).unwrap_or_default()
}
