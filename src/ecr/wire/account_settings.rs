//! `GetAccountSetting`, `PutAccountSetting`.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::{Addressed, WireRequest};
use crate::ecr::answer::Links;
use crate::ecr::constraints::{Dialect, Text};
use crate::ecr::operation::{ReadOperation, WireOperation, WriteOperation};
use crate::ecr::protocol::write_body;
use crate::registry::ops::{get_account_setting, put_account_setting};
use crate::registry::types::RegistryKey;
use crate::registry::{Context, Registry};
use crate::wire_errors::Failure;

static NAME: Text = Text::new(Dialect::Smithy).length(1, 64);

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct GetAccountSettingRequest {
    name: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PutAccountSettingRequest {
    name: Option<String>,
    value: Option<String>,
}

impl WireRequest for GetAccountSettingRequest {
    type Input = get_account_setting::Input;

    fn into_input(self) -> Result<Addressed<Self::Input>, Failure> {
        let name = NAME.required("name", self.name)?;
        Ok(Addressed { registry_id: None, input: get_account_setting::Input { name: name.parse()? } })
    }
}

impl WireRequest for PutAccountSettingRequest {
    type Input = put_account_setting::Input;

    fn into_input(self) -> Result<Addressed<Self::Input>, Failure> {
        let name = NAME.required("name", self.name)?;
        let value = Dialect::Smithy.required("value", self.value)?;
        Ok(Addressed { registry_id: None, input: put_account_setting::Input { name: name.parse()?, value } })
    }
}

impl WireOperation for GetAccountSettingRequest {
    type Output = get_account_setting::Output;

    fn render(output: &Self::Output, _: &RegistryKey, _: &dyn Links) -> Bytes {
        write_body(&AccountSettingReply { name: output.name.as_str(), value: output.value })
    }
}

impl ReadOperation for GetAccountSettingRequest {
    fn apply(registry: &Registry, input: Self::Input) -> Result<Self::Output, Failure> {
        Ok(get_account_setting::apply(registry, input))
    }
}

impl WireOperation for PutAccountSettingRequest {
    type Output = put_account_setting::Output;

    fn render(output: &Self::Output, _: &RegistryKey, _: &dyn Links) -> Bytes {
        write_body(&AccountSettingReply { name: output.name.as_str(), value: output.value })
    }
}

impl WriteOperation for PutAccountSettingRequest {
    fn apply(registry: &mut Registry, cx: &mut Context<'_>, input: Self::Input) -> Result<Self::Output, Failure> {
        Ok(put_account_setting::apply(registry, cx, &input)?)
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct AccountSettingReply {
    name: &'static str,
    value: &'static str,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::ecr::testing::Bench;

    #[test]
    fn c_180_settings_have_their_own_defaults_and_are_echoed() {
        let mut bench = Bench::new();
        for (name, default) in
            [("BASIC_SCAN_TYPE_VERSION", "AWS_NATIVE"), ("REGISTRY_POLICY_SCOPE", "V2"), ("BLOB_MOUNTING", "DISABLED")]
        {
            let setting = json!({"name": name, "value": default});
            assert_eq!(bench.ok("GetAccountSetting", &json!({"name": name}).to_string()), setting);
            for _ in 0..2 {
                assert_eq!(bench.ok("PutAccountSetting", &setting.to_string()), setting);
            }
        }
        let enabled = json!({"name": "BLOB_MOUNTING", "value": "ENABLED"});
        assert_eq!(bench.ok("PutAccountSetting", &enabled.to_string()), enabled);
        assert_eq!(bench.ok("GetAccountSetting", r#"{"name":"BLOB_MOUNTING"}"#), enabled);
    }

    #[test]
    fn c_180_names_have_bounds_and_values_must_be_there() {
        let mut bench = Bench::new();
        let mut refused = |operation: &str, body: &str, member: &str, constraint: &str| {
            let text = format!("Invalid parameter at '{member}' failed to satisfy constraint: '{constraint}'");
            assert_eq!(bench.refused(operation, body), ("InvalidParameterException".to_owned(), text));
        };
        for operation in ["GetAccountSetting", "PutAccountSetting"] {
            refused(operation, "{}", "name", "Member must not be null");
            refused(operation, r#"{"name":""}"#, "name", "Member must have length greater than or equal to 1");
            let long = json!({"name": "X".repeat(65)}).to_string();
            refused(operation, &long, "name", "Member must have length less than or equal to 64");
        }
        refused("PutAccountSetting", r#"{"name":"COLOUR"}"#, "value", "Member must not be null");
    }

    #[test]
    fn unconfirmed_c_180_unknown_names_and_values_are_told_what_there_is() {
        let mut bench = Bench::new();
        let mut refused = |operation: &str, body: &str, text: &str| {
            assert_eq!(bench.refused(operation, body), ("ValidationException".to_owned(), text.to_owned()));
        };
        let names = "The account setting name 'COLOUR' is not valid. Valid names are [BASIC_SCAN_TYPE_VERSION, \
                     BLOB_MOUNTING, REGISTRY_POLICY_SCOPE].";
        refused("GetAccountSetting", r#"{"name":"COLOUR"}"#, names);
        refused("PutAccountSetting", r#"{"name":"COLOUR","value":"RED"}"#, names);
        refused(
            "PutAccountSetting",
            r#"{"name":"BLOB_MOUNTING","value":"on"}"#,
            "The value 'on' is not valid for the account setting 'BLOB_MOUNTING'. Valid values are [ENABLED, DISABLED].",
        );
        refused(
            "PutAccountSetting",
            r#"{"name":"REGISTRY_POLICY_SCOPE","value":"V1"}"#,
            "The value 'V1' is not valid for the account setting 'REGISTRY_POLICY_SCOPE'. Valid values are [V2].",
        );
    }
}
