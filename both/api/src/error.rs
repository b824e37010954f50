//! Errors of the API: what is wrong and what the caller can do about it, over gRPC and back.
//!
//! The message of the status reads well by itself, since tools that know nothing of Corten show it alone. Clients
//! that want both parts take them from `google.rpc.ErrorInfo` in the status' details.

use std::collections::HashMap;

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

/// Whose reasons these are, as `google.rpc.ErrorInfo` asks.
const DOMAIN: &str = "corten.v1";
const CAUSE: &str = "cause";
const REMEDY: &str = "remedy";
/// Bytes of each part that are sent. Both travel twice in a header, and peers refuse headers from 8 KiB on.
const MAX_BYTES: usize = 900;

/// A refusal or failure of a call.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.message())]
pub struct ApiError {
    /// The class, for programs.
    pub code: Code,
    /// What is wrong, with the offending value.
    pub cause: String,
    /// What the caller can do about it; empty where that is clear.
    pub remedy: String,
}

impl ApiError {
    /// An error of these parts.
    pub fn new(code: Code, cause: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { code, cause: cause.into(), remedy: remedy.into() }
    }

    /// Both parts in one line: `cause; remedy`.
    pub fn message(&self) -> String {
        if self.remedy.is_empty() { self.cause.clone() } else { format!("{}; {}", self.cause, self.remedy) }
    }
}

impl From<ApiError> for Status {
    fn from(error: ApiError) -> Self {
        let error = ApiError { code: error.code, cause: cut(&error.cause), remedy: cut(&error.remedy) };
        let metadata =
            HashMap::from([(CAUSE.into(), error.cause.clone()), (REMEDY.into(), error.remedy.clone())]);
        let details = ErrorDetails::with_error_info(reason(error.code), DOMAIN, metadata);
        Status::with_error_details(error.code, error.message(), details)
    }
}

/// Of a status that is not from a node of Corten, or lost its details, the message is the cause.
impl From<&Status> for ApiError {
    fn from(status: &Status) -> Self {
        let info = status.get_details_error_info().filter(|info| info.domain == DOMAIN);
        let part = |name| info.as_ref().and_then(|info| info.metadata.get(name)).cloned();
        Self {
            code: status.code(),
            cause: part(CAUSE).unwrap_or_else(|| status.message().into()),
            remedy: part(REMEDY).unwrap_or_default(),
        }
    }
}

/// The name of a code as `google.rpc.Code` has it.
fn reason(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}

fn cut(text: &str) -> String {
    if text.len() <= MAX_BYTES {
        return text.into();
    }
    format!("{}...", &text[..text.floor_char_boundary(MAX_BYTES)])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn both_parts_come_back() {
        let error = ApiError::new(
            Code::FailedPrecondition,
            "generation 7 is not on trial",
            "ask for the configuration in force",
        );
        let status = Status::from(error.clone());
        assert_eq!(status.message(), "generation 7 is not on trial; ask for the configuration in force");
        assert_eq!(ApiError::from(&status), error);
    }

    #[test]
    fn a_status_of_others_is_its_message() {
        let error = ApiError::from(&Status::new(Code::Unavailable, "tcp connect error; really"));
        assert_eq!(error, ApiError::new(Code::Unavailable, "tcp connect error; really", ""));
        assert_eq!(error.to_string(), "tcp connect error; really");

        let metadata = HashMap::from([(CAUSE.to_owned(), "theirs".to_owned())]);
        let details = ErrorDetails::with_error_info("X", "example", metadata);
        let status = Status::with_error_details(Code::Internal, "said", details);
        assert_eq!(ApiError::from(&status).cause, "said");
    }

    #[test]
    fn damaged_details_do_no_harm() {
        let status = Status::with_details(Code::Internal, "said", vec![0xff; 40].into());
        assert_eq!(ApiError::from(&status), ApiError::new(Code::Internal, "said", ""));
    }

    proptest! {
        #[test]
        fn any_text_fits_into_a_header(cause in "\\PC{0,2000}", remedy in "\\PC{0,2000}") {
            let status = Status::from(ApiError::new(Code::Internal, cause, remedy));
            // Each byte of the message may become three, and details are in base64.
            prop_assert!(status.message().len() * 3 + status.details().len() * 4 / 3 < 16 << 10);
            let error = ApiError::from(&status);
            prop_assert_eq!(error.message(), status.message());
        }
    }
}
