//! Costs of several parties, taken in the same rounds, and the figures that come of them.

use anyhow::{Context as _, Result};

use crate::figures::{Limits, Report, median, shown};
use crate::parties::{Party, STORES};
use crate::process::{FILES, Floor};

/// What every party cost in each round; or how fast it was, where more is better.
#[derive(Debug)]
pub(crate) struct Costs(Vec<(Party, Vec<f64>)>);

/// How the costs of one measurement become figures.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row<'a> {
    /// Name of the figure; store and peer are added to it.
    pub(crate) name: &'a str,
    /// Unit of a cost.
    pub(crate) unit: &'a str,
    /// The floor that was measured.
    pub(crate) floor: Floor,
    /// What the ratio to the floor is held against.
    pub(crate) limits: Limits,
    /// What the ratio to the peer is held against; without it the peer stands in the parts alone.
    pub(crate) beside_peer: Option<Limits>,
    /// Said after the parts.
    pub(crate) note: &'a str,
}

impl Costs {
    /// No rounds yet.
    pub(crate) fn of(parties: &[Party]) -> Self {
        Self(parties.iter().map(|party| (*party, Vec::new())).collect())
    }

    /// Measures all parties in each round, every time from another one on, so that a change of the machine's mood meets
    /// them all.
    pub(crate) fn measure(
        rounds: usize,
        parties: &[Party],
        mut cost: impl FnMut(Party) -> Result<f64>,
    ) -> Result<Self> {
        let mut costs = Self::of(parties);
        for round in 0..rounds {
            for step in 0..parties.len() {
                let party = parties[(round + step) % parties.len()];
                costs.add(party, cost(party)?);
            }
        }
        Ok(costs)
    }

    /// Adds what a party cost in a round.
    pub(crate) fn add(&mut self, party: Party, cost: f64) {
        self.0.iter_mut().filter(|(known, _)| *known == party).for_each(|(_, costs)| costs.push(cost));
    }

    fn find(&self, party: Party) -> Option<&[f64]> {
        self.0.iter().find(|(known, _)| *known == party).map(|(_, costs)| costs.as_slice())
    }

    /// The median over rounds.
    pub(crate) fn median(&self, party: Party) -> Result<f64> {
        median(&mut self.find(party).context("the party was not measured")?.to_vec())
    }

    /// The largest of all rounds.
    pub(crate) fn largest(&self, party: Party) -> f64 {
        self.find(party).unwrap_or_default().iter().copied().fold(0.0, f64::max)
    }

    /// Median over rounds of one divided by the other; nothing where one was not measured.
    fn ratio(&self, ours: Party, theirs: Party) -> Result<Option<f64>> {
        let (Some(ours), Some(theirs)) = (self.find(ours), self.find(theirs)) else { return Ok(None) };
        let mut ratios: Vec<f64> = ours.iter().zip(theirs).map(|(our, their)| our / their).collect();
        median(&mut ratios).map(Some)
    }

    /// The medians of these parties as text; who was not measured is left out.
    pub(crate) fn parts(&self, parties: &[Party], unit: &str) -> Result<String> {
        let mut parts = Vec::new();
        for party in parties.iter().filter(|party| self.find(**party).is_some()) {
            let cost = format!("{} {unit}", shown(self.median(*party)?));
            parts.push(match party {
                Party::Memory => cost,
                Party::Directory => format!("{cost} in {FILES}"),
                Party::Floor(floor) => format!("{floor:?} {cost}"),
                Party::Peer => format!("P {cost}"),
            });
        }
        Ok(parts.join(", "))
    }

    /// A figure for each store: its ratio to the floor, and its ratio to the peer.
    pub(crate) fn report(&self, row: Row<'_>, report: &mut Report) -> Result<()> {
        let floor = Party::Floor(row.floor);
        for (ours, store) in STORES {
            let ratio = self.ratio(ours, floor)?.context("the floor was not measured")?;
            let mut parts = self.parts(&[ours, floor, Party::Peer], row.unit)?;
            if !row.note.is_empty() {
                parts = format!("{parts}; {}", row.note);
            }
            report.add(format!("{}{store}", row.name), ratio, format!("x{:?}", row.floor), row.limits, parts)?;
        }
        let Some(limits) = row.beside_peer else { return Ok(()) };
        for (ours, store) in STORES {
            let name = format!("{}{store}, beside docker-registry", row.name);
            match self.ratio(ours, Party::Peer)? {
                Some(ratio) => report.add(name, ratio, "xP", limits, self.parts(&[ours, Party::Peer], row.unit)?)?,
                None => report.not_measured(name, limits, "docker-registry is not installed")?,
            }
        }
        Ok(())
    }
}
