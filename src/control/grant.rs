//! Who may do what on the control plane: the daemon's token everything, a world's token that world.

use std::sync::Arc;

use tonic::{Request, Status};

use super::errors::ControlError;
use crate::daemon::Daemon;
use crate::worlds::{World, control_token_incarnation};

/// What a call's token is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Grant {
    /// Everything.
    Daemon,
    /// The world of this incarnation.
    World(u64),
}

/// Reads the bearer token of a call and notes what it is good for.
pub(super) fn authorize(daemon: &Daemon, mut request: Request<()>) -> Result<Request<()>, Status> {
    let grant = grant(daemon, &request).ok_or(ControlError::Unauthenticated)?;
    request.extensions_mut().insert(grant);
    Ok(request)
}

fn grant(daemon: &Daemon, request: &Request<()>) -> Option<Grant> {
    let header = request.metadata().get("authorization").and_then(|value| value.to_str().ok());
    let token = header.and_then(|header| header.strip_prefix("Bearer ").or_else(|| header.strip_prefix("bearer ")));
    match (&daemon.token, token) {
        (Some(expected), Some(token)) if constant_time_equal(expected.as_bytes(), token.as_bytes()) => {
            Some(Grant::Daemon)
        }
        (_, Some(token)) if control_token_incarnation(token).is_some() => {
            let incarnation = control_token_incarnation(token)?;
            let world = daemon.directory.by_incarnation(incarnation)?;
            let expected = world.identity().key.control_token(incarnation);
            constant_time_equal(expected.as_bytes(), token.as_bytes()).then_some(Grant::World(incarnation))
        }
        (None, _) => Some(Grant::Daemon),
        (Some(_), _) => None,
    }
}

/// Compares without telling by its time where two texts differ.
fn constant_time_equal(left: &[u8], right: &[u8]) -> bool {
    left.len() == right.len() && left.iter().zip(right).fold(0, |differing, (a, b)| differing | (a ^ b)) == 0
}

impl Grant {
    /// The grant of a call; [`authorize`] has set it.
    pub(super) fn of<T>(request: &Request<T>) -> Result<Self, ControlError> {
        request.extensions().get::<Self>().copied().ok_or(ControlError::Unauthenticated)
    }

    /// The named world, if the grant is good for it. Renews its lease.
    pub(super) fn world(self, daemon: &Daemon, name: &str) -> Result<Arc<World>, ControlError> {
        let world = daemon.directory.by_name(name)?;
        match self {
            Self::World(incarnation) if incarnation != world.identity().incarnation => Err(ControlError::Forbidden),
            Self::World(_) | Self::Daemon => {
                world.touch();
                Ok(world)
            }
        }
    }

    /// Refuses a world's token.
    pub(super) fn daemon_only(self) -> Result<(), ControlError> {
        match self {
            Self::Daemon => Ok(()),
            Self::World(_) => Err(ControlError::Forbidden),
        }
    }
}
