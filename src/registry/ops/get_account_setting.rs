//! `GetAccountSetting`: the value of a setting, also of one that was never set.
//!
//! Source: <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_GetAccountSetting.html>

use crate::registry::account_settings::AccountSetting;
use crate::registry::state::Registry;

/// Which setting.
#[derive(Clone, Copy, Debug)]
pub struct Input {
    /// Its name.
    pub name: AccountSetting,
}

/// The setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Output {
    /// Its name.
    pub name: AccountSetting,
    /// Its value.
    pub value: &'static str,
}

/// Looks the setting up.
pub fn apply(registry: &Registry, input: Input) -> Output {
    Output { name: input.name, value: registry.account_settings().value(input.name) }
}
