//! A registry's scanning configuration, and what it comes to for one repository.
//!
//! Source: <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_PutRegistryScanningConfiguration.html>

use super::filter::ScanFilter;
use crate::registry::errors::InvalidParameter;
use crate::registry::limits;
use crate::registry::quotas::{Quotas, check_list};
use crate::registry::repository::Repository;
use crate::registry::types::{RepositoryName, Timestamp};

/// Who scans.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ScanType {
    /// ECR, when asked or when an image is pushed.
    #[default]
    Basic,
    /// Amazon Inspector, of itself.
    Enhanced,
}

impl ScanType {
    /// Both, in the order of the service model.
    pub const ALL: [Self; 2] = [Self::Basic, Self::Enhanced];

    /// ECR's name of the type.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Basic => "BASIC",
            Self::Enhanced => "ENHANCED",
        }
    }
}

/// When an image is scanned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScanFrequency {
    /// When it is pushed.
    ScanOnPush,
    /// All the time.
    ContinuousScan,
    /// When somebody asks.
    Manual,
}

impl ScanFrequency {
    /// All three, in the order of the service model.
    pub const ALL: [Self; 3] = [Self::ScanOnPush, Self::ContinuousScan, Self::Manual];

    /// ECR's name of the frequency.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ScanOnPush => "SCAN_ON_PUSH",
            Self::ContinuousScan => "CONTINUOUS_SCAN",
            Self::Manual => "MANUAL",
        }
    }
}

/// One rule: how often the repositories that a filter picks are scanned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScanningRule {
    /// How often.
    pub scan_frequency: ScanFrequency,
    /// Which repositories. A rule without filters picks none (unconfirmed).
    pub filters: Vec<ScanFilter>,
}

impl ScanningRule {
    /// The last filter that picks a repository, which is the one that ECR shows.
    fn applied_filter(&self, repository: &RepositoryName) -> Option<&ScanFilter> {
        self.filters.iter().rev().find(|filter| filter.matches(repository))
    }
}

/// A scanning configuration; at first `BASIC` without rules. Its rules go with its type.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScanningConfiguration {
    scan_type: ScanType,
    rules: Vec<ScanningRule>,
}

impl ScanningConfiguration {
    /// Puts a type and its rules together. Errors, all with unconfirmed texts: more than two rules, a frequency that the
    /// type does not have, two rules of one frequency.
    pub fn new(scan_type: ScanType, rules: Vec<ScanningRule>) -> Result<Self, InvalidParameter> {
        check_list("rules", rules.len(), limits::SCANNING_RULES as u64)?;
        for (place, rule) in rules.iter().enumerate() {
            let refuse = |constraint: String| InvalidParameter {
                member: format!("rules.{}.member.scanFrequency", place + 1).into(),
                constraint: constraint.into(),
            };
            let frequency = rule.scan_frequency;
            let legal = match scan_type {
                ScanType::Basic => frequency == ScanFrequency::ScanOnPush,
                ScanType::Enhanced => frequency != ScanFrequency::Manual,
            };
            if !legal {
                let (frequency, scan_type) = (frequency.as_str(), scan_type.as_str());
                return Err(refuse(format!("Scan frequency {frequency} is not supported with scan type {scan_type}")));
            }
            if rules[..place].iter().any(|other| other.scan_frequency == frequency) {
                return Err(refuse(format!("Only one rule with scan frequency {} is allowed", frequency.as_str())));
            }
        }
        Ok(Self { scan_type, rules })
    }

    /// Checks numbers of rules and of filters.
    pub fn check(&self, quotas: &Quotas) -> Result<(), InvalidParameter> {
        check_list("rules", self.rules.len(), quotas.scanning_rules)?;
        let mut filters = self.rules.iter().map(|rule| rule.filters.len());
        filters.try_for_each(|length| check_list("rules.repositoryFilters", length, quotas.scanning_filters_per_rule))
    }

    /// Who scans.
    pub fn scan_type(&self) -> ScanType {
        self.scan_type
    }

    /// The rules, in order.
    pub fn rules(&self) -> &[ScanningRule] {
        &self.rules
    }

    /// What it comes to for one repository.
    ///
    /// The repository's own flag counts under `BASIC` while there are no rules, and never beside them (the latter is
    /// unconfirmed). `ENHANCED` without rules scans everything all the time; where two of its rules match, the continuous
    /// one wins.
    pub fn of(&self, repository: &Repository) -> EffectiveScanning {
        let without_rule = |scan_frequency| EffectiveScanning { scan_frequency, applied_filter: None };
        if self.rules.is_empty() {
            return without_rule(match self.scan_type {
                ScanType::Basic if repository.scan_on_push() => ScanFrequency::ScanOnPush,
                ScanType::Basic => ScanFrequency::Manual,
                ScanType::Enhanced => ScanFrequency::ContinuousScan,
            });
        }
        let matching = |frequency: ScanFrequency| {
            let rule = self.rules.iter().find(|rule| rule.scan_frequency == frequency)?;
            let filter = rule.applied_filter(repository.name())?.clone();
            Some(EffectiveScanning { scan_frequency: frequency, applied_filter: Some(filter) })
        };
        matching(ScanFrequency::ContinuousScan)
            .or_else(|| matching(ScanFrequency::ScanOnPush))
            .unwrap_or_else(|| without_rule(ScanFrequency::Manual))
    }
}

/// How one repository is scanned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EffectiveScanning {
    /// When its images are scanned.
    pub scan_frequency: ScanFrequency,
    /// The filter that picked it; absent if no rule did.
    pub applied_filter: Option<ScanFilter>,
}

impl EffectiveScanning {
    /// Whether a push starts a scan.
    pub fn scan_on_push(&self) -> bool {
        self.scan_frequency == ScanFrequency::ScanOnPush
    }
}

/// What a registry keeps about scanning.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RegistryScanning {
    /// The configuration.
    pub configuration: ScanningConfiguration,
    /// Since when it has its type. Results of scans that began earlier are no longer served.
    pub type_since: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::testing::{name, with_repository};

    fn rule(scan_frequency: ScanFrequency, filters: &[&str]) -> ScanningRule {
        ScanningRule { scan_frequency, filters: filters.iter().map(|text| text.parse().unwrap()).collect() }
    }

    #[test]
    fn c_172_unconfirmed_frequencies_go_with_the_type_and_stand_once() {
        use ScanFrequency::{ContinuousScan, Manual, ScanOnPush};
        for (scan_type, frequencies, refused) in [
            (ScanType::Basic, vec![], None),
            (ScanType::Basic, vec![ScanOnPush], None),
            (ScanType::Basic, vec![ContinuousScan], Some("rules.1.member.scanFrequency")),
            (ScanType::Basic, vec![ScanOnPush, Manual], Some("rules.2.member.scanFrequency")),
            (ScanType::Basic, vec![ScanOnPush, ScanOnPush], Some("rules.2.member.scanFrequency")),
            (ScanType::Enhanced, vec![ContinuousScan, ScanOnPush], None),
            (ScanType::Enhanced, vec![Manual], Some("rules.1.member.scanFrequency")),
            (ScanType::Enhanced, vec![ContinuousScan, ScanOnPush, ScanOnPush], Some("rules")),
        ] {
            let rules = frequencies.iter().map(|frequency| rule(*frequency, &["*"])).collect();
            let result = ScanningConfiguration::new(scan_type, rules);
            let member = result.err().map(|error| error.member.into_owned());
            assert_eq!(member.as_deref(), refused, "{scan_type:?} with {frequencies:?}");
        }
    }

    #[test]
    fn c_173_the_frequency_of_a_repository_follows_from_type_rules_and_flag() {
        use ScanFrequency::{ContinuousScan, Manual, ScanOnPush};
        let table = [
            (ScanType::Basic, vec![], false, Manual, None),
            (ScanType::Basic, vec![], true, ScanOnPush, None),
            (ScanType::Basic, vec![rule(ScanOnPush, &["app", "team/*"])], false, ScanOnPush, Some("team/*")),
            (ScanType::Basic, vec![rule(ScanOnPush, &["other"])], true, Manual, None),
            (ScanType::Basic, vec![rule(ScanOnPush, &[])], false, Manual, None),
            (ScanType::Enhanced, vec![], false, ContinuousScan, None),
            (
                ScanType::Enhanced,
                vec![rule(ScanOnPush, &["*"]), rule(ContinuousScan, &["team"])],
                false,
                ContinuousScan,
                Some("team"),
            ),
            (
                ScanType::Enhanced,
                vec![rule(ScanOnPush, &["*"]), rule(ContinuousScan, &["other"])],
                false,
                ScanOnPush,
                Some("*"),
            ),
            (ScanType::Enhanced, vec![rule(ContinuousScan, &["other"])], true, Manual, None),
        ];
        for (scan_type, rules, flag, frequency, filter) in table {
            let mut registry = with_repository();
            let repository = registry.repository_mut(&name("team/app")).unwrap();
            repository.scan_on_push = flag;
            let effective = ScanningConfiguration::new(scan_type, rules.clone()).unwrap().of(repository);
            let shown = (effective.scan_frequency, effective.applied_filter.as_ref().map(ScanFilter::as_str));
            assert_eq!(shown, (frequency, filter), "{scan_type:?} {rules:?} {flag}");
        }
    }
}
