//! A registry that hands out what lies in a layout, over plain HTTP: a mirror, or one whose layers are not what their
//! digests say. Pulling alone (OCI distribution-spec 1.1).

use std::fs;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use anyhow::{Result, anyhow};
use corten_oci::manifest::{Index, REF_NAME};
use corten_oci::media;

/// First bytes of a layer, RFC 1952; documents begin with none of them.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// What the layers are like that are handed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layers {
    /// What their digests say.
    True,
    /// One bit of each is turned around.
    Changed,
}

/// A registry that runs until the test program ends.
pub struct Shelf {
    /// Its port.
    pub port: u16,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Shelf {
    /// Hands out a layout on a port of this machine.
    pub fn open(layout: PathBuf, layers: Layers) -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let shelf = Self { port: listener.local_addr()?.port(), asked: Arc::default() };
        let asked = Arc::clone(&shelf.asked);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // A client that goes away is none of the test's business.
                let _ = answer(stream, &layout, layers, &asked);
            }
        });
        Ok(shelf)
    }

    /// The paths that were asked for.
    pub fn asked(&self) -> Result<Vec<String>> {
        Ok(self.asked.lock().map_err(|_| anyhow!("the registry panicked"))?.clone())
    }
}

/// Answers one request and hangs up.
fn answer(stream: TcpStream, layout: &Path, layers: Layers, asked: &Mutex<Vec<String>>) -> io::Result<()> {
    let mut reader = BufReader::new(stream);
    let mut first = String::new();
    reader.read_line(&mut first)?;
    let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut line = first;
    while !line.trim().is_empty() {
        line.clear();
        reader.read_line(&mut line)?;
    }
    let found = find(layout, &path);
    if let Ok(mut asked) = asked.lock() {
        asked.push(path);
    }
    let (status, mut body) = found.map_or_else(|_| ("404 Not Found", Vec::new()), |body| ("200 OK", body));
    if layers == Layers::Changed && body.starts_with(&GZIP) {
        let middle = body.len() / 2;
        body[middle] ^= 1;
    }
    let kind = if body.starts_with(&GZIP) { "application/octet-stream" } else { media::MANIFEST };
    let head = format!(
        "HTTP/1.1 {status}\r\nConnection: close\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let mut stream = reader.into_inner();
    stream.write_all(head.as_bytes())?;
    stream.write_all(&body)
}

/// What lies at `/v2/REPOSITORY/manifests/TAG` or `…/blobs/DIGEST`. All repositories are the same.
fn find(layout: &Path, path: &str) -> io::Result<Vec<u8>> {
    let nothing = || io::Error::from(io::ErrorKind::NotFound);
    let name = path.rsplit('/').next().unwrap_or_default();
    let digest = match name.strip_prefix("sha256:") {
        Some(_) => name.to_owned(),
        None => tagged(layout, name).ok_or_else(nothing)?,
    };
    let hex = digest.strip_prefix("sha256:").filter(|hex| hex.bytes().all(|byte| byte.is_ascii_hexdigit()));
    fs::read(layout.join("blobs/sha256").join(hex.ok_or_else(nothing)?))
}

fn tagged(layout: &Path, tag: &str) -> Option<String> {
    let index = Index::parse(&fs::read(layout.join("index.json")).ok()?).ok()?;
    let is_it = |name: Option<&String>| name.is_some_and(|name| name == tag);
    let found = index.manifests.iter().find(|image| is_it(image.annotations.get(REF_NAME)))?;
    Some(found.digest.to_string())
}
