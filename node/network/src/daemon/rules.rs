//! The firewall in force. `nft` takes the rules as a whole or not at all, so what was there before stays in force when
//! it refuses.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::Command;

use super::host;
use crate::firewall::{Api, ruleset};
use crate::{FirewallState, Order};

/// How long `nft` may take; a thousand rules take a tenth of a second.
const LONGEST: Duration = Duration::from_secs(20);
/// Milliseconds until rules that were refused are tried again.
const AGAIN_MS: u64 = 5_000;
/// Bytes of what `nft` says that are kept.
const LONGEST_WORDS: u64 = 2_000;

/// The rules.
#[derive(Debug)]
pub(super) struct Rules {
    nft: PathBuf,
    /// What is in force.
    applied: Option<String>,
    /// What was tried last.
    tried: Option<String>,
    state: FirewallState,
    again_ms: Option<u64>,
}

impl Rules {
    pub(super) fn new(nft: &Path) -> Self {
        let state = FirewallState::Absent(String::new());
        Self { nft: nft.to_owned(), applied: None, tried: None, state, again_ms: None }
    }

    pub(super) fn is_there(&self) -> bool {
        self.applied.is_some()
    }

    pub(super) fn state(&self) -> &FirewallState {
        &self.state
    }

    pub(super) fn deadline(&self) -> Option<u64> {
        self.again_ms
    }

    /// Puts the rules of `order` into force, or closes everything if there is none. If they are refused and nothing is
    /// in force, everything is closed.
    pub(super) async fn apply(&mut self, order: Option<&Order>, now_ms: u64) {
        let text = match order {
            Some(order) => {
                let api = Api { ports: &order.api_ports, allowed: &order.api_allowed };
                ruleset(&order.firewall, api, &order.workload_ports)
            }
            None => closed(),
        };
        let is_waiting = self.again_ms.is_some_and(|again| again > now_ms);
        if self.applied.as_ref() == Some(&text) {
            self.state = if order.is_some() { FirewallState::Applied } else { FirewallState::Closed };
            self.again_ms = None;
            return;
        }
        // Only what was refused waits; rules that are new do not.
        if is_waiting && self.tried.as_ref() == Some(&text) {
            return;
        }
        self.tried = Some(text.clone());
        match self.run(&text).await {
            Ok(()) => {
                host::log(if order.is_some() { "firewall: as ordered" } else { "firewall: closed" });
                self.applied = Some(text);
                self.state = if order.is_some() { FirewallState::Applied } else { FirewallState::Closed };
                self.again_ms = None;
            }
            Err(problem) => {
                host::log(&format!("firewall: {problem}"));
                if self.applied.is_none() && self.run(&closed()).await.is_ok() {
                    self.applied = Some(closed());
                }
                self.state = match &self.applied {
                    Some(_) => FirewallState::Refused(problem),
                    None => FirewallState::Absent(problem),
                };
                self.again_ms = Some(now_ms + AGAIN_MS);
            }
        }
    }

    async fn run(&self, text: &str) -> Result<(), String> {
        let nft = self.nft.display();
        let mut child = Command::new(&self.nft)
            .args(["-f", "-"])
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| format!("{nft}: {error}"))?;
        let (Some(mut input), Some(output)) = (child.stdin.take(), child.stderr.take()) else {
            return Err(format!("{nft}: no pipes"));
        };
        let mut words = String::new();
        let mut output = output.take(LONGEST_WORDS);
        let talk = async {
            // `nft` may end without reading all of it; what it says is what counts then.
            let write = async {
                let _ = input.write_all(text.as_bytes()).await;
                drop(input);
            };
            let ((), _) = tokio::join!(write, output.read_to_string(&mut words));
            child.wait().await
        };
        let status = tokio::time::timeout(LONGEST, talk)
            .await
            .map_err(|_| format!("{nft}: no end after {} s", LONGEST.as_secs()))?
            .map_err(|error| format!("{nft}: {error}"))?;
        if status.success() {
            return Ok(());
        }
        let first: Vec<&str> = words.lines().take(2).map(str::trim).collect();
        Err(format!("{nft}: {status}: {}", first.join(" ")))
    }
}

fn closed() -> String {
    ruleset(&corten_config::settings::Firewall::default(), Api::default(), &[])
}
