//! Landlock (landlock(7)): what this process and its descendants may reach from now on.

use std::{io, path::Path};

use landlock::{
    ABI, Access as _, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible as _, PathBeneath,
    PathFd, Ruleset, RulesetAttr as _, RulesetCreated, RulesetCreatedAttr as _, RulesetStatus,
    Scope,
};

use super::shim::Handed;
use crate::catalog::sandbox::Sandbox;

/// The rights that we know of. A kernel that knows fewer leaves the later ones out.
const KNOWN: ABI = ABI::V6;
/// What nearly every program reads to start at all; there are no secrets in it.
const SYSTEM: &[&str] = &[
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/etc/ld.so.cache",
    "/etc/ld.so.preload",
    "/etc/localtime",
    "/dev/urandom",
    "/dev/zero",
];
/// What may be written to without harm.
const SINK: &str = "/dev/null";

/// Gives up everything that `sandbox` does not allow. `program` may be read and run, `progress`
/// be written, and what was `handed` over be opened again.
///
/// # Errors
/// When the kernel cannot do it and the sandbox requires it, or a path is gone.
pub(super) fn confine(
    sandbox: &Sandbox,
    program: &Path,
    progress: Option<&Path>,
    handed: &[Handed],
) -> io::Result<()> {
    if sandbox.files.is_none() && sandbox.network {
        return Ok(());
    }
    let status = restrict(sandbox, program, progress, handed).map_err(io::Error::other)?;
    if sandbox.require && status == RulesetStatus::NotEnforced {
        let why = "the kernel has no Landlock, and the definition requires it";
        return Err(io::Error::other(why));
    }
    Ok(())
}

fn restrict(
    sandbox: &Sandbox,
    program: &Path,
    progress: Option<&Path>,
    handed: &[Handed],
) -> Result<RulesetStatus, Box<dyn std::error::Error + Send + Sync>> {
    let (all, read) = (AccessFs::from_all(KNOWN), AccessFs::from_read(KNOWN));
    let level = if sandbox.require {
        CompatLevel::HardRequirement
    } else {
        CompatLevel::BestEffort
    };
    let mut ruleset = Ruleset::default();
    if sandbox.files.is_some() {
        // The first rights are what a definition can require; the later ones come on top.
        ruleset = ruleset
            .set_compatibility(level)
            .handle_access(AccessFs::from_all(ABI::V1))?
            .set_compatibility(CompatLevel::BestEffort)
            .handle_access(all)?;
    }
    if !sandbox.network {
        ruleset = ruleset
            .set_compatibility(level)
            .handle_access(AccessNet::from_all(ABI::V4))?
            .set_compatibility(CompatLevel::BestEffort)
            .handle_access(AccessNet::from_all(ABI::V10))?;
    }
    let ruleset = ruleset
        .set_compatibility(CompatLevel::BestEffort)
        .scope(Scope::from_all(KNOWN))?;
    let mut created = ruleset.create()?;
    if let Some(reach) = &sandbox.files {
        let system = SYSTEM.iter().map(Path::new).filter(|path| path.exists());
        for path in system.chain([program]) {
            created = allow(created, path, read)?;
        }
        created = allow(created, Path::new(SINK), all)?;
        for path in &reach.read {
            created = allow(created, path, read)?;
        }
        for path in reach.write.iter().map(AsRef::as_ref).chain(progress) {
            created = allow(created, path, all)?;
        }
        for file in handed {
            // The descriptor leads to the file itself, whatever has its name by now.
            created = allow(created, &file.path, if file.writable { all } else { read })?;
        }
    }
    Ok(created.restrict_self()?.ruleset)
}

/// A right that only a folder can have is not asked for a file.
fn allow(
    ruleset: RulesetCreated,
    path: &Path,
    access: BitFlags<AccessFs>,
) -> Result<RulesetCreated, Box<dyn std::error::Error + Send + Sync>> {
    let access = if path.is_dir() {
        access
    } else {
        access & AccessFs::from_file(KNOWN)
    };
    Ok(ruleset.add_rule(PathBeneath::new(PathFd::new(path)?, access))?)
}
