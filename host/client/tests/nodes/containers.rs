//! What is done with containers: programs with input and exit code, copies, images, figures, lines.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::{Arc, Mutex};

use corten_api::v1;
use corten_client::connection::{Connection, NodeError};
use corten_client::copy::{self, CopyError, Remote};
use corten_client::exec::{Ended, Input, Output, Program, run};
use corten_client::follow::{self, End, LogQuery, Source};
use corten_client::images::{self, Progress};
use corten_client::tell::{self, Order};
use corten_client::view::{Got, GotImages, Output as Form, entry};
use tonic::Code;

use crate::fake::workloads::COPIED;
use crate::fake::{Fake, Owner};

async fn connected(owner: &Owner, fake: &Fake) -> Connection {
    Connection::open(&owner.context(fake.at)).await.expect("it listens")
}

fn program(command: &str) -> Program {
    let start =
        v1::ExecStart { container: "web".into(), command: vec![command.into()], ..v1::ExecStart::default() };
    Program::Exec(start)
}

/// What a program printed, and how it ended.
async fn printed(
    connection: &Connection,
    program: Program,
    input: Vec<Input>,
) -> (Vec<u8>, Vec<u8>, Result<Ended, NodeError>) {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let output = async |piece: Output| {
        match piece {
            Output::Out(bytes) => out.extend(bytes),
            Output::Err(bytes) => err.extend(bytes),
        }
        ControlFlow::Continue(())
    };
    let ended = run(connection, program, tokio_stream::iter(input), output).await;
    (out, err, ended)
}

#[tokio::test]
async fn a_program_gets_its_input_and_says_how_it_ended() {
    let owner = Owner::new();
    let fake = Fake::of(&owner, "lab");
    let connection = connected(&owner, &fake).await;
    let pieces: Vec<Vec<u8>> = (0..50_u8).map(|number| vec![number; 10_000]).collect();
    let input = pieces.iter().cloned().map(Input::Bytes).chain([Input::Ended]).collect();
    let (out, err, ended) = printed(&connection, program("cat"), input).await;
    assert!(out == pieces.concat() && err == pieces.concat());
    assert_eq!(ended.expect("it ended"), Ended::Exited(7));
    // Without any input it ends too.
    let (out, _, ended) = printed(&connection, program("cat"), vec![Input::Ended]).await;
    assert_eq!((out, ended.expect("it ended")), (Vec::new(), Ended::Exited(0)));
    let resizes = vec![Input::Resized(80, 24), Input::Resized(100, 30), Input::Ended];
    let (out, ..) = printed(&connection, program("size"), resizes).await;
    assert_eq!(out, b"80x24 100x30 ");
    let debug = Program::Debug { exec: v1::ExecStart::default(), image: "tools:1".into() };
    let (out, _, ended) = printed(&connection, debug, vec![Input::Ended]).await;
    assert_eq!((out.as_slice(), ended.expect("it ended")), (&b"tools:1"[..], Ended::Exited(143)));
}

#[tokio::test]
async fn a_program_that_does_not_end_well_is_an_error_or_left() {
    let owner = Owner::new();
    let fake = Fake::of(&owner, "lab");
    let connection = connected(&owner, &fake).await;
    let (.., ended) = printed(&connection, program("vanish"), Vec::new()).await;
    assert!(matches!(ended, Err(NodeError::Lost(_))), "{ended:?}");
    let unknown = v1::ExecStart { container: "nobody".into(), ..v1::ExecStart::default() };
    let (.., ended) = printed(&connection, Program::Exec(unknown), Vec::new()).await;
    assert!(matches!(ended, Err(NodeError::Answered(error)) if error.code == Code::NotFound));
    // Somebody who has seen enough.
    let mut seen = 0;
    let output = async |_: Output| {
        seen += 1;
        if seen == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let ended = run(&connection, program("flood"), tokio_stream::pending(), output).await;
    assert_eq!(ended.expect("it was left"), Ended::Left);
}

fn remote(path: &str) -> Remote {
    Remote { container: "web".into(), path: path.into() }
}

#[tokio::test]
async fn what_is_copied_from_a_container_lands_where_it_was_wanted() {
    let owner = Owner::new();
    let fake = Fake::of(&owner, "lab");
    let connection = connected(&owner, &fake).await;
    let folder = tempfile::tempdir().expect("temporary folder");
    let length = |path: &str| std::fs::metadata(folder.path().join(path)).map(|metadata| metadata.len());
    copy::from_node(&connection, &remote("/etc/app"), folder.path()).await.expect("it is a folder");
    assert_eq!(length("app/file").expect("it is there"), COPIED as u64);
    let other = folder.path().join("other");
    copy::from_node(&connection, &remote("/etc/app/"), &other).await.expect("it is a name");
    assert_eq!(length("other/file").expect("it is there"), COPIED as u64);
    let error = copy::from_node(&connection, &remote("/broken"), &folder.path().join("b")).await;
    assert!(matches!(error, Err(CopyError::Node(NodeError::Answered(_)))), "{error:?}");
    let nowhere = folder.path().join("no/such");
    let error = copy::from_node(&connection, &remote("/etc/app"), &nowhere).await;
    assert!(matches!(error, Err(CopyError::Io { .. })), "{error:?}");
}

#[tokio::test]
async fn what_is_copied_to_a_container_is_sent_whole_or_not_at_all() {
    let owner = Owner::new();
    let fake = Fake::of(&owner, "lab");
    let connection = connected(&owner, &fake).await;
    let folder = tempfile::tempdir().expect("temporary folder");
    let file = folder.path().join("site.html");
    std::fs::write(&file, vec![b'x'; COPIED]).expect("it is written");
    copy::to_node(&connection, &file, &remote("/srv/")).await.expect("it is taken");
    copy::to_node(&connection, &file, &remote("/srv/other.html")).await.expect("it is taken");
    let told = fake.facts.told.lock().expect("nobody panics").clone();
    assert_eq!(told, ["copy to web:/srv/", "copy to web:/srv"]);
    let received = fake.facts.received.lock().expect("nobody panics").clone();
    assert!(received.len() > COPIED && received.starts_with(b"other.html\0"));
    // Larger than what is under way, so that the node stops it.
    std::fs::write(&file, vec![b'x'; 5 << 20]).expect("it is written");
    let error = copy::to_node(&connection, &file, &remote("/full/")).await.expect_err("it is full");
    assert!(matches!(error, CopyError::Node(NodeError::Answered(_))) || error.to_string().contains("full"));
    let error = copy::to_node(&connection, Path::new("/nowhere"), &remote("/srv/")).await;
    assert!(matches!(error, Err(CopyError::Io { .. })), "{error:?}");
    // What can't be read to its end is not left at the node as if it were all of it.
    let before = fake.facts.received.lock().expect("nobody panics").clone();
    let many = folder.path().join("many");
    std::fs::create_dir(&many).expect("a folder");
    std::fs::write(many.join("a"), "first").expect("it is written");
    std::os::unix::fs::symlink("x".repeat(200), many.join("b")).expect("a link");
    let unreadable = many.join("c");
    std::fs::write(&unreadable, "last").expect("it is written");
    let nobody = std::os::unix::fs::PermissionsExt::from_mode(0o000);
    std::fs::set_permissions(&unreadable, nobody).expect("it is ours");
    // Root reads it all the same.
    if std::fs::File::open(&unreadable).is_err() {
        let error = copy::to_node(&connection, &many, &remote("/srv/")).await.expect_err("it can't be read");
        assert!(matches!(error, CopyError::Io { .. }), "{error}");
        assert!(*fake.facts.received.lock().expect("nobody panics") == before);
    }
}

#[tokio::test]
async fn images_are_sent_and_fetched_and_say_how_far_they_are() {
    let owner = Owner::new();
    let fake = Fake::of(&owner, "lab");
    let connection = connected(&owner, &fake).await;
    let folder = tempfile::tempdir().expect("temporary folder");
    let file = folder.path().join("web.tar");
    let bytes: Vec<u8> = (0..400_000_u32).map(|number| number as u8).collect();
    std::fs::write(&file, &bytes).expect("it is written");
    let told = Arc::new(Mutex::new(Vec::new()));
    let tell = {
        let told = told.clone();
        move |progress| told.lock().expect("nobody panics").push(progress)
    };
    let names = ["registry.example/web:1".to_owned()];
    let got = images::import(&connection, &file, &names, tell.clone()).await.expect("it is taken");
    let expected = Got { name: names[0].clone(), digest: "sha256:0a".into() };
    assert_eq!(got, GotImages(vec![expected.clone()]));
    assert!(*fake.facts.received.lock().expect("nobody panics") == bytes);
    let all = std::mem::take(&mut *told.lock().expect("nobody panics"));
    assert!(all.contains(&Progress::Sent(400_000, 400_000)), "{all:?}");
    assert!(all.contains(&Progress::Trouble("connection reset".into())), "{all:?}");
    assert!(all.contains(&Progress::Step("unpacking".into(), 100, 100)), "{all:?}");
    std::fs::write(&file, [b"no archive".as_slice(), &vec![0; 3 << 20]].concat()).expect("it is written");
    let error = images::import(&connection, &file, &[], tell.clone()).await.expect_err("it is none");
    assert!(error.to_string().contains("it is no archive"), "{error}");
    let got = images::pull(&connection, &names[0], tell.clone()).await.expect("it is there");
    assert_eq!(got, GotImages(vec![expected]));
    let error = images::pull(&connection, "registry.example/web:none", tell).await.expect_err("it is not");
    assert!(matches!(error, NodeError::Answered(_)), "{error:?}");
}

#[tokio::test]
async fn workloads_images_and_volumes_are_told_what_to_do() {
    let owner = Owner::new();
    let fake = Fake::of(&owner, "lab");
    let connection = connected(&owner, &fake).await;
    for order in [Order::Start, Order::Stop, Order::Restart] {
        tell::workload(connection.clone(), "web".into(), order).await.expect("it is there");
    }
    let error =
        tell::workload(connection.clone(), "nobody".into(), Order::Stop).await.expect_err("it is not");
    assert!(matches!(error, NodeError::Answered(_)), "{error:?}");
    images::remove(connection.clone(), "a:1".into()).await.expect("it is there");
    tell::remove_volume(connection, "data".into()).await.expect("it is there");
    let told = fake.facts.told.lock().expect("nobody panics").clone();
    assert_eq!(told, ["start web", "stop web", "restart web", "stop nobody", "remove a:1", "remove data"]);
}

#[tokio::test]
async fn a_name_is_that_of_a_service_first_and_of_a_workload_if_there_is_none() {
    let owner = Owner::new();
    let fake = Fake::of(&owner, "lab");
    let lines = async |source: Source| {
        let nodes = vec![("lab".parse().expect("a name"), owner.context(fake.at))];
        let query = LogQuery { source, end: End::Stop, tail: 0, since: None };
        let mut texts = Vec::new();
        let answers = follow::logs(nodes, query, |name, line| {
            let entry: serde_json::Value =
                serde_json::from_str(&entry(name, line, Form::Json)).expect("it is JSON");
            texts.push(entry["result"]["text"].as_str().unwrap_or_default().to_owned());
            ControlFlow::Continue(())
        });
        let mut answers = answers.await;
        (texts, answers.pop().expect("one").result)
    };
    let of_containers = ["of a container 0", "of a container 1"];
    // A service and a workload have this name.
    assert_eq!(lines(Source::Named("test".into())).await.0.len(), crate::fake::lines::KEPT);
    assert_eq!(lines(Source::Workload("test".into())).await.0, of_containers);
    assert_eq!(lines(Source::Named("web".into())).await.0, of_containers);
    assert_eq!(lines(Source::Named("web/app".into())).await.0, of_containers);
    assert_eq!(lines(Source::Node).await.0.len(), crate::fake::lines::KEPT);
    let (_, nobody) = lines(Source::Named("nobody".into())).await;
    let Err(NodeError::Answered(error)) = nobody else { panic!("{nobody:?}") };
    assert_eq!(error.cause, "neither a service nor a workload is named \"nobody\"");
    assert_eq!(error.remedy, "there are test; there is web");
}

#[tokio::test]
async fn figures_come_once_or_until_enough_was_seen() {
    let owner = Owner::new();
    let fake = Fake::of(&owner, "lab");
    let nodes = || vec![("lab".parse().expect("a name"), owner.context(fake.at))];
    for (end, expected) in [(End::Stop, 1), (End::Follow, 3)] {
        let mut seen = 0;
        let answers = follow::stats(nodes(), "web".into(), end, |_, _| {
            seen += 1;
            ControlFlow::Continue(())
        });
        assert!(answers.await.iter().all(|answer| answer.result.is_ok()));
        assert_eq!(seen, expected);
    }
}
