//! The one table of methods: who may call which, what is written to the audit log, and what a node without a
//! configuration answers. A method that is not in it is refused, and a test compares it with the definition of the
//! API in both directions, so that neither side can be forgotten.

use crate::role::Role;

/// What a method asks of its caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Access {
    /// The least role that may call it.
    pub role: Role,
    /// Whether something is different afterwards.
    pub changes: Changes,
    /// Who may call it while the node is in maintenance.
    pub maintenance: Maintenance,
}

/// What a method changes. What changes something goes to the audit log, refusals too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Changes {
    /// It reads.
    Nothing,
    /// The node is different afterwards.
    Node,
}

/// Who may call a method while the node has no configuration, and so knows no client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Maintenance {
    /// Nobody.
    Closed,
    /// Anybody who reaches the port.
    Open,
    /// Whoever shows that they know the pairing code; see [`crate::pairing`].
    Paired,
}

const fn reads(role: Role) -> Access {
    Access { role, changes: Changes::Nothing, maintenance: Maintenance::Closed }
}

const fn changes(role: Role) -> Access {
    Access { role, changes: Changes::Node, maintenance: Maintenance::Closed }
}

/// Says nothing that whoever reaches the port could not find out otherwise.
const OPEN: Access = Access { role: Role::Reader, changes: Changes::Nothing, maintenance: Maintenance::Open };

/// Each method, `package.Service/Method`, with what it asks of its caller.
pub const METHODS: &[(&str, Access)] = &[
    // Names callers and where they come from.
    ("corten.v1.Audit/Read", reads(Role::Operator)),
    // Secrets are removed from both.
    ("corten.v1.Config/Get", reads(Role::Reader)),
    ("corten.v1.Config/History", reads(Role::Reader)),
    ("corten.v1.Config/Check", reads(Role::Reader)),
    // The one way out of maintenance.
    ("corten.v1.Config/Apply", Access { maintenance: Maintenance::Paired, ..changes(Role::Admin) }),
    ("corten.v1.Config/Confirm", changes(Role::Admin)),
    ("corten.v1.Events/Watch", reads(Role::Reader)),
    ("corten.v1.Images/List", reads(Role::Reader)),
    ("corten.v1.Images/Pull", changes(Role::Operator)),
    ("corten.v1.Images/Import", changes(Role::Admin)),
    ("corten.v1.Images/Remove", changes(Role::Operator)),
    ("corten.v1.Logs/Read", reads(Role::Reader)),
    ("corten.v1.Metrics/Get", reads(Role::Reader)),
    ("corten.v1.Network/Links", reads(Role::Reader)),
    ("corten.v1.Network/Addresses", reads(Role::Reader)),
    ("corten.v1.Network/Routes", reads(Role::Reader)),
    ("corten.v1.Network/Sockets", reads(Role::Reader)),
    // Who holds the pairing code has to see what it would be given to.
    ("corten.v1.Node/Info", OPEN),
    ("corten.v1.Node/Health", reads(Role::Reader)),
    ("corten.v1.Node/Timeline", reads(Role::Reader)),
    ("corten.v1.Node/Reboot", changes(Role::Operator)),
    ("corten.v1.Node/PowerOff", changes(Role::Operator)),
    ("corten.v1.Node/Reset", changes(Role::Admin)),
    ("corten.v1.Processes/List", reads(Role::Reader)),
    ("corten.v1.Services/List", reads(Role::Reader)),
    ("corten.v1.Services/Inspect", reads(Role::Reader)),
    ("corten.v1.Services/Restart", changes(Role::Operator)),
    ("corten.v1.Storage/Disks", reads(Role::Reader)),
    ("corten.v1.Storage/Mounts", reads(Role::Reader)),
    // Holds the audit log.
    ("corten.v1.Support/Collect", reads(Role::Operator)),
    ("corten.v1.Volumes/List", reads(Role::Reader)),
    // What it holds is lost.
    ("corten.v1.Volumes/Remove", changes(Role::Admin)),
    ("corten.v1.Workloads/List", reads(Role::Reader)),
    // Values of secrets are removed.
    ("corten.v1.Workloads/Inspect", reads(Role::Reader)),
    ("corten.v1.Workloads/Start", changes(Role::Operator)),
    ("corten.v1.Workloads/Stop", changes(Role::Operator)),
    ("corten.v1.Workloads/Restart", changes(Role::Operator)),
    ("corten.v1.Workloads/Logs", reads(Role::Reader)),
    ("corten.v1.Workloads/Stats", reads(Role::Reader)),
    // Whoever is in a container may do there what it may, and read what it holds.
    ("corten.v1.Workloads/Exec", changes(Role::Admin)),
    ("corten.v1.Workloads/Debug", changes(Role::Admin)),
    ("corten.v1.Workloads/CopyFrom", changes(Role::Admin)),
    ("corten.v1.Workloads/CopyTo", changes(Role::Admin)),
    // What tools for gRPC expect of any server.
    ("grpc.health.v1.Health/Check", OPEN),
    ("grpc.health.v1.Health/Watch", OPEN),
    ("grpc.reflection.v1.ServerReflection/ServerReflectionInfo", OPEN),
    ("grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", OPEN),
];

/// What a method asks of its caller, by the path of a request (`/corten.v1.Node/Info`, the slash may be missing).
/// `None` for what is no method: refuse it.
pub fn method_role(path: &str) -> Option<Access> {
    let name = path.strip_prefix('/').unwrap_or(path);
    METHODS.iter().find(|(method, _)| *method == name).map(|(_, access)| *access)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use prost::Message as _;
    use prost_types::FileDescriptorSet;

    use super::*;

    /// All methods that the definitions of what a node serves name.
    fn defined() -> BTreeSet<String> {
        let sets = [
            crate::DESCRIPTORS,
            tonic_health::pb::FILE_DESCRIPTOR_SET,
            tonic_reflection::pb::v1::FILE_DESCRIPTOR_SET,
            tonic_reflection::pb::v1alpha::FILE_DESCRIPTOR_SET,
        ];
        let mut methods = BTreeSet::new();
        for set in sets {
            for file in FileDescriptorSet::decode(set).expect("descriptors").file {
                for service in &file.service {
                    for method in &service.method {
                        methods.insert(format!("{}.{}/{}", file.package(), service.name(), method.name()));
                    }
                }
            }
        }
        methods
    }

    #[test]
    fn the_table_has_each_method_once_and_no_other() {
        let table: BTreeSet<String> = METHODS.iter().map(|(method, _)| (*method).to_owned()).collect();
        assert_eq!(table.len(), METHODS.len(), "a method stands twice");
        assert_eq!(table, defined());
    }

    #[test]
    fn what_changes_a_node_is_not_for_readers_and_not_for_anybody() {
        for (method, access) in METHODS {
            if access.changes == Changes::Node {
                assert!(access.role > Role::Reader, "{method}");
                assert_ne!(access.maintenance, Maintenance::Open, "{method}");
            }
        }
    }

    #[test]
    fn a_node_in_maintenance_answers_little() {
        let of = |wanted| {
            METHODS.iter().filter(move |(_, access)| access.maintenance == wanted).map(|(method, _)| *method)
        };
        assert_eq!(of(Maintenance::Paired).collect::<Vec<_>>(), ["corten.v1.Config/Apply"]);
        let open: Vec<_> = of(Maintenance::Open).filter(|method| method.starts_with("corten.")).collect();
        assert_eq!(open, ["corten.v1.Node/Info"]);
    }

    #[test]
    fn a_path_is_a_method_or_nothing() {
        assert_eq!(method_role("/corten.v1.Node/Reset"), Some(changes(Role::Admin)));
        assert_eq!(method_role("corten.v1.Node/Reset"), Some(changes(Role::Admin)));
        for path in ["", "/", "//corten.v1.Node/Reset", "/corten.v1.Node/Reset/", "/corten.v1.Node/reset"] {
            assert_eq!(method_role(path), None, "{path}");
        }
    }
}
