//! Sockets of the node, one a role: who can reach one may do what its role may. Root reaches all of them. Each has a
//! folder of its own, which a container is given with its role: the socket in it is another one when this program is
//! started again, and a container without any capability reaches it.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use corten_api::role::Role;
use tokio::net::UnixListener;
use tokio::sync::Semaphore;

use super::{Caller, From, Gate, serve_connection};

/// Where they are: `reader/api.sock` and so on. None but root and this program gets in from the node.
pub const FOLDER: &str = "/run/corten/api";

/// Connections to one of them at a time.
const MAX_CONNECTIONS: usize = 64;
/// Where a connection can't be taken, the next one is tried after this time.
const AGAIN: Duration = Duration::from_millis(100);

/// Serves the socket of a role, for as long as it is polled.
pub async fn serve(listener: UnixListener, role: Role, gate: Gate) {
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    // The places are never closed.
    while let Ok(place) = Arc::clone(&places).acquire_owned().await {
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(AGAIN).await;
            continue;
        };
        let name = format!("local {role}");
        let caller = Caller { name, role: Some(role), certificate: None, from: From::Local };
        let gate = gate.clone();
        tokio::spawn(async move {
            let end = std::future::pending();
            serve_connection(stream, Arc::new(caller), None, (gate, end)).await;
            drop(place);
        });
    }
}

/// Makes the socket of a role below a folder, for whoever may enter that.
pub fn bind(folder: &Path, role: Role) -> io::Result<UnixListener> {
    fs::create_dir_all(folder)?;
    fs::set_permissions(folder, Permissions::from_mode(0o700))?;
    let own = folder.join(role.to_string());
    fs::create_dir_all(&own)?;
    fs::set_permissions(&own, Permissions::from_mode(0o755))?;
    let path = own.join("api.sock");
    // Left by an agent that was killed.
    match fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(&path)?;
    fs::set_permissions(&path, Permissions::from_mode(0o666))?;
    Ok(listener)
}
