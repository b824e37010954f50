//! Engines on scratch roots, with real documents and files, a clock that is set and starts that are named.

use std::fs;
use std::sync::atomic::{AtomicU64, Ordering};

use corten_config::Format;

use super::super::{EntryState, Mode};
use super::*;

mod layers;
mod trials;

const SECOND: Duration = Duration::from_secs(1);
/// The certificate of an authority whose key nobody has any more.
const TRUSTED: &str = concat!("[api]\ntrusted = ['''\n", include_str!("authority.pem"), "''']\n");

#[derive(Clone, Default)]
struct FakeClock(Arc<AtomicU64>);

impl Clock for FakeClock {
    fn wall_ns(&self) -> i64 {
        1_000_000_007
    }

    fn monotonic_ms(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }
}

struct Node {
    folder: tempfile::TempDir,
    clock: FakeClock,
}

impl Node {
    /// A node with an image's default, in its first start.
    fn new() -> Self {
        let node = Self { folder: tempfile::tempdir().expect("a folder"), clock: FakeClock::default() };
        node.write("/usr/lib/corten/config.toml", "version = 1\n[identity]\nlabels = { from = \"image\" }\n");
        node.start("first");
        node
    }

    fn places(&self) -> Places {
        Places { root: Root::new(self.folder.path()) }
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.places().root.path(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("it can be made");
        fs::write(path, text).expect("it can be written");
    }

    fn platform(&self, text: &str) {
        self.write("/run/corten/config/40-fw-cfg-a.toml", text);
    }

    /// The node starts: another name, and nothing in memory.
    fn start(&self, name: &str) {
        self.write("/proc/sys/kernel/random/boot_id", name);
        let _ = fs::remove_file(self.places().trial());
        self.clock.0.store(1_000, Ordering::SeqCst);
    }

    async fn open(&self) -> Engine {
        Engine::open(self.places().root, self.clock.clone()).await
    }

    /// Time goes by, for the engine and for who waits.
    async fn wait(&self, time: Duration) {
        self.clock.0.fetch_add(time.as_millis() as u64, Ordering::SeqCst);
        tokio::time::sleep(time).await;
    }
}

/// A document that names the node, and says whom the API may trust.
fn named(hostname: &str) -> Document {
    let text = format!("version = 1\nidentity.hostname = \"{hostname}\"\n{TRUSTED}");
    Document { name: "node.toml".into(), format: Format::Toml, text }
}

fn hostname(engine: &Engine) -> Option<String> {
    engine.in_force().borrow().settings.identity.hostname.clone()
}

fn generation(engine: &Engine) -> u64 {
    engine.in_force().borrow().generation
}

fn mode(engine: &Engine) -> Mode {
    engine.in_force().borrow().mode.clone()
}

fn messages(engine: &Engine) -> Vec<String> {
    engine.in_force().borrow().problems.iter().map(ToString::to_string).collect()
}

fn states(engine: &Engine) -> Vec<(u64, EntryState)> {
    engine.history().into_iter().map(|entry| (entry.number, entry.state)).collect()
}

#[tokio::test]
async fn what_is_applied_is_in_force_and_stays_so() {
    let node = Node::new();
    let engine = node.open().await;
    assert_eq!((generation(&engine), hostname(&engine)), (0, None));
    assert_eq!(engine.in_force().borrow().settings.identity.labels["from"], "image");
    let Mode::Maintenance { reason } = mode(&engine) else { panic!("nobody is trusted") };
    assert!(reason.contains("api.trusted"), "{reason}");
    let mut watcher = engine.in_force();
    watcher.mark_unchanged();
    let expected = engine.check(&named("a")).expect("sound");
    assert!(!watcher.has_changed().expect("it is there"));
    let applied = engine.apply(named("a"), When::Now, "CN=somebody").await.expect("sound");
    assert_eq!(applied, Applied { generation: 1, changes: expected });
    let keys: Vec<_> = applied.changes.iter().map(|change| change.key.as_str()).collect();
    assert_eq!(keys, ["api.trusted", "identity.hostname"]);
    assert!(watcher.has_changed().expect("it is there"));
    for engine in [&engine, &node.open().await] {
        assert_eq!((generation(engine), hostname(engine)), (1, Some("a".into())));
        assert_eq!(mode(engine), Mode::Configured);
        assert_eq!(messages(engine), [""; 0]);
        assert_eq!(engine.operator().map(|document| document.name), Some("node.toml".into()));
        let history = engine.history();
        assert_eq!(history.len(), 1);
        assert_eq!((history[0].by.as_str(), history[0].at_ns), ("CN=somebody", 1_000_000_007));
        assert_eq!(history[0].changes.len(), 2);
    }
    engine.apply(named("b"), When::Now, "").await.expect("sound");
    assert_eq!(states(&engine), [(2, EntryState::InForce), (1, EntryState::Replaced)]);
    node.start("second");
    assert_eq!(hostname(&node.open().await), Some("b".into()));
}

#[tokio::test]
async fn what_is_wrong_changes_nothing_and_is_named() {
    let node = Node::new();
    let engine = node.open().await;
    let wrong = Document { text: "version = 1\n\nidentity.hostnam = \"a\"\n".into(), ..named("a") };
    let report = engine.check(&wrong).expect_err("a wrong key");
    assert_eq!((report.problems[0].document.as_str(), report.problems[0].line), ("node.toml", 3));
    let error = engine.apply(wrong, When::Now, "").await.expect_err("a wrong key");
    assert!(matches!(error, ApplyError::Invalid(_)));
    let large = Document { text: " ".repeat(corten_config::MAX_DOCUMENT + 1), ..named("a") };
    let error = engine.apply(large, When::Now, "").await.expect_err("too large").to_string();
    assert!(error.contains("262145 bytes"), "{error}");
    assert_eq!((generation(&engine), engine.history()), (0, vec![]));
    assert!(!node.places().kept().join("record.json").exists());
}

#[tokio::test]
async fn what_cannot_be_kept_is_not_applied() {
    let node = Node::new();
    let engine = node.open().await;
    engine.apply(named("a"), When::Now, "").await.expect("sound");
    // A folder in the place of the file stands for any disk that refuses.
    let record = node.places().kept().join("record.json");
    let kept = fs::read(&record).expect("it is there");
    fs::remove_file(&record).expect("it is there");
    fs::create_dir_all(record.join("x")).expect("a folder");
    let error = engine.apply(named("b"), When::Now, "").await.expect_err("it can't be kept").to_string();
    assert!(error.starts_with("the configuration can't be kept, so nothing was changed: "), "{error}");
    assert_eq!((generation(&engine), hostname(&engine)), (1, Some("a".into())));
    fs::remove_dir_all(&record).expect("it is there");
    fs::write(&record, kept).expect("it can be written");
    assert_eq!(hostname(&node.open().await), Some("a".into()));
    // Its number is used up.
    assert_eq!(engine.apply(named("c"), When::Now, "").await.expect("sound").generation, 3);
}

#[tokio::test]
async fn a_node_without_a_state_says_so_and_can_be_configured_all_the_same() {
    let node = Node::new();
    node.write("/run/corten/boot.json", &boot("e2fsck found errors"));
    let engine = node.open().await;
    assert_eq!(mode(&engine), Mode::Maintenance { reason: "e2fsck found errors".into() });
    let error = engine.apply(named("a"), When::AtReboot, "").await.expect_err("it would be gone");
    assert!(matches!(error, ApplyError::NoState));
    engine.apply(named("a"), When::Now, "").await.expect("sound");
    assert_eq!(hostname(&engine), Some("a".into()));
    assert_eq!(mode(&engine), Mode::Maintenance { reason: "e2fsck found errors".into() });
    assert!(messages(&engine)[0].contains("no state"));
}

fn boot(maintenance: &str) -> String {
    let boot = corten_control::Boot { maintenance: maintenance.into(), ..corten_control::Boot::default() };
    serde_json::to_string(&boot).expect("it can be written")
}

#[tokio::test]
async fn folders_that_cannot_be_used_are_told_and_end_nothing() {
    let node = Node::new();
    node.write("/var/lib/corten/agent/config", "a file");
    node.write("/run/corten/agent", "a file");
    node.write("/run/corten/config", "a file");
    let engine = node.open().await;
    let told = messages(&engine).join("\n");
    assert!(told.contains("/run/corten/config: ") && told.contains("record.json: "), "{told}");
    engine.apply(named("a"), When::Now, "").await.expect_err("it can't be kept");
    engine.platform_changed().await;
    assert!(matches!(mode(&engine), Mode::Maintenance { .. }));
}

#[tokio::test]
async fn secrets_are_not_handed_out_and_are_kept_when_a_document_comes_back() {
    let node = Node::new();
    let engine = node.open().await;
    let mut document = named("a");
    document.text.push_str("[identity.labels]\nwiki = \"http://user:word@wiki.example.org\"\n");
    engine.apply(document, When::Now, "").await.expect("sound");
    let shown = engine.operator().expect("it is there");
    assert!(
        !shown.text.contains("word") && shown.text.contains(corten_config::SECRET_KEPT),
        "{}",
        shown.text
    );
    let again = Document { text: shown.text.replace("\"a\"", "\"b\""), ..shown };
    let applied = engine.apply(again, When::Now, "").await.expect("sound");
    assert_eq!(applied.changes.len(), 1);
    let labels = engine.in_force().borrow().settings.identity.labels.clone();
    assert_eq!(labels["wiki"], "http://user:word@wiki.example.org");
}

#[tokio::test]
async fn names_of_documents_are_nobody_elses() {
    let node = Node::new();
    let engine = node.open().await;
    for (name, expected) in [("/run/corten/config/1.toml", "1.toml"), ("", "operator"), ("a\nb/", "operator")]
    {
        let document = Document { name: name.into(), ..named("a") };
        engine.apply(document, When::Now, "").await.expect("sound");
        assert_eq!(engine.operator().map(|document| document.name).as_deref(), Some(expected));
    }
}

#[tokio::test]
async fn what_could_not_be_put_into_effect_stands_until_it_can() {
    let node = Node::new();
    let engine = node.open().await;
    let problem = |message: &str| Problem {
        document: String::new(),
        line: 0,
        column: 0,
        key: String::new(),
        message: message.into(),
        help: None,
    };
    let settings = engine.in_force().borrow().settings.clone();
    engine.note("system", vec![problem("no such setting")]);
    engine.note("time", vec![problem("no such service")]);
    assert_eq!(messages(&engine), ["no such setting", "no such service"]);
    let mut watcher = engine.in_force();
    watcher.mark_unchanged();
    engine.note("time", vec![problem("no such service")]);
    assert!(!watcher.has_changed().expect("it is there"));
    engine.note("system", Vec::new());
    assert_eq!(messages(&engine), ["no such service"]);
    // Who follows the settings does not do its work again for it.
    assert!(Arc::ptr_eq(&settings, &engine.in_force().borrow().settings));
}
