//! The demo's client of the control plane: generated stubs and a bearer token.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context as _;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status};

use crate::proto;

/// Puts the token on each call.
#[derive(Clone)]
pub(super) struct Bearer(Option<MetadataValue<Ascii>>);

impl tonic::service::Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(token) = &self.0 {
            request.metadata_mut().insert("authorization", token.clone());
        }
        Ok(request)
    }
}

type Guarded = InterceptedService<Channel, Bearer>;

/// A control plane.
pub(super) struct ControlPlane {
    pub(super) worlds: proto::worlds_service_client::WorldsServiceClient<Guarded>,
    pub(super) state: proto::state_service_client::StateServiceClient<Guarded>,
    pub(super) faults: proto::faults_service_client::FaultsServiceClient<Guarded>,
    pub(super) clock: proto::clock_service_client::ClockServiceClient<Guarded>,
    pub(super) journal: proto::journal_service_client::JournalServiceClient<Guarded>,
    pub(super) asserts: proto::asserts_service_client::AssertsServiceClient<Guarded>,
}

impl ControlPlane {
    pub(super) async fn connect(address: SocketAddr, token: Option<String>) -> anyhow::Result<Self> {
        let channel = Endpoint::from_shared(format!("http://{address}"))?
            .connect_timeout(Duration::from_secs(5))
            .connect()
            .await
            .context("the control plane does not answer")?;
        let token = token.map(|token| format!("Bearer {token}").parse()).transpose()?;
        let bearer = Bearer(token);
        let guarded = || InterceptedService::new(channel.clone(), bearer.clone());
        Ok(Self {
            worlds: proto::worlds_service_client::WorldsServiceClient::new(guarded()),
            state: proto::state_service_client::StateServiceClient::new(guarded()),
            faults: proto::faults_service_client::FaultsServiceClient::new(guarded()),
            clock: proto::clock_service_client::ClockServiceClient::new(guarded()),
            journal: proto::journal_service_client::JournalServiceClient::new(guarded()),
            asserts: proto::asserts_service_client::AssertsServiceClient::new(guarded()),
        })
    }
}
