//! `PutRegistryScanningConfiguration`, `GetRegistryScanningConfiguration`: who scans the images of a registry, and when.
//!
//! Sources: <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_PutRegistryScanningConfiguration.html>,
//! <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_GetRegistryScanningConfiguration.html>

use std::sync::Arc;

use crate::registry::context::Context;
use crate::registry::errors::InvalidParameter;
use crate::registry::scanning::{RegistryScanning, ScanType, ScanningConfiguration, ScanningRule};
use crate::registry::state::Registry;

/// The new configuration, which replaces the whole former one.
#[derive(Clone, Debug)]
pub struct Input {
    /// Who scans.
    pub scan_type: ScanType,
    /// When.
    pub rules: Vec<ScanningRule>,
}

/// The configuration as it is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// It.
    pub scanning: Arc<RegistryScanning>,
}

/// Replaces the configuration. Nothing is scanned by that; results of the other type are no longer served.
pub fn put(registry: &mut Registry, cx: &mut Context<'_>, input: Input) -> Result<Output, InvalidParameter> {
    let configuration = ScanningConfiguration::new(input.scan_type, input.rules)?;
    configuration.check(registry.quotas())?;
    let former = registry.scanning();
    let same_type = former.configuration.scan_type() == configuration.scan_type();
    let type_since = if same_type { former.type_since } else { cx.now };
    registry.scanning = Arc::new(RegistryScanning { configuration, type_since });
    Ok(get(registry))
}

/// Tells the configuration; there always is one.
pub fn get(registry: &Registry) -> Output {
    Output { scanning: Arc::clone(registry.scanning()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::scanning::ScanFrequency;
    use crate::registry::testing::{NOON, at, registry, with};
    use crate::registry::types::Timestamp;

    #[test]
    fn c_172_a_configuration_is_replaced_as_a_whole() {
        let mut registry = registry();
        assert_eq!(get(&registry).scanning.configuration, ScanningConfiguration::default());
        let rule = ScanningRule { scan_frequency: ScanFrequency::ScanOnPush, filters: vec!["*".parse().unwrap()] };
        let mut put_at = |now: Timestamp, scan_type, rules| {
            at(now, |cx| put(&mut registry, cx, Input { scan_type, rules })).unwrap().scanning
        };
        let basic = put_at(NOON, ScanType::Basic, vec![rule.clone()]);
        assert_eq!((basic.configuration.rules(), basic.type_since), ([rule].as_slice(), Timestamp::EPOCH));
        let enhanced = put_at(NOON, ScanType::Enhanced, vec![]);
        assert_eq!((enhanced.configuration.rules().len(), enhanced.type_since), (0, NOON));
        let later = NOON.plus(std::time::Duration::from_hours(1));
        assert_eq!(put_at(later, ScanType::Enhanced, vec![]).type_since, NOON);
    }

    #[test]
    fn what_is_refused_changes_nothing() {
        let mut registry = registry();
        let rule = ScanningRule { scan_frequency: ScanFrequency::Manual, filters: vec![] };
        let input = Input { scan_type: ScanType::Basic, rules: vec![rule] };
        assert!(with(|cx| put(&mut registry, cx, input)).is_err());
        assert_eq!(*get(&registry).scanning, RegistryScanning::default());
    }
}
