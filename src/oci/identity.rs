//! Who calls the registry surface: the principal of a token that GetAuthorizationToken gave out, or anybody where the
//! world's profile asks for no login.

use std::sync::Arc;

use super::profile::{Logins, Profile};
use crate::auth::basic::BasicCredentials;
use crate::http::Arrival;
use crate::registry::Caller;
use crate::registry::types::{AccountId, Region, RegistryKey, Timestamp};
use crate::wire_errors::{Failure, TokenExpired, Unauthorized};
use crate::worlds::address::Addressed;
use crate::worlds::{AuthMode, Live, PasswordAddress, SurfaceSettings, Token};

/// User name of every registry login.
const USER: &str = "AWS";

/// A login as it came.
#[derive(Debug, Default)]
pub(super) struct Login {
    /// Whether there was an `Authorization` header at all.
    pub(super) any: bool,
    /// Where its password leads, if it has the form of one of ours and the user is `AWS`.
    pub(super) password: Option<PasswordAddress>,
}

impl Login {
    /// Reads the `Authorization` header of a request.
    pub(super) fn read(arrival: &Arrival) -> Self {
        let header = arrival.header(http::header::AUTHORIZATION);
        let password = header.and_then(|header| arrival.connection.login(header, password));
        Self { any: header.is_some(), password }
    }
}

fn password(header: &str) -> Option<PasswordAddress> {
    let credentials = BasicCredentials::parse(header).filter(|credentials| credentials.user == USER)?;
    PasswordAddress::read(&credentials.password)
}

/// A caller and the registry that it calls.
#[derive(Clone, Debug)]
pub(super) struct Identity {
    /// The principal.
    pub(super) caller: Caller,
    /// The registry: the host name's if it names one, else the token's.
    pub(super) registry: RegistryKey,
}

/// What a world says to a login, learned in one look.
#[derive(Debug)]
pub(super) struct Standing {
    /// How its registry surface behaves.
    pub(super) profile: &'static Profile,
    /// What it offers beside that.
    pub(super) surface: SurfaceSettings,
    auth: AuthMode,
    token: Option<Token>,
    now: Timestamp,
    default_region: Region,
}

impl Standing {
    /// Asks the world of a call.
    pub(super) fn read(addressed: &Addressed, login: &Login) -> Self {
        let world = &addressed.world;
        let password = login.password.as_ref().filter(|password| {
            password.incarnation == world.identity().incarnation && world.identity().key.minted(password)
        });
        world.write(|live| Self {
            profile: Profile::of(live.state.profile),
            surface: live.state.surface,
            auth: live.state.auth,
            token: password.and_then(|password| live.state.tokens.find(password.number).cloned()),
            now: live.now(),
            default_region: live.state.default_region().clone(),
        })
    }

    /// Who calls. Without a good login, where the world does not insist on one, it is the default account.
    pub(super) fn identify(self, addressed: &Addressed) -> Result<Identity, Failure> {
        let is_open = self.profile.logins == Logins::WhereVerified && !self.auth.verifies();
        match self.by_token(addressed) {
            Err(_) if is_open => Ok(self.anonymous(addressed)),
            identified => identified,
        }
    }

    fn by_token(&self, addressed: &Addressed) -> Result<Identity, Failure> {
        let token = self.token.as_ref().ok_or(Unauthorized)?;
        if token.expires <= self.now {
            return Err(TokenExpired.into());
        }
        // A token is good in the region that issued it, as in ECR.
        if addressed.region.as_ref().is_some_and(|region| *region != token.region) {
            return Err(Unauthorized.into());
        }
        let account: AccountId = addressed.account.unwrap_or(token.account);
        let region: Region = token.region.clone();
        Ok(Identity {
            caller: Caller { account: token.account, arn: Arc::clone(&token.principal) },
            registry: RegistryKey { account, region },
        })
    }

    fn anonymous(self, addressed: &Addressed) -> Identity {
        let account = addressed.account.unwrap_or_else(|| addressed.world.identity().default_account());
        let region = addressed.region.clone().unwrap_or(self.default_region);
        let registry = RegistryKey { account, region };
        Identity { caller: Live::root_caller(&registry, account), registry }
    }
}
