//! G10 and G21: what repositories and images take of the daemon's memory, and what stays when they are gone.

use anyhow::Result;

use crate::client::{Clients, Connection};
use crate::figures::{Limits, Report};
use crate::json_api::{REPOSITORY, populated};
use crate::process::Programs;
use crate::requests::{create_repository, json_call, login, prepare_repository, put_image};
use crate::uploads::{Blob, Mode, Place};
use crate::{MIB, Plan};

pub(crate) fn measure(plan: &Plan, programs: &Programs, report: &mut Report) -> Result<()> {
    memory_of_objects(plan, programs, report)?;
    memory_after_deletion(plan, programs, report)
}

/// What each further object takes once the journal is full of records of such calls: from there on a record takes the
/// place of another.
fn memory_of_objects(plan: &Plan, programs: &Programs, report: &mut Report) -> Result<()> {
    let (filling, objects) = (plan.journal_entries, plan.objects);
    let server = populated(programs, 1, filling)?;
    let mut clients = Clients::open(server.address, 8)?;
    let mut before = server.memory()?.resident;
    let mut each = || {
        let resident = server.memory()?.resident;
        let bytes = (resident - before) / objects as f64;
        before = resident;
        anyhow::Ok(bytes)
    };
    clients.call(objects, 200, |number| put_image(REPOSITORY, filling + number))?;
    let image = each()?;
    // The one that is there already: its refusals fill the journal.
    clients.call(filling, 400, |_| create_repository("many", 0))?;
    each()?;
    clients.call(objects, 200, |number| create_repository("more", number))?;
    let repository = each()?;
    let note = format!("resident memory of {objects} through the JSON API, the journal full before");
    report.add("G10 RSS of a repository", repository, "B", Limits::AtMost(1000.0, 600.0), note.as_str())?;
    let note = format!("{note}, 428 B manifests, one tag each");
    report.add("G10 RSS of an image", image, "B", Limits::AtMost(1200.0, 900.0), note)
}

/// Memory that stays when all is deleted.
fn memory_after_deletion(plan: &Plan, programs: &Programs, report: &mut Report) -> Result<()> {
    let server = programs.daemon(&[])?;
    let mut connection = Connection::open(server.address)?;
    let authorization = login(&mut connection)?;
    let idle = server.memory()?.resident;
    prepare_repository(&mut connection, &authorization, REPOSITORY)?;
    Clients::open(server.address, 8)?.call(plan.objects, 200, |number| put_image(REPOSITORY, number))?;
    let full = server.memory()?.resident;
    let place = Place { authorization: &authorization, repository: REPOSITORY, patched: 201 };
    place.push(&mut Connection::open(server.address)?, Mode::PostPatchPut, &Blob::new(u64::MAX, plan.large_bytes))?;
    let deletion = format!(r#"{{"repositoryName":"{REPOSITORY}","force":true}}"#);
    connection.call(&json_call("DeleteRepository", &deletion), 200)?;
    let left = (server.memory()?.resident - idle) / MIB;
    let note =
        format!("{:.1} MiB with {} images; their records stay in the journal", (full - idle) / MIB, plan.objects);
    report.add("G21 RSS over idle after deleting all", left, "MiB", Limits::AtMost(16.0, 8.0), note)
}
