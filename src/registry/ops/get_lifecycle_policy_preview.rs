//! `GetLifecyclePolicyPreview`: what the policy of the last preview would have done when it ended.
//!
//! Source: <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_GetLifecyclePolicyPreview.html>

use super::list_images::TagStatus;
use crate::registry::errors::{InvalidParameter, LifecyclePolicyPreviewNotFound, RepositoryNotFound};
use crate::registry::image_identifier::ImageIdentifier;
use crate::registry::lifecycle::{LifecyclePreview, PreviewResult};
use crate::registry::page::{PageRequest, Scope, take_page};
use crate::registry::state::Registry;
use crate::registry::types::{RepositoryName, Tag};

/// Whose preview, and what of it.
#[derive(Clone, Debug)]
pub struct Input {
    /// The repository.
    pub repository: RepositoryName,
    /// Which results.
    pub selection: Selection,
    /// Which of those, by tags that the images had then.
    pub tag_status: TagStatus,
}

/// A choice of results.
#[derive(Clone, Debug)]
pub enum Selection {
    /// Those of these images. An image without a result, or that never was, is left out (unconfirmed).
    Named(Vec<ImageIdentifier>),
    /// A page of all.
    Page(PageRequest),
}

/// The preview.
#[derive(Clone, Debug)]
pub struct Output {
    /// All of it.
    pub preview: LifecyclePreview,
    /// The results that were asked for.
    pub results: Vec<PreviewResult>,
    /// Token of the next page; absent on the last one.
    pub next_token: Option<String>,
}

/// What can go wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// No such repository.
    #[error(transparent)]
    RepositoryNotFound(#[from] RepositoryNotFound),
    /// It never had a preview.
    #[error(transparent)]
    NotFound(#[from] LifecyclePolicyPreviewNotFound),
    /// The token is not one of this listing.
    #[error(transparent)]
    InvalidParameter(#[from] InvalidParameter),
}

/// Looks the preview up. A token of an earlier preview is none of this one.
pub fn apply(registry: &Registry, input: &Input) -> Result<Output, Error> {
    let repository = registry.repository(&input.repository)?;
    let preview = repository.lifecycle_preview().ok_or_else(|| LifecyclePolicyPreviewNotFound {
        repository: input.repository.clone(),
        registry_id: registry.id(),
    })?;
    let passing =
        preview.state.results().iter().enumerate().filter(|(_, result)| input.tag_status.passes(&result.image));
    let (results, next_token) = match &input.selection {
        Selection::Named(image_ids) => {
            let named = passing.filter(|(_, result)| image_ids.iter().any(|image_id| names(image_id, result)));
            (named.collect(), None)
        }
        Selection::Page(request) => {
            let filter = format!("{} {}", input.tag_status.as_str(), preview.started_at.as_micros());
            let scope = Scope {
                operation: "GetLifecyclePolicyPreview",
                registry: registry.key(),
                repository: Some(repository.name()),
                filter: &filter,
            };
            // Results never change, so a place among them is a cursor.
            let last: Option<usize> = scope.cursor(request)?.and_then(|cursor| cursor.parse().ok());
            let rest = passing.filter(|(place, _)| last.is_none_or(|last| *place > last));
            let page: (Vec<_>, _) = take_page(rest, request.size(), |(place, _)| scope.token(&place.to_string()));
            page
        }
    };
    let results = results.into_iter().map(|(_, result)| result.clone()).collect();
    Ok(Output { preview: preview.clone(), results, next_token })
}

/// Whether an id is that of a result's image: every half that it has must be.
fn names(image_id: &ImageIdentifier, result: &PreviewResult) -> bool {
    let image = &result.image;
    let has_digest = image_id.digest.as_ref().map(|digest| *digest == image.digest().to_string());
    let has_tag = image_id.tag.as_ref().map(|tag| tag.parse::<Tag>().is_ok_and(|tag| image.tags().contains(&tag)));
    matches!((has_digest, has_tag), (Some(true), None | Some(true)) | (None, Some(true)))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::{start_lifecycle_policy_preview, update_image_storage_class};
    use super::*;
    use crate::registry::context::Effect;
    use crate::registry::lifecycle::PreviewState;
    use crate::registry::policy::lifecycle::{Action, LifecyclePolicy, StorageClass};
    use crate::registry::testing::{
        NOON, image_about, image_of, index_of, link, name, picture, push, with, with_repository,
    };
    use crate::registry::types::Timestamp;
    use crate::registry::work::Work;

    const DAY: Duration = Duration::from_hours(24);

    fn rule(priority: u32, selection: &str, action: &str) -> String {
        format!(r#"{{"rulePriority":{priority},"selection":{{{selection}}},"action":{{{action}}}}}"#)
    }

    fn text(rules: &[String]) -> String {
        format!(r#"{{"rules":[{}]}}"#, rules.join(", "))
    }

    fn keep_one() -> String {
        let selection = r#""tagStatus":"any","countType":"imageCountMoreThan","countNumber":1"#;
        text(&[rule(1, selection, r#""type":"expire""#)])
    }

    fn start(
        registry: &mut Registry,
        text: Option<&str>,
    ) -> Result<Vec<Effect>, start_lifecycle_policy_preview::Error> {
        let policy = text.map(LifecyclePolicy::parse);
        let input = start_lifecycle_policy_preview::Input { repository: name("team/app"), policy };
        with(|cx| {
            let output = start_lifecycle_policy_preview::apply(registry, cx, input)?;
            assert!(matches!(output.preview.state, PreviewState::InProgress));
            assert!(text.is_none_or(|text| output.preview.policy.text() == text), "verbatim");
            Ok(std::mem::take(&mut cx.effects))
        })
    }

    fn settle(registry: &mut Registry, now: Timestamp, succeeded: bool) {
        let result = if succeeded { Ok(()) } else { Err("FAULT".into()) };
        Work::Preview { repository: name("team/app") }.settle(registry, now, &result);
    }

    fn get(registry: &Registry, selection: Selection, tag_status: TagStatus) -> Result<Output, Error> {
        apply(registry, &Input { repository: name("team/app"), selection, tag_status })
    }

    fn all(registry: &Registry) -> Output {
        get(registry, Selection::Page(PageRequest::default()), TagStatus::Any).unwrap()
    }

    /// `team/app` with images pushed as `v0` to `v4`, a day apart, the newest one last.
    fn stage() -> Registry {
        let mut registry = with_repository();
        link(&mut registry, &["{}", "layer"]);
        for number in 0..5 {
            let image = image_of("{}", &["layer"], &number.to_string());
            push(&mut registry, &image, (number != 3).then(|| format!("v{number}")).as_deref()).unwrap();
            let pushed_at = NOON.minus(DAY * (5 - number));
            registry.repository_mut(&name("team/app")).unwrap().move_push_time(image.digest(), pushed_at);
        }
        registry
    }

    fn tags(results: &[PreviewResult]) -> Vec<String> {
        let tag =
            |result: &PreviewResult| result.image.tags().iter().next().map_or("-".to_owned(), ToString::to_string);
        results.iter().map(tag).collect()
    }

    #[test]
    fn c_143_c_144_c_146_c_147_a_preview_ends_later_and_its_result_is_frozen() {
        let mut registry = stage();
        let before = picture(&registry, "team/app");
        let effects = start(&mut registry, Some(&keep_one())).unwrap();
        assert_eq!(effects, [Effect::WorkBegun(Work::Preview { repository: name("team/app") })]);
        let output = all(&registry);
        assert_eq!((output.preview.state.as_str(), output.results.len()), ("IN_PROGRESS", 0));
        let again = start(&mut registry, Some(&keep_one())).unwrap_err();
        assert!(matches!(again, start_lifecycle_policy_preview::Error::InProgress(_)));

        settle(&mut registry, NOON, true);
        assert_eq!(picture(&registry, "team/app"), before, "nothing was deleted");
        assert_eq!(registry.repository(&name("team/app")).unwrap().lifecycle_policy(), None);
        push(&mut registry, &image_of("{}", &["layer"], "later"), Some("later")).unwrap();
        settle(&mut registry, NOON, false);
        let output = all(&registry);
        assert_eq!(output.preview.state.as_str(), "COMPLETE");
        assert_eq!(tags(&output.results), ["v0", "v1", "v2", "-"]);
        assert!(
            output.results.iter().all(|result| result.action == Action::Expire && result.applied_rule_priority == 1)
        );

        start(&mut registry, Some(&keep_one())).unwrap();
        settle(&mut registry, NOON, false);
        let output = all(&registry);
        assert_eq!((output.preview.state.as_str(), output.results.len()), ("FAILED", 0));
        start(&mut registry, Some(&keep_one())).expect("a failed one is no obstacle");
    }

    #[test]
    fn c_143_c_145_without_a_policy_or_a_preview_there_is_nothing_to_tell() {
        let mut registry = with_repository();
        assert!(matches!(
            get(&registry, Selection::Named(vec![]), TagStatus::Any),
            Err(Error::NotFound(LifecyclePolicyPreviewNotFound { .. }))
        ));
        let refused = start(&mut registry, None).unwrap_err();
        assert!(matches!(refused, start_lifecycle_policy_preview::Error::PolicyNotFound(_)));
        let refused = start(&mut registry, Some("{}")).unwrap_err();
        assert!(matches!(refused, start_lifecycle_policy_preview::Error::InvalidParameter(_)));
        settle(&mut registry, NOON, true);
        assert!(registry.repository(&name("team/app")).unwrap().lifecycle_preview().is_none());
    }

    #[test]
    fn c_148_results_come_in_pages_by_name_and_by_tags() {
        let mut registry = stage();
        start(&mut registry, Some(&keep_one())).unwrap();
        settle(&mut registry, NOON, true);
        let (mut found, mut next_token, mut pages) = (Vec::new(), None, 0);
        loop {
            let page = PageRequest { max_results: Some(2), next_token };
            let output = get(&registry, Selection::Page(page), TagStatus::Tagged).unwrap();
            found.extend(tags(&output.results));
            pages += 1;
            next_token = output.next_token;
            if next_token.is_none() {
                break;
            }
        }
        assert_eq!((found, pages), (vec!["v0".to_owned(), "v1".to_owned(), "v2".to_owned()], 2));
        let untagged = get(&registry, Selection::Page(PageRequest::default()), TagStatus::Untagged).unwrap();
        assert_eq!(tags(&untagged.results), ["-"]);
        let v1 = registry
            .repository(&name("team/app"))
            .unwrap()
            .tagged(&"v1".parse().unwrap())
            .unwrap()
            .digest()
            .to_string();
        let id = |digest: Option<&str>, tag: Option<&str>| ImageIdentifier {
            digest: digest.map(str::to_owned),
            tag: tag.map(str::to_owned),
        };
        let ids = vec![
            id(None, Some("v2")),
            id(Some(&v1), None),
            id(Some(&v1), Some("v0")),
            id(None, Some("v4")),
            id(None, None),
            id(None, Some("a b")),
        ];
        let named = get(&registry, Selection::Named(ids), TagStatus::Any).unwrap();
        assert_eq!(tags(&named.results), ["v1", "v2"]);
    }

    #[test]
    fn c_139_c_140_d_027_children_and_referrers_are_spared_and_archived_images_are_of_their_own_class() {
        let mut registry = with_repository();
        link(&mut registry, &["{}", "layer"]);
        let [child, free, archived, restored] =
            ["child", "free", "archived", "restored"].map(|note| image_of("{}", &["layer"], note));
        for image in [&child, &free, &archived, &restored] {
            push(&mut registry, image, None).unwrap();
        }
        let referrer = image_about("{}", &["layer"], "signature", Some(free.digest()));
        push(&mut registry, &referrer, None).unwrap();
        push(&mut registry, &index_of(&[&child], ""), Some("index")).unwrap();
        for (image, target) in [
            (&archived, StorageClass::Archive),
            (&restored, StorageClass::Archive),
            (&restored, StorageClass::Standard),
        ] {
            let image_id = ImageIdentifier::by_digest(image.digest().to_string());
            let input = update_image_storage_class::Input { repository: name("team/app"), image_id, target };
            with(|cx| update_image_storage_class::apply(&mut registry, cx, &input)).unwrap();
        }
        let days = |count_type: &str, days: u32| {
            format!(r#""countType":"{count_type}","countUnit":"days","countNumber":{days}"#)
        };
        let policy = text(&[
            rule(1, &format!(r#""tagStatus":"untagged",{}"#, days("sinceImagePushed", 1)), r#""type":"expire""#),
            rule(
                2,
                &format!(r#""tagStatus":"any","storageClass":"archive",{}"#, days("sinceImageTransitioned", 90)),
                r#""type":"expire""#,
            ),
            rule(
                3,
                &format!(r#""tagStatus":"any",{}"#, days("sinceImagePulled", 1)),
                r#""type":"transition","targetStorageClass":"archive""#,
            ),
        ]);
        start(&mut registry, Some(&policy)).unwrap();
        settle(&mut registry, NOON.plus(DAY * 91), true);
        let results = all(&registry).results;
        let found: Vec<_> = results
            .iter()
            .map(|result| {
                (result.applied_rule_priority, result.storage_class, result.action, tags(std::slice::from_ref(result)))
            })
            .collect();
        assert_eq!(
            found,
            [
                (1, StorageClass::Standard, Action::Expire, vec!["-".to_owned()]),
                (2, StorageClass::Archive, Action::Expire, vec!["-".to_owned()]),
                (3, StorageClass::Standard, Action::Transition, vec!["index".to_owned()]),
            ],
            "neither the child, the referrer, nor the image on its way out of the archive"
        );
        assert_eq!(results[0].image.digest(), free.digest());
    }
}
