//! AssertsService.

use tonic::{Request, Response, Status, async_trait};

use super::Control;
use super::convert::journal::{expectations_from_proto, verify_result_to_proto};
use super::errors::ControlError;
use super::grant::Grant;
use super::names::OperationNames;
use crate::journal::verify;
use crate::proto;

#[async_trait]
impl proto::asserts_service_server::AssertsService for Control {
    async fn verify(&self, request: Request<proto::VerifyRequest>) -> Result<Response<proto::VerifyResponse>, Status> {
        let world = Grant::of(&request)?.world(&self.daemon, &request.get_ref().world)?;
        let expectations = expectations_from_proto(request.get_ref(), &OperationNames).map_err(ControlError::from)?;
        // A view of this moment costs a few pointers; judging it keeps nobody waiting.
        let journal = world.write(|live| live.journal.clone());
        let since = journal.mark_named(&request.get_ref().since).map_err(ControlError::from)?;
        let verdict = verify(&journal, &expectations, since);
        Ok(Response::new(verify_result_to_proto(&format!("worlds/{}", world.id()), &verdict)))
    }
}
