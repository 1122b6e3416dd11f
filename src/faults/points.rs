//! Where a rule can act, and the one table of what can be done there.

use super::tree::TargetSurface;

/// A moment in the life of a call or a task at which a rule can act.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Point {
    /// The caller is known, nothing has changed yet.
    Before,
    /// The effect is committed, the reply is not sent.
    After,
    /// While the body of the reply is sent.
    SendBody,
    /// A task is about to end.
    TaskFinish,
}

impl Point {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Before, Self::After, Self::SendBody, Self::TaskFinish];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Before => "before",
            Self::After => "after",
            Self::SendBody => "send.body",
            Self::TaskFinish => "task.finish",
        }
    }

    /// The point of this word.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|point| point.as_str() == name)
    }
}

/// An action without its arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ActionKind {
    /// `status`
    Status,
    /// `delay`
    Delay,
    /// `fail`
    Fail,
    /// `lose_reply`
    LoseReply,
    /// `hold`
    Hold,
    /// `truncate`
    Truncate,
    /// `reset`
    Reset,
}

impl ActionKind {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Status, Self::Delay, Self::Fail, Self::LoseReply, Self::Hold, Self::Truncate, Self::Reset];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Status => "status",
            Self::Delay => "delay",
            Self::Fail => "fail",
            Self::LoseReply => "lose_reply",
            Self::Hold => "hold",
            Self::Truncate => "truncate",
            Self::Reset => "reset",
        }
    }

    /// The action of this word.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// Whether it ends the call or the task. The others only make it wait, and several of those can be had together.
    pub fn is_terminal(self) -> bool {
        !matches!(self, Self::Delay | Self::Hold)
    }

    /// The point at which it acts when the target names none.
    pub fn default_point(self, surface: TargetSurface) -> Point {
        match self {
            Self::Delay | Self::Hold if surface == TargetSurface::Task => Point::TaskFinish,
            Self::Status | Self::Delay | Self::Hold => Point::Before,
            Self::LoseReply => Point::After,
            Self::Truncate | Self::Reset => Point::SendBody,
            Self::Fail => Point::TaskFinish,
        }
    }
}

/// A row of the catalogue: a point, the surfaces that have it, and what can be done there.
#[derive(Clone, Copy, Debug)]
pub struct PointRow {
    /// Surfaces.
    pub surfaces: &'static [TargetSurface],
    /// The point.
    pub point: Point,
    /// Actions that are legal there. A `reset` at `before` takes no byte count, since nothing is sent.
    pub actions: &'static [ActionKind],
}

const CALLS: &[TargetSurface] = &[TargetSurface::Ecr, TargetSurface::Oci, TargetSurface::Any];
const UPSTREAM: &[TargetSurface] = &[TargetSurface::Upstream];
const TASKS: &[TargetSurface] = &[TargetSurface::Task];

/// What can be done where.
pub const CATALOGUE: &[PointRow] = &[
    PointRow {
        surfaces: CALLS,
        point: Point::Before,
        actions: &[ActionKind::Status, ActionKind::Delay, ActionKind::Hold, ActionKind::Reset],
    },
    PointRow {
        surfaces: CALLS,
        point: Point::After,
        actions: &[ActionKind::Delay, ActionKind::Hold, ActionKind::LoseReply],
    },
    PointRow {
        surfaces: CALLS,
        point: Point::SendBody,
        actions: &[ActionKind::Truncate, ActionKind::Reset, ActionKind::Delay],
    },
    PointRow {
        surfaces: UPSTREAM,
        point: Point::Before,
        actions: &[ActionKind::Status, ActionKind::Delay, ActionKind::Hold, ActionKind::Reset],
    },
    PointRow { surfaces: UPSTREAM, point: Point::After, actions: &[ActionKind::LoseReply] },
    PointRow { surfaces: UPSTREAM, point: Point::SendBody, actions: &[ActionKind::Truncate, ActionKind::Reset] },
    PointRow {
        surfaces: TASKS,
        point: Point::TaskFinish,
        actions: &[ActionKind::Fail, ActionKind::Delay, ActionKind::Hold],
    },
];

/// What can be done at a point of a surface; absent: the surface has no such point.
pub fn legal_actions(surface: TargetSurface, point: Point) -> Option<&'static [ActionKind]> {
    CATALOGUE.iter().find(|row| row.point == point && row.surfaces.contains(&surface)).map(|row| row.actions)
}

/// The points of a surface.
pub fn points_of(surface: TargetSurface) -> impl Iterator<Item = Point> {
    CATALOGUE.iter().filter(move |row| row.surfaces.contains(&surface)).map(|row| row.point)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_action_is_legal_at_its_default_point_or_nowhere_on_the_surface() {
        for surface in TargetSurface::ALL {
            for kind in ActionKind::ALL {
                let possible = points_of(surface)
                    .any(|point| legal_actions(surface, point).is_some_and(|actions| actions.contains(&kind)));
                let by_default =
                    legal_actions(surface, kind.default_point(surface)).is_some_and(|actions| actions.contains(&kind));
                assert_eq!(possible, by_default, "{surface:?} {kind:?}");
            }
        }
    }
}
