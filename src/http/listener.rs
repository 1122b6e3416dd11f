//! Accepting connections of the registry surface and serving HTTP on each: HTTP/1.1, and HTTP/2 where TLS agrees on it.

use std::sync::Arc;
use std::time::Duration;

use http::Version;
use hyper::rt::Executor;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use super::bounds::{LINGERING_AT_MOST, turn_away};
use super::pace::{PacedCall, keep_pace};
use super::pipeline;
use super::socket::{Socket, pause};
use super::transport::{Protocol, Transport};
use super::voice::Voice;
use crate::config::{Bounds, LARGEST_HEAD_BYTES};
use crate::daemon::{Daemon, Load, TaskSet};
use crate::worlds::{World, WorldId};

/// Headers that the HTTP library takes by itself; asked for another number, it allocates for each head.
const LIBRARY_HEADERS: usize = 100;
/// Calls that one connection of HTTP/2 has under way at a time; a further one waits at the client.
const STREAMS: u32 = 256;
/// How often a peer that is silent on HTTP/2 is asked whether it is there.
const PING_INTERVAL: Duration = Duration::from_secs(30);
/// Time that it has to say so.
const PING_LIMIT: Duration = Duration::from_secs(20);
/// Rest after a connection that could not be accepted, since the reason mostly lasts.
const REST: Duration = Duration::from_millis(50);

/// Serves the daemon's own registry port until the daemon stops.
pub async fn serve_shared(daemon: Arc<Daemon>, listener: TcpListener) {
    let stop = daemon.tasks.stop().clone();
    serve(daemon, listener, None, stop).await;
}

/// Serves the port of one world until the world ends or the daemon stops.
pub async fn serve_world(daemon: Arc<Daemon>, listener: TcpListener, world: Arc<World>) {
    let stop = CancellationToken::new();
    let serving = serve(Arc::clone(&daemon), listener, Some(world.id().clone()), stop.clone());
    let ending = async {
        tokio::select! {
            () = world.ended().cancelled() => {}
            () = daemon.tasks.stop().cancelled() => {}
        }
        stop.cancel();
    };
    tokio::join!(serving, ending);
}

async fn serve(daemon: Arc<Daemon>, listener: TcpListener, world: Option<WorldId>, stop: CancellationToken) {
    let lingering = Arc::new(Semaphore::new(LINGERING_AT_MOST));
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stop.cancelled() => return,
        };
        match accepted {
            Ok((stream, _)) => {
                let Ok(permit) = Arc::clone(&daemon.permits).try_acquire_owned() else {
                    turn_away(&daemon, stream, &lingering);
                    continue;
                };
                let daemon = Arc::clone(&daemon);
                let tasks = daemon.tasks.clone();
                let (world, stop) = (world.clone(), stop.clone());
                // The thread that serves it has to watch it, not the one that accepted it.
                match stream.into_std() {
                    Ok(stream) => tasks.serve(|load| async move {
                        match TcpStream::from_std(stream) {
                            Ok(stream) => serve_connection(daemon, stream, world, load, stop).await,
                            Err(error) => tracing::warn!(%error, "a connection could not be served"),
                        }
                        drop(permit);
                    }),
                    Err(error) => tracing::warn!(%error, "a connection could not be served"),
                }
            }
            Err(error) => {
                // Out of descriptors, or a peer that left already: neither ends the listener.
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::select! {
                    () = pause(REST) => {}
                    () = stop.cancelled() => return,
                }
            }
        }
    }
}

async fn serve_connection(
    daemon: Arc<Daemon>,
    stream: TcpStream,
    world: Option<WorldId>,
    load: Load,
    stop: CancellationToken,
) {
    let number = daemon.next_connection();
    let (socket, handle) = Socket::new(stream, number);
    let opened = tokio::select! {
        opened = Transport::open(&daemon, socket) => opened,
        () = stop.cancelled() => return,
    };
    let (transport, protocol) = match opened {
        Ok(opened) => opened,
        Err(error) => {
            tracing::debug!(connection = number, %error, "a connection ended before its first call");
            return;
        }
    };
    let service = service_fn(|request: http::Request<hyper::body::Incoming>| {
        if request.version() == Version::HTTP_2 {
            handle.share();
        }
        let (daemon, handle, world) = (Arc::clone(&daemon), Arc::clone(&handle), world.clone());
        let call = PacedCall::begin(&handle, &load);
        async move {
            let response = pipeline::handle(&daemon, &handle, world.as_ref(), request).await;
            response.map(|response| response.map(|body| body.counted_as(call)))
        }
    });
    if protocol == Protocol::Http2 {
        handle.share();
    }
    let http = http(protocol, daemon.tasks.clone(), &daemon.bounds);
    let connection = http.serve_connection(TokioIo::new(Voice::new(transport, &handle, &daemon.bounds)), service);
    tokio::pin!(connection);
    let ended = tokio::select! {
        ended = keep_pace(connection.as_mut(), &handle, &daemon.bounds) => Some(ended),
        () = stop.cancelled() => None,
    };
    if ended.is_none() {
        connection.as_mut().graceful_shutdown();
        // Whoever has not ended by then is cut off.
        let _ = tokio::time::timeout(daemon.bounds.stop_timeout, connection).await;
    } else if let Some(Some(Err(error))) = ended {
        tracing::debug!(connection = number, %error, "a connection ended early");
    }
}

/// How HTTP is spoken on a connection that begins with this protocol.
fn http(protocol: Protocol, tasks: TaskSet, bounds: &Bounds) -> Builder<Streams> {
    let builder = Builder::new(Streams(tasks));
    let mut builder = match protocol {
        Protocol::Http1 => builder.http1_only(),
        Protocol::Http2 => builder.http2_only(),
        Protocol::Either => builder,
    };
    // Times are kept by `pace`, the length of a head by `voice`.
    let mut http1 = builder.http1();
    http1.header_read_timeout(None).max_buf_size(LARGEST_HEAD_BYTES);
    if bounds.max_headers != LIBRARY_HEADERS {
        http1.max_headers(bounds.max_headers);
    }
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS)
        .max_header_list_size(u32::try_from(bounds.max_header_bytes).unwrap_or(u32::MAX))
        .keep_alive_interval(PING_INTERVAL)
        .keep_alive_timeout(PING_LIMIT);
    builder
}

/// Runs the streams of an HTTP/2 connection, each on the thread of the connection.
#[derive(Clone, Debug)]
struct Streams(TaskSet);

impl<F: Future<Output = ()> + Send + 'static> Executor<F> for Streams {
    fn execute(&self, stream: F) {
        self.0.spawn(stream);
    }
}
