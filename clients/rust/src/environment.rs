//! The process's environment, read once where it is needed and handed in everywhere else.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::time::Duration;

use crate::errors::{Error, Result};

const START_LIMIT: Duration = Duration::from_secs(10);

/// Variables by name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Environment(BTreeMap<OsString, OsString>);

/// When a world is left alone at its end, for somebody to look at; on attached daemons only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keep {
    Never,
    OnFailure,
    Always,
}

/// When the report of a world that was not finished by hand is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReportMode {
    OnFailure,
    Always,
    Off,
}

impl Environment {
    pub(crate) fn of_process() -> Self {
        Self(std::env::vars_os().collect())
    }

    /// A variable; absent too where it is set to nothing.
    pub(crate) fn variable(&self, name: &str) -> Option<&OsStr> {
        self.0.get(OsStr::new(name)).map(OsString::as_os_str).filter(|value| !value.is_empty())
    }

    /// A variable that is text.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.variable(name).and_then(OsStr::to_str)
    }

    /// What the daemon gets: all but `ECR_FIXTURE_*`, which are for the client, or for another daemon.
    pub(crate) fn of_daemon(&self) -> impl Iterator<Item = (&OsString, &OsString)> {
        self.0.iter().filter(|(name, _)| !name.to_string_lossy().starts_with("ECR_FIXTURE_"))
    }

    /// How long the daemon has to become ready: `ECR_FIXTURE_START_TIMEOUT` in seconds, at first 10.
    pub(crate) fn start_limit(&self) -> Result<Duration> {
        let Some(text) = self.text("ECR_FIXTURE_START_TIMEOUT") else { return Ok(START_LIMIT) };
        let limit = text.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        limit.ok_or_else(|| unfit("ECR_FIXTURE_START_TIMEOUT", text, "a number of seconds"))
    }

    /// `ECR_FIXTURE_KEEP`, at first never.
    pub(crate) fn keep(&self) -> Result<Keep> {
        match self.text("ECR_FIXTURE_KEEP") {
            None | Some("never") => Ok(Keep::Never),
            Some("on-failure") => Ok(Keep::OnFailure),
            Some("always") => Ok(Keep::Always),
            Some(other) => Err(unfit("ECR_FIXTURE_KEEP", other, "never, on-failure or always")),
        }
    }

    /// `ECR_FIXTURE_REPORT`, at first on failure.
    pub(crate) fn report(&self) -> Result<ReportMode> {
        match self.text("ECR_FIXTURE_REPORT") {
            None | Some("on-failure") => Ok(ReportMode::OnFailure),
            Some("always") => Ok(ReportMode::Always),
            Some("off") => Ok(ReportMode::Off),
            Some(other) => Err(unfit("ECR_FIXTURE_REPORT", other, "on-failure, always or off")),
        }
    }
}

fn unfit(name: &str, value: &str, wanted: &str) -> Error {
    let violation =
        crate::errors::Violation { field: name.to_owned(), description: format!("{value:?} is not {wanted}") };
    Error::invalid("the environment has a setting that cannot be used", vec![violation])
}

impl<const N: usize> From<[(&str, &str); N]> for Environment {
    fn from(variables: [(&str, &str); N]) -> Self {
        Self(variables.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_daemon_gets_no_settings_of_the_client() {
        let environment = Environment::from([("ECR_FIXTURE_ADDR", "x"), ("HOME", "/"), ("ECR_FIXTURE_LOG", "debug")]);
        let names: Vec<_> = environment.of_daemon().map(|(name, _)| name.clone()).collect();
        assert_eq!(names, ["HOME"]);
    }

    #[test]
    fn settings_have_defaults_and_refuse_what_they_do_not_know() {
        let none = Environment::default();
        assert_eq!(none.start_limit().unwrap(), START_LIMIT);
        assert_eq!(none.keep().unwrap(), Keep::Never);
        assert_eq!(none.report().unwrap(), ReportMode::OnFailure);
        let set = Environment::from([("ECR_FIXTURE_START_TIMEOUT", "0.5"), ("ECR_FIXTURE_KEEP", "always")]);
        assert_eq!(set.start_limit().unwrap(), Duration::from_millis(500));
        assert_eq!(set.keep().unwrap(), Keep::Always);
        let wrong = Environment::from([("ECR_FIXTURE_START_TIMEOUT", "-1"), ("ECR_FIXTURE_REPORT", "loud")]);
        assert!(wrong.start_limit().unwrap_err().to_string().contains("ECR_FIXTURE_START_TIMEOUT"));
        assert!(wrong.report().unwrap_err().to_string().contains("on-failure, always or off"));
    }
}
