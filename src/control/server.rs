//! ServerService.

use tonic::{Request, Response, Status, async_trait};

use super::convert::journal::call_to_proto;
use super::grant::Grant;
use super::{API, Control};
use crate::journal::{Arrival, Journal};
use crate::operations::Operation;
use crate::proto;
use crate::registry::types::Timestamp;
use crate::tls::Tls;
use crate::worlds::Stray;

#[async_trait]
impl proto::server_service_server::ServerService for Control {
    async fn get_info(
        &self,
        _request: Request<proto::GetInfoRequest>,
    ) -> Result<Response<proto::GetInfoResponse>, Status> {
        Ok(Response::new(proto::GetInfoResponse {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            api: API.to_owned(),
            data: self.daemon.shared_address().endpoint,
            control: self.daemon.control.to_string(),
            operations: Operation::ALL.iter().map(|operation| operation.name().to_owned()).collect(),
            // Every operation of the model that we know is here.
            missing_operations: Vec::new(),
            tls_ca_pem: self.daemon.tls.as_ref().and_then(Tls::authority_pem).unwrap_or_default().to_owned(),
        }))
    }

    async fn list_strays(
        &self,
        request: Request<proto::ListStraysRequest>,
    ) -> Result<Response<proto::ListStraysResponse>, Status> {
        Grant::of(&request)?.daemon_only()?;
        let strays = self.daemon.directory.strays_since(0).into_iter().map(stray_to_proto).collect();
        Ok(Response::new(proto::ListStraysResponse { strays }))
    }

    async fn shutdown(
        &self,
        request: Request<proto::ShutdownRequest>,
    ) -> Result<Response<proto::ShutdownResponse>, Status> {
        Grant::of(&request)?.daemon_only()?;
        self.daemon.tasks.stop().cancel();
        Ok(Response::new(proto::ShutdownResponse {}))
    }
}

/// A stray as a record of no world: its number is that among strays.
fn stray_to_proto(stray: Stray) -> proto::Stray {
    let mut arrival = Arrival::new(stray.call.facts, Timestamp::EPOCH, stray.call.real_micros, 0);
    arrival.request_line = stray.call.request_line;
    let mut journal = Journal::empty();
    let number = journal.append(arrival);
    let call = journal.record(number).map(|record| {
        let mut call = call_to_proto("strays", record);
        call.number = stray.number;
        call.name = format!("strays/{}", stray.number);
        call
    });
    proto::Stray { call, reason: stray.reason }
}
