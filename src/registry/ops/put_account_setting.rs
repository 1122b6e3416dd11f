//! `PutAccountSetting`: gives a setting a value.
//!
//! Source: <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_PutAccountSetting.html>

use crate::registry::account_settings::AccountSetting;
use crate::registry::context::Context;
use crate::registry::errors::InvalidAccountSetting;
use crate::registry::state::Registry;

/// The setting to be.
#[derive(Clone, Debug)]
pub struct Input {
    /// Its name.
    pub name: AccountSetting,
    /// Its value.
    pub value: String,
}

/// The setting that is now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Output {
    /// Its name.
    pub name: AccountSetting,
    /// Its value.
    pub value: &'static str,
}

/// Sets it. The error: it cannot have this value.
pub fn apply(registry: &mut Registry, _cx: &mut Context<'_>, input: &Input) -> Result<Output, InvalidAccountSetting> {
    registry.account_settings.set(input.name, &input.value)?;
    Ok(Output { name: input.name, value: registry.account_settings.value(input.name) })
}
