//! What the steps check with, besides `anyhow::ensure!`.

use anyhow::{Context, Result, ensure};
use aws_sdk_ecr::primitives::DateTime;
use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::{BodyExt, Empty};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;

/// Where the world's clock stands at first, 2030-01-02T03:04:05Z, in seconds since 1970.
const BEGAN: i64 = 1_893_553_445;

/// Sends a call that must be refused with this variant of its error. Its value is the exception.
macro_rules! refused {
    ($call:expr, $variant:path) => {
        match $call.send().await {
            Ok(answer) => anyhow::bail!("expected {}, got {answer:?}", stringify!($variant)),
            Err(error) => match error.into_service_error() {
                $variant(exception) => exception,
                other => anyhow::bail!("expected {}, got {other:?}", stringify!($variant)),
            },
        }
    };
}
pub(crate) use refused;

/// The time must be within the minute in which the journey takes place.
pub(crate) fn is_now(at: Option<&DateTime>) -> Result<()> {
    let at = at.context("a time is absent")?;
    ensure!((BEGAN..BEGAN + 60).contains(&at.secs()), "{at} is not now");
    Ok(())
}

/// The body of a reply, whose status must be 200.
pub(crate) async fn fetch(url: &str, authorization: Option<String>) -> Result<Bytes> {
    let mut request = Request::get(url).body(Empty::<Bytes>::new())?;
    if let Some(authorization) = authorization {
        request.headers_mut().insert(http::header::AUTHORIZATION, authorization.try_into()?);
    }
    let response = Client::builder(TokioExecutor::new()).build_http().request(request).await?;
    ensure!(response.status() == StatusCode::OK, "{url} answers {}", response.status());
    Ok(response.into_body().collect().await?.to_bytes())
}
