//! The first test of the README, run, and proof that the README shows it letter by letter.

mod common;

// What follows up to the next plain comment is what the README shows.
use ecr_fixture_client::{TaskState, calls, minutes, on, repo};

#[tokio::test]
async fn replication_fails_then_recovers() -> ecr_fixture_client::Result<()> {
    common::daemon_of_this_workspace();
    let world = ecr_fixture_client::world().await?;
    world.seed(repo("app").replicate_to(["eu-west-1"]).task_retry(minutes(5))).await?;
    world.fault(on("task:replication").filter("dest_region", "eu-west-1").during(minutes(10)).fail("TIMEOUT")).await?;
    world.push("app:v1").await?;
    assert_eq!(world.tasks().await?[0].state, TaskState::Failed);
    world.advance(minutes(10)).await?;
    assert_eq!(world.tasks().await?[0].state, TaskState::Complete);
    world.verify(calls("oci:manifest.put").exactly(1)).await
}
// Here it ends.

#[test]
fn the_readme_shows_the_test_above() {
    let source = include_str!("readme.rs");
    let shown = source.split("is what the README shows.\n").nth(1).and_then(|rest| rest.split("// Here").next());
    let test = shown.expect("both comments are above").replace("    common::daemon_of_this_workspace();\n", "");
    let readme = include_str!("../README.md");
    assert!(readme.contains(&format!("```rust\n{test}```")), "the README does not show:\n{test}");
}
