//! Where the tools folder and the state folder are looked for.

use std::path::{Path, PathBuf};

use crate::base::text;

/// What the environment says about folders. `--tools` and `--state` with their own variables
/// are not part of it: the command line reads those.
#[derive(Clone, Debug, Default)]
pub(crate) struct Environment {
    /// `HOME`.
    pub(crate) home: Option<PathBuf>,
    /// `XDG_CONFIG_HOME`.
    pub(crate) config_home: Option<PathBuf>,
    /// `XDG_STATE_HOME`.
    pub(crate) state_home: Option<PathBuf>,
    /// `APPDATA` (Windows).
    pub(crate) app_data: Option<PathBuf>,
    /// `CLAUDE_CONFIG_DIR`.
    pub(crate) claude_config: Option<PathBuf>,
}

impl Environment {
    /// Reads the variables of this process, once, at the start.
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads folder variables"
    )]
    pub(crate) fn read() -> Self {
        let path = |name| std::env::var_os(name).map(PathBuf::from);
        Self {
            home: path("HOME"),
            config_home: path("XDG_CONFIG_HOME"),
            state_home: path("XDG_STATE_HOME"),
            app_data: path("APPDATA"),
            claude_config: path("CLAUDE_CONFIG_DIR"),
        }
    }

    /// The user's folder for Tollgate's configuration.
    fn config(&self) -> Option<PathBuf> {
        base(self.config_home.as_deref(), self.home.as_deref(), ".config")
    }

    /// The user's folder for Tollgate's state.
    fn state(&self) -> Option<PathBuf> {
        base(
            self.state_home.as_deref(),
            self.home.as_deref(),
            ".local/state",
        )
    }
}

/// A folder that cannot be found, and what to give instead.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum LocateError {
    /// None of the places holds a tools folder.
    #[error("there is no tools folder: looked for {0}; give one with `--tools DIR`")]
    NoTools(String),
    /// Neither `XDG_STATE_HOME` nor `HOME` is an absolute path.
    #[error("there is no place for state: `HOME` is not set; give one with `--state DIR`")]
    NoState,
}

/// Finds the tools folder: `given` whether or not it exists, else the first of `./tools.d`
/// and the user's own `tollgate/tools.d` for which `is_dir` says yes.
///
/// # Errors
/// When nothing was given and neither exists.
pub(crate) fn tools(
    given: Option<PathBuf>,
    environment: &Environment,
    is_dir: impl Fn(&Path) -> bool,
) -> Result<PathBuf, LocateError> {
    if let Some(given) = given {
        return Ok(given);
    }
    let mut places = vec![PathBuf::from("./tools.d")];
    places.extend(environment.config().map(|base| base.join("tools.d")));
    match places.iter().find(|place| is_dir(place)) {
        Some(found) => Ok(found.clone()),
        None => {
            let names: Vec<String> = places
                .iter()
                .map(|place| place.display().to_string())
                .collect();
            Err(LocateError::NoTools(text::list(
                names.iter().map(String::as_str),
            )))
        }
    }
}

/// Finds the state folder: `given`, else the user's own. It need not exist yet.
///
/// # Errors
/// When nothing was given and the environment names no home.
pub(crate) fn state(
    given: Option<PathBuf>,
    environment: &Environment,
) -> Result<PathBuf, LocateError> {
    given
        .or_else(|| environment.state())
        .ok_or(LocateError::NoState)
}

/// `tollgate` in an XDG base folder. A relative path is ignored, as the XDG Base Directory
/// Specification demands: it would mean another folder for every working directory.
fn base(own: Option<&Path>, home: Option<&Path>, below_home: &str) -> Option<PathBuf> {
    own.filter(|path| path.is_absolute())
        .map(Path::to_path_buf)
        .or_else(|| {
            home.filter(|path| path.is_absolute())
                .map(|home| home.join(below_home))
        })
        .map(|base| base.join("tollgate"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(home: &str, config: &str, state: &str) -> Environment {
        let path = |text: &str| (!text.is_empty()).then(|| PathBuf::from(text));
        Environment {
            home: path(home),
            config_home: path(config),
            state_home: path(state),
            ..Environment::default()
        }
    }

    #[track_caller]
    fn check_tools(
        given: Option<&str>,
        environment: &Environment,
        exist: &[&str],
        expected: Result<&str, &str>,
    ) {
        let found = tools(given.map(PathBuf::from), environment, |path| {
            exist.iter().any(|one| Path::new(one) == path)
        });
        assert_eq!(
            found.map_err(|error| error.to_string()),
            expected.map(PathBuf::from).map_err(str::to_owned)
        );
    }

    #[test]
    fn tools_given_wins_even_if_it_does_not_exist() {
        let home = environment("/home/a", "", "");
        check_tools(Some("x"), &home, &["./tools.d"], Ok("x"));
    }

    #[test]
    fn tools_here_wins_over_the_users_own() {
        let home = environment("/home/a", "", "");
        let own = "/home/a/.config/tollgate/tools.d";
        check_tools(None, &home, &["./tools.d", own], Ok("./tools.d"));
        check_tools(None, &home, &[own], Ok(own));
    }

    #[test]
    fn tools_config_home_wins_over_home_unless_relative() {
        let own = "/c/tollgate/tools.d";
        check_tools(None, &environment("/home/a", "/c", ""), &[own], Ok(own));
        let below_home = "/home/a/.config/tollgate/tools.d";
        check_tools(
            None,
            &environment("/home/a", "c", ""),
            &["c/tollgate/tools.d", below_home],
            Ok(below_home),
        );
    }

    #[test]
    fn tools_missing_names_every_place_and_the_way_out() {
        check_tools(
            None,
            &environment("/home/a", "", ""),
            &[],
            Err("there is no tools folder: looked for `./tools.d` and \
                 `/home/a/.config/tollgate/tools.d`; give one with `--tools DIR`"),
        );
        check_tools(
            None,
            &environment("", "", ""),
            &[],
            Err("there is no tools folder: looked for `./tools.d`; give one with `--tools DIR`"),
        );
    }

    #[track_caller]
    fn check_state(given: Option<&str>, environment: &Environment, expected: Option<&str>) {
        assert_eq!(
            state(given.map(PathBuf::from), environment),
            expected.map(PathBuf::from).ok_or(LocateError::NoState)
        );
    }

    #[test]
    fn h9_state_comes_from_the_argument_then_state_home_then_home() {
        let all = environment("/home/a", "/c", "/s");
        check_state(Some("x"), &all, Some("x"));
        check_state(None, &all, Some("/s/tollgate"));
        let home = environment("/home/a", "/c", "s");
        check_state(None, &home, Some("/home/a/.local/state/tollgate"));
        check_state(None, &environment("", "/c", ""), None);
        check_state(None, &environment("a", "", ""), None);
    }
}
