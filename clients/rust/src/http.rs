//! One kept-alive HTTP/1.1 connection to the registry surface. Never uses a proxy, never retries, follows nothing.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;

use crate::background;
use crate::errors::{Error, Result};
use crate::trust::Trust;

const LIMIT: Duration = Duration::from_mins(1);

/// A connection to `host:port`, made by the first request and anew when the other side has closed it since.
pub(crate) struct Http {
    host: String,
    trust: Trust,
    sender: Option<SendRequest<Full<Bytes>>>,
}

/// An answer, read whole.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Http {
    pub(crate) fn new(host: &str, trust: &Trust) -> Self {
        Self { host: host.to_owned(), trust: trust.clone(), sender: None }
    }

    /// A connection to another host, with the same trust.
    pub(crate) fn to(&self, host: &str) -> Self {
        Self::new(host, &self.trust)
    }

    /// `host:port`.
    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    /// Sends a request and reads the whole answer, whatever its status.
    pub(crate) async fn send(
        &mut self,
        method: Method,
        path: &str,
        headers: &HeaderMap,
        body: Bytes,
    ) -> Result<Answer> {
        let what = format!("{method} {path}");
        limited(&what, async {
            let (head, body) = self.begin(method, path, headers, body).await?.into_parts();
            let body = body.collect().await.map_err(|error| Error::broken(&what, chain(&error)))?.to_bytes();
            Ok(Answer { status: head.status, headers: head.headers, body })
        })
        .await
    }

    /// Gets a path and hands each piece of the body to `each`; answers the head, and the body of an error.
    pub(crate) async fn stream(
        &mut self,
        path: &str,
        headers: &HeaderMap,
        mut each: impl FnMut(&[u8]) + Send,
    ) -> Result<Answer> {
        let what = format!("GET {path}");
        limited(&what, async {
            let (head, mut body) = self.begin(Method::GET, path, headers, Bytes::new()).await?.into_parts();
            let mut kept = Vec::new();
            while let Some(frame) = body.frame().await {
                let frame = frame.map_err(|error| Error::broken(&what, chain(&error)))?;
                match frame.data_ref() {
                    Some(piece) if head.status == StatusCode::OK => each(piece),
                    Some(piece) => kept.extend_from_slice(piece),
                    None => {}
                }
            }
            Ok(Answer { status: head.status, headers: head.headers, body: kept.into() })
        })
        .await
    }

    async fn begin(
        &mut self,
        method: Method,
        path: &str,
        headers: &HeaderMap,
        body: Bytes,
    ) -> Result<http::Response<Incoming>> {
        let what = format!("{method} {path}");
        let mut request = Request::builder().method(method).uri(path).header("host", &self.host);
        if let Some(all) = request.headers_mut() {
            all.extend(headers.clone());
        }
        let request = request.body(Full::new(body)).map_err(|error| Error::broken(&what, error))?;
        let sender = self.sender(&what).await?;
        sender.send_request(request).await.map_err(|error| Error::broken(&what, chain(&error)))
    }

    async fn sender(&mut self, what: &str) -> Result<&mut SendRequest<Full<Bytes>>> {
        let usable = match &mut self.sender {
            Some(sender) => sender.ready().await.is_ok(),
            None => false,
        };
        if !usable {
            let stream = self.trust.connect(&self.host).await.map_err(|error| Error::broken(what, error))?;
            let (sender, connection) =
                http1::handshake(TokioIo::new(stream)).await.map_err(|error| Error::broken(what, chain(&error)))?;
            // What breaks the connection is told by the request that it breaks.
            background::handle()?.spawn(async move { drop(connection.await) });
            self.sender = Some(sender);
        }
        self.sender.as_mut().ok_or_else(|| Error::broken(what, "no connection"))
    }
}

async fn limited<T>(what: &str, answer: impl Future<Output = Result<T>>) -> Result<T> {
    match tokio::time::timeout(LIMIT, answer).await {
        Ok(outcome) => outcome,
        Err(_) => Err(Error::broken(what, format!("no answer within {LIMIT:?}"))),
    }
}

/// An error with its sources: hyper's own texts say little without them.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = format!("the connection broke: {error}");
    let mut source = error.source();
    while let Some(next) = source {
        text.push_str(": ");
        text.push_str(&next.to_string());
        source = next.source();
    }
    text
}
