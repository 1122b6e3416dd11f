//! The control plane's connection: plaintext HTTP/2, bearer token, ten seconds for each call. Never uses a proxy.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Response, Status};

use crate::background::{self, AbortOnDrop};
use crate::errors::{Error, Result};
use crate::proto;
use crate::refusals::refusal;

const LIMIT: Duration = Duration::from_secs(10);

/// What generated clients are made of.
pub(crate) type Service = InterceptedService<Channel, Bearer>;

/// One connection to the control plane. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Connection {
    service: Service,
    address: Arc<str>,
    token: Arc<str>,
}

/// Adds the token to every call.
#[derive(Clone)]
pub(crate) struct Bearer(Option<MetadataValue<Ascii>>);

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(value) = &self.0 {
            request.metadata_mut().insert("authorization", value.clone());
        }
        Ok(request)
    }
}

impl Connection {
    /// A connection to `host:port`; it is made by the first call.
    pub(crate) fn new(address: &str, token: &str) -> Result<Self> {
        let unusable = |what: &str| Error::Unavailable { message: format!("{what} cannot be used") };
        let endpoint = Endpoint::from_shared(format!("http://{address}"))
            .map_err(|_| unusable(&format!("the control address {address:?}")))?
            .connect_timeout(LIMIT);
        let bearer = match token {
            "" => None,
            token => Some(format!("Bearer {token}").parse().map_err(|_| unusable("the token"))?),
        };
        // The channel's task must live on the background runtime, not on that of the test that came first.
        let _on_the_background = background::handle()?.enter();
        Ok(Self {
            service: InterceptedService::new(endpoint.connect_lazy(), Bearer(bearer)),
            address: address.into(),
            token: token.into(),
        })
    }

    /// `host:port`.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// The bearer token; empty if there is none.
    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    /// Makes one call; `method` is its name for errors.
    pub(crate) async fn call<T, F>(&self, method: &'static str, ask: impl FnOnce(Service) -> F) -> Result<T>
    where
        T: Send + 'static,
        F: Future<Output = Result<Response<T>, Status>> + Send + 'static,
    {
        let answer = ask(self.service.clone());
        let address = Arc::clone(&self.address);
        background::run(async move { within_limit(method, &address, answer).await }).await
    }

    /// Attaches to a world and answers once it is held; it is let go when the answer is dropped.
    pub(crate) async fn hold(&self, world: &str) -> Result<AbortOnDrop> {
        let request = proto::AttachWorldRequest { world: world.to_owned() };
        let mut worlds = proto::worlds_service_client::WorldsServiceClient::new(self.service.clone());
        let address = Arc::clone(&self.address);
        background::run(async move {
            let method = "WorldsService/AttachWorld";
            let mut stream = within_limit(method, &address, async { worlds.attach_world(request).await }).await?;
            within_limit(method, &address, async { stream.message().await.map(Response::new) }).await?;
            let reading = background::handle()?.spawn(async move { while let Ok(Some(_)) = stream.message().await {} });
            Ok(AbortOnDrop(reading.abort_handle()))
        })
        .await
    }
}

async fn within_limit<T>(
    method: &str,
    address: &str,
    answer: impl Future<Output = Result<Response<T>, Status>>,
) -> Result<T> {
    match tokio::time::timeout(LIMIT, answer).await {
        Ok(Ok(response)) => Ok(response.into_inner()),
        Ok(Err(status)) => Err(refusal(&status, method, address)),
        Err(_) => Err(Error::Unavailable {
            message: format!("{method}: the daemon at {address} did not answer within {LIMIT:?}"),
        }),
    }
}
