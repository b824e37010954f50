//! What a container is given: nothing that was not asked for, and all that was.

use std::collections::BTreeSet;

use corten_config::settings::{Mount, RestartPolicy};

use super::*;

const PROFILE: &str = r#"{
    "defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 38, "defaultErrno": "ENOSYS", "archMap": [],
    "syscalls": [
        { "names": ["read", "write"], "action": "SCMP_ACT_ALLOW", "args": [], "includes": {}, "excludes": {} },
        { "names": ["arm_thing"], "action": "SCMP_ACT_ALLOW", "args": null, "includes": { "arches": ["arm64"] } },
        { "names": ["chroot"], "action": "SCMP_ACT_ALLOW", "args": [], "includes": { "caps": ["CAP_SYS_CHROOT"] } },
        { "names": ["chroot"], "action": "SCMP_ACT_ERRNO", "args": [], "excludes": { "caps": ["CAP_SYS_CHROOT"] },
          "errnoRet": 1, "errno": "EPERM" },
        { "names": ["personality"], "action": "SCMP_ACT_ALLOW",
          "args": [{ "index": 0, "value": 8, "valueTwo": 0, "op": "SCMP_CMP_EQ" }] }
    ]
}"#;

fn profile() -> Profile {
    Profile::parse(PROFILE.as_bytes()).expect("it is one")
}

pub(crate) fn container() -> Container {
    Container {
        image: "web:1".into(),
        command: None,
        arguments: None,
        environment: BTreeMap::new(),
        environment_files: Vec::new(),
        working_directory: None,
        user: None,
        read_only: true,
        capabilities: BTreeSet::new(),
        privileged: false,
        new_privileges: false,
        mounts: BTreeMap::new(),
        resources: ContainerResources::default(),
        restart: RestartPolicy::Always,
        startup: None,
        liveness: None,
        readiness: None,
        stop_signal: None,
    }
}

fn image() -> ImageProcess {
    ImageProcess {
        entrypoint: vec!["/bin/web".into()],
        command: vec!["--serve".into()],
        environment: vec!["LANG=C".into(), "PATH=/bin".into()],
        working_directory: "srv".into(),
        ..ImageProcess::default()
    }
}

fn of(container: &Container) -> Value {
    let profile = profile();
    specification(&Input {
        workload: "shop",
        container,
        program: program(container, &image(), BTreeMap::new()).expect("there is one"),
        identity: Identity { uid: 33, gid: 33, groups: vec![4] },
        hostname: "shop",
        network: Some("/run/netns/shop".into()),
        binds: vec![Bind {
            source: "/run/files/hosts".into(),
            target: "/etc/hosts".into(),
            place: Place::ReadOnly,
        }],
        cgroup: "/workloads/shop/web".into(),
        disk: Some(Disk { major: 254, minor: 0 }),
        seccomp: &profile,
    })
}

#[test]
fn a_container_that_asks_for_nothing_gets_nothing() {
    insta::assert_snapshot!(serde_json::to_string_pretty(&of(&container())).expect("JSON"));
}

#[test]
fn what_is_asked_for_is_given_and_no_more() {
    let container = Container {
        read_only: false,
        capabilities: ["CAP_SYS_CHROOT".to_owned(), "CAP_MADE_UP".to_owned()].into(),
        new_privileges: true,
        mounts: [
            ("/tmp".to_owned(), Mount::Tmpfs { size: Some(4096) }),
            ("/tmp/deep".to_owned(), Mount::Tmpfs { size: None }),
        ]
        .into(),
        resources: ContainerResources {
            cpu_millis: Some(1500),
            cpu_weight: Some(50),
            memory_max: Some(1 << 20),
            io_write_bytes: Some(1000),
            ..ContainerResources::default()
        },
        ..container()
    };
    let all = of(&container);
    let at = |path: &str| all.pointer(path).cloned().unwrap_or_default();
    assert_eq!(at("/root/readonly"), json!(false));
    assert_eq!(at("/process/noNewPrivileges"), json!(false));
    assert_eq!(at("/process/capabilities/bounding"), json!(["CAP_SYS_CHROOT"]));
    assert_eq!(
        at("/linux/resources/unified"),
        json!({
            "cpu.max": "150000 100000", "cpu.weight": "50", "io.max": "254:0 wbps=1000", "memory.max": "1048576",
            "memory.oom.group": "1", "memory.swap.max": "0", "pids.max": "4096",
        })
    );
    // The rule for those who have the capability, and not the other one.
    let chroot: Vec<Value> = at("/linux/seccomp/syscalls")
        .as_array()
        .into_iter()
        .flatten()
        .filter(|rule| rule["names"] == json!(["chroot"]))
        .cloned()
        .collect();
    assert_eq!(chroot, [json!({ "names": ["chroot"], "action": "SCMP_ACT_ALLOW" })]);
    let places: Vec<Value> =
        at("/mounts").as_array().into_iter().flatten().map(|mount| mount["destination"].clone()).collect();
    let place = |wanted: &str| places.iter().position(|place| place == wanted);
    assert!(place("/tmp") < place("/tmp/deep"), "{places:?}");
}

#[test]
fn a_privileged_container_has_everything() {
    let all = of(&Container { privileged: true, ..container() });
    assert_eq!(all.pointer("/linux/seccomp"), None);
    assert_eq!(all.pointer("/linux/maskedPaths"), None);
    let capabilities = all.pointer("/process/capabilities/effective").and_then(Value::as_array).map(Vec::len);
    assert_eq!(capabilities, Some(ALL_CAPABILITIES.len()));
    assert_eq!(all.pointer("/linux/resources/devices/0/allow"), Some(&json!(true)));
}

#[test]
fn a_command_takes_the_place_of_program_and_arguments_of_the_image() {
    let run = |command: Option<&[&str]>, arguments: Option<&[&str]>| {
        let texts = |list: &[&str]| list.iter().map(ToString::to_string).collect();
        let container =
            Container { command: command.map(texts), arguments: arguments.map(texts), ..container() };
        program(&container, &image(), BTreeMap::new()).map(|program| program.arguments)
    };
    let texts = |list: &[&str]| Ok(list.iter().map(ToString::to_string).collect::<Vec<_>>());
    assert_eq!(run(None, None), texts(&["/bin/web", "--serve"]));
    assert_eq!(run(None, Some(&["-x"])), texts(&["/bin/web", "-x"]));
    assert_eq!(run(Some(&["/bin/sh"]), None), texts(&["/bin/sh"]));
    assert_eq!(run(Some(&["/bin/sh"]), Some(&["-c"])), texts(&["/bin/sh", "-c"]));
    assert_eq!(program(&container(), &ImageProcess::default(), BTreeMap::new()), Err(NoCommand));
}

#[test]
fn a_profile_that_lets_everything_through_is_refused() {
    let open = PROFILE.replacen("SCMP_ACT_ERRNO", "SCMP_ACT_ALLOW", 1);
    assert!(matches!(Profile::parse(open.as_bytes()), Err(ProfileError::Open(_))));
    assert!(Profile::parse(b"{}").is_err());
    assert!(matches!(Profile::parse(&vec![b' '; 2 << 20]), Err(ProfileError::Large)));
}

#[test]
fn a_program_beside_has_the_rights_of_the_main_one() {
    let specification = of(&container()).to_string();
    let process: Value =
        serde_json::from_str(&exec_process(&specification, &["/bin/true".into()]).expect("a process"))
            .expect("JSON");
    assert_eq!(process["args"], json!(["/bin/true"]));
    assert_eq!(process["user"]["uid"], json!(33));
    assert_eq!(process["noNewPrivileges"], json!(true));
    assert_eq!(exec_process("no JSON", &[]), None);
}
