//! Which rules to look at for a call, found without looking at the others.

use std::collections::HashMap;
use std::sync::Arc;

use crate::facts::{Fact, Facts, Surface, Value};

use super::tree::{Target, TargetSurface};

/// Positions of rules in order of evaluation, by what their targets name.
#[derive(Debug, Default)]
pub(super) struct Index {
    surfaces: HashMap<TargetSurface, SurfaceIndex>,
}

#[derive(Debug, Default)]
struct SurfaceIndex {
    literal: HashMap<Arc<str>, Bucket>,
    globs: Bucket,
}

/// Rules for the same calls. Most rules of a large set are about one repository each.
#[derive(Debug, Default)]
struct Bucket {
    by_repository: HashMap<Arc<str>, Vec<usize>>,
    others: Vec<usize>,
}

impl Index {
    /// Indexes rules that are in order of evaluation: the target of each, and the only repository that it can match.
    pub(super) fn new<'a>(rules: impl Iterator<Item = (&'a Target, Option<&'a Arc<str>>)>) -> Self {
        let mut index = Self::default();
        for (position, (target, repository)) in rules.enumerate() {
            let surface = index.surfaces.entry(target.surface).or_default();
            let bucket = if target.operation.is_literal() {
                surface.literal.entry(Arc::from(target.operation.as_str())).or_default()
            } else {
                &mut surface.globs
            };
            match repository {
                Some(repository) => bucket.by_repository.entry(Arc::clone(repository)).or_default().push(position),
                None => bucket.others.push(position),
            }
        }
        index
    }

    /// Positions of the rules that may match, ascending, each once. Does not allocate.
    pub(super) fn candidates(&self, facts: &Facts) -> Candidates<'_> {
        let (surface, is_call) = match facts.surface {
            Surface::Ecr => (TargetSurface::Ecr, true),
            Surface::Oci => (TargetSurface::Oci, true),
            Surface::Upstream => (TargetSurface::Upstream, false),
            Surface::Task => (TargetSurface::Task, false),
        };
        let own = self.surfaces.get(&surface);
        let any = if is_call { self.surfaces.get(&TargetSurface::Any) } else { None };
        // On the AWS surface both names are the same, and its rules must not come twice.
        let row = facts.any.filter(|name| *name != facts.operation);
        let buckets = [
            literal(own, Some(facts.operation)),
            own.map(|own| &own.globs),
            literal(any, Some(facts.operation)),
            literal(any, row),
            any.map(|any| &any.globs),
        ];
        let repository = facts.get(Fact::Repository).map(Value::text);
        let others = buckets.map(|bucket| bucket.map_or(&[][..], |bucket| &bucket.others));
        let named = buckets.map(|bucket| {
            let positions = bucket.zip(repository.as_deref()).and_then(|(bucket, name)| bucket.by_repository.get(name));
            positions.map_or(&[][..], Vec::as_slice)
        });
        Candidates([others, named])
    }
}

fn literal<'a>(index: Option<&'a SurfaceIndex>, operation: Option<&str>) -> Option<&'a Bucket> {
    index.zip(operation).and_then(|(index, operation)| index.literal.get(operation))
}

/// A merge of ascending lists that share no element.
pub(super) struct Candidates<'a>([[&'a [usize]; 5]; 2]);

impl Iterator for Candidates<'_> {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        let least = self.0.as_flattened_mut().iter_mut().filter(|list| !list.is_empty()).min_by_key(|list| list[0])?;
        let (first, rest) = least.split_first()?;
        *least = rest;
        Some(*first)
    }
}
