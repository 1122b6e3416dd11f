//! The order in which a call is handled, outermost first. Connections, bounds and bodies lie below this, in `listener`.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt as _;
use http::header::CONNECTION;
use http::{HeaderValue, Request, Response};
use hyper::body::Incoming;

use super::arrival::Arrival;
use super::body::ReplyBody;
use super::bounds::refuse_target;
use super::call::{EndConnection, whole};
use super::socket::ConnectionHandle;
use crate::daemon::Daemon;
use crate::facts::{Facts, Surface};
use crate::wire_errors::{Failure, NoWorld, ServerFault, ecr_response, oci_response};
use crate::worlds::address::{self, Addressed, Hints, Refusal, Source};
use crate::worlds::{PasswordAddress, WorldId};
use crate::{ecr, oci, storage};

/// Handles one request of the registry surface.
pub(super) async fn handle(
    daemon: &Arc<Daemon>,
    connection: &Arc<ConnectionHandle>,
    listener: Option<&WorldId>,
    request: Request<Incoming>,
) -> Result<Response<ReplyBody>, EndConnection> {
    let mut arrival = Arrival::new(daemon, connection, listener, request);
    if let Some(refusal) = refuse_target(&arrival.parts.uri, &daemon.bounds) {
        arrival.drain();
        connection.pace.take_leave();
        return Ok(farewell(whole(refusal), connection));
    }
    // The protocol is known by the path alone, so that whatever goes wrong from here on is answered in its voice.
    let surface = surface_of(arrival.parts.uri.path());
    // A panic is a 500, which the journal has, too, if the call had come far enough to have a record.
    let handled = AssertUnwindSafe(async {
        match surface {
            Surface::Oci => oci::serve::serve(arrival).await,
            _ if arrival.parts.uri.path().starts_with(storage::PATH) => storage::serve(arrival).await,
            _ => ecr::serve::serve(arrival).await,
        }
    });
    match handled.catch_unwind().await {
        Ok(reply) => reply.map(|reply| farewell(reply, connection)),
        Err(panic) => {
            let message = panic_text(&*panic);
            tracing::error!(%message, "a call panicked");
            let failure = Failure::ServerFault(ServerFault("The fixture failed; its log says how.".to_owned()));
            Ok(render(&failure, surface, &daemon.shared_address().endpoint))
        }
    }
}

/// Says so on an answer that is the last of its connection.
fn farewell(mut reply: Response<ReplyBody>, connection: &ConnectionHandle) -> Response<ReplyBody> {
    if connection.pace.takes_leave() {
        reply.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    reply
}

/// `/v2` and below is the OCI surface; everything else is the AWS JSON API, and downloads by URL.
fn surface_of(path: &str) -> Surface {
    if path == "/v2" || path.starts_with("/v2/") { Surface::Oci } else { Surface::Ecr }
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no message".to_owned())
}

fn render(failure: &Failure, surface: Surface, endpoint: &str) -> Response<ReplyBody> {
    whole(match surface {
        Surface::Oci => oci_response(failure, endpoint),
        _ => ecr_response(failure, "00000000-0000-0000-0000-000000000000"),
    })
}

/// What a call's credential says of its world.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct CredentialHints<'a> {
    /// Access key id of a signed request.
    pub(crate) access_key: Option<&'a str>,
    /// Password of a registry login.
    pub(crate) password: Option<&'a PasswordAddress>,
    /// Whether there is any credential. Without one, a call to the OCI surface only gets its challenge: no stray.
    pub(crate) any: bool,
}

/// Finds the world of a call. Without one the call is refused, and remembered among the strays.
pub(crate) fn find_world(
    arrival: &mut Arrival,
    surface: Surface,
    facts: &Facts,
    credential: CredentialHints<'_>,
) -> Result<Addressed, Response<ReplyBody>> {
    let hints = Hints {
        listener: arrival.listener.as_ref(),
        host: arrival.host(),
        access_key: credential.access_key,
        password: credential.password,
        header: arrival.header("x-fixture-world"),
    };
    let directory = &arrival.daemon.directory;
    match address::find(directory, &hints) {
        Ok(addressed) => {
            let is_probe = surface == Surface::Oci && !credential.any;
            if addressed.source == Source::Default && !is_probe && directory.has_other_worlds() {
                let reason = "it named no world while others lived, so the default one took it".to_owned();
                directory.record_stray(arrival.record(facts.clone()), reason);
            }
            Ok(addressed)
        }
        Err(Refusal::Unaddressed) if surface == Surface::Oci && !credential.any => {
            // A client that has not logged in yet has to be told how; its next call carries the address.
            let failure = Failure::from(crate::wire_errors::Unauthorized);
            arrival.drain();
            Err(render(&failure, surface, &arrival.daemon.shared_address().endpoint))
        }
        Err(refusal) => {
            directory.record_stray(arrival.record(facts.clone()), refusal.to_string());
            let failure = Failure::from(NoWorld(refusal.to_string()));
            arrival.drain();
            Err(render(&failure, surface, &arrival.daemon.shared_address().endpoint))
        }
    }
}
