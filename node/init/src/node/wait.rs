//! What the loop waits for, beside the time.

use std::os::fd::AsFd as _;

use corten_sys::{Result, poll};

use super::Node;

/// Where something can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    /// A signal, a device, a request: who takes these in looks whether there are any.
    Other,
    /// The output of a program, by its place among them.
    Output(usize),
    /// A device with a power key, by its place among them.
    Button(usize),
}

/// What can be read where only those are looked at that have something to say.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Readable {
    /// Outputs of programs, by their places.
    pub(super) outputs: Vec<usize>,
    /// Devices with a power key, by their places.
    pub(super) buttons: Vec<usize>,
}

impl Node<'_> {
    /// Waits until something happens, or the time is over.
    pub(super) fn wait(&self, timeout_ms: Option<u64>) -> Result<Readable> {
        let others = [self.signals.as_fd()].into_iter();
        let others = others.chain(self.hotplug.descriptor()).chain(self.requests.descriptors());
        let others = others.map(|descriptor| (Source::Other, descriptor));
        let outputs = self.programs.descriptors().enumerate();
        let outputs = outputs.map(|(at, descriptor)| (Source::Output(at), descriptor));
        let buttons = self.buttons.descriptors().enumerate();
        let buttons = buttons.map(|(at, descriptor)| (Source::Button(at), descriptor));
        let watched: Vec<_> = others.chain(outputs).chain(buttons).collect();
        let mut readable = Readable::default();
        for source in poll::ready(&watched, timeout_ms)? {
            match source {
                Source::Output(at) => readable.outputs.push(at),
                Source::Button(at) => readable.buttons.push(at),
                Source::Other => {}
            }
        }
        Ok(readable)
    }
}
