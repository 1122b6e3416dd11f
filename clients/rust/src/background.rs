//! The runtime of this crate's own: two threads that live as long as the process.
//!
//! Every `#[tokio::test]` is a runtime of its own that ends with the test, and a connection dies with the runtime that
//! made it. So whatever touches a socket runs here, and callers await it from whichever runtime they are on.

use std::future::Future;
use std::sync::OnceLock;

use tokio::runtime::{Builder, Handle, Runtime};
use tokio::task::{AbortHandle, JoinHandle};

use crate::errors::{Error, Result};

static RUNTIME: OnceLock<Result<Runtime, String>> = OnceLock::new();

/// The runtime's handle.
pub(crate) fn handle() -> Result<Handle> {
    let runtime = RUNTIME.get_or_init(|| {
        let mut builder = Builder::new_multi_thread();
        builder.worker_threads(2).thread_name("ecr-fixture-client").enable_all();
        builder.build().map_err(|error| error.to_string())
    });
    match runtime {
        Ok(runtime) => Ok(runtime.handle().clone()),
        Err(error) => Err(Error::Unavailable { message: format!("cannot start the client's threads: {error}") }),
    }
}

/// Runs a future on the runtime and waits for it. It is aborted when the caller stops waiting.
pub(crate) async fn run<T: Send + 'static>(future: impl Future<Output = Result<T>> + Send + 'static) -> Result<T> {
    joined(handle()?.spawn(future)).await
}

/// Runs blocking work beside the runtime and waits for it.
pub(crate) async fn run_blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    joined(handle()?.spawn_blocking(work)).await
}

async fn joined<T>(task: JoinHandle<Result<T>>) -> Result<T> {
    let _aborted_on_drop = AbortOnDrop(task.abort_handle());
    match task.await {
        Ok(outcome) => outcome,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(error) => Err(Error::Unavailable { message: format!("the client's threads have ended: {error}") }),
        },
    }
}

/// Ends a task when it is dropped.
pub(crate) struct AbortOnDrop(pub(crate) AbortHandle);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}
