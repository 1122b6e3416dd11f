//! TasksService.

use std::collections::HashMap;

use tonic::{Request, Response, Status, async_trait};

use super::Control;
use super::convert::time::timestamp_to_proto;
use super::grant::Grant;
use crate::proto;
use crate::tasks::{Task, TaskState};

#[async_trait]
impl proto::tasks_service_server::TasksService for Control {
    async fn list_tasks(
        &self,
        request: Request<proto::ListTasksRequest>,
    ) -> Result<Response<proto::ListTasksResponse>, Status> {
        let world = Grant::of(&request)?.world(&self.daemon, &request.get_ref().world)?;
        let tasks = world.write(|live| live.state.tasks.clone());
        let tasks = tasks.values().map(|task| task_to_proto(task)).collect();
        Ok(Response::new(proto::ListTasksResponse { tasks }))
    }
}

fn task_to_proto(task: &Task) -> proto::Task {
    let (state, ended, failure_code) = match &task.state {
        TaskState::Pending => (proto::TaskState::Pending, None, String::new()),
        TaskState::Held(_) => (proto::TaskState::Held, None, String::new()),
        TaskState::Complete { ended } => (proto::TaskState::Complete, Some(*ended), String::new()),
        TaskState::Failed { ended, code } => (proto::TaskState::Failed, Some(*ended), code.to_string()),
    };
    let facts: HashMap<String, String> =
        task.facts().iter().map(|(fact, value)| (fact.name().to_owned(), value.text().into_owned())).collect();
    proto::Task {
        name: format!("tasks/{}", task.name()),
        kind: task.job.kind().to_owned(),
        state: state.into(),
        facts,
        created: Some(timestamp_to_proto(task.created)),
        ended: ended.map(timestamp_to_proto),
        failure_code,
        attempts: task.attempts,
    }
}
