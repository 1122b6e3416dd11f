//! JournalService.

use tonic::{Request, Response, Status, async_trait};

use super::Control;
use super::convert::journal::{page_to_proto, query_from_proto};
use super::errors::ControlError;
use super::grant::Grant;
use super::names::OperationNames;
use crate::journal::list;
use crate::proto;

#[async_trait]
impl proto::journal_service_server::JournalService for Control {
    async fn list_calls(
        &self,
        request: Request<proto::ListCallsRequest>,
    ) -> Result<Response<proto::ListCallsResponse>, Status> {
        let world = Grant::of(&request)?.world(&self.daemon, &request.get_ref().world)?;
        // A view of this moment costs a few pointers; searching it keeps nobody waiting.
        let journal = world.write(|live| live.journal.clone());
        let since = journal.mark_named(&request.get_ref().since).map_err(ControlError::from)?;
        let query = query_from_proto(request.get_ref(), since, &OperationNames).map_err(ControlError::from)?;
        let page = list(&journal, &query).map_err(ControlError::from)?;
        Ok(Response::new(page_to_proto(&format!("worlds/{}", world.id()), &page)))
    }

    async fn mark(&self, request: Request<proto::MarkRequest>) -> Result<Response<proto::MarkResponse>, Status> {
        let world = Grant::of(&request)?.world(&self.daemon, &request.get_ref().world)?;
        let mark = world.write(|live| live.journal.mark());
        Ok(Response::new(proto::MarkResponse { mark: mark.to_string() }))
    }
}
