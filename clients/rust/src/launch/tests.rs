use super::*;

const READY: &str = r#"{"event":"ready","api":"ecrfixture.control.v1","version":"0.9.1","control":"127.0.0.1:4511","data":"http://127.0.0.1:4510","token":"t","later":{}}"#;

#[test]
fn the_ready_line_is_read_and_what_is_unknown_ignored() {
    let ready = Ready::parse(READY).unwrap();
    assert_eq!(
        (ready.control.as_str(), ready.token.as_str(), ready.version.as_str()),
        ("127.0.0.1:4511", "t", "0.9.1")
    );
    assert_eq!(Ready::parse(&READY.replace(r#","token":"t""#, "")).unwrap().token, "");
}

#[test]
fn another_line_is_no_ready_line() {
    let check = |line: &str, part: &str| {
        let problem = Ready::parse(line).unwrap_err();
        assert!(problem.contains(part), "{problem}");
    };
    check("listening on 4510", "expected");
    check("[]", "not a ready line");
    check(r#"{"event":"stopped"}"#, "not a ready line");
    check(&READY.replace("control\"", "c\""), "it has no control");
    check(r#"{"event":"ready","control":"c"}"#, "it has no version");
}

#[test]
fn only_the_major_version_and_the_control_plane_must_agree() {
    assert!(check_version(API, "0.99.3").is_ok());
    for (api, version) in [(API, "1.0.0"), ("ecrfixture.control.v2", "0.1.0")] {
        let error = check_version(api, version).unwrap_err();
        assert!(matches!(error, Error::IncompatibleVersion { .. }));
        assert!(error.to_string().contains(version) && error.to_string().contains("cargo add"), "{error}");
    }
}

#[test]
fn a_missing_binary_lists_every_place() {
    let error = find_binary(None, &Environment::from([("PATH", "/nowhere:/nor/here")])).unwrap_err();
    let Error::BinaryNotFound { tried } = &error else { panic!("{error}") };
    assert_eq!(tried.len(), 3);
    assert!(error.to_string().contains("/nor/here") && error.to_string().contains("cargo install"), "{error}");
}

#[test]
fn a_place_that_is_named_is_never_passed_over() {
    let environment = Environment::from([("ECR_FIXTURE_BIN", "/nowhere"), ("PATH", "/bin:/usr/bin")]);
    let error = find_binary(None, &environment).unwrap_err();
    assert!(error.to_string().contains("ECR_FIXTURE_BIN: /nowhere is not an executable file"), "{error}");
    let error = find_binary(Some(Path::new("/")), &environment).unwrap_err();
    assert!(error.to_string().contains("option: / is not an executable file"), "{error}");
}

#[cfg(unix)]
mod with_a_fake_daemon {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    /// A shell script in a directory of its own, found by way of `PATH` or `ECR_FIXTURE_BIN`.
    fn script(text: &str) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join(BINARY);
        std::fs::write(&place, format!("#!/bin/sh\n{text}\n")).unwrap();
        std::fs::set_permissions(&place, std::fs::Permissions::from_mode(0o755)).unwrap();
        (folder, place)
    }

    fn start(text: &str, variables: Environment) -> Result<(Process, Ready)> {
        let (_folder, place) = script(text);
        // Another test may fork while the script is still open for writing here; then it is busy for a moment.
        loop {
            match Process::start(&place, &variables, &[]) {
                Err(error) if error.to_string().contains("Text file busy") => thread::sleep(POLL),
                outcome => return outcome,
            }
        }
    }

    fn failure(text: &str, variables: Environment) -> (String, Option<i32>, Vec<String>) {
        match start(text, variables).unwrap_err() {
            Error::StartFailed { message, exit_code, stderr } => (message, exit_code, stderr),
            other => panic!("{other}"),
        }
    }

    #[test]
    fn it_is_found_on_the_path() {
        let (folder, place) = script("exit 0");
        let search = format!("/nowhere:{}", folder.path().display());
        assert_eq!(find_binary(None, &Environment::from([("PATH", search.as_str())])).unwrap(), place);
    }

    #[test]
    fn it_is_ready_after_its_line_and_ends_with_its_lifeline() {
        let text = format!("echo '{READY}'; cat >/dev/null");
        let (process, ready) = start(&text, Environment::from([("PATH", "/bin:/usr/bin")])).unwrap();
        assert_eq!(ready.control, "127.0.0.1:4511");
        assert!(process.id() > 0);
        drop(process);
    }

    #[test]
    fn an_early_end_tells_exit_code_and_the_last_40_lines() {
        let text = "i=0; while [ $i -lt 50 ]; do echo line $i >&2; i=$((i+1)); done; exit 3";
        let (message, exit_code, stderr) = failure(text, Environment::default());
        assert!(message.contains("ended before it was ready"), "{message}");
        assert_eq!(exit_code, Some(3));
        assert_eq!((stderr.len(), stderr[0].as_str(), stderr[39].as_str()), (40, "line 10", "line 49"));
    }

    #[test]
    fn another_first_line_is_shown() {
        let (message, _, stderr) =
            failure("echo hello; cat >/dev/null", Environment::from([("PATH", "/bin:/usr/bin")]));
        assert!(message.contains(r#""hello""#), "{message}");
        assert_eq!(stderr, Vec::<String>::new());
    }

    #[test]
    fn silence_has_a_limit() {
        let limits = Environment::from([("PATH", "/bin:/usr/bin"), ("ECR_FIXTURE_START_TIMEOUT", "0.1")]);
        let (message, exit_code, _) = failure("cat >/dev/null", limits);
        assert!(message.contains("was not ready within 100ms"), "{message}");
        assert_eq!(exit_code, None);
    }

    #[test]
    fn another_major_version_is_refused_by_name() {
        let text = format!("echo '{}'; cat >/dev/null", READY.replace("0.9.1", "7.0.0"));
        let error = start(&text, Environment::from([("PATH", "/bin:/usr/bin")])).unwrap_err();
        assert!(matches!(error, Error::IncompatibleVersion { .. }), "{error}");
    }

    #[test]
    fn it_gets_no_settings_of_the_client() {
        let text = "echo \"[$ECR_FIXTURE_TOKEN]\" >&2; exit 1";
        let (_, _, stderr) = failure(text, Environment::from([("ECR_FIXTURE_TOKEN", "secret")]));
        assert_eq!(stderr, ["[]"]);
    }
}

#[test]
fn what_cannot_run_is_told() {
    let error = Process::start(Path::new("/nowhere/ecr-fixture"), &Environment::default(), &[]).unwrap_err();
    assert!(error.to_string().contains("cannot run /nowhere/ecr-fixture"), "{error}");
}
