//! What the system under us can do for programs and against them.

/// What a sandbox can be made of here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Confinement {
    /// Programs can be given a session and limits of their own.
    pub(crate) limits: bool,
    /// The files that a program may reach can be restricted.
    pub(crate) files: bool,
    /// TCP connections can be refused to a program.
    pub(crate) network: bool,
}

/// Asks the kernel.
#[cfg(target_os = "linux")]
pub(crate) fn confinement() -> Confinement {
    use landlock::{ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible as _};
    use landlock::{Ruleset, RulesetAttr as _};
    let strict = || Ruleset::default().set_compatibility(CompatLevel::HardRequirement);
    let files = strict().handle_access(AccessFs::from_all(ABI::V1));
    let network = strict().handle_access(AccessNet::from_all(ABI::V4));
    Confinement {
        limits: true,
        files: files.and_then(Ruleset::create).is_ok(),
        network: network.and_then(Ruleset::create).is_ok(),
    }
}

/// Programs are not confined elsewhere.
#[cfg(not(target_os = "linux"))]
pub(crate) fn confinement() -> Confinement {
    Confinement {
        limits: false,
        files: false,
        network: false,
    }
}

/// Whether programs can be handed files that are open.
pub(crate) fn hands_files() -> bool {
    cfg!(unix)
}

/// Whether it is seen who may read or change a file.
pub(crate) fn sees_permissions() -> bool {
    cfg!(unix)
}

/// What is done for programs here, whatever their definitions say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Care {
    /// They are started at all.
    pub(crate) starts: bool,
    /// What leaves their process group is found and ended, and they end with the gate.
    pub(crate) sweeps: bool,
}

/// As this binary was built.
pub(crate) fn care() -> Care {
    Care {
        starts: cfg!(unix),
        sweeps: cfg!(target_os = "linux"),
    }
}
