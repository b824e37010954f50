//! Debian's registry, filled by skopeo: TLS with an authority of its own, and a login. Needs `docker-registry` and `skopeo`
//! in the folder CORTEN_TOOLS_BIN or on the path; without them the test is skipped, unless CORTEN_REQUIRE_TOOLS is 1.

use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use corten_config::settings::{Login, Secret};
use corten_fetch::{Class, Order};
use corten_oci::digest::Digest;
use corten_oci::manifest::{Descriptor, Index, Manifest};
use corten_oci::{json, media};

use crate::image::config;
use crate::pull::pull;
use crate::server::nobody;
use crate::tls::Authority;

/// `secret` for `user`, as htpasswd writes it with the lowest cost.
const HTPASSWD: &str = "user:$2b$04$qiBE1.NfYLZGWUVJYuJtfuBPfluzscPjbh5O2lklCCF4x8nmpbMXi\n";

struct Registry {
    child: Child,
    authority: String,
}

impl Drop for Registry {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn tool(name: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("CORTEN_TOOLS_BIN").map(PathBuf::from);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found =
        folder.into_iter().chain(std::env::split_paths(&path)).map(|f| f.join(name)).find(|p| p.is_file());
    if found.is_none() {
        let required = std::env::var_os("CORTEN_REQUIRE_TOOLS").is_some_and(|value| value == "1");
        assert!(!required, "{name} is not there and CORTEN_REQUIRE_TOOLS is 1");
        eprintln!("skipped: {name} is not there");
    }
    found
}

fn start(program: &Path, folder: &Path, ours: &Authority) -> Registry {
    let authority = nobody().replace("127.0.0.1", "localhost");
    let (certificate, key) = ours.certificate("localhost");
    let write = |name: &str, text: &str| {
        let path = folder.join(name);
        std::fs::write(&path, text).expect("written");
        path.display().to_string()
    };
    let certificate = write("tls.crt", &certificate);
    let key = write("tls.key", &key);
    let users = write("htpasswd", HTPASSWD);
    let data = folder.join("data").display().to_string();
    let settings = format!(
        "version: 0.1\nlog: {{ level: error }}\nstorage: {{ filesystem: {{ rootdirectory: {data} }} }}\n\
         http:\n  addr: {authority}\n  tls: {{ certificate: {certificate}, key: {key} }}\n\
         auth: {{ htpasswd: {{ realm: r, path: {users} }} }}\n"
    );
    let settings = write("config.yml", &settings);
    let mut command = Command::new(program);
    command.args(["serve", &settings]).env("OTEL_TRACES_EXPORTER", "none").stdin(Stdio::null());
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut registry = Registry { child: command.spawn().expect("the registry"), authority };
    let end = Instant::now() + Duration::from_mins(1);
    while TcpStream::connect(&registry.authority).is_err() {
        assert!(registry.child.try_wait().expect("a state").is_none(), "the registry ended");
        assert!(Instant::now() < end, "the registry does not listen");
        std::thread::sleep(Duration::from_millis(50));
    }
    registry
}

/// An OCI layout with one image.
fn layout(folder: &Path) -> (Digest, Vec<Digest>) {
    let blobs = folder.join("blobs/sha256");
    std::fs::create_dir_all(&blobs).expect("a folder");
    let blob = |bytes: &[u8]| {
        let digest = Digest::of(bytes);
        std::fs::write(blobs.join(digest.hex()), bytes).expect("written");
        (digest, bytes.len() as u64)
    };
    let layers: Vec<(Digest, u64)> = [900_000, 5_000_000, 7]
        .iter()
        .map(|size| blob(&(0..*size).map(|at: u32| (at / 7) as u8).collect::<Vec<_>>()))
        .collect();
    let (digest, size) = blob(&config("amd64", layers.len()));
    let descriptors =
        layers.iter().map(|(digest, size)| Descriptor::new(media::LAYER, *digest, *size)).collect();
    let manifest = json::write(&Manifest::new(Descriptor::new(media::CONFIG, digest, size), descriptors));
    let (manifest, size) = blob(&manifest);
    let index = Index { manifests: vec![Descriptor::new(media::MANIFEST, manifest, size)], ..Index::empty() };
    std::fs::write(folder.join("index.json"), json::write(&index)).expect("written");
    std::fs::write(folder.join("oci-layout"), br#"{"imageLayoutVersion":"1.0.0"}"#).expect("written");
    (manifest, layers.into_iter().map(|(digest, _)| digest).collect())
}

#[test]
fn debians_registry_is_pulled_from_with_tls_and_a_login() {
    let (Some(registry), Some(skopeo)) = (tool("docker-registry"), tool("skopeo")) else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let ours = Authority::new("ours");
    let registry = start(&registry, folder.path(), &ours);
    let (digest, layers) = layout(&folder.path().join("layout"));
    let authorities = folder.path().join("authorities");
    std::fs::create_dir(&authorities).expect("a folder");
    std::fs::write(authorities.join("ca.crt"), ours.pem()).expect("written");
    let name = format!("{}/team/web:1", registry.authority);
    let copied = Command::new(skopeo)
        .args([
            "--insecure-policy",
            "copy",
            "--preserve-digests",
            "--dest-creds",
            "user:secret",
            "--dest-cert-dir",
        ])
        .arg(&authorities)
        .arg(format!("oci:{}", folder.path().join("layout").display()))
        .arg(format!("docker://{name}"))
        .env("HOME", folder.path())
        .output()
        .expect("skopeo");
    assert!(copied.status.success(), "{}", String::from_utf8_lossy(&copied.stderr));
    let mut order = Order::new(&name);
    order.registry.authorities = vec![ours.pem()];
    assert_eq!(pull(&order).class(), Some(Class::Unauthorised));
    order.registry.login = Some(Login { user: "user".into(), password: Secret("wrong".into()) });
    assert_eq!(pull(&order).class(), Some(Class::Unauthorised));
    order.registry.login = Some(Login { user: "user".into(), password: Secret("secret".into()) });
    let pulled = pull(&order);
    assert_eq!((pulled.failure, pulled.resolved), (None, Some(digest)));
    for layer in &layers {
        assert!(pulled.layers.get(layer).is_some_and(|bytes| Digest::of(bytes) == *layer), "{layer}");
    }
    order.reference = format!("{}/team/web@{digest}", registry.authority);
    assert_eq!(pull(&order).failure, None);
    order.reference = format!("{}/team/web:2", registry.authority);
    let pulled = pull(&order);
    assert_eq!(pulled.class(), Some(Class::NotFound));
    assert!(pulled.message().contains("manifest unknown"), "{}", pulled.message());
}
