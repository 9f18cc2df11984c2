//! The clients that are known: where each keeps its servers, and in which shape.
//!
//! The places are those that the clients' own documents name.

use std::path::{Path, PathBuf};

use clap::ValueEnum;

use super::{Block, Shape, Style};
use crate::cli::locate::Environment;

/// A client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Client {
    /// Claude Desktop
    ClaudeDesktop,
    /// Claude Code
    ClaudeCode,
    /// Cursor
    Cursor,
    /// Visual Studio Code
    #[value(name = "vscode")]
    VsCode,
    /// Windsurf
    Windsurf,
    /// Zed
    Zed,
    /// Goose
    Goose,
    /// Codex
    Codex,
    /// Gemini CLI
    Gemini,
    /// Cline, in Visual Studio Code
    Cline,
    /// Continue
    Continue,
    /// `OpenCode`
    #[value(name = "opencode")]
    OpenCode,
    /// Crush
    Crush,
    /// LM Studio
    LmStudio,
    /// Kiro
    Kiro,
}

/// On what the clients run: their files stand elsewhere on each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Platform {
    Linux,
    MacOs,
    Windows,
}

impl Platform {
    /// The one that this program was built for.
    pub(crate) fn here() -> Self {
        if cfg!(windows) {
            Self::Windows
        } else if cfg!(target_os = "macos") {
            Self::MacOs
        } else {
            Self::Linux
        }
    }
}

impl Client {
    /// How its file says which servers there are.
    pub(crate) fn shape(self) -> Shape {
        match self {
            Self::ClaudeDesktop
            | Self::Cursor
            | Self::Windsurf
            | Self::Gemini
            | Self::Cline
            | Self::LmStudio
            | Self::Kiro => Shape::Json("mcpServers", Style::Plain),
            Self::ClaudeCode => Shape::Json("mcpServers", Style::Typed),
            Self::VsCode => Shape::Json("servers", Style::Typed),
            Self::Zed => Shape::Json("context_servers", Style::Custom),
            Self::OpenCode => Shape::Json("mcp", Style::Local),
            Self::Crush => Shape::Json("mcp", Style::Typed),
            Self::Codex => Shape::Toml,
            Self::Goose => Shape::Yaml(Block::Extensions),
            Self::Continue => Shape::Yaml(Block::Servers),
        }
    }

    /// The user's own file; `None` where the environment does not say where it stands.
    pub(crate) fn user_file(
        self,
        platform: Platform,
        environment: &Environment,
    ) -> Option<PathBuf> {
        let home = environment.home.as_deref();
        let below_home = |path: &str| home.map(|home| home.join(path));
        let config = || config_folder(platform, environment);
        let programs = || programs_folder(platform, environment);
        match self {
            Self::ClaudeDesktop => {
                programs().map(|base| base.join("Claude/claude_desktop_config.json"))
            }
            Self::ClaudeCode => match &environment.claude_config {
                Some(folder) => Some(folder.join(".claude.json")),
                None => below_home(".claude.json"),
            },
            Self::Cursor => below_home(".cursor/mcp.json"),
            Self::VsCode => programs().map(|base| base.join("Code/User/mcp.json")),
            Self::Windsurf => below_home(".codeium/windsurf/mcp_config.json"),
            Self::Zed => config().map(|base| match platform {
                Platform::Windows => base.join("Zed/settings.json"),
                Platform::Linux | Platform::MacOs => base.join("zed/settings.json"),
            }),
            Self::Goose => config().map(|base| match platform {
                Platform::Windows => base.join("Block/goose/config/config.yaml"),
                Platform::Linux | Platform::MacOs => base.join("goose/config.yaml"),
            }),
            Self::Codex => below_home(".codex/config.toml"),
            Self::Gemini => below_home(".gemini/settings.json"),
            Self::Cline => programs().map(|base| {
                base.join("Code/User/globalStorage/saoudrizwan.claude-dev/settings")
                    .join("cline_mcp_settings.json")
            }),
            Self::Continue => below_home(".continue/config.yaml"),
            Self::OpenCode => below_home(".config/opencode/opencode.json"),
            Self::Crush => below_home(".config/crush/crush.json"),
            Self::LmStudio => below_home(".lmstudio/mcp.json"),
            Self::Kiro => below_home(".kiro/settings/mcp.json"),
        }
    }

    /// The file of the project in `folder`, for the clients that read one.
    pub(crate) fn project_file(self, folder: &Path) -> Option<PathBuf> {
        let path = match self {
            Self::ClaudeCode => ".mcp.json",
            Self::Cursor => ".cursor/mcp.json",
            Self::VsCode => ".vscode/mcp.json",
            Self::Codex => ".codex/config.toml",
            Self::Gemini => ".gemini/settings.json",
            Self::Kiro => ".kiro/settings/mcp.json",
            Self::OpenCode => "opencode.json",
            Self::Zed => ".zed/settings.json",
            Self::ClaudeDesktop
            | Self::Windsurf
            | Self::Goose
            | Self::Cline
            | Self::Continue
            | Self::Crush
            | Self::LmStudio => return None,
        };
        Some(folder.join(path))
    }
}

/// Where command-line programs keep their configuration.
fn config_folder(platform: Platform, environment: &Environment) -> Option<PathBuf> {
    match platform {
        Platform::Windows => environment.app_data.clone(),
        Platform::Linux | Platform::MacOs => {
            let absolute = environment
                .config_home
                .clone()
                .filter(|path| path.is_absolute());
            absolute.or_else(|| environment.home.as_ref().map(|home| home.join(".config")))
        }
    }
}

/// Where desktop programs keep theirs.
fn programs_folder(platform: Platform, environment: &Environment) -> Option<PathBuf> {
    match platform {
        Platform::MacOs => {
            let home = environment.home.as_ref()?;
            Some(home.join("Library/Application Support"))
        }
        Platform::Linux | Platform::Windows => config_folder(platform, environment),
    }
}
