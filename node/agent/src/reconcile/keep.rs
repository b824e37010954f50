//! The loop that all reconcilers run in: do what is wanted, say what came to nothing, and try that again later.

use std::future::Future;
use std::time::Duration;

use corten_config::Problem;

use super::inputs::{Inputs, Wanted};
use crate::configuration::Engine;

/// The first pause before something is tried again, and the longest: what can't be done now is seldom possible a
/// minute later, and each attempt costs init a child.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_mins(5);

/// Makes one concern of the node what is wanted.
pub trait Reconcile: Send + 'static {
    /// Under which name its problems stand.
    const NAME: &'static str;

    /// Does what is missing, and returns what came to nothing. It may be called at any time, and does nothing that is
    /// done already.
    fn reconcile(&mut self, wanted: &Wanted) -> impl Future<Output = Vec<Problem>> + Send;
}

/// Runs a reconciler as long as somebody says what is wanted.
pub async fn keep<R: Reconcile>(mut concern: R, mut inputs: Inputs, engine: Engine) {
    loop {
        let wanted = inputs.now();
        let mut pause = FIRST_PAUSE;
        loop {
            let problems = concern.reconcile(&wanted).await;
            let again = !problems.is_empty();
            engine.note(R::NAME, problems);
            let retry = async {
                if again {
                    tokio::time::sleep(pause).await;
                } else {
                    std::future::pending::<()>().await;
                }
            };
            tokio::select! {
                () = retry => pause = (pause * 2).min(LONGEST_PAUSE),
                changed = inputs.changed(&wanted) => match changed {
                    Some(()) => break,
                    None => return,
                },
            }
        }
    }
}

/// Something that could not be done, at no place of a document.
pub fn problem(key: &str, message: String) -> Problem {
    Problem { document: String::new(), line: 0, column: 0, key: key.to_owned(), message, help: None }
}
