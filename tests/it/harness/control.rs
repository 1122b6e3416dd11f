//! Clients of the control plane, with a bearer token, and how its refusals are read.

use std::net::SocketAddr;

use ecr_fixture::proto;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status};
use tonic_types::StatusExt as _;

/// Puts a token on each call.
#[derive(Clone, Debug)]
pub(crate) struct Bearer(Option<MetadataValue<Ascii>>);

impl tonic::service::Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(token) = &self.0 {
            request.metadata_mut().insert("authorization", token.clone());
        }
        Ok(request)
    }
}

type Guarded = InterceptedService<Channel, Bearer>;

/// One client for each service.
#[derive(Clone, Debug)]
pub(crate) struct Plane {
    pub(crate) worlds: proto::worlds_service_client::WorldsServiceClient<Guarded>,
    pub(crate) state: proto::state_service_client::StateServiceClient<Guarded>,
    pub(crate) faults: proto::faults_service_client::FaultsServiceClient<Guarded>,
    pub(crate) clock: proto::clock_service_client::ClockServiceClient<Guarded>,
    pub(crate) tasks: proto::tasks_service_client::TasksServiceClient<Guarded>,
    pub(crate) journal: proto::journal_service_client::JournalServiceClient<Guarded>,
    pub(crate) asserts: proto::asserts_service_client::AssertsServiceClient<Guarded>,
    pub(crate) server: proto::server_service_client::ServerServiceClient<Guarded>,
    /// The bare channel, for services that need no token.
    pub(crate) channel: Channel,
}

impl Plane {
    pub(crate) async fn connect(address: SocketAddr, token: Option<&str>) -> Self {
        let endpoint = Endpoint::from_shared(format!("http://{address}")).expect("an address is a URI");
        let channel = endpoint.connect().await.expect("the control plane accepts");
        Self::over(&channel, token)
    }

    /// The same connection with another token.
    pub(crate) fn with_token(&self, token: Option<&str>) -> Self {
        Self::over(&self.channel, token)
    }

    fn over(channel: &Channel, token: Option<&str>) -> Self {
        let bearer = Bearer(token.map(|token| format!("Bearer {token}").parse().expect("tokens are ASCII")));
        let guarded = || InterceptedService::new(channel.clone(), bearer.clone());
        Self {
            worlds: proto::worlds_service_client::WorldsServiceClient::new(guarded()),
            state: proto::state_service_client::StateServiceClient::new(guarded()),
            faults: proto::faults_service_client::FaultsServiceClient::new(guarded()),
            clock: proto::clock_service_client::ClockServiceClient::new(guarded()),
            tasks: proto::tasks_service_client::TasksServiceClient::new(guarded()),
            journal: proto::journal_service_client::JournalServiceClient::new(guarded()),
            asserts: proto::asserts_service_client::AssertsServiceClient::new(guarded()),
            server: proto::server_service_client::ServerServiceClient::new(guarded()),
            channel: channel.clone(),
        }
    }
}

/// Reason of the one ErrorInfo that every refusal carries.
pub(crate) fn reason(status: &Status) -> String {
    let info = status.get_details_error_info().unwrap_or_else(|| panic!("no ErrorInfo in {status:?}"));
    assert_eq!(info.domain, "ecr-fixture");
    info.reason
}

/// Path and description of each violation of a refusal's BadRequest.
pub(crate) fn field_violations(status: &Status) -> Vec<(String, String)> {
    let bad = status.get_details_bad_request().unwrap_or_else(|| panic!("no BadRequest in {status:?}"));
    bad.field_violations.into_iter().map(|violation| (violation.field, violation.description)).collect()
}
