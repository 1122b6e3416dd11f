//! Who calls the registry surface: the principal of a token that GetAuthorizationToken gave out.

use std::sync::Arc;

use crate::auth::basic::BasicCredentials;
use crate::http::Arrival;
use crate::registry::Caller;
use crate::registry::types::{AccountId, Region, RegistryKey};
use crate::wire_errors::{Failure, TokenExpired, Unauthorized};
use crate::worlds::PasswordAddress;
use crate::worlds::address::Addressed;

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

/// The identity behind a login, by the world's tokens and clock.
pub(super) fn identify(addressed: &Addressed, login: &Login) -> Result<Identity, Failure> {
    let world = &addressed.world;
    let password = login.password.as_ref().filter(|password| {
        password.incarnation == world.identity().incarnation && world.identity().key.minted(password)
    });
    let password = password.ok_or(Unauthorized)?;
    let (token, now) = world.write(|live| (live.state.tokens.find(password.number).cloned(), live.now()));
    let token = token.ok_or(Unauthorized)?;
    if token.expires <= now {
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
