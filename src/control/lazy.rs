//! A gRPC service that is made when it is first called. Few daemons are ever asked for their descriptors, and to read
//! them would be a good part of every daemon's start.

use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use tonic::server::NamedService;
use tower::Service;

/// A service and how to make it. Clones share what was made.
#[derive(Clone)]
pub(super) struct Lazy<S, F> {
    make: F,
    made: Arc<OnceLock<S>>,
}

impl<S, F: Fn() -> S> Lazy<S, F> {
    /// A service that `make` makes.
    pub(super) fn new(make: F) -> Self {
        Self { make, made: Arc::default() }
    }
}

impl<S: NamedService, F> NamedService for Lazy<S, F> {
    const NAME: &'static str = S::NAME;
}

impl<R, S: Service<R> + Clone, F: Fn() -> S> Service<R> for Lazy<S, F> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        // Generated services are always ready.
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: R) -> S::Future {
        self.made.get_or_init(&self.make).clone().call(request)
    }
}
