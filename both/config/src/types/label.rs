//! Names of workloads, containers, volumes, secrets and bridges: other machines and containers find some of them by
//! DNS, so all have the form of its labels (RFC 1035, 2.3.1, with a digit first as RFC 1123 allows).

use corten_document::BadValue;

use super::form::{Checked, Form};
use crate::settings::WorkloadNetwork;

/// Longest label: RFC 1035, 2.3.4.
const MAX: usize = 63;

/// Longest name of a bridge: a short one, since it is part of the name of a link.
const MAX_BRIDGE: usize = 12;

/// The form of a [`Label`].
#[derive(Debug)]
pub enum LabelForm {}

/// Name of a workload, container, volume or secret: a label of DNS.
pub type Label = Checked<LabelForm>;

fn is_label(text: &str, longest: usize) -> bool {
    (1..=longest).contains(&text.len())
        && !text.starts_with('-')
        && !text.ends_with('-')
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

/// The label that was probably meant.
fn close_to(text: &str) -> String {
    text.to_ascii_lowercase().replace(['_', '.', ' '], "-")
}

impl Form for LabelForm {
    const NAME: &'static str = "Label";
    const PATTERN: &'static str = "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$";
    type Value = String;

    fn read(text: &str) -> Result<String, BadValue> {
        const EXPECTED: &str = "a name of 1 to 63 characters `a-z`, `0-9` and `-` with no `-` at its ends";
        let close = close_to(text);
        match is_label(text, MAX) {
            true => Ok(text.to_owned()),
            false if is_label(&close, MAX) => Err(BadValue::or(EXPECTED, close)),
            false => Err(BadValue::new(EXPECTED)),
        }
    }
}

/// The form of a [`NetworkName`].
#[derive(Debug)]
pub enum NetworkNameForm {}

/// Where a workload's network is: `host`, `none`, or the name of a bridge.
pub type NetworkName = Checked<NetworkNameForm>;

impl Form for NetworkNameForm {
    const NAME: &'static str = "NetworkName";
    const PATTERN: &'static str = "^[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?$";
    type Value = WorkloadNetwork;

    fn read(text: &str) -> Result<WorkloadNetwork, BadValue> {
        const EXPECTED: &str = "`host`, `none`, or the name of a bridge: 1 to 12 characters `a-z`, `0-9` and `-` \
                                with no `-` at its ends";
        let close = close_to(text);
        match text {
            "host" => Ok(WorkloadNetwork::Host),
            "none" => Ok(WorkloadNetwork::None),
            _ if is_label(text, MAX_BRIDGE) => Ok(WorkloadNetwork::Bridge { name: text.to_owned() }),
            _ if is_label(&close, MAX_BRIDGE) => Err(BadValue::or(EXPECTED, close)),
            _ => Err(BadValue::new(EXPECTED)),
        }
    }
}
