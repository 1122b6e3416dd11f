//! Accepting connections of the registry surface and serving HTTP/1.1 on each.

use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use super::pipeline;
use super::socket::{Socket, pause};
use crate::daemon::{Daemon, Load};
use crate::worlds::{World, WorldId};

/// Connections that one listener serves at a time; a further one waits in the kernel's queue.
const CONNECTIONS: usize = 4_096;
/// Time that a client has for the head of a request, and that a connection may idle between requests.
const HEAD_LIMIT: Duration = Duration::from_mins(1);
/// Rest after a connection that could not be accepted, since the reason mostly lasts.
const REST: Duration = Duration::from_millis(50);
/// Time that connections have to end once the listener stops.
const DRAIN_LIMIT: Duration = Duration::from_secs(2);

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
    let permits = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let accepted = async {
            let permit = Arc::clone(&permits).acquire_owned().await.ok()?;
            Some((listener.accept().await, permit))
        };
        let (accepted, permit) = tokio::select! {
            accepted = accepted => match accepted {
                Some(accepted) => accepted,
                None => return,
            },
            () = stop.cancelled() => return,
        };
        match accepted {
            Ok((stream, _)) => {
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
    let service = service_fn(|request| {
        let (daemon, handle, world) = (Arc::clone(&daemon), Arc::clone(&handle), world.clone());
        let under_way = load.begin();
        async move {
            let response = pipeline::handle(&daemon, &handle, world.as_ref(), request).await;
            response.map(|response| response.map(|body| body.counted_as(under_way)))
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_LIMIT)
        .max_buf_size(512 * 1024)
        .serve_connection(TokioIo::new(socket), service);
    tokio::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => Some(ended),
        () = stop.cancelled() => None,
    };
    if ended.is_none() {
        connection.as_mut().graceful_shutdown();
        // Whoever has not ended by then is cut off.
        let _ = tokio::time::timeout(DRAIN_LIMIT, connection).await;
    } else if let Some(Err(error)) = ended {
        tracing::debug!(connection = number, %error, "a connection ended early");
    }
}
