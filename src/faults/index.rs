//! Which rules to look at for a call, found without looking at the others.

use std::collections::HashMap;
use std::sync::Arc;

use crate::facts::{Facts, Surface};

use super::tree::{Target, TargetSurface};

/// Positions of rules in order of evaluation, by what their targets name.
#[derive(Debug, Default)]
pub(super) struct Index {
    surfaces: HashMap<TargetSurface, SurfaceIndex>,
}

#[derive(Debug, Default)]
struct SurfaceIndex {
    literal: HashMap<Arc<str>, Vec<usize>>,
    globs: Vec<usize>,
}

impl Index {
    /// Indexes targets that are in order of evaluation.
    pub(super) fn new<'a>(targets: impl Iterator<Item = &'a Target>) -> Self {
        let mut index = Self::default();
        for (position, target) in targets.enumerate() {
            let surface = index.surfaces.entry(target.surface).or_default();
            if target.operation.is_literal() {
                surface.literal.entry(Arc::from(target.operation.as_str())).or_default().push(position);
            } else {
                surface.globs.push(position);
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
        Candidates([
            literal(own, Some(facts.operation)),
            globs(own),
            literal(any, Some(facts.operation)),
            literal(any, row),
            globs(any),
        ])
    }
}

fn literal<'a>(index: Option<&'a SurfaceIndex>, operation: Option<&str>) -> &'a [usize] {
    let positions = index.zip(operation).and_then(|(index, operation)| index.literal.get(operation));
    positions.map_or(&[], Vec::as_slice)
}

fn globs(index: Option<&SurfaceIndex>) -> &[usize] {
    index.map_or(&[], |index| &index.globs)
}

/// A merge of ascending lists that share no element.
pub(super) struct Candidates<'a>([&'a [usize]; 5]);

impl Iterator for Candidates<'_> {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        let least = self.0.iter_mut().filter(|list| !list.is_empty()).min_by_key(|list| list[0])?;
        let (first, rest) = least.split_first()?;
        *least = rest;
        Some(*first)
    }
}
