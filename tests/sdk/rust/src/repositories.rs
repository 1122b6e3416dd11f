//! Repositories: the first steps and the last.

use std::collections::HashMap;

use anyhow::{Context, Result, ensure};
use aws_sdk_ecr::error::ProvideErrorMetadata;
use aws_sdk_ecr::operation::create_repository::CreateRepositoryError;
use aws_sdk_ecr::operation::delete_repository::DeleteRepositoryError;
use aws_sdk_ecr::operation::describe_repositories::DescribeRepositoriesError;
use aws_sdk_ecr::types::{EncryptionType, ImageScanningConfiguration, ImageTagMutability, Tag};

use crate::Journey;
use crate::check::{is_now, refused};

impl Journey {
    /// The ARN of `sdk/app`.
    pub(crate) fn arn(&self) -> String {
        format!("arn:aws:ecr:{}:{}:repository/sdk/app", self.region, self.account)
    }

    pub(crate) async fn repositories(&self) -> Result<()> {
        let create = |name: &str| self.ecr.create_repository().repository_name(name);
        let answer = create("sdk/app").tags(tag("team", "one")?).tags(tag("stage", "test")?).send().await?;
        let app = answer.repository().context("no repository")?;
        ensure!(app.repository_arn() == Some(self.arn().as_str()));
        ensure!(app.registry_id() == Some(self.account.as_str()));
        ensure!(app.image_tag_mutability() == Some(&ImageTagMutability::Mutable));
        let encryption = app.encryption_configuration().context("no encryption")?;
        ensure!(encryption.encryption_type() == &EncryptionType::Aes256);
        is_now(app.created_at())?;
        create("sdk/two").send().await?;
        let on_push = |on| ImageScanningConfiguration::builder().scan_on_push(on).build();
        let answer = create("sdk/three").image_scanning_configuration(on_push(true)).send().await?;
        let three = answer.repository().context("no repository")?;
        ensure!(three.image_scanning_configuration() == Some(&on_push(true)));

        refused!(create("sdk/app"), CreateRepositoryError::RepositoryAlreadyExistsException);
        let denied = create("forbidden/app").send().await.err().context("it is forbidden")?;
        ensure!(denied.code() == Some("AccessDeniedException"));
        refused!(create("Not/Valid"), CreateRepositoryError::InvalidParameterException);

        let pages = self.ecr.describe_repositories().into_paginator().page_size(2).send();
        let pages = pages.collect::<Result<Vec<_>, _>>().await?;
        ensure!(pages.len() == 2);
        let repositories = pages.iter().flat_map(|page| page.repositories());
        let names: Vec<_> = repositories.filter_map(|repository| repository.repository_name()).collect();
        ensure!(names == ["sdk/app", "sdk/three", "sdk/two", "seed/base"]);
        refused!(
            self.ecr.describe_repositories().repository_names("sdk/absent"),
            DescribeRepositoriesError::RepositoryNotFoundException
        );

        let tags = [tag("stage", "prod")?, tag("owner", "me")?].into();
        self.ecr.tag_resource().resource_arn(self.arn()).set_tags(Some(tags)).send().await?;
        self.ecr.untag_resource().resource_arn(self.arn()).tag_keys("team").send().await?;
        let answer = self.ecr.list_tags_for_resource().resource_arn(self.arn()).send().await?;
        let tags: HashMap<_, _> = answer.tags().iter().map(|tag| (tag.key(), tag.value())).collect();
        ensure!(tags == HashMap::from([("stage", "prod"), ("owner", "me")]));

        let scanning = self.ecr.put_image_scanning_configuration().repository_name("sdk/three");
        let scanning = scanning.image_scanning_configuration(on_push(false)).send().await?;
        ensure!(scanning.image_scanning_configuration() == Some(&on_push(false)));
        let mutability = self.ecr.put_image_tag_mutability().repository_name("sdk/app");
        let mutability = mutability.image_tag_mutability(ImageTagMutability::Immutable).send().await?;
        ensure!(mutability.image_tag_mutability() == Some(&ImageTagMutability::Immutable));
        Ok(())
    }

    pub(crate) async fn end(&self) -> Result<()> {
        let delete = || self.ecr.delete_repository().repository_name("sdk/app");
        refused!(delete(), DeleteRepositoryError::RepositoryNotEmptyException);
        let answer = delete().force(true).send().await?;
        ensure!(answer.repository().and_then(|repository| repository.repository_name()) == Some("sdk/app"));
        refused!(delete().force(true), DeleteRepositoryError::RepositoryNotFoundException);
        Ok(())
    }
}

fn tag(key: &str, value: &str) -> Result<Tag> {
    Ok(Tag::builder().key(key).value(value).build()?)
}
