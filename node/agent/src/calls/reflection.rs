//! Reflection, in both of its versions: older tools ask for the one before. Few clients ask for either, and it takes
//! decoding the whole definition, so a version is made when somebody first asks for it.

use std::convert::Infallible;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use corten_api::DESCRIPTORS;
use tonic::server::NamedService;
use tonic::service::Routes;
use tonic_reflection::server::{Builder, v1, v1alpha};
use tower::Service;

use super::MAX_REQUEST;

const WHY: &str = "what the compiler of the definition made can be read";

/// Adds both versions.
pub fn add(routes: Routes) -> Routes {
    routes.add_service(OnFirstCall::new(in_v1)).add_service(OnFirstCall::new(in_v1alpha))
}

fn in_v1() -> v1::ServerReflectionServer<impl v1::ServerReflection> {
    builder().build_v1().expect(WHY).max_decoding_message_size(MAX_REQUEST)
}

fn in_v1alpha() -> v1alpha::ServerReflectionServer<impl v1alpha::ServerReflection> {
    builder().build_v1alpha().expect(WHY).max_decoding_message_size(MAX_REQUEST)
}

fn builder() -> Builder<'static> {
    Builder::configure()
        .register_encoded_file_descriptor_set(DESCRIPTORS)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
}

/// A service that is made by the first call of it.
struct OnFirstCall<S> {
    made: Arc<OnceLock<S>>,
    make: fn() -> S,
}

impl<S> OnFirstCall<S> {
    fn new(make: fn() -> S) -> Self {
        Self { made: Arc::default(), make }
    }
}

impl<S> Clone for OnFirstCall<S> {
    fn clone(&self) -> Self {
        Self { made: Arc::clone(&self.made), make: self.make }
    }
}

impl<S: NamedService> NamedService for OnFirstCall<S> {
    const NAME: &'static str = S::NAME;
}

impl<R, S: Service<R, Error = Infallible> + Clone> Service<R> for OnFirstCall<S> {
    type Response = S::Response;
    type Error = Infallible;
    type Future = S::Future;

    // What tonic makes of a definition is always ready.
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: R) -> Self::Future {
        self.made.get_or_init(self.make).clone().call(request)
    }
}
