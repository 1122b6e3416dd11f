//! What programs under test need to reach a world: environment variables and Docker's config.

use std::collections::BTreeMap;
use std::path::PathBuf;

use tempfile::TempDir;

use crate::errors::{Error, Result};
use crate::records::{Aws, DockerConfig, Login};
use crate::registry::basic_secret;

const LOOPBACK: [&str; 2] = ["127.0.0.1", "localhost"];

/// Variables for an AWS SDK in a child process; `given` are those that the daemon names, `no_proxy` our own.
pub(crate) fn aws_environment(
    aws: &Aws,
    given: impl IntoIterator<Item = (String, String)>,
    no_proxy: &str,
) -> BTreeMap<String, String> {
    let mut hosts: Vec<&str> = no_proxy.split(',').filter(|host| !host.is_empty()).collect();
    hosts.extend(LOOPBACK.iter().filter(|host| !no_proxy.split(',').any(|present| present == **host)));
    let no_proxy = hosts.join(",");
    let mut variables: BTreeMap<String, String> = given.into_iter().collect();
    let set = [
        ("AWS_ENDPOINT_URL_ECR", aws.endpoint.as_str()),
        ("AWS_ENDPOINT_URL_ECR_PUBLIC", &aws.endpoint),
        ("AWS_ACCESS_KEY_ID", &aws.access_key_id),
        ("AWS_SECRET_ACCESS_KEY", &aws.secret_access_key),
        ("AWS_REGION", &aws.region),
        ("AWS_DEFAULT_REGION", &aws.region),
        ("AWS_EC2_METADATA_DISABLED", "true"),
        ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "false"),
        ("NO_PROXY", &no_proxy),
        // Programs look at either spelling first; a set one must not win with another value.
        ("no_proxy", &no_proxy),
    ];
    variables.extend(set.map(|(name, value)| (name.to_owned(), value.to_owned())));
    variables
}

/// Writes a `config.json` that knows this login and uses no credential store. The directory is its owner's only.
pub(crate) fn write_docker_config(login: &Login) -> Result<(TempDir, DockerConfig)> {
    let failed = |error: std::io::Error| Error::broken("docker config", error);
    let directory = tempfile::Builder::new().prefix("ecr-fixture-docker-").tempdir().map_err(failed)?;
    let file = directory.path().join("config.json");
    let form = serde_json::json!({ "auths": { (login.host.as_str()): { "auth": basic_secret(login) } } });
    std::fs::write(&file, form.to_string()).map_err(failed)?;
    let config = DockerConfig { directory: directory.path().to_owned(), file };
    Ok((directory, config))
}

/// Writes a certificate authority to a directory of its own.
pub(crate) fn write_authority(pem: &str) -> Result<(TempDir, PathBuf)> {
    let failed = |error: std::io::Error| Error::broken("certificate authority", error);
    let directory = tempfile::Builder::new().prefix("ecr-fixture-tls-").tempdir().map_err(failed)?;
    let file = directory.path().join("ca.pem");
    std::fs::write(&file, pem).map_err(failed)?;
    Ok((directory, file))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn aws() -> Aws {
        Aws {
            endpoint: "http://127.0.0.1:4510".to_owned(),
            region: "eu-west-1".to_owned(),
            account_id: "123456789012".to_owned(),
            access_key_id: "AKID".to_owned(),
            secret_access_key: "secret".to_owned(),
        }
    }

    #[test]
    fn a_childs_environment_points_at_the_world_and_past_proxies() {
        let given = [("AWS_REGION".to_owned(), "us-east-1".to_owned()), ("MORE".to_owned(), "1".to_owned())];
        let variables = aws_environment(&aws(), given, "corp.example,localhost");
        assert_eq!(variables["AWS_REGION"], "eu-west-1");
        assert_eq!(variables["MORE"], "1");
        assert_eq!(variables["AWS_ENDPOINT_URL_ECR"], "http://127.0.0.1:4510");
        assert_eq!(variables["NO_PROXY"], "corp.example,localhost,127.0.0.1");
        assert_eq!(variables["no_proxy"], variables["NO_PROXY"]);
    }

    #[test]
    fn dockers_config_has_the_login_and_goes_with_its_directory() {
        let login = Login { username: "AWS".to_owned(), password: "pw".to_owned(), host: "127.0.0.1:4510".to_owned() };
        let (directory, config) = write_docker_config(&login).unwrap();
        let text = std::fs::read_to_string(&config.file).unwrap();
        assert_eq!(text, r#"{"auths":{"127.0.0.1:4510":{"auth":"QVdTOnB3"}}}"#);
        drop(directory);
        assert!(!config.directory.exists());
    }

    #[test]
    fn secrets_are_not_printed() {
        assert!(!format!("{:?}", aws()).contains("secret"));
    }
}
