//! FaultsService.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tonic::{Request, Response, Status, async_trait};

use super::Control;
use super::convert::faults::{apply_mode_from_proto, rule_status_to_proto, rules_from_proto};
use super::errors::ControlError;
use super::grant::Grant;
use super::names::OperationNames;
use crate::faults::Selection;
use crate::proto;

#[async_trait]
impl proto::faults_service_server::FaultsService for Control {
    async fn apply_rules(
        &self,
        request: Request<proto::ApplyRulesRequest>,
    ) -> Result<Response<proto::ApplyRulesResponse>, Status> {
        let world = Grant::of(&request)?.world(&self.daemon, &request.get_ref().world)?;
        let request = request.into_inner();
        // Parsed and compiled before the writer is entered.
        let rules = rules_from_proto(&request, &OperationNames).map_err(ControlError::from)?;
        let mode = apply_mode_from_proto(&request).map_err(|violation| ControlError::from(vec![violation]))?;
        let applied = world.write(|live| {
            // A trial is carried out on a copy, which costs two pointers.
            let mut set = live.state.rules.clone();
            let applied = set.apply(rules, mode, &live.state.decide_context());
            if applied.is_ok() && !request.validate_only {
                live.state.rules = set;
                live.commit_control();
            }
            applied
        });
        let applied = applied.map_err(|error| ControlError::Full(error.to_string()))?;
        Ok(Response::new(proto::ApplyRulesResponse {
            rules: applied.rules.iter().map(rule_status_to_proto).collect(),
            warnings: applied.warnings,
        }))
    }

    async fn list_rules(
        &self,
        request: Request<proto::ListRulesRequest>,
    ) -> Result<Response<proto::ListRulesResponse>, Status> {
        let world = Grant::of(&request)?.world(&self.daemon, &request.get_ref().world)?;
        let rules = world.write(|live| live.state.rules.list(&live.state.decide_context()));
        Ok(Response::new(proto::ListRulesResponse { rules: rules.iter().map(rule_status_to_proto).collect() }))
    }

    async fn delete_rules(
        &self,
        request: Request<proto::DeleteRulesRequest>,
    ) -> Result<Response<proto::DeleteRulesResponse>, Status> {
        let world = Grant::of(&request)?.world(&self.daemon, &request.get_ref().world)?;
        let request = request.into_inner();
        let deleted = world.write(|live| {
            let rules = &mut live.state.rules;
            let mut deleted = 0;
            if request.all {
                deleted += rules.delete(Selection::All);
            }
            if !request.names.is_empty() {
                deleted += rules.delete(Selection::Names(&request.names));
            }
            if !request.tag.is_empty() {
                deleted += rules.delete(Selection::Tag(&request.tag));
            }
            live.commit_control();
            deleted
        });
        Ok(Response::new(proto::DeleteRulesResponse { deleted }))
    }

    async fn open_gate(
        &self,
        request: Request<proto::OpenGateRequest>,
    ) -> Result<Response<proto::OpenGateResponse>, Status> {
        let world = Grant::of(&request)?.world(&self.daemon, &request.get_ref().world)?;
        let request = request.into_inner();
        if request.gate.is_empty() {
            return Err(ControlError::invalid("gate", "must not be empty").into());
        }
        let released = world.write(|live| live.open_gate(&request.gate, request.count));
        world.notify();
        Ok(Response::new(proto::OpenGateResponse { released: u32::try_from(released).unwrap_or(u32::MAX) }))
    }

    async fn list_gates(
        &self,
        request: Request<proto::ListGatesRequest>,
    ) -> Result<Response<proto::ListGatesResponse>, Status> {
        let world = Grant::of(&request)?.world(&self.daemon, &request.get_ref().world)?;
        let gates = world.write(|live| {
            let mut names: BTreeSet<Arc<str>> = live.state.rules.gates();
            names.extend(live.state.gates.keys().cloned());
            let mut waiters: BTreeMap<Arc<str>, Vec<String>> = BTreeMap::new();
            for (gate, waiter) in live.waiting.iter() {
                names.insert(Arc::clone(gate));
                waiters.entry(Arc::clone(gate)).or_default().push(waiter.name());
            }
            names
                .into_iter()
                .map(|name| proto::Gate {
                    open: live.state.gates.contains_key(&name),
                    waiters: waiters.remove(&name).unwrap_or_default(),
                    name: name.to_string(),
                })
                .collect()
        });
        Ok(Response::new(proto::ListGatesResponse { gates }))
    }
}
