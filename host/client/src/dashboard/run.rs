//! The loop of the page: takes actions, updates, draws.

use std::io::{self, IsTerminal as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ratatui::DefaultTerminal;
use tokio::sync::mpsc::{self, Receiver, Sender};
use tokio::task::JoinHandle;

use super::action::Action;
use super::draw::draw;
use super::feed::feed;
use super::keys::listen;
use super::state::State;
use super::update::update;
use crate::contexts::{Node, NodeName};

/// Actions that wait. A log that is faster than the terminal holds its stream up.
const WAITING: usize = 256;

/// The page can't be shown.
#[derive(Debug, thiserror::Error)]
pub enum DashboardError {
    /// There is no terminal.
    #[error("the dashboard needs a terminal; `corten node info` and `corten node logs -f` do not")]
    NoTerminal,
    /// The terminal can't be used.
    #[error("terminal: {0}")]
    Terminal(#[from] io::Error),
}

/// Shows the page about the first of these nodes until a person ends it; a key shows the next one.
pub async fn run(nodes: Vec<(NodeName, Node)>) -> Result<(), DashboardError> {
    if !io::stdout().is_terminal() || !io::stdin().is_terminal() {
        return Err(DashboardError::NoTerminal);
    }
    let mut terminal = ratatui::try_init()?;
    let over = Arc::new(AtomicBool::new(false));
    let result = show(&mut terminal, nodes, over.clone()).await;
    over.store(true, Ordering::Relaxed);
    ratatui::try_restore()?;
    result
}

async fn show(
    terminal: &mut DefaultTerminal,
    nodes: Vec<(NodeName, Node)>,
    over: Arc<AtomicBool>,
) -> Result<(), DashboardError> {
    let (keys, mut pressed) = mpsc::channel(WAITING);
    listen(keys, over);
    let mut state = State::new(nodes.iter().map(|(name, _)| name.to_string()).collect());
    let mut feeding = Feeding::of(&nodes, state.current);
    let mut second = tokio::time::interval(Duration::from_secs(1));
    while !state.quit {
        terminal.draw(|frame| draw(frame, &state))?;
        let action = tokio::select! {
            Some(action) = pressed.recv() => action,
            Some(action) = feeding.actions.recv() => action,
            _ = second.tick() => Action::Tick,
        };
        state = update(state, action);
        // What is there already goes into the same picture.
        while let Ok(action) = feeding.actions.try_recv() {
            state = update(state, action);
        }
        if state.current != feeding.place {
            feeding = Feeding::of(&nodes, state.current);
        }
    }
    Ok(())
}

/// The feed of one node. It ends when this is dropped, and nothing of it reaches the page of another node.
struct Feeding {
    place: usize,
    actions: Receiver<Action>,
    task: Option<JoinHandle<()>>,
}

impl Feeding {
    fn of(nodes: &[(NodeName, Node)], place: usize) -> Self {
        let (sender, actions): (Sender<Action>, _) = mpsc::channel(WAITING);
        let task = nodes.get(place).map(|(_, node)| tokio::spawn(feed(node.clone(), sender)));
        Self { place, actions, task }
    }
}

impl Drop for Feeding {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}
