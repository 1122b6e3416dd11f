//! Figures with their gates and goals: lines to print, and the table in the document.

use std::fmt::Write as _;
use std::io::{Write as _, stdout};
use std::path::Path;

use anyhow::{Context as _, Result};

const TABLE_BEGINS: &str = "<!-- figures: begin, written by scripts/bench --write -->";
const TABLE_ENDS: &str = "<!-- figures: end -->";

/// What a figure is held against. Smaller is better unless said otherwise.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Limits {
    /// Gate, and goal.
    AtMost(f64, f64),
    /// Gate that the figure must stay under, and goal.
    Below(f64, f64),
    /// Gate and goal of a figure that should be large.
    AtLeast(f64, f64),
    /// A goal without a gate.
    Goal(f64),
    /// The same for a figure that should be large.
    GoalAtLeast(f64),
    /// For comparison only.
    None,
}

/// One measured figure as it is shown.
#[derive(Clone, Debug)]
struct Figure {
    name: String,
    value: String,
    unit: String,
    gate: String,
    goal: String,
    verdict: String,
    /// The measured parts behind a ratio.
    note: String,
}

impl Figure {
    /// The line of a figure, members apart by tabs.
    fn line(&self) -> String {
        let Self { name, value, unit, gate, goal, verdict, note } = self;
        [name, value, unit, gate, goal, verdict, note].map(String::as_str).join("\t")
    }

    /// Reads what [`Self::line`] wrote.
    fn read(line: &str) -> Option<Self> {
        let members: Vec<String> = line.split('\t').map(str::to_owned).collect();
        let [name, value, unit, gate, goal, verdict, note] = <[String; 7]>::try_from(members).ok()?;
        Some(Self { name, value, unit, gate, goal, verdict, note })
    }
}

impl Limits {
    fn texts(self) -> (String, String) {
        match self {
            Self::AtMost(gate, goal) => (format!("gate<={gate}"), format!("goal<={goal}")),
            Self::Below(gate, goal) => (format!("gate<{gate}"), format!("goal<={goal}")),
            Self::AtLeast(gate, goal) => (format!("gate>={gate}"), format!("goal>={goal}")),
            Self::Goal(goal) => ("-".to_owned(), format!("goal<={goal}")),
            Self::GoalAtLeast(goal) => ("-".to_owned(), format!("goal>={goal}")),
            Self::None => ("-".to_owned(), "-".to_owned()),
        }
    }

    fn verdict(self, value: f64) -> &'static str {
        let (gate, goal) = match self {
            Self::AtMost(gate, goal) => (value <= gate, value <= goal),
            Self::Below(gate, goal) => (value < gate, value <= goal),
            Self::AtLeast(gate, goal) => (value >= gate, value >= goal),
            Self::Goal(goal) => (true, value <= goal),
            Self::GoalAtLeast(goal) => (true, value >= goal),
            Self::None => return "-",
        };
        match (gate, goal) {
            (false, _) => "MISS",
            (true, false) => "ok",
            (true, true) => "goal",
        }
    }
}

/// All figures of a run, printed as they come.
#[derive(Debug, Default)]
pub(crate) struct Report {
    figures: Vec<Figure>,
}

impl Report {
    /// Prints a figure and keeps it for the table.
    pub(crate) fn add(
        &mut self,
        name: impl Into<String>,
        value: f64,
        unit: impl Into<String>,
        limits: Limits,
        note: impl Into<String>,
    ) -> Result<()> {
        let (gate, goal) = limits.texts();
        self.keep(Figure {
            name: name.into(),
            value: shown(value),
            unit: unit.into(),
            gate,
            goal,
            verdict: limits.verdict(value).to_owned(),
            note: note.into(),
        })
    }

    /// A figure that cannot be measured here, and why.
    pub(crate) fn not_measured(&mut self, name: impl Into<String>, limits: Limits, reason: &str) -> Result<()> {
        let (gate, goal) = limits.texts();
        let [value, unit, verdict] = ["-", "", "-"].map(str::to_owned);
        self.keep(Figure {
            name: name.into(),
            value,
            unit,
            gate,
            goal,
            verdict,
            note: format!("not measured: {reason}"),
        })
    }

    /// Takes over the figures that another process printed; its remarks are printed only.
    pub(crate) fn take_lines(&mut self, lines: &str) -> Result<()> {
        for line in lines.lines() {
            match Figure::read(line) {
                Some(figure) => self.keep(figure)?,
                None => writeln!(stdout(), "{line}")?,
            }
        }
        Ok(())
    }

    fn keep(&mut self, figure: Figure) -> Result<()> {
        writeln!(stdout(), "{}", figure.line())?;
        self.figures.push(figure);
        Ok(())
    }

    /// A line for people, which is no figure.
    pub(crate) fn remark(text: &str) -> Result<()> {
        Ok(writeln!(stdout(), "# {text}")?)
    }

    /// How many figures missed their gate.
    pub(crate) fn missed(&self) -> usize {
        self.figures.iter().filter(|figure| figure.verdict == "MISS").count()
    }

    /// Puts the table in place of the one that the document has.
    pub(crate) fn write_into(&self, document: &Path, conditions: &str) -> Result<()> {
        let text = std::fs::read_to_string(document).with_context(|| format!("cannot read {}", document.display()))?;
        let (before, rest) = text.split_once(TABLE_BEGINS).context("the document has no place for the table")?;
        let (_, after) = rest.split_once(TABLE_ENDS).context("the place for the table does not end")?;
        let mut table = format!("{before}{TABLE_BEGINS}\n\n{conditions}\n\n");
        table
            .push_str("| figure | measured | gate | goal | verdict | parts |\n| --- | --- | --- | --- | --- | --- |\n");
        for figure in &self.figures {
            let Figure { name, value, unit, gate, goal, verdict, note } = figure;
            let (gate, goal) = (gate.trim_start_matches("gate"), goal.trim_start_matches("goal"));
            writeln!(table, "| {name} | {value} {unit} | {gate} | {goal} | {verdict} | {note} |")?;
        }
        write!(table, "\n{TABLE_ENDS}{after}")?;
        std::fs::write(document, table).with_context(|| format!("cannot write {}", document.display()))
    }
}

/// Three significant digits are all that noise leaves.
pub(crate) fn shown(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        size if size >= 0.1 || size == 0.0 => format!("{value:.2}"),
        _ => format!("{value:.4}"),
    }
}

/// The middle value; of an even number of values the upper one.
pub(crate) fn median(values: &mut [f64]) -> Result<f64> {
    anyhow::ensure!(!values.is_empty(), "no rounds");
    let middle = values.len() / 2;
    Ok(*values.select_nth_unstable_by(middle, f64::total_cmp).1)
}

/// A cost beside that of its floor, each the median over rounds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Compared {
    /// Median over rounds of ours divided by the floor's.
    pub(crate) ratio: f64,
    /// Our cost.
    pub(crate) ours: f64,
    /// The floor's.
    pub(crate) floor: f64,
}

/// Measures both sides in each round, the order changing, so that a change of the machine's mood meets both.
pub(crate) fn compare(
    rounds: usize,
    mut ours: impl FnMut() -> Result<f64>,
    mut floor: impl FnMut() -> Result<f64>,
) -> Result<Compared> {
    let (mut ratios, mut our_costs, mut floor_costs) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..rounds {
        let (our_cost, floor_cost) = if round % 2 == 0 {
            let our_cost = ours()?;
            (our_cost, floor()?)
        } else {
            let floor_cost = floor()?;
            (ours()?, floor_cost)
        };
        ratios.push(our_cost / floor_cost);
        our_costs.push(our_cost);
        floor_costs.push(floor_cost);
    }
    Ok(Compared { ratio: median(&mut ratios)?, ours: median(&mut our_costs)?, floor: median(&mut floor_costs)? })
}
