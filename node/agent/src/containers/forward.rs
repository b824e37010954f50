//! A service of the container service as one of the agent's own.

use std::convert::Infallible;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::{Request, Response};
use tonic::body::Body;
use tonic::server::NamedService;
use tower::Service;

use super::Containers;

/// Passes on the calls of the service that `N` is the server of.
#[derive(Debug)]
pub struct Forward<N> {
    containers: Containers,
    service: PhantomData<fn() -> N>,
}

impl<N> Forward<N> {
    /// Passes them on by this way.
    pub fn new(containers: Containers) -> Self {
        Self { containers, service: PhantomData }
    }
}

impl<N> Clone for Forward<N> {
    fn clone(&self) -> Self {
        Self::new(self.containers.clone())
    }
}

impl<N: NamedService> NamedService for Forward<N> {
    const NAME: &'static str = N::NAME;
}

/// What a call comes to.
type Answered = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

impl<N> Service<Request<Body>> for Forward<N> {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Answered;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Answered {
        let containers = self.containers.clone();
        Box::pin(async move { Ok(containers.send(request).await) })
    }
}

/// For clients of the agent itself.
impl Service<Request<Body>> for Containers {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Answered;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Answered {
        let containers = self.clone();
        Box::pin(async move { Ok(containers.send(request).await) })
    }
}
