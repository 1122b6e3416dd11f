//! The control plane: tonic services over worlds. Thin: messages in, one call of the domain, messages out.
//!
//! Generated types stop here; `convert` is the only code between them and the domain.

mod asserts;
mod clock;
pub mod convert;
pub(crate) mod errors;
mod faults;
mod finish;
mod grant;
mod journal;
mod lazy;
pub(crate) mod names;
mod server;
mod state;
mod tasks;
mod worlds;

use std::sync::Arc;

use futures_util::StreamExt as _;
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::Server;

use self::lazy::Lazy;
use crate::daemon::Daemon;
use crate::proto;

pub(crate) use state::apply_documents;
pub(crate) use worlds::default_region;

/// Name of the package of the contract.
pub const API: &str = "ecrfixture.control.v1";

/// Implements every service.
#[derive(Clone, Debug)]
struct Control {
    daemon: Arc<Daemon>,
}

/// Serves the control plane until the daemon stops. Every service but health and reflection needs a token.
pub(crate) async fn serve(daemon: Arc<Daemon>, listener: TcpListener) {
    let control = Control { daemon: Arc::clone(&daemon) };
    let guard = {
        let daemon = Arc::clone(&daemon);
        move |request: tonic::Request<()>| grant::authorize(&daemon, request)
    };
    macro_rules! guarded {
        ($module:ident, $server:ident) => {
            InterceptedService::new(proto::$module::$server::new(control.clone()), guard.clone())
        };
    }
    let (health_reporter, health) = tonic_health::server::health_reporter();
    health_reporter.set_service_status("", tonic_health::ServingStatus::Serving).await;
    let reflection_v1 = Lazy::new(|| reflection().build_v1().expect("the embedded descriptors are sound"));
    let reflection_v1alpha = Lazy::new(|| reflection().build_v1alpha().expect("the embedded descriptors are sound"));
    let stop = daemon.tasks.stop().clone();
    // The server's own switch for this does not reach connections that come from outside of it. Failure leaves a
    // connection slower, not wrong.
    let connections = TcpListenerStream::new(listener).inspect(|accepted| {
        if let Ok(stream) = accepted {
            let _ = stream.set_nodelay(true);
        }
    });
    let served = Server::builder()
        .add_service(health)
        .add_service(reflection_v1)
        .add_service(reflection_v1alpha)
        .add_service(guarded!(worlds_service_server, WorldsServiceServer))
        .add_service(guarded!(clock_service_server, ClockServiceServer))
        .add_service(guarded!(state_service_server, StateServiceServer))
        .add_service(guarded!(faults_service_server, FaultsServiceServer))
        .add_service(guarded!(tasks_service_server, TasksServiceServer))
        .add_service(guarded!(journal_service_server, JournalServiceServer))
        .add_service(guarded!(asserts_service_server, AssertsServiceServer))
        .add_service(guarded!(server_service_server, ServerServiceServer))
        .serve_with_incoming_shutdown(connections, stop.cancelled_owned())
        .await;
    if let Err(error) = served {
        tracing::error!(%error, "the control plane ended");
    }
}

fn reflection() -> tonic_reflection::server::Builder<'static> {
    tonic_reflection::server::Builder::configure().register_encoded_file_descriptor_set(proto::DESCRIPTORS)
}
