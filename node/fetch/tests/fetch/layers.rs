//! Layers on the way: broken, slow, other than they should be.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use corten_fetch::Class;
use corten_fetch::protocol::Then;

use crate::image::{Image, blob_path, image};
use crate::pull::{Pulled, order, pull, with_mirrors};
use crate::server::{Asked, Reply, Server, Way};

/// A registry that answers for its first layer as the test likes; `count` is how often it was asked.
fn registry(image: &Image, answer: impl Fn(&Asked, Reply, usize) -> Reply + Send + Sync + 'static) -> Server {
    let (store, path, count) = (image.store.clone(), blob_path(image.layers[0].0), AtomicUsize::new(0));
    Server::start(move |asked| {
        let reply = store.answer(asked);
        if asked.path == path { answer(asked, reply, count.fetch_add(1, Ordering::SeqCst)) } else { reply }
    })
}

fn is_again(pulled: &Pulled) -> bool {
    pulled.troubles.iter().all(|trouble| matches!(trouble.then, Then::Again { .. }))
}

#[test]
fn a_download_that_breaks_goes_on_where_it_broke() {
    let image = image(&[1_000_000, 50]);
    let server = registry(&image, |_, reply, count| {
        let half = reply.body.len() / 2;
        if count < 4 { reply.way(Way::Cut(half)) } else { reply }
    });
    let pulled = pull(&order(&server));
    pulled.assert_is(&image);
    assert_eq!((pulled.restarts, pulled.troubles.len()), (0, 4));
    assert!(is_again(&pulled));
    let path = blob_path(image.layers[0].0);
    let asked: Vec<_> = server.asked().iter().filter(|asked| asked.path == path).map(Asked::from).collect();
    assert_eq!(asked.len(), 5);
    assert!(asked[0].is_none() && asked[1] >= Some(250_000) && asked[4] > asked[1], "{asked:?}");
}

#[test]
fn a_registry_that_knows_no_ranges_is_read_from_the_start() {
    let image = image(&[1_000_000]);
    let bytes = image.layers[0].1.clone();
    let server = registry(&image, move |_, _, count| {
        let reply = Reply::status(200).body(bytes.clone());
        if count == 0 { reply.way(Way::Cut(600_000)) } else { reply }
    });
    let pulled = pull(&order(&server));
    pulled.assert_is(&image);
    assert_eq!(pulled.restarts, 0);
}

#[test]
fn a_download_that_stalls_or_drips_is_broken_off() {
    let image = image(&[200_000]);
    for way in [Way::Stall(1000, Duration::from_mins(1)), Way::Drip(Duration::from_millis(100))] {
        let server =
            registry(&image, move |_, reply, count| if count == 0 { reply.way(way.clone()) } else { reply });
        let began = Instant::now();
        let pulled = pull(&order(&server));
        pulled.assert_is(&image);
        assert!(is_again(&pulled) && pulled.troubles.len() == 1, "{:?}", pulled.troubles);
        assert!(began.elapsed() < Duration::from_secs(30));
    }
}

#[test]
fn a_server_that_is_busy_is_asked_again() {
    let image = image(&[1000]);
    for status in [500, 503, 429] {
        let server = registry(&image, move |_, reply, count| match count {
            0 | 1 => Reply::status(status).with("Retry-After", "0"),
            _ => reply,
        });
        let pulled = pull(&order(&server));
        pulled.assert_is(&image);
        assert_eq!(pulled.troubles.len(), 2);
    }
}

#[test]
fn trying_ends() {
    let image = image(&[100_000]);
    let server = registry(&image, |_, _, _| Reply::status(503));
    let pulled = pull(&order(&server));
    assert_eq!((pulled.class(), pulled.troubles.len()), (Some(Class::Unreachable), 3));
    // A little further each time, but not for ever.
    let server = registry(&image, |_, reply, _| reply.way(Way::Cut(100)));
    let pulled = pull(&order(&server));
    assert_eq!((pulled.class(), pulled.troubles.len()), (Some(Class::Unreachable), 12));
}

#[test]
fn a_layer_that_is_something_else_is_a_lie() {
    let image = image(&[100_000]);
    let cases: [fn(Reply) -> Reply; 4] = [
        |mut reply| {
            reply.body[70_000] ^= 1;
            reply
        },
        |mut reply| {
            reply.body.push(0);
            reply
        },
        |mut reply| {
            reply.body.pop();
            reply
        },
        |reply| Reply { headers: Vec::new(), ..reply }.way(Way::Endless),
    ];
    for case in cases {
        let server = registry(&image, move |_, reply, _| case(reply));
        let pulled = pull(&order(&server));
        assert_eq!(pulled.class(), Some(Class::Lies), "{}", pulled.message());
        assert!(pulled.complete.is_empty());
    }
}

#[test]
fn a_part_that_is_another_one_is_not_taken() {
    let image = image(&[100_000]);
    let server = registry(&image, |_, reply, count| match count {
        0 => reply.way(Way::Cut(50_000)),
        _ => Reply {
            headers: vec![("Content-Range".into(), "bytes 99999-99999/100000".into())],
            body: vec![0],
            ..reply
        },
    });
    assert_eq!(pull(&order(&server)).class(), Some(Class::Protocol));
}

#[test]
fn a_mirror_that_lies_is_skipped_and_named() {
    let image = image(&[100_000, 10]);
    let liar = registry(&image, |_, mut reply, _| {
        reply.body[99_999] ^= 1;
        reply
    });
    let store = image.store.clone();
    let own = Server::start(move |asked| store.answer(asked));
    let pulled = pull(&with_mirrors(&own, &[&liar]));
    pulled.assert_is(&image);
    assert_eq!((pulled.restarts, pulled.troubles.len()), (1, 1));
    let trouble = &pulled.troubles[0];
    assert_eq!((&trouble.place, trouble.failure.class), (&liar.place(), Class::Lies));
    assert!(trouble.failure.message.contains("is in truth"), "{}", trouble.failure);
}

#[test]
fn a_mirror_that_dies_amid_a_layer_is_replaced() {
    let image = image(&[100_000]);
    let dying = registry(&image, |_, reply, count| match count {
        0 => reply.way(Way::Cut(60_000)),
        _ => Reply::status(500),
    });
    let store = image.store.clone();
    let own = Server::start(move |asked| store.answer(asked));
    let pulled = pull(&with_mirrors(&own, &[&dying]));
    pulled.assert_is(&image);
    assert_eq!(pulled.restarts, 1);
}

#[test]
fn layers_come_beside_one_another() {
    let image = image(&[10_000, 10_001, 10_002, 10_003]);
    let (store, first) = (image.store.clone(), blob_path(image.layers[0].0));
    let server = Server::start(move |asked| {
        let reply = store.answer(asked);
        if asked.path == first { reply.way(Way::Stall(5000, Duration::from_millis(1500))) } else { reply }
    });
    let pulled = pull(&order(&server));
    pulled.assert_is(&image);
    assert_eq!(pulled.complete.last(), Some(&image.layers[0].0));
}

#[test]
fn one_layer_that_fails_ends_the_others_at_once() {
    let image = image(&[10_000, 10_001]);
    let (store, slow, none) =
        (image.store.clone(), blob_path(image.layers[0].0), blob_path(image.layers[1].0));
    let server = Server::start(move |asked| match store.answer(asked) {
        reply if asked.path == slow => reply.way(Way::Stall(5000, Duration::from_mins(1))),
        _ if asked.path == none => {
            std::thread::sleep(Duration::from_millis(300));
            Reply::status(404)
        }
        reply => reply,
    });
    let began = Instant::now();
    assert_eq!(pull(&order(&server)).class(), Some(Class::NotFound));
    // Less than the time that a download may stall.
    assert!(began.elapsed() < Duration::from_millis(1900), "{:?}", began.elapsed());
}

#[test]
fn a_parent_that_goes_away_ends_the_child() {
    let image = image(&[4_000_000]);
    let store = image.store.clone();
    let server = Server::start(move |asked| store.answer(asked));
    let (ours, theirs) = std::os::unix::net::UnixStream::pair().expect("sockets");
    let child = std::thread::spawn(move || {
        let mut input = std::io::BufReader::new(theirs.try_clone().expect("a socket"));
        corten_fetch::fetch::serve(&mut input, Box::new(theirs), crate::pull::timing(), || Ok(()))
    });
    let line = serde_json::to_string(&order(&server)).expect("an order") + "\n";
    std::io::Write::write_all(&mut &ours, line.as_bytes()).expect("written");
    drop(ours);
    assert!(child.join().expect("no panic").is_err());
}
