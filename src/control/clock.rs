//! ClockService.

use tonic::{Request, Response, Status, async_trait};

use super::Control;
use super::convert::time::{duration_from_proto, duration_to_proto, timestamp_from_proto, timestamp_to_proto};
use super::errors::ControlError;
use super::grant::Grant;
use crate::clock::{ClockMode, VirtualClock};
use crate::proto;
use crate::worlds::{Advanced, Live, Timer, World};

/// Timers that one Advance may fire unless the caller says otherwise.
pub(super) const EVENT_BUDGET: u32 = 10_000;
/// Answers of Advance that a world remembers for retries.
const ANSWERS_KEPT: usize = 256;
/// Real time for which it remembers them.
const ANSWERS_KEPT_MICROS: u64 = 600_000_000;

#[async_trait]
impl proto::clock_service_server::ClockService for Control {
    async fn get_clock(
        &self,
        request: Request<proto::GetClockRequest>,
    ) -> Result<Response<proto::GetClockResponse>, Status> {
        let world = Grant::of(&request)?.world(&self.daemon, &request.get_ref().world)?;
        let clock = world.write(|live| clock_to_proto(&live.state.clock));
        Ok(Response::new(proto::GetClockResponse { clock: Some(clock) }))
    }

    async fn update_clock(
        &self,
        request: Request<proto::UpdateClockRequest>,
    ) -> Result<Response<proto::UpdateClockResponse>, Status> {
        let world = Grant::of(&request)?.world(&self.daemon, &request.get_ref().world)?;
        let request = request.into_inner();
        let now = request.now.map(|now| timestamp_from_proto("now", now)).transpose()?;
        let mode = mode_from_proto(request.mode());
        let clock = world.write(|live| {
            // Read under the lock, like every time of the world.
            let real = self.daemon.real().now();
            if let Some(now) = now {
                live.advance(now, EVENT_BUDGET, real)?;
            }
            if let Some(mode) = mode {
                live.state.clock.change_mode(mode, real);
                live.commit_control();
            }
            Ok::<_, ControlError>(clock_to_proto(&live.state.clock))
        })?;
        Ok(Response::new(proto::UpdateClockResponse { clock: Some(clock) }))
    }

    async fn advance(
        &self,
        request: Request<proto::AdvanceRequest>,
    ) -> Result<Response<proto::AdvanceResponse>, Status> {
        let world = Grant::of(&request)?.world(&self.daemon, &request.get_ref().world)?;
        Ok(Response::new(self.advance_world(&world, request.get_ref())?))
    }

    async fn list_timers(
        &self,
        request: Request<proto::ListTimersRequest>,
    ) -> Result<Response<proto::ListTimersResponse>, Status> {
        let world = Grant::of(&request)?.world(&self.daemon, &request.get_ref().world)?;
        let timers = world
            .write(|live| live.state.timers.iter().map(|timer| timer_to_proto(live.owner(timer), timer)).collect());
        Ok(Response::new(proto::ListTimersResponse { timers }))
    }
}

impl Control {
    fn advance_world(
        &self,
        world: &World,
        request: &proto::AdvanceRequest,
    ) -> Result<proto::AdvanceResponse, ControlError> {
        use proto::advance_request::Target;
        let real_micros = self.daemon.real().elapsed_micros();
        let payload = fingerprint(request);
        let budget = request.event_budget.unwrap_or(EVENT_BUDGET);
        let target = request
            .target
            .as_ref()
            .ok_or_else(|| ControlError::invalid("target", "must be one of `to`, `by` and `next_event`"))?;
        let answer = world.write(|live| {
            if let Some(answer) = earlier_answer(live, request, payload, real_micros)? {
                return Ok((answer, clock_to_proto(&live.state.clock)));
            }
            let to = match target {
                Target::To(to) => timestamp_from_proto("to", *to)?,
                Target::By(by) => live.now().plus(duration_from_proto("by", *by)?),
                Target::NextEvent(true) => live.state.timers.next_due().unwrap_or(live.now()),
                Target::NextEvent(false) => return Err(ControlError::invalid("next_event", "must be true if given")),
            };
            let answer = live.advance(to, budget, self.daemon.real().now())?;
            if !request.request_id.is_empty() {
                live.advances.push_back((request.request_id.clone(), payload, real_micros, answer.clone()));
                while live.advances.len() > ANSWERS_KEPT {
                    live.advances.pop_front();
                }
            }
            Ok((answer, clock_to_proto(&live.state.clock)))
        })?;
        Ok(advanced_to_proto(answer.0, answer.1))
    }
}

/// The answer that an equal request with the same id was given.
fn earlier_answer(
    live: &Live,
    request: &proto::AdvanceRequest,
    payload: u64,
    real_micros: u64,
) -> Result<Option<Advanced>, ControlError> {
    let id = &request.request_id;
    let fresh = |given: u64| real_micros.saturating_sub(given) <= ANSWERS_KEPT_MICROS;
    let earlier = live.advances.iter().find(|(earlier, _, given, _)| !id.is_empty() && earlier == id && fresh(*given));
    match earlier {
        Some((_, other, _, _)) if *other != payload => Err(ControlError::RequestIdReused(id.clone())),
        Some((_, _, _, answer)) => Ok(Some(answer.clone())),
        None => Ok(None),
    }
}

fn fingerprint(request: &proto::AdvanceRequest) -> u64 {
    use std::hash::{DefaultHasher, Hasher as _};
    let mut hasher = DefaultHasher::new();
    hasher.write(&prost::Message::encode_to_vec(request));
    hasher.finish()
}

fn advanced_to_proto(advanced: Advanced, clock: proto::Clock) -> proto::AdvanceResponse {
    proto::AdvanceResponse {
        clock: Some(clock),
        fired: advanced.fired.into_iter().map(|(owner, timer)| timer_to_proto(owner, timer)).collect(),
        fired_count: advanced.fired_count,
        pending_count: u32::try_from(advanced.pending_count).unwrap_or(u32::MAX),
        settled: advanced.held.is_empty() && advanced.external.is_empty(),
        held: advanced.held,
        external: advanced.external,
    }
}

fn timer_to_proto(owner: String, timer: Timer) -> proto::Timer {
    proto::Timer { owner, timer_class: timer.class.as_str().to_owned(), due: Some(timestamp_to_proto(timer.due)) }
}

/// A clock as the control plane shows it.
pub(super) fn clock_to_proto(clock: &VirtualClock) -> proto::Clock {
    let mode = match clock.mode() {
        ClockMode::Flowing => proto::ClockMode::Flowing,
        ClockMode::Frozen => proto::ClockMode::Frozen,
    };
    proto::Clock {
        mode: mode.into(),
        now: Some(timestamp_to_proto(clock.now())),
        mutation_tick: Some(duration_to_proto(clock.mutation_tick())),
    }
}

/// A mode; absent if unspecified.
pub(super) fn mode_from_proto(mode: proto::ClockMode) -> Option<ClockMode> {
    match mode {
        proto::ClockMode::Unspecified => None,
        proto::ClockMode::Flowing => Some(ClockMode::Flowing),
        proto::ClockMode::Frozen => Some(ClockMode::Frozen),
    }
}
