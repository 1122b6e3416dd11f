//! `BatchGetRepositoryScanningConfiguration`: how some repositories are scanned, by flag and by rules.
//!
//! Source: <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_BatchGetRepositoryScanningConfiguration.html>

use crate::registry::scanning::EffectiveScanning;
use crate::registry::state::Registry;
use crate::registry::types::RepositoryName;

/// Which repositories, in the order of the answer.
#[derive(Clone, Debug)]
pub struct Input {
    /// Their names.
    pub repositories: Vec<RepositoryName>,
}

/// How they are scanned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// Those that exist.
    pub scanning_configurations: Vec<(RepositoryName, EffectiveScanning)>,
    /// Those that do not.
    pub not_found: Vec<RepositoryName>,
}

/// Looks them up.
pub fn apply(registry: &Registry, input: Input) -> Output {
    let mut output = Output { scanning_configurations: Vec::new(), not_found: Vec::new() };
    for name in input.repositories {
        match registry.repository(&name) {
            Ok(repository) => {
                let effective = registry.scanning().configuration.of(repository);
                output.scanning_configurations.push((name, effective));
            }
            Err(_) => output.not_found.push(name),
        }
    }
    output
}
