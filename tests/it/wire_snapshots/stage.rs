//! A world of one profile with repository `app`, somebody who may do everything there, and a gallery to fill.

use ecr_fixture::config::ServeArgs;
use ecr_fixture::proto::{AuthMode, CreateWorldRequest, ListenMode, RegistryProfile};

use super::gallery::Gallery;
use super::signed::password;
use crate::harness::{Caller, START_SECONDS, TestServer, TestWorld, timestamp};

/// Both profiles.
pub(super) const PROFILES: [RegistryProfile; 2] = [RegistryProfile::Ecr, RegistryProfile::Oci];

/// What one family is provoked on.
pub(super) struct Stage {
    pub(super) server: TestServer,
    pub(super) world: TestWorld,
    /// The root of the world's first account, logged in.
    pub(super) home: Caller,
    pub(super) gallery: Gallery,
}

impl Stage {
    /// A world that starts at [`START_SECONDS`] and stands still.
    pub(super) async fn of(family: &'static str, profile: RegistryProfile) -> Self {
        Self::with(family, profile, AuthMode::Claimed, |_| {}).await
    }

    /// The same in a daemon with options, and with another way to check who calls.
    pub(super) async fn with(
        family: &'static str,
        profile: RegistryProfile,
        auth: AuthMode,
        options: impl FnOnce(&mut ServeArgs),
    ) -> Self {
        let server = TestServer::with(options).await;
        let world = server.world_of(request(profile, auth)).await;
        world.seed(r#"{"repository": {"name": "app"}}"#).await;
        let home = logged_in(&world, 0).await;
        let gallery = Gallery::new(family, world.address(), profile);
        Self { server, world, home, gallery }
    }

    /// Whether the profile is ECR's.
    pub(super) fn is_ecr(&self) -> bool {
        self.gallery.profile == RegistryProfile::Ecr
    }
}

/// A world with a port of its own, of two accounts and two regions.
fn request(profile: RegistryProfile, auth: AuthMode) -> CreateWorldRequest {
    CreateWorldRequest {
        profile: profile.into(),
        auth: auth.into(),
        listen: ListenMode::Dedicated.into(),
        now: Some(timestamp(START_SECONDS)),
        seed: Some(7),
        accounts: vec!["123456789012".to_owned(), "222222222222".to_owned()],
        regions: vec!["us-east-1".to_owned(), "eu-west-1".to_owned()],
        ..CreateWorldRequest::default()
    }
}

/// The root of the n-th account in the first region, logged in with a signature that holds.
pub(super) async fn logged_in(world: &TestWorld, account: usize) -> Caller {
    let key = &world.connection().credentials[account];
    let password = password(world.address(), &key.access_key_id, &key.secret_access_key).await;
    Caller::new(world.address(), &key.access_key_id, "us-east-1").with_password(&password)
}
