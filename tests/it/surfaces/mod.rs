//! Random operations over both surfaces, against a naive model that foretells each answer.
//!
//! Each case has a world of its own. After every operation one surface is asked what it holds of the repository that was
//! changed, and at the end both, of all. `PROPTEST_CASES` sets the number of cases; `scripts/properties` runs many.

mod answer;
mod client;
mod content;
mod model;
mod operation;
mod sequences;

use proptest::test_runner::{Config, TestCaseError, TestRunner};

use self::client::{Client, Target};
use self::model::Model;
use self::operation::{Mutability, Operation, REPOSITORIES, Sequence, Surface, TAGS};
use self::sequences::sequences;
use crate::harness::TestServer;

/// Cases unless the environment says otherwise: some seconds in a debug build.
const CASES: u32 = 100;

#[test]
fn both_surfaces_answer_as_a_naive_model_of_ecr_foretells() {
    let config = Config { failure_persistence: None, max_shrink_iters: 4_096, ..Config::default() };
    let cases = if std::env::var_os("PROPTEST_CASES").is_some() { config.cases } else { CASES };
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let server = runtime.block_on(TestServer::start());
    let outcome = TestRunner::new(Config { cases, ..config })
        .run(&sequences(), |sequence| runtime.block_on(play(&server, &sequence)));
    if let Err(failure) = outcome {
        panic!("{failure}");
    }
}

/// Plays a sequence in a new world; the first answer that the model did not foretell fails it.
async fn play(server: &TestServer, sequence: &Sequence) -> Result<(), TestCaseError> {
    let world = server.world().await;
    let mut case = Case { client: Client::new(world.home().await).await, model: Model::default() };
    let played = case.play_all(&start(), &sequence.0).await;
    world.finish().await;
    played.map_err(TestCaseError::fail)
}

/// What every case begins with, so that most of what follows meets something.
fn start() -> [Operation; 5] {
    let create = |repository| Operation::CreateRepository { repository, mutability: Mutability::Mutable };
    let push =
        |surface, manifest, tag| Operation::PushAll { surface, repository: REPOSITORIES[0], manifest, tag: Some(tag) };
    [
        create(REPOSITORIES[0]),
        create(REPOSITORIES[1]),
        Operation::PutAccountSetting { mounting: true },
        push(Surface::Ecr, 2, TAGS[0]),
        push(Surface::Oci, 3, TAGS[1]),
    ]
}

/// A world and what it should be.
struct Case {
    client: Client,
    model: Model,
}

impl Case {
    async fn play_all(&mut self, start: &[Operation], operations: &[Operation]) -> Result<(), String> {
        for step in start.iter().flat_map(Operation::steps) {
            self.check(&step).await.map_err(|difference| format!("{step:?}: {difference}"))?;
        }
        for (at, operation) in (1..).zip(operations) {
            for step in operation.steps() {
                self.check(&step).await.map_err(|difference| format!("{at}. {step:?}: {difference}"))?;
            }
            // All looks after each operation would be most of the time.
            for look in operation.repository().into_iter().map(|repository| Operation::look(repository, at)) {
                let seen = self.check(&look).await;
                seen.map_err(|difference| format!("{at}. after {operation:?}, {look:?}: {difference}"))?;
            }
        }
        let of_all = [Operation::DescribeRepositories { page: 2 }, Operation::Catalog { page: 2 }];
        let of_each =
            REPOSITORIES.into_iter().flat_map(|repository| (0..4).map(move |at| Operation::look(repository, at)));
        for look in of_each.chain(of_all) {
            self.check(&look).await.map_err(|difference| format!("at the end, {look:?}: {difference}"))?;
        }
        Ok(())
    }

    /// Does one step on both sides.
    async fn check(&mut self, step: &Operation) -> Result<(), String> {
        let Some((step, target)) = self.aimed(step) else { return Ok(()) };
        let answer = self.client.call(&step, target).await;
        let foretold = self.model.apply(&step);
        if answer == foretold { Ok(()) } else { Err(format!("\nforetold {foretold}\nanswered {answer}")) }
    }

    /// The step with its upload chosen among those that there are; none if there is no upload yet.
    fn aimed(&self, step: &Operation) -> Option<(Operation, Option<Target>)> {
        let mut step = step.clone();
        let (Operation::AddPart { upload, .. }
        | Operation::FinishUpload { upload, .. }
        | Operation::UploadStatus { upload }
        | Operation::CancelUpload { upload }) = &mut step
        else {
            return Some((step, None));
        };
        let opened = self.model.uploads();
        *upload = opened.checked_sub(1)? - *upload % opened;
        let target =
            Target { repository: self.model.upload_repository(*upload), length: self.model.upload_length(*upload) };
        Some((step, Some(target)))
    }
}
