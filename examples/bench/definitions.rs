//! Folders with so many definitions.

use std::{fmt, fs};

use anyhow::{Context as _, Result};
use tempfile::TempDir;

/// The tools that are measured everywhere.
const TOOLS: &str = include_str!("tools.yaml");

/// A folder with definitions, for as long as this lives.
pub(crate) struct Definitions {
    dir: TempDir,
    count: usize,
}

impl Definitions {
    /// The name of the first tool.
    pub(crate) const FIRST: &str = "tool_0";

    /// Writes `count` tools that read, each in a file of its own.
    pub(crate) fn write(count: usize) -> Result<Self> {
        let dir = tempfile::tempdir()?;
        let (first, _) = TOOLS.split_once("---\n").context("only one definition")?;
        let (_, rest) = first.split_once('\n').context("a name and nothing else")?;
        for number in 0..count {
            let file = dir.path().join(format!("tool_{number}.yaml"));
            fs::write(file, format!("name: tool_{number}\n{rest}"))?;
        }
        Ok(Self { dir, count })
    }

    /// Where they are.
    pub(crate) fn folder(&self) -> Result<&str> {
        self.dir.path().to_str().context("a folder without a name")
    }
}

impl fmt::Display for Definitions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} tools", self.count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_tool_has_a_file_and_a_name() {
        let definitions = Definitions::write(3).unwrap();
        assert_eq!(definitions.to_string(), "3 tools");
        let folder = definitions.folder().unwrap();
        assert_eq!(fs::read_dir(folder).unwrap().count(), 3);
        for name in [Definitions::FIRST, "tool_2"] {
            let text = fs::read_to_string(format!("{folder}/{name}.yaml")).unwrap();
            assert!(
                text.starts_with(&format!("name: {name}\ndescription: ")),
                "{text}"
            );
            assert!(
                text.contains("\neffect: read\n") && !text.contains("---"),
                "{text}"
            );
        }
    }
}
