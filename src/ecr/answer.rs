//! What came of a request, and its body.
//!
//! An answer holds handles to the model's values, so that it is made inside the world's writer for the price of a few
//! pointers and rendered outside.

use bytes::Bytes;

use super::operation::Reply;
use crate::registry::types::{Digest, RegistryKey, RepositoryName};

/// Addresses that answers name. Made by whoever knows where the caller reaches us.
pub trait Links {
    /// What stands before the slash and the repository's name in `repositoryUri`: a host, without scheme.
    fn registry_host(&self, registry: &RegistryKey) -> String;

    /// `proxyEndpoint`: URL of the registry, without a trailing slash.
    fn proxy_endpoint(&self, registry: &RegistryKey) -> String;

    /// URL from which a blob can be fetched for an hour without a login.
    fn download_url(&self, registry: &RegistryKey, repository: &RepositoryName, digest: &Digest) -> String;
}

/// What came of a request.
#[derive(Debug)]
pub struct Answer {
    registry: RegistryKey,
    reply: Box<dyn Reply>,
}

impl Answer {
    pub(super) fn new(registry: &RegistryKey, reply: impl Reply + 'static) -> Self {
        Self { registry: registry.clone(), reply: Box::new(reply) }
    }

    /// The body; of type [`super::protocol::CONTENT_TYPE`] and sent with status 200.
    pub fn render(&self, links: &dyn Links) -> Bytes {
        self.reply.render(&self.registry, links)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::ecr::testing::{Bench, FixedLinks, key};
    use crate::ecr::wire::authorization::{self, RegistryToken};
    use crate::ecr::wire::layers::{layer_answer, part_answer};
    use crate::registry::ops::{complete_layer_upload, upload_layer_part};
    use crate::registry::types::{Timestamp, UploadId};

    fn repository(name: &str) -> Value {
        json!({
            "repositoryArn": format!("arn:aws:ecr:us-east-1:123456789012:repository/{name}"),
            "registryId": "123456789012",
            "repositoryName": name,
            "repositoryUri": format!("123456789012.dkr.ecr.us-east-1.amazonaws.com/{name}"),
            "createdAt": 1_700_000_000.123,
            "imageTagMutability": "MUTABLE",
            "imageScanningConfiguration": {"scanOnPush": false},
            "encryptionConfiguration": {"encryptionType": "AES256"},
        })
    }

    #[test]
    fn c_108_a_repository_shows_all_its_settings() {
        let mut bench = Bench::new();
        let created = bench.ok("CreateRepository", r#"{"repositoryName":"team/app"}"#);
        assert_eq!(created, json!({"repository": repository("team/app")}));
        let filters = r#"[{"filterType":"WILDCARD","filter":"dev-*"}]"#;
        let body = format!(
            r#"{{"repositoryName":"team/kms","imageTagMutability":"IMMUTABLE_WITH_EXCLUSION","imageTagMutabilityExclusionFilters":{filters},"imageScanningConfiguration":{{"scanOnPush":true}},"encryptionConfiguration":{{"encryptionType":"KMS"}}}}"#
        );
        let created = bench.ok("CreateRepository", &body);
        let repository = &created["repository"];
        assert_eq!(repository["imageTagMutability"], "IMMUTABLE_WITH_EXCLUSION");
        assert_eq!(
            repository["imageTagMutabilityExclusionFilters"],
            json!([{"filterType": "WILDCARD", "filter": "dev-*"}])
        );
        assert_eq!(repository["imageScanningConfiguration"], json!({"scanOnPush": true}));
        assert_eq!(repository["encryptionConfiguration"]["encryptionType"], "KMS");
        let kms_key = repository["encryptionConfiguration"]["kmsKey"].as_str().unwrap();
        assert!(kms_key.starts_with("arn:aws:kms:us-east-1:123456789012:key/"), "{kms_key}");
    }

    #[test]
    fn repositories_are_described_page_by_page_and_deleted() {
        let mut bench = Bench::new();
        for name in ["ab", "cd", "ef"] {
            bench.ok("CreateRepository", &json!({"repositoryName": name}).to_string());
        }
        let first = bench.ok("DescribeRepositories", r#"{"maxResults":2}"#);
        assert_eq!(first["repositories"], json!([repository("ab"), repository("cd")]));
        let next_token = first["nextToken"].as_str().unwrap();
        let second = bench.ok("DescribeRepositories", &json!({"nextToken": next_token}).to_string());
        assert_eq!(second, json!({"repositories": [repository("ef")]}));
        let deleted = bench.ok("DeleteRepository", r#"{"repositoryName":"cd","force":true}"#);
        assert_eq!(deleted, json!({"repository": repository("cd")}));
        assert_eq!(
            bench.refused("DescribeRepositories", r#"{"repositoryNames":["ab","cd"]}"#).0,
            "RepositoryNotFoundException"
        );
    }

    #[test]
    fn c_102_a_repository_is_created_in_any_of_four_modes() {
        let filters = json!([{"filterType": "WILDCARD", "filter": "dev-*"}]);
        for (mode, takes_filters) in [
            ("MUTABLE", false),
            ("IMMUTABLE", false),
            ("MUTABLE_WITH_EXCLUSION", true),
            ("IMMUTABLE_WITH_EXCLUSION", true),
        ] {
            let mut bench = Bench::new();
            let bare = json!({"repositoryName": "ab", "imageTagMutability": mode});
            let mut filtered = bare.clone();
            filtered["imageTagMutabilityExclusionFilters"] = filters.clone();
            let (good, bad) = if takes_filters { (filtered, bare) } else { (bare, filtered) };
            assert_eq!(bench.refused("CreateRepository", &bad.to_string()).0, "InvalidParameterException", "{mode}");
            let created = bench.ok("CreateRepository", &good.to_string());
            assert_eq!(created["repository"]["imageTagMutability"], mode);
            let shown = created["repository"].get("imageTagMutabilityExclusionFilters");
            assert_eq!(shown, takes_filters.then_some(&filters), "{mode}");
        }
    }

    #[test]
    fn a_007_a_mode_is_answered_with_its_filters_and_only_then() {
        let mut bench = Bench::new();
        bench.ok("CreateRepository", r#"{"repositoryName":"ab"}"#);
        let plain = bench.ok("PutImageTagMutability", r#"{"repositoryName":"ab","imageTagMutability":"IMMUTABLE"}"#);
        assert_eq!(
            plain,
            json!({"registryId": "123456789012", "repositoryName": "ab", "imageTagMutability": "IMMUTABLE"})
        );
        let filters = json!([{"filterType": "WILDCARD", "filter": "v*"}]);
        let body = json!({
            "repositoryName": "ab",
            "imageTagMutability": "MUTABLE_WITH_EXCLUSION",
            "imageTagMutabilityExclusionFilters": filters,
        });
        let filtered = bench.ok("PutImageTagMutability", &body.to_string());
        assert_eq!(filtered["imageTagMutabilityExclusionFilters"], filters);
    }

    /// A repository `ab` with two blobs, and the text of an image of them.
    fn with_blobs() -> (Bench, String) {
        let mut bench = Bench::new();
        bench.ok("CreateRepository", r#"{"repositoryName":"ab"}"#);
        let (config, layer) = (bench.blob("ab", "{}").to_string(), bench.blob("ab", "layer").to_string());
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": config, "size": 2},
            "layers": [{"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", "digest": layer, "size": 5}],
        });
        (bench, format!("{manifest:#}"))
    }

    fn digest_of(text: &str) -> String {
        Digest::sha256_of(text.as_bytes()).to_string()
    }

    #[test]
    fn a_030_a_041_a_pushed_image_comes_back_byte_for_byte() {
        let (mut bench, manifest) = with_blobs();
        let image = |image_id: Value| {
            json!({
                "registryId": "123456789012",
                "repositoryName": "ab",
                "imageId": image_id,
                "imageManifest": manifest,
                "imageManifestMediaType": "application/vnd.oci.image.manifest.v1+json",
            })
        };
        let digest = digest_of(&manifest);
        let untagged = json!({"repositoryName": "ab", "imageManifest": manifest});
        assert_eq!(
            bench.ok("PutImage", &untagged.to_string()),
            json!({"image": image(json!({"imageDigest": digest}))})
        );
        let tagged = json!({"repositoryName": "ab", "imageManifest": manifest, "imageTag": "v1"});
        let tagged_id = json!({"imageDigest": digest, "imageTag": "v1"});
        assert_eq!(bench.ok("PutImage", &tagged.to_string()), json!({"image": image(tagged_id.clone())}));
        assert_eq!(bench.refused("PutImage", &tagged.to_string()).0, "ImageAlreadyExistsException");

        let pulled =
            bench.ok("BatchGetImage", r#"{"repositoryName":"ab","imageIds":[{"imageTag":"v1"},{"imageTag":"v2"},{}]}"#);
        let expect = json!({
            "images": [image(tagged_id)],
            "failures": [
                {
                    "imageId": {"imageTag": "v2"},
                    "failureCode": "ImageNotFound",
                    "failureReason": "Requested image not found",
                },
                {
                    "imageId": {},
                    "failureCode": "MissingDigestAndTag",
                    "failureReason": "Invalid request parameters: both tag and digest cannot be null",
                },
            ],
        });
        assert_eq!(pulled, expect);
    }

    #[test]
    fn a_034_a_036_a_107_a_143_a_144_a_145_a_147_a_149_a_154_an_image_is_described_with_what_there_is_to_tell() {
        let (mut bench, manifest) = with_blobs();
        let digest = digest_of(&manifest);
        bench.ok("PutImage", &json!({"repositoryName": "ab", "imageManifest": manifest}).to_string());
        let mut detail = json!({
            "registryId": "123456789012",
            "repositoryName": "ab",
            "imageDigest": digest,
            "imageSizeInBytes": 7,
            "imagePushedAt": 1_700_000_000.123,
            "imageManifestMediaType": "application/vnd.oci.image.manifest.v1+json",
            "artifactMediaType": "application/vnd.oci.image.config.v1+json",
            "imageStatus": "ACTIVE",
        });
        let describe = r#"{"repositoryName":"ab"}"#;
        assert_eq!(bench.ok("DescribeImages", describe), json!({"imageDetails": [detail]}));
        assert_eq!(bench.ok("ListImages", describe), json!({"imageIds": [{"imageDigest": digest}]}));

        let tagged = json!({"repositoryName": "ab", "imageManifest": manifest, "imageTag": "v1"});
        bench.ok("PutImage", &tagged.to_string());
        bench.ok("BatchGetImage", r#"{"repositoryName":"ab","imageIds":[{"imageTag":"v1"}]}"#);
        detail["imageTags"] = json!(["v1"]);
        detail["lastRecordedPullTime"] = json!(1_700_000_000.123);
        assert_eq!(
            bench.ok("DescribeImages", r#"{"repositoryName":"ab","imageIds":[{"imageTag":"v1"}]}"#),
            json!({"imageDetails": [detail]})
        );
        let entry = json!({"imageDigest": digest, "imageTag": "v1"});
        assert_eq!(bench.ok("ListImages", describe), json!({"imageIds": [entry]}));
        let delete = r#"{"repositoryName":"ab","imageIds":[{"imageTag":"v1"}]}"#;
        assert_eq!(bench.ok("BatchDeleteImage", delete), json!({"imageIds": [entry], "failures": []}));
        assert_eq!(bench.ok("ListImages", describe), json!({"imageIds": []}));
    }

    #[test]
    fn c_079_layers_are_available_unavailable_or_no_digests() {
        let (mut bench, manifest) = with_blobs();
        let (config, absent) = (digest_of("{}"), digest_of("absent"));
        let check = json!({"repositoryName": "ab", "layerDigests": [config, absent, "odd"]}).to_string();
        let failure = json!({
            "layerDigest": "odd",
            "failureCode": "InvalidLayerDigest",
            "failureReason": "Invalid request parameters: layer digest should satisfy the regex \
                              '[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+'",
        });
        let unavailable = json!({"layerDigest": absent, "layerAvailability": "UNAVAILABLE"});
        assert_eq!(
            bench.ok("BatchCheckLayerAvailability", &check),
            json!({
                "layers": [
                    {"layerDigest": config, "layerAvailability": "AVAILABLE", "layerSize": 2},
                    unavailable,
                ],
                "failures": [failure],
            })
        );
        let download = json!({"repositoryName": "ab", "layerDigest": config}).to_string();
        assert_eq!(bench.refused("GetDownloadUrlForLayer", &download).0, "LayerInaccessibleException");
        bench.ok("PutImage", &json!({"repositoryName": "ab", "imageManifest": manifest}).to_string());
        assert_eq!(
            bench.ok("BatchCheckLayerAvailability", &check)["layers"][0]["mediaType"],
            "application/vnd.oci.image.config.v1+json"
        );
        assert_eq!(
            bench.ok("GetDownloadUrlForLayer", &download),
            json!({"downloadUrl": format!("http://localhost/download/ab/{config}"), "layerDigest": config})
        );
    }

    #[test]
    fn c_085_c_090_an_upload_is_answered_step_by_step() {
        let mut bench = Bench::new();
        bench.ok("CreateRepository", r#"{"repositoryName":"ab"}"#);
        let started = bench.ok("InitiateLayerUpload", r#"{"repositoryName":"ab"}"#);
        let upload_id = "00000000-0000-4000-8000-000000000001";
        assert_eq!(started, json!({"uploadId": upload_id, "partSize": 10_485_760}));

        let render = |answer: Answer| serde_json::from_slice::<Value>(&answer.render(&FixedLinks)).unwrap();
        let repository: RepositoryName = "ab".parse().unwrap();
        let input = upload_layer_part::Input {
            repository: repository.clone(),
            upload_id: UploadId(upload_id.into()),
            part_first_byte: 0,
            part_last_byte: 4,
            length_bytes: 5,
        };
        assert_eq!(
            render(part_answer(&key(), &input, &upload_layer_part::Output { last_byte_received: 4 })),
            json!({"registryId": "123456789012", "repositoryName": "ab", "uploadId": upload_id, "lastByteReceived": 4})
        );
        let layer_digest = Digest::sha256_of(b"layer");
        let input = complete_layer_upload::Input {
            repository,
            upload_id: UploadId(upload_id.into()),
            layer_digests: vec![layer_digest.to_string()],
        };
        let expect = json!({
            "registryId": "123456789012",
            "repositoryName": "ab",
            "uploadId": upload_id,
            "layerDigest": layer_digest.to_string(),
        });
        assert_eq!(render(layer_answer(&key(), &input, &complete_layer_upload::Output { layer_digest })), expect);
    }

    #[test]
    fn c_178_a_fresh_registry_has_no_rules_and_a_configuration_is_echoed() {
        let mut bench = Bench::new();
        assert_eq!(
            bench.ok("DescribeRegistry", "{}"),
            json!({"registryId": "123456789012", "replicationConfiguration": {"rules": []}})
        );
        let configuration = json!({"replicationConfiguration": {"rules": [
            {
                "destinations": [{"region": "eu-west-1", "registryId": "123456789012"}],
                "repositoryFilters": [{"filter": "prod-", "filterType": "PREFIX_MATCH"}],
            },
            {"destinations": [{"region": "us-west-2", "registryId": "999999999999"}]},
        ]}});
        assert_eq!(bench.ok("PutReplicationConfiguration", &configuration.to_string()), configuration);
        assert_eq!(
            bench.ok("DescribeRegistry", "{}")["replicationConfiguration"],
            configuration["replicationConfiguration"]
        );
    }

    #[test]
    fn a_187_a_189_replication_statuses_name_the_image_with_its_digest() {
        use crate::registry::ReplicationState;

        let (mut bench, manifest) = with_blobs();
        let body = json!({"repositoryName": "ab", "imageManifest": manifest, "imageTag": "v1"});
        bench.ok("PutImage", &body.to_string());
        let digest = Digest::sha256_of(manifest.as_bytes());
        for (region, state) in [
            ("eu-west-1", ReplicationState::InProgress),
            ("us-west-2", ReplicationState::Failed { failure_code: "ACCESS_DENIED".into() }),
        ] {
            let destination = RegistryKey { region: region.parse().unwrap(), ..key() };
            bench.registry.set_replication_status(&"ab".parse().unwrap(), &digest, destination, state);
        }
        let describe = r#"{"repositoryName":"ab","imageId":{"imageTag":"v1"}}"#;
        assert_eq!(
            bench.ok("DescribeImageReplicationStatus", describe),
            json!({
                "repositoryName": "ab",
                "imageId": {"imageDigest": digest.to_string(), "imageTag": "v1"},
                "replicationStatuses": [
                    {"region": "eu-west-1", "registryId": "123456789012", "status": "IN_PROGRESS"},
                    {
                        "region": "us-west-2",
                        "registryId": "123456789012",
                        "status": "FAILED",
                        "failureCode": "ACCESS_DENIED",
                    },
                ],
            })
        );
    }

    #[test]
    fn c_182_a_cache_rule_is_shown_differently_by_each_operation() {
        let mut bench = Bench::new();
        let body = r#"{"ecrRepositoryPrefix":"quay/","upstreamRegistryUrl":"quay.io"}"#;
        let created = bench.ok("CreatePullThroughCacheRule", body);
        let mut rule = json!({
            "ecrRepositoryPrefix": "quay",
            "upstreamRegistryUrl": "quay.io",
            "createdAt": 1_700_000_000.123,
            "registryId": "123456789012",
            "upstreamRegistry": "quay",
            "upstreamRepositoryPrefix": "ROOT",
        });
        assert_eq!(created, rule);
        assert_eq!(bench.refused("CreatePullThroughCacheRule", body).0, "PullThroughCacheRuleAlreadyExistsException");
        rule["updatedAt"] = json!(1_700_000_000.123);
        let describe = r#"{"ecrRepositoryPrefixes":["quay"]}"#;
        assert_eq!(bench.ok("DescribePullThroughCacheRules", describe), json!({"pullThroughCacheRules": [rule]}));
        let deleted = bench.ok("DeletePullThroughCacheRule", r#"{"ecrRepositoryPrefix":"quay"}"#);
        let members = rule.as_object_mut().unwrap();
        members.remove("updatedAt");
        members.remove("upstreamRegistry");
        assert_eq!(deleted, rule);
        assert_eq!(bench.refused("DescribePullThroughCacheRules", describe).0, "PullThroughCacheRuleNotFoundException");
    }

    #[test]
    fn an_upstream_that_only_the_world_declares_can_have_a_rule() {
        let mut bench = Bench::new();
        let rule = |host: &str| json!({"ecrRepositoryPrefix": "hub", "upstreamRegistryUrl": host}).to_string();
        assert_eq!(
            bench.refused("CreatePullThroughCacheRule", &rule("other.test")).0,
            "UnsupportedUpstreamRegistryException"
        );
        let created = bench.ok("CreatePullThroughCacheRule", &rule("upstream.test:5000"));
        assert_eq!(created.get("upstreamRegistry"), None);
    }

    #[test]
    fn c_175_a_token_is_a_login_for_its_registry() {
        let token = RegistryToken {
            registry: key(),
            password: "cGFzcw==".to_owned(),
            expires_at: Timestamp::from_millis(1_700_043_200_123),
        };
        let answer = authorization::answer(&key(), vec![token]);
        assert_eq!(
            serde_json::from_slice::<Value>(&answer.render(&FixedLinks)).unwrap(),
            json!({"authorizationData": [{
                "authorizationToken": "QVdTOmNHRnpjdz09",
                "expiresAt": 1_700_043_200.123,
                "proxyEndpoint": "https://123456789012.dkr.ecr.us-east-1.amazonaws.com",
            }]})
        );
    }
}
