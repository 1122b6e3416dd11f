//! What bounds a world: rates of calls, and quotas.

use std::collections::BTreeMap;

use super::{Distinct, Ground};
use crate::operations::Operation;
use crate::proto;
use crate::registry::Quotas;
use crate::seed::plan::ThrottlePlan;
use crate::seed::violation::Place;
use crate::throttles::{InvalidRate, Rate};

/// Checks rates of calls.
pub(super) fn throttles(document: &proto::ThrottleDocument, place: &Place<'_>) -> ThrottlePlan {
    let mut seen = Distinct::default();
    let rates = place.each("operations", &document.operations, |document, place| {
        let member = place.member("operation");
        let operation = Operation::from_name(&document.operation).ok_or("must be an operation of ECR, e.g. `PutImage`");
        let operation = member.accept(operation)?;
        seen.note(operation.name(), &member)?;
        let rate = match (document.rate_per_second, document.burst) {
            (Some(per_second), burst) => Rate::new(per_second, burst),
            (None, Some(burst)) => Rate::of(operation).with_burst(burst),
            (None, None) => Ok(Rate::of(operation)),
        };
        let wrong = match rate {
            Ok(rate) => return Some((operation, rate)),
            Err(error @ InvalidRate::PerSecond) => ("rate_per_second", error),
            Err(error @ InvalidRate::Burst) => ("burst", error),
        };
        place.member(wrong.0).refuse(wrong.1);
        None
    });
    let rates: BTreeMap<Operation, Rate> = rates.into_iter().collect();
    ThrottlePlan { rates: document.enabled.unwrap_or(true).then_some(rates) }
}

/// Checks quotas. What follows in the same list of documents is checked against them.
pub(super) fn quotas(document: &proto::QuotaDocument, place: &Place<'_>, ground: &mut Ground<'_>) -> Quotas {
    for (name, value) in values(document) {
        if let Some(value) = value {
            place.member(name).accept(ground.quotas.set(name, value));
        }
    }
    ground.quotas
}

/// Every quota of a document, by its name.
fn values(document: &proto::QuotaDocument) -> [(&'static str, Option<u64>); 21] {
    macro_rules! values {
        ($($name:ident),+) => { [$((stringify!($name), document.$name)),+] };
    }
    values![
        repositories_per_registry,
        images_per_repository,
        tags_per_image,
        resource_tags_per_repository,
        layer_parts,
        layer_part_minimum_bytes,
        layer_part_maximum_bytes,
        layer_maximum_bytes,
        lifecycle_policy_rules,
        lifecycle_policy_characters,
        cache_rules_per_registry,
        creation_templates_per_registry,
        replication_rules,
        replication_destinations,
        replication_filters_per_rule,
        running_backfills,
        scanning_rules,
        scanning_filters_per_rule,
        signing_rules,
        signing_filters_per_rule,
        pull_time_exclusions
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d_034_a_document_can_name_every_quota() {
        let named = values(&proto::QuotaDocument::default()).map(|(name, _)| name);
        assert_eq!(named, Quotas::NAMES);
    }
}
