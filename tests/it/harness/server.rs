//! A daemon in the test's own process, on ports that the system chose. It ends with the test's runtime.

use std::net::SocketAddr;

use ecr_fixture::config::ServeArgs;
use ecr_fixture::proto::{CreateWorldRequest, ListenMode};
use ecr_fixture::server::{self, Running};

use super::control::Plane;
use super::world::{START_SECONDS, TestWorld, timestamp};

/// A running daemon.
#[derive(Debug)]
pub(crate) struct TestServer {
    pub(crate) running: Running,
    pub(crate) plane: Plane,
}

impl TestServer {
    pub(crate) async fn start() -> Self {
        Self::with(|_| {}).await
    }

    /// Starts a daemon with other options than none.
    pub(crate) async fn with(options: impl FnOnce(&mut ServeArgs)) -> Self {
        let mut args = ServeArgs::on_free_ports();
        options(&mut args);
        let running = server::start(&args).await.expect("a daemon starts on free ports");
        let daemon = running.daemon();
        let plane = Plane::connect(daemon.control, daemon.token.as_deref()).await;
        Self { running, plane }
    }

    /// Address of the registry surface.
    pub(crate) fn registry(&self) -> SocketAddr {
        self.running.daemon().listen
    }

    /// A world that starts frozen at [`START_SECONDS`], in two regions.
    pub(crate) async fn world(&self) -> TestWorld {
        self.world_of(world_request()).await
    }

    /// A world with a port of its own.
    pub(crate) async fn dedicated_world(&self) -> TestWorld {
        self.world_of(CreateWorldRequest { listen: ListenMode::Dedicated.into(), ..world_request() }).await
    }

    pub(crate) async fn world_of(&self, request: CreateWorldRequest) -> TestWorld {
        let created = self.plane.clone().worlds.create_world(request).await.expect("a world is created");
        TestWorld::new(self.plane.clone(), created.into_inner().world.expect("the world is answered"))
    }

    /// A frozen world with a repository of this name in its first region.
    pub(crate) async fn world_with(&self, repository: &str) -> TestWorld {
        let world = self.world().await;
        world.seed(&format!(r#"{{"repository": {{"name": "{repository}"}}}}"#)).await;
        world
    }
}

fn world_request() -> CreateWorldRequest {
    CreateWorldRequest {
        now: Some(timestamp(START_SECONDS)),
        seed: Some(7),
        regions: vec!["us-east-1".to_owned(), "eu-west-1".to_owned()],
        ..CreateWorldRequest::default()
    }
}
