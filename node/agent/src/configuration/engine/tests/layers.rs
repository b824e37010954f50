//! Layers that are there, that are wrong, and that come later.

use super::*;

#[tokio::test]
async fn the_operators_document_lies_over_the_platforms_and_that_over_the_image() {
    let node = Node::new();
    let labels = "labels = { from = \"platform\", rack = \"a1\" }\n";
    node.platform(&format!("version = 1\n[identity]\nhostname = \"platform\"\n{labels}"));
    let engine = node.open().await;
    assert_eq!(hostname(&engine), Some("platform".into()));
    engine.apply(named("operator"), When::Now, "").await.expect("sound");
    assert_eq!(hostname(&engine), Some("operator".into()));
    assert_eq!(engine.in_force().borrow().settings.identity.labels["from"], "platform");
    node.platform("version = 1\nidentity.hostname = \"other\"\n");
    engine.platform_changed().await;
    assert_eq!(hostname(&engine), Some("operator".into()));
    assert_eq!(engine.in_force().borrow().settings.identity.labels["from"], "image");
}

#[tokio::test]
async fn a_platforms_document_that_becomes_wrong_leaves_what_was() {
    let node = Node::new();
    node.platform("version = 1\nidentity.labels = { rack = \"a1\" }\n");
    let engine = node.open().await;
    engine.apply(named("a"), When::Now, "").await.expect("sound");
    node.platform("version = 1\nidentity.labels = { rack = \n");
    engine.platform_changed().await;
    for engine in [&engine, &node.open().await] {
        assert_eq!(engine.in_force().borrow().settings.identity.labels["rack"], "a1");
        assert_eq!((generation(engine), hostname(engine)), (1, Some("a".into())));
        assert_eq!(mode(engine), Mode::Configured);
        let told = messages(engine);
        assert!(told[0].contains("/run/corten/config/40-fw-cfg-a.toml:2:"), "{told:?}");
    }
    // The operator goes on meanwhile, also over a restart.
    engine.apply(named("b"), When::Now, "").await.expect("sound");
    assert!(messages(&engine)[0].contains("40-fw-cfg-a.toml:2:"));
    node.start("second");
    let engine = node.open().await;
    assert_eq!((generation(&engine), hostname(&engine)), (2, Some("b".into())));
    assert_eq!(engine.in_force().borrow().settings.identity.labels["rack"], "a1");
    node.platform("version = 1\nidentity.labels = { rack = \"a2\" }\n");
    engine.platform_changed().await;
    assert_eq!(engine.in_force().borrow().settings.identity.labels["rack"], "a2");
    assert_eq!(messages(&engine), [""; 0]);
}

#[tokio::test]
async fn a_stored_document_that_is_broken_gives_way_to_the_last_good_set() {
    let node = Node::new();
    node.open().await.apply(named("a"), When::Now, "").await.expect("sound");
    for broken in [Some("version = 1\n\n[identity\n"), None] {
        let path = node.places().kept().join("documents/1.toml");
        match broken {
            Some(text) => fs::write(&path, text).expect("it can be written"),
            None => fs::remove_file(&path).expect("it is there"),
        }
        let engine = node.open().await;
        assert_eq!((generation(&engine), hostname(&engine)), (1, Some("a".into())));
        assert_eq!(mode(&engine), Mode::Configured);
        let told = messages(&engine);
        let expected = if broken.is_some() { "node.toml:3:" } else { "documents/1.toml: is not there" };
        assert!(told.len() == 1 && told[0].contains(expected), "{told:?}");
    }
    // Nothing is left of it at all.
    fs::remove_file(node.places().kept().join("last-good.json")).expect("it is there");
    let engine = node.open().await;
    let Mode::Maintenance { reason } = mode(&engine) else { panic!("nothing can be read") };
    assert!(reason.contains("documents/1.toml"), "{reason}");
    assert_eq!(engine.in_force().borrow().settings.identity.labels["from"], "image");
    assert_eq!(states(&engine), [(1, EntryState::Broken)]);
    assert_eq!(engine.apply(named("b"), When::Now, "").await.expect("sound").generation, 2);
    assert_eq!(mode(&engine), Mode::Configured);
}

#[tokio::test]
async fn a_record_that_is_broken_is_made_anew() {
    let node = Node::new();
    let engine = node.open().await;
    engine.apply(named("a"), When::Now, "").await.expect("sound");
    engine.apply(named("b"), When::Now, "").await.expect("sound");
    node.write("/var/lib/corten/agent/config/record.json", "{\"last\":");
    let engine = node.open().await;
    assert_eq!((generation(&engine), hostname(&engine)), (2, Some("b".into())));
    assert!(messages(&engine)[0].contains("record.json: "), "{:?}", messages(&engine));
    let engine = node.open().await;
    assert_eq!((generation(&engine), hostname(&engine)), (2, Some("b".into())));
    assert_eq!(messages(&engine), [""; 0]);
    assert_eq!(engine.apply(named("c"), When::Now, "").await.expect("sound").generation, 3);
}

#[tokio::test]
async fn wrong_documents_at_the_first_start_leave_the_images_default() {
    let node = Node::new();
    node.platform("version = 1\nnonsense = 1\n");
    let engine = node.open().await;
    let Mode::Maintenance { reason } = mode(&engine) else { panic!("nobody is trusted") };
    assert!(reason.contains("40-fw-cfg-a.toml:2:1"), "{reason}");
    assert_eq!(engine.in_force().borrow().settings.identity.labels["from"], "image");
    engine.apply(named("a"), When::Now, "").await.expect("what is wrong is somebody else's");
    assert_eq!(mode(&engine), Mode::Configured);
    assert_eq!(messages(&engine).len(), 1);
    assert_eq!(hostname(&node.open().await), Some("a".into()));
}
