//! What lies under the noise of a call: forks of a huge world, rules that do not match, the journal, timers.
//!
//! Runs in a process of its own, so that nothing else is in its memory.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow};
use bytes::Bytes;
use ecr_fixture::blobs::BlobStore;
use ecr_fixture::clock::{ClockMode, RealTime};
use ecr_fixture::facts::{Fact, Facts, Headers, Surface};
use ecr_fixture::faults::{ApplyMode, DecideContext, OpenGates, Operations, RuleSet, parse_rules};
use ecr_fixture::journal::Outcome;
use ecr_fixture::operations::{Operation, Route};
use ecr_fixture::registry::ops::put_image;
use ecr_fixture::registry::types::{AccountId, Region, RegistryKey, RepositoryName, Tag, Timestamp, VerifiedBlob};
use ecr_fixture::registry::{Manifest, ReplicationConfiguration, ReplicationRule, seeding};
use ecr_fixture::worlds::{
    Address, Birth, CallArrival, Directory, Live, RepositoryUri, World, WorldSettings, WorldState,
};

use crate::figures::{Limits, Report, median};
use crate::process::memory_of;
use crate::requests::{SHARED_BLOBS, manifest};
use crate::{MIB, Plan};

const NOON: Timestamp = Timestamp::from_millis(1_767_268_800_000);
const ROUNDS: usize = 5;

/// The table of operations as rules see it.
struct Names;

impl Operations for Names {
    fn names(&self, surface: Surface) -> Vec<&'static str> {
        match surface {
            Surface::Ecr => Operation::ALL.iter().map(|operation| operation.name()).collect(),
            Surface::Oci => Route::ALL.iter().map(|route| route.name()).collect(),
            Surface::Upstream | Surface::Task => Vec::new(),
        }
    }
}

pub(crate) fn measure(plan: &Plan, report: &mut Report) -> Result<()> {
    // What measures memory comes first, while nothing is free that could be used again.
    let world = memory_of_objects(plan, report)?;
    forks(plan, report, &world)?;
    journal(plan, report)?;
    // Taking a million images apart would only cost time.
    std::mem::forget(world);
    rules(report)?;
    timers(plan, report)
}

/// Microseconds of each of so many runs of `work`, the median of five rounds.
fn microseconds(runs: usize, mut work: impl FnMut() -> Result<()>) -> Result<f64> {
    let mut times = Vec::new();
    for _ in 0..ROUNDS {
        let clock = RealTime::start();
        (0..runs).try_for_each(|_| work())?;
        times.push(clock.elapsed().as_secs_f64() * 1e6 / runs as f64);
    }
    median(&mut times)
}

/// The facts of a call as the daemon has them.
fn facts() -> Facts {
    let headers = [("host", "127.0.0.1:4510"), ("user-agent", "bench/1"), ("content-length", "40")];
    let mut facts = Facts::new(Surface::Ecr, "DescribeRepositories", Some("DescribeRepositories"))
        .with(Fact::Account, AccountId::DEFAULT.as_str())
        .with(Fact::Region, "us-east-1")
        .with(Fact::Repository, "bench/app")
        .with(Fact::Method, "POST");
    facts.headers = Some(Arc::new(Headers::new(headers.iter().copied())));
    facts
}

fn rules(report: &mut Report) -> Result<()> {
    let (facts, gates) = (facts(), OpenGates::new());
    let cx = DecideContext { now: NOON, seed: 0, open_gates: &gates };
    let decide = |count: usize| {
        let line = |at: usize| {
            format!("r{at}: on ecr:DescribeRepositories where repository = \"other/r{at}\" do status(503)\n")
        };
        let text: String = (0..count).map(line).collect();
        let checked = parse_rules(&text, &Names).map_err(|violations| anyhow!("{violations:?}"))?;
        let mut rules = RuleSet::default();
        rules.apply(checked, ApplyMode::ReplaceAll, &cx)?;
        microseconds(20_000, || {
            std::hint::black_box(rules.decide(&facts, &cx));
            Ok(())
        })
    };
    let none = decide(0)?;
    let (some, many) = (decide(100)? - none, decide(1_000)? - none);
    let name = "rules that do not match, over none";
    report.add(format!("G22 100 {name}"), some, "us", Limits::AtMost(2.0, 0.3), "in the library")?;
    report.add(format!("G22 1000 {name}"), many, "us", Limits::AtMost(10.0, 1.0), "as many as a world may have")
}

fn settings() -> Result<WorldSettings> {
    Ok(WorldSettings {
        clock_mode: ClockMode::Frozen,
        now: NOON,
        seed: 0,
        accounts: Arc::from([AccountId::DEFAULT]),
        regions: Arc::from([region("us-east-1")?]),
        repository_uri: RepositoryUri::Advertised,
    })
}

fn region(name: &str) -> Result<Region> {
    name.parse().map_err(|_| anyhow!("`{name}` is a region"))
}

fn arrival() -> CallArrival {
    let request_line = Some(Box::from("POST /"));
    CallArrival { facts: facts(), real_micros: 0, caused_by: None, request_line, counts_as: None }
}

fn journal(plan: &Plan, report: &mut Report) -> Result<()> {
    let entries = plan.journal_entries;
    let mut live = Live::new(WorldState::new(settings()?, NOON), 1);
    let before = memory_of("self")?.anonymous;
    let clock = RealTime::start();
    let record = |live: &mut Live| {
        let record = live.open_call(arrival()).record;
        live.finish(record, Outcome::Completed, Some(200), None, (40, 400));
    };
    (0..entries).for_each(|_| record(&mut live));
    let whole = clock.elapsed().as_secs_f64() * 1e6 / entries as f64;
    let bytes =
        (memory_of("self")?.anonymous - before) / live.journal.records(ecr_fixture::journal::Mark::START).len() as f64;
    let facts_alone = microseconds(entries / ROUNDS, || {
        std::hint::black_box(arrival());
        Ok(())
    })?;
    let note = "open and finish, without making the facts";
    report.add("G23 a call's record", whole - facts_alone, "us", Limits::AtMost(4.0, 1.5), note)?;
    report.add("G23 memory of a record", bytes, "B", Limits::Goal(300.0), "facts of a plain call")
}

/// A repository's name.
fn repository(number: usize) -> Result<RepositoryName> {
    format!("bench/r{number}").parse().map_err(|_| anyhow!("a name"))
}

fn seed_repository(number: usize) -> Result<seeding::SeedRepository> {
    Ok(seeding::SeedRepository::with_defaults(repository(number)?))
}

fn parsed(number: usize) -> Result<Arc<Manifest>> {
    Ok(Arc::new(Manifest::parse(Bytes::from(manifest(number)), None).map_err(|error| anyhow!("{error}"))?))
}

fn shared_blobs(store: &BlobStore) -> Result<Vec<VerifiedBlob>> {
    SHARED_BLOBS.iter().map(|blob| Ok(store.put(blob)?)).collect()
}

/// A world with so many repositories and images, the images spread evenly.
fn seeded(repositories: usize, images: usize) -> Result<WorldState> {
    let blobs = shared_blobs(&BlobStore::memory(1 << 20))?;
    let mut state = WorldState::new(settings()?, NOON);
    let key = state.default_registry();
    let registry = state.registry_mut(&key);
    for number in 0..repositories {
        seeding::repository(registry, NOON, seed_repository(number)?)?;
    }
    for number in 0..images {
        let image = seeding::SeedImage {
            repository: repository(number % repositories)?,
            manifest: parsed(number)?,
            blobs: blobs.clone(),
            tags: vec![tag(number)?],
            pushed_at: None,
            archived: None,
        };
        seeding::image(registry, NOON, image)?;
    }
    Ok(state)
}

fn tag(number: usize) -> Result<Tag> {
    format!("t{number}").parse().map_err(|_| anyhow!("a tag"))
}

/// Pushes an image as a call does: with a record, in the world's writer.
fn push(live: &mut Live, key: &RegistryKey, number: usize) -> Result<()> {
    let caller = Live::root_caller(key, key.account);
    let input = put_image::Input {
        repository: repository(0)?,
        manifest: Ok(parsed(number)?),
        image_tag: Some(tag(number)?),
        image_digest: None,
    };
    let record = live.open_call(arrival()).record;
    live.on_registry(key, &caller, record, |registry, cx| put_image::apply(registry, cx, input))?;
    live.finish(record, Outcome::Completed, Some(200), None, (700, 400));
    Ok(())
}

fn timers(plan: &Plan, report: &mut Report) -> Result<()> {
    let mut state = seeded(1, 1)?;
    let source = state.default_registry();
    let destination = RegistryKey { account: source.account, region: region("eu-west-1")? };
    let rule =
        ReplicationRule { destinations: vec![destination], repository_prefixes: Vec::new(), delete_replication: None };
    seeding::replication(state.registry_mut(&source), ReplicationConfiguration { rules: vec![rule] })?;
    state.durations.replication = Duration::from_secs(5);
    let mut live = Live::new(state, 1);
    for number in 0..plan.timers {
        push(&mut live, &source, number + 1)?;
    }
    let (target, budget) = (live.now().plus(Duration::from_mins(10)), u32::MAX);
    let clock = RealTime::start();
    let advanced = live.advance(target, budget, NOON)?;
    let milliseconds = clock.elapsed().as_secs_f64() * 1e3;
    anyhow::ensure!(advanced.fired_count as usize == plan.timers, "{} timers fired", advanced.fired_count);
    let scaled = milliseconds * 100_000.0 / plan.timers as f64;
    let note = format!("each replicates an image; {} timers took {milliseconds:.0} ms", plan.timers);
    report.add("100 000 timers advanced", scaled, "ms", Limits::AtMost(250.0, 250.0), note)
}

/// Memory by repository and by image, and the large world that they make.
fn memory_of_objects(plan: &Plan, report: &mut Report) -> Result<WorldState> {
    let (repositories, images) = (plan.library_repositories, plan.library_images);
    let empty = memory_of("self")?.anonymous;
    let bare = seeded(repositories, 0)?;
    let bytes = (memory_of("self")?.anonymous - empty) / repositories as f64;
    let note = format!("anonymous memory of {repositories} in the library");
    report.add("G10 memory of a repository", bytes, "B", Limits::AtMost(1000.0, 600.0), note)?;
    let before = memory_of("self")?.anonymous;
    let clock = RealTime::start();
    let world = seeded(repositories, images)?;
    let seconds = clock.elapsed().as_secs_f64();
    let bytes = (memory_of("self")?.anonymous - before) / images as f64;
    // Kept until here, so that its memory is not used again.
    drop(bare);
    let note = format!("anonymous memory of {images} in the library, 428 B manifests, one tag each");
    report.add("G10 memory of an image", bytes, "B", Limits::AtMost(1200.0, 900.0), note)?;
    Report::remark(&format!("{images} images seeded in {seconds:.1} s"))?;
    Ok(world)
}

fn forks(plan: &Plan, report: &mut Report, state: &WorldState) -> Result<()> {
    let (repositories, images) = (plan.library_repositories, plan.library_images);
    let forked = microseconds(1_000, || {
        std::hint::black_box(state.fork());
        Ok(())
    })?;
    let note = format!("{repositories} repositories, {images} images");
    report.add("fork in the library", forked, "us", Limits::AtMost(10.0, 10.0), note)?;

    let (graveyard, _ended) = tokio::sync::mpsc::unbounded_channel();
    let directory = Directory::new(RealTime::start(), [7; 32], false, graveyard);
    let key = state.default_registry();
    let before = memory_of("self")?.anonymous;
    let worlds: Vec<Arc<World>> = (0..plan.live_forks)
        .map(|number| {
            let address = Address {
                endpoint: "http://127.0.0.1:4510".to_owned(),
                registry_host: "127.0.0.1:4510".to_owned(),
                dedicated: false,
            };
            let birth = Birth { id: None, labels: std::collections::BTreeMap::new(), lease: Duration::ZERO, address };
            let world = directory.bring_to_life(birth, state.fork())?;
            world.write(|live| push(live, &key, images + number))?;
            Ok(world)
        })
        .collect::<Result<_>>()?;
    let grown = memory_of("self")?.anonymous - before;
    let last = worlds.last().context("forks")?;
    anyhow::ensure!(last.write(|live| live.state.seq) == 1, "each fork has its own push");
    let (scaled, each) = (grown / MIB * 10_000.0 / worlds.len() as f64, grown / 1024.0 / worlds.len() as f64);
    let note = format!("{} of them, {each:.1} KiB each", worlds.len());
    report.add("10 000 live forks with a push each", scaled, "MiB", Limits::AtMost(512.0, 512.0), note)?;
    std::mem::forget(worlds);
    Ok(())
}
