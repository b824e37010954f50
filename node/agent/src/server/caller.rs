//! Who calls, and what that is good for: decided for each request before anything of it is looked at.

use std::net::IpAddr;

use corten_api::error::ApiError;
use corten_api::identity::Fingerprint;
use corten_api::methods::{Access, Maintenance, method_role};
use corten_api::role::Role;
use tonic::Code;

/// The other end of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// Name in its certificate; what stands in for one where there is none.
    pub name: String,
    /// What it may do; `None` for somebody whom a node in maintenance can't know.
    pub role: Option<Role>,
    /// Its certificate; `None` on a local socket and in maintenance.
    pub certificate: Option<Fingerprint>,
    /// Where it comes from.
    pub from: From,
}

/// Where a caller comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum From {
    /// Address and port.
    Network(IpAddr, u16),
    /// A socket of the node.
    Local,
}

impl std::fmt::Display for From {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Network(IpAddr::V6(address), port) => write!(f, "[{address}]:{port}"),
            Self::Network(address, port) => write!(f, "{address}:{port}"),
            Self::Local => f.write_str("local"),
        }
    }
}

/// Whether the node has a configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Posture {
    /// It has, and knows its clients.
    Configured,
    /// It has none, and knows nobody.
    Maintenance,
}

/// What a method asks of this caller, or why it is refused. A method in maintenance that wants pairing is let
/// through: only the method itself can check the proof.
pub fn authorise(path: &str, caller: &Caller, posture: Posture) -> Result<Access, ApiError> {
    let Some(access) = method_role(path) else {
        let cause = format!("{path} is no method of this node");
        return Err(ApiError::new(Code::Unimplemented, cause, "ask the node what it serves by reflection"));
    };
    match (caller.role, posture) {
        (Some(role), _) if role >= access.role => Ok(access),
        (Some(role), _) => Err(ApiError::new(
            Code::PermissionDenied,
            format!("{} is {role}, and {path} needs {}", caller.name, access.role),
            format!("use a certificate of an {}: `corten keys issue --role {}`", access.role, access.role),
        )),
        (None, Posture::Maintenance) if access.maintenance != Maintenance::Closed => Ok(access),
        (None, Posture::Maintenance) => Err(ApiError::new(
            Code::FailedPrecondition,
            format!("the node has no configuration, and {path} needs one"),
            "give it one with the code on its console: `corten node pair`",
        )),
        (None, Posture::Configured) => {
            let remedy = "connect again with a certificate of an authority that the node trusts";
            Err(ApiError::new(Code::Unauthenticated, "the node has a configuration now", remedy))
        }
    }
}

#[cfg(test)]
mod tests {
    use corten_api::methods::METHODS;

    use super::*;

    fn caller(role: Option<Role>) -> Caller {
        Caller { name: "ann".into(), role, certificate: None, from: From::Local }
    }

    #[test]
    fn each_method_is_for_its_role_and_those_above_it() {
        for (method, access) in METHODS {
            for role in Role::ALL {
                let allowed = authorise(method, &caller(Some(role)), Posture::Configured);
                assert_eq!(allowed.is_ok(), role >= access.role, "{method} as {role}");
            }
        }
    }

    #[test]
    fn who_is_not_known_reads_what_is_open_in_maintenance_and_nothing_else() {
        for (method, access) in METHODS {
            let nobody = caller(None);
            let open = access.maintenance != Maintenance::Closed;
            assert_eq!(authorise(method, &nobody, Posture::Maintenance).is_ok(), open, "{method}");
            assert!(authorise(method, &nobody, Posture::Configured).is_err(), "{method}");
        }
    }

    #[test]
    fn what_is_no_method_is_refused_to_everybody() {
        for path in ["", "/", "/corten.v1.Node/Dance", "/grpc.health.v1.Health"] {
            let refused = authorise(path, &caller(Some(Role::Admin)), Posture::Configured);
            assert_eq!(refused.expect_err(path).code, Code::Unimplemented);
        }
    }

    #[test]
    fn a_refusal_says_who_asked_what_is_needed_and_how_to_get_it() {
        let refused = authorise("/corten.v1.Node/Reset", &caller(Some(Role::Reader)), Posture::Configured);
        assert_eq!(
            refused.expect_err("a reader").message(),
            "ann is reader, and /corten.v1.Node/Reset needs admin; use a certificate of an admin: \
             `corten keys issue --role admin`"
        );
    }
}
