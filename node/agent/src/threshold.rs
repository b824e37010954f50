//! Keeps the door as the configuration in force has it.

use std::sync::Arc;

use corten_api::identity::Identity;
use corten_api::tls::TlsError;
use corten_config::settings::Api;
use tokio::sync::watch;

use crate::certificate::configured;
use crate::configuration::{InForce, Mode};
use crate::events::{Events, Kind};
use crate::server::{Door, Posture};

/// What makes another door.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Basis {
    posture: Posture,
    api: Api,
}

impl Basis {
    fn of(in_force: &InForce) -> Self {
        let posture = match in_force.mode {
            Mode::Configured => Posture::Configured,
            Mode::Maintenance { .. } => Posture::Maintenance,
        };
        Self { posture, api: in_force.settings.api.clone() }
    }

    /// Whether others are let in, or another certificate is shown.
    fn trusts_as(&self, other: &Self) -> bool {
        self.posture == other.posture
            && self.api.trusted == other.api.trusted
            && self.api.revoked == other.api.revoked
            && self.api.certificate == other.api.certificate
            && self.api.allowed == other.api.allowed
    }
}

/// Opens the door and keeps it as it has to be, on the runtime that this is called in. `own` is shown where no
/// certificate is configured, and in maintenance.
pub fn open(
    own: Identity,
    mut in_force: watch::Receiver<Arc<InForce>>,
    events: Events,
) -> Result<watch::Receiver<Arc<Door>>, TlsError> {
    let mut basis = Basis::of(&in_force.borrow_and_update());
    let mut epoch = 0;
    let first = match make(&own, &basis, epoch) {
        Ok(door) => door,
        Err(error) => {
            refuse(&error, &events);
            // Nobody is let in, and nobody is known: what can be done about it goes by the console.
            Door::new(&own, &Api::default(), Posture::Maintenance, epoch)?
        }
    };
    let (sender, receiver) = watch::channel(Arc::new(first));
    tokio::spawn(async move {
        while in_force.changed().await.is_ok() {
            let now = Basis::of(&in_force.borrow_and_update());
            if now == basis {
                continue;
            }
            let next = if now.trusts_as(&basis) { epoch } else { epoch + 1 };
            match make(&own, &now, next) {
                Ok(door) => {
                    epoch = next;
                    basis = now;
                    sender.send_replace(Arc::new(door));
                }
                // Certificates were checked when they were read, so this is not expected; the door from before stays.
                Err(error) => refuse(&error, &events),
            }
        }
    });
    Ok(receiver)
}

fn make(own: &Identity, basis: &Basis, epoch: u64) -> Result<Door, TlsError> {
    let configured = configured(&basis.api).filter(|_| basis.posture == Posture::Configured);
    Door::new(configured.as_ref().unwrap_or(own), &basis.api, basis.posture, epoch)
}

fn refuse(error: &TlsError, events: &Events) {
    eprintln!("the API's certificates: {error}");
    events.say(Kind::Configuration, "api", format!("certificates can't be used: {error}"));
}
