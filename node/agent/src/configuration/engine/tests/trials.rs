//! Trials and configurations that wait, over restarts of the agent and the node.

use super::*;

const TRIAL: When = When::Trial(Duration::from_mins(1));

#[tokio::test(start_paused = true)]
async fn a_trial_goes_back_by_itself() {
    let node = Node::new();
    let engine = node.open().await;
    engine.apply(named("a"), When::Now, "").await.expect("sound");
    engine.apply(named("b"), TRIAL, "").await.expect("sound");
    assert_eq!((generation(&engine), hostname(&engine)), (2, Some("b".into())));
    assert_eq!(engine.trial_left(), Some(60 * SECOND));
    node.wait(59 * SECOND).await;
    assert_eq!(hostname(&engine), Some("b".into()));
    let error = engine.apply(named("c"), When::Now, "").await.expect_err("a trial runs").to_string();
    assert_eq!(error, "configuration 2 is on trial for 1 s more; confirm it or wait until it went back");
    node.clock.0.fetch_add(1_000, Ordering::SeqCst);
    let mut in_force = engine.in_force();
    in_force.wait_for(|in_force| in_force.trial.is_none()).await.expect("it is there");
    assert_eq!((generation(&engine), hostname(&engine)), (1, Some("a".into())));
    assert_eq!(states(&engine), [(2, EntryState::WentBack), (1, EntryState::InForce)]);
    assert!(matches!(engine.confirm(0).await, Err(ConfirmError::NoTrial)));
    assert_eq!(hostname(&node.open().await), Some("a".into()));
    assert_eq!(engine.apply(named("c"), When::Now, "").await.expect("sound").generation, 3);
}

#[tokio::test(start_paused = true)]
async fn a_trial_that_is_confirmed_stays() {
    let node = Node::new();
    let engine = node.open().await;
    engine.apply(named("a"), TRIAL, "").await.expect("sound");
    let error = engine.confirm(7).await.expect_err("another one").to_string();
    assert_eq!(error, "configuration 7 is not on trial, 1 is");
    assert_eq!(engine.confirm(1).await.expect("it is on trial"), 1);
    node.wait(120 * SECOND).await;
    node.start("second");
    for engine in [engine, node.open().await] {
        assert_eq!((generation(&engine), hostname(&engine)), (1, Some("a".into())));
        assert_eq!(states(&engine), [(1, EntryState::InForce)]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_trial_outlives_the_agent_but_not_the_node() {
    let node = Node::new();
    let engine = node.open().await;
    engine.apply(named("a"), When::Now, "").await.expect("sound");
    engine.apply(named("b"), TRIAL, "").await.expect("sound");
    drop(engine);
    node.wait(30 * SECOND).await;
    let engine = node.open().await;
    assert_eq!((generation(&engine), hostname(&engine)), (2, Some("b".into())));
    assert_eq!(engine.trial_left(), Some(30 * SECOND));
    drop(engine);
    // Its time is over while no agent runs.
    node.wait(30 * SECOND).await;
    let engine = node.open().await;
    assert_eq!(states(&engine), [(2, EntryState::WentBack), (1, EntryState::InForce)]);
    assert_eq!(hostname(&engine), Some("a".into()));
    engine.apply(named("c"), TRIAL, "").await.expect("sound");
    node.start("second");
    let engine = node.open().await;
    assert_eq!((generation(&engine), hostname(&engine)), (1, Some("a".into())));
    assert_eq!(states(&engine)[0], (3, EntryState::WentBack));
}

#[tokio::test]
async fn a_trial_without_its_text_is_none() {
    let node = Node::new();
    let engine = node.open().await;
    engine.apply(named("a"), When::Now, "").await.expect("sound");
    engine.apply(named("b"), TRIAL, "").await.expect("sound");
    fs::remove_file(node.places().kept().join("documents/2.toml")).expect("it is there");
    let engine = node.open().await;
    assert_eq!((generation(&engine), hostname(&engine)), (1, Some("a".into())));
    assert_eq!(states(&engine)[0], (2, EntryState::WentBack));
    assert!(messages(&engine)[0].ends_with("documents/2.toml: is not there any more"));
}

#[tokio::test]
async fn a_configuration_waits_for_the_next_start_of_the_node() {
    let node = Node::new();
    let engine = node.open().await;
    engine.apply(named("a"), When::Now, "").await.expect("sound");
    engine.apply(named("b"), When::AtReboot, "").await.expect("sound");
    for engine in [&engine, &node.open().await] {
        assert_eq!((generation(engine), hostname(engine)), (1, Some("a".into())));
        assert_eq!(engine.in_force().borrow().pending, Some(2));
        assert_eq!(states(engine), [(2, EntryState::AtReboot), (1, EntryState::InForce)]);
    }
    node.start("second");
    for engine in [node.open().await, node.open().await] {
        assert_eq!((generation(&engine), hostname(&engine)), (2, Some("b".into())));
        assert_eq!(engine.in_force().borrow().pending, None);
        assert_eq!(states(&engine), [(2, EntryState::InForce), (1, EntryState::Replaced)]);
    }
}

#[tokio::test]
async fn a_configuration_that_is_wrong_by_then_is_not_taken() {
    let node = Node::new();
    let engine = node.open().await;
    engine.apply(named("a"), When::Now, "").await.expect("sound");
    engine.apply(named("b"), When::AtReboot, "").await.expect("sound");
    node.write("/var/lib/corten/agent/config/documents/2.toml", "version = 2\n");
    node.start("second");
    let engine = node.open().await;
    assert_eq!((generation(&engine), hostname(&engine)), (1, Some("a".into())));
    assert_eq!(states(&engine), [(2, EntryState::Broken), (1, EntryState::InForce)]);
    assert!(messages(&engine)[0].starts_with("node.toml:1:"), "{:?}", messages(&engine));
    // Somebody mends it.
    engine.apply(named("c"), When::Now, "").await.expect("sound");
    assert_eq!(messages(&engine), [""; 0]);
}
