//! The child: one order, one image, and the end.

mod layers;
mod pace;
mod resolve;

use std::io::{self, BufRead, Read as _, Write};

use corten_oci::manifest::Manifest;

use crate::failure::{Class, Failure};
use crate::http::{Http, Timeouts, roots};
use crate::image;
use crate::limits::{MAX_CHOICE, MAX_ORDER};
use crate::name::Name;
use crate::output::{Closed, Output};
use crate::policy::Policy;
use crate::protocol::{Choice, Header, Order};
use crate::registry::{Patience, Registry, Source, sources};

/// How long and how often. A program uses the default.
#[derive(Clone, Copy, Debug, Default)]
pub struct Timing {
    /// How long is waited for what.
    pub timeouts: Timeouts,
    /// How often things are tried.
    pub patience: Patience,
}

/// How a fetch ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// All that was wanted was handed over.
    Done,
    /// The parent was told why not.
    Failed,
}

/// Why nobody could be told how it ended.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The parent's line did not come.
    #[error("reading the order: {0}")]
    Order(io::Error),
    /// The parent does not listen.
    #[error("the parent does not listen any more")]
    Closed,
}

/// Everything that one fetch needs to know.
struct Job {
    order: Order,
    name: Name,
    policy: Policy,
    registry: Registry,
}

/// Reads an order, does it, and says how it went. `confine` is called when all files of the node are read and before
/// anything is read that the world has written.
pub fn serve(
    input: &mut dyn BufRead,
    output: Box<dyn Write + Send>,
    timing: Timing,
    confine: impl FnOnce() -> Result<(), corten_sandbox::SandboxError>,
) -> Result<Ending, ServeError> {
    let line = line(input, MAX_ORDER).map_err(ServeError::Order)?;
    let output = Output::new(output);
    let result = Job::new(&line, timing).and_then(|job| {
        confine().map_err(|error| Failure::new(Class::Protocol, error.to_string()))?;
        job.run(input, &output)
    });
    let (header, ending) = match result {
        Ok(()) => (Header::Done, Ending::Done),
        Err(failure) => (Header::Failed(failure), Ending::Failed),
    };
    match output.last(&header) {
        Ok(()) => Ok(ending),
        // A layer's thread has said it already.
        Err(Closed) if output.has_ended() => Ok(Ending::Failed),
        Err(Closed) => Err(ServeError::Closed),
    }
}

impl Job {
    fn new(line: &[u8], timing: Timing) -> Result<Self, Failure> {
        let settings = |error: &dyn std::fmt::Display| Failure::new(Class::Protocol, error.to_string());
        let order: Order =
            serde_json::from_slice(line).map_err(|error| settings(&format!("the order: {error}")))?;
        let name: Name =
            order.reference.parse().map_err(|error| settings(&format!("{:?}: {error}", order.reference)))?;
        let policy = Policy::new(&order.registry.verify).map_err(|error| settings(&error))?;
        let sources = sources(&order, &name)?;
        let plain = sources.iter().filter_map(Source::plain_authority).collect();
        let roots = roots(&order).map_err(|error| settings(&error))?;
        let http = Http::new(order.proxy.as_ref(), &roots, timing.timeouts, plain)
            .map_err(|error| settings(&error))?;
        let registry = Registry::new(http, sources, &name, timing.patience);
        Ok(Self { order, name, policy, registry })
    }

    fn run(&self, input: &mut dyn BufRead, output: &Output) -> Result<(), Failure> {
        let manifest = resolve::resolve(self, output)?;
        output.event(&Header::Choose)?;
        let line = line(input, MAX_CHOICE)
            .map_err(|error| Failure::new(Class::Protocol, format!("reading the choice: {error}")))?;
        let choice: Choice = serde_json::from_slice(&line)
            .map_err(|error| Failure::new(Class::Protocol, format!("the choice: {error}")))?;
        layers::fetch(&self.registry, &chosen(&manifest, &choice)?, output)
    }
}

/// The layers that the parent wants, in the order of the manifest.
fn chosen(manifest: &Manifest, choice: &Choice) -> Result<Vec<layers::Wanted>, Failure> {
    let known = image::layers(manifest);
    if let Some(other) =
        choice.layers.iter().find(|wanted| !known.iter().any(|layer| layer.digest == **wanted))
    {
        return Err(Failure::new(Class::Protocol, format!("the image has no layer {other}")));
    }
    let wanted = known.into_iter().filter(|layer| choice.layers.contains(&layer.digest));
    Ok(wanted.map(|layer| layers::Wanted { digest: layer.digest, size: layer.size }).collect())
}

/// One line without its end.
fn line(input: &mut dyn BufRead, most: u64) -> io::Result<Vec<u8>> {
    let mut line = Vec::new();
    input.take(most).read_until(b'\n', &mut line)?;
    match line.pop() {
        Some(b'\n') => Ok(line),
        Some(_) if line.len() as u64 + 1 >= most => Err(io::Error::other("a line that is too long")),
        _ => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}
