//! G5, G6, G8 and G9: the JSON API, point calls, listings and growth.

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::Plan;
use crate::client::{Clients, Connection};
use crate::figures::{Compared, Limits, Report, compare};
use crate::process::{Floor, Programs, Server};
use crate::requests::{create_repository, digest_of, json_call, login, manifest, prepare_repository, put_image};

/// The repository of the images.
pub(crate) const REPOSITORY: &str = "bench/app";
/// Objects in the small world of the growth figures, and in the one of point reads.
const FEW: usize = 10;

/// Makes the request of a number.
type Numbered<'a> = &'a dyn Fn(usize) -> Vec<u8>;

/// A daemon or a floor with the CPU cost of a call on it.
struct Side {
    server: Server,
    clients: Clients,
}

impl Side {
    fn new(server: Server, clients: usize) -> Result<Self> {
        let clients = Clients::open(server.address, clients)?;
        Ok(Self { server, clients })
    }

    /// Microseconds of CPU for each of `calls` requests.
    fn cost(&mut self, calls: usize, request: impl FnMut(usize) -> Vec<u8>) -> Result<f64> {
        let clients = &mut self.clients;
        let seconds = self.server.cpu_of(|| clients.call(calls, 200, request))?;
        Ok(seconds * 1e6 / calls as f64)
    }
}

/// Reads of one repository, of one image by digest, and of its manifest.
fn point_reads(repository: &str, number: usize) -> [(&'static str, Vec<u8>); 3] {
    let digest = digest_of(manifest(number).as_bytes());
    let image = format!(r#"{{"repositoryName":"{REPOSITORY}","imageIds":[{{"imageDigest":"{digest}"}}]}}"#);
    [
        (
            "describe_repositories",
            json_call("DescribeRepositories", &format!(r#"{{"repositoryNames":["{repository}"]}}"#)),
        ),
        ("describe_images", json_call("DescribeImages", &image)),
        ("batch_get_image", json_call("BatchGetImage", &image)),
    ]
}

/// A daemon with `bench/app` and so many images in it, and so many further repositories. Its quota of images is out of the
/// way.
pub(crate) fn populated(programs: &Programs, repositories: usize, images: usize) -> Result<Server> {
    let seed = std::env::temp_dir().join(format!("gates-{}.json", std::process::id()));
    std::fs::write(&seed, r#"{"documents": [{"quotas": {"imagesPerRepository": "10000000"}}]}"#)?;
    let server = programs.daemon(&["--seed", &seed.to_string_lossy()])?;
    std::fs::remove_file(seed)?;
    let mut connection = Connection::open(server.address)?;
    let authorization = login(&mut connection)?;
    prepare_repository(&mut connection, &authorization, REPOSITORY)?;
    let mut clients = Clients::open(server.address, 8)?;
    clients.call(repositories, 200, |number| create_repository("many", number))?;
    clients.call(images, 200, |number| put_image(REPOSITORY, number))?;
    Ok(server)
}

pub(crate) fn measure(plan: &Plan, programs: &Programs, report: &mut Report) -> Result<()> {
    for images in std::iter::once(FEW).chain(plan.images.iter().copied()) {
        point_reads_and_writes(plan, programs, images, report)?;
    }
    growth(plan, programs, report)
}

fn noted(compared: Compared) -> String {
    format!("{:.1} us, L {:.1} us", compared.ours, compared.floor)
}

/// G5 and G6 in a repository of so many images.
fn point_reads_and_writes(plan: &Plan, programs: &Programs, images: usize, report: &mut Report) -> Result<()> {
    let mut ours = Side::new(populated(programs, FEW, images)?, 1)?;
    let among = if images == FEW { String::new() } else { format!(" among {images} images") };
    let mut floor = Side::new(programs.floor(Floor::L)?, 1)?;
    ours.server.share_core(true);
    floor.server.share_core(true);
    for (name, request) in point_reads("many/r3", 3) {
        let compared = compare(
            plan.rounds,
            || ours.cost(plan.calls, |_| request.clone()),
            || floor.cost(plan.calls, |_| request.clone()),
        )?;
        report.add(format!("G5 {name}{among}"), compared.ratio, "xL", Limits::AtMost(2.5, 1.6), noted(compared))?;
    }
    ours.server.share_core(false);
    floor.server.share_core(false);

    ours.clients = Clients::open(ours.server.address, 8)?;
    floor.clients = Clients::open(floor.server.address, 8)?;
    let put_next = |number| put_image(REPOSITORY, images + number);
    let writes: [(&str, Numbered<'_>); 2] =
        [("create_repository", &|number| create_repository("new", number)), ("put_image", &put_next)];
    for (name, request) in writes {
        let (mut created, mut answered) = (0, 0);
        let compared = compare(
            plan.rounds,
            || {
                created += plan.calls;
                ours.cost(plan.calls, |call| request(created - plan.calls + call))
            },
            || {
                answered += plan.calls;
                floor.cost(plan.calls, |call| request(answered - plan.calls + call))
            },
        )?;
        report.add(
            format!("G6 {name}, 8 clients{among}"),
            compared.ratio,
            "xL",
            Limits::AtMost(3.0, 2.0),
            noted(compared),
        )?;
    }
    Ok(())
}

fn growth(plan: &Plan, programs: &Programs, report: &mut Report) -> Result<()> {
    let mut many = Side::new(populated(programs, plan.objects, plan.objects)?, 1)?;
    let mut few = Side::new(populated(programs, FEW, FEW)?, 1)?;
    many.server.share_core(true);
    few.server.share_core(true);
    for (name, request) in point_reads("many/r3", 3) {
        let compared = compare(
            plan.rounds,
            || many.cost(plan.calls, |_| request.clone()),
            || few.cost(plan.calls, |_| request.clone()),
        )?;
        let note = format!("{:.1} us at {}, {:.1} us at {FEW}", compared.ours, plan.objects, compared.floor);
        report.add(format!("G8 growth of {name}"), compared.ratio, "x", Limits::AtMost(1.5, 1.2), note)?;
    }

    listing(plan, programs, "repositories", &many.server, plan.objects, report)?;
    listing(plan, programs, "images", &many.server, plan.objects, report)?;
    many.server.share_core(false);
    for images in plan.images.iter().copied().filter(|images| *images != plan.objects) {
        let server = populated(programs, FEW, images)?;
        server.share_core(true);
        listing(plan, programs, "images", &server, images, report)?;
        server.share_core(false);
    }
    Ok(())
}

/// G9: all `rows` repositories or images of a server in pages of 100, beside as many canned answers.
fn listing(
    plan: &Plan,
    programs: &Programs,
    what: &str,
    server: &Server,
    rows: usize,
    report: &mut Report,
) -> Result<()> {
    let (operation, filter) = match what {
        "repositories" => ("DescribeRepositories", String::new()),
        _ => ("DescribeImages", format!(r#""repositoryName":"{REPOSITORY}","#)),
    };
    let mut floor = Side::new(programs.floor(Floor::L)?, 1)?;
    floor.server.share_core(true);
    let first = json_call("DescribeRepositories", r#"{"maxResults":100}"#);
    let pages = rows.div_ceil(100);
    let compared = compare(
        plan.rounds,
        || {
            let mut connection = Connection::open(server.address)?;
            let cost = server.cpu_of(|| list_all(&mut connection, operation, &filter))?;
            Ok(cost * 1e3)
        },
        || Ok(floor.cost(pages, |_| first.clone())? * pages as f64 / 1e3),
    )?;
    let among = if rows == plan.objects { String::new() } else { format!(" of {rows}") };
    let note = format!("{:.1} ms for {rows} rows, L {:.2} ms", compared.ours, compared.floor);
    let name = format!("G9 list {what}{among} in pages of 100");
    report.add(name, compared.ratio, "xL", Limits::AtMost(12.0, 5.0), note)
}

fn list_all(connection: &mut Connection, operation: &str, filter: &str) -> Result<()> {
    let mut token = String::new();
    loop {
        let body = format!(r#"{{{filter}"maxResults":100{token}}}"#);
        let reply = connection.call(&json_call(operation, &body), 200)?;
        // The token stands behind the rows; the rows themselves are not parsed.
        let text = std::str::from_utf8(reply.body)?;
        let Some((_, rest)) = text.split_once(r#""nextToken":""#) else { return Ok(()) };
        let (next, _) = rest.split_once('"').context("the token does not end")?;
        token = format!(r#","nextToken":{}"#, Value::from(next));
    }
}
