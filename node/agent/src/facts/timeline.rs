//! Where the time of the start went, as init left it in `/run/corten/timeline.json`.

use corten_api::v1;
use serde::Deserialize;

use super::{FactError, files};
use crate::root::Root;

/// Where init writes it.
const FILE: &str = "/run/corten/timeline.json";
/// As many as init records.
const MAX_STEPS: usize = 256;

#[derive(Deserialize)]
struct Kept {
    #[serde(default)]
    before_kernel: Option<BeforeKernel>,
    #[serde(default)]
    ready_ms: u64,
    #[serde(default)]
    steps: Vec<Step>,
}

#[derive(Deserialize)]
struct BeforeKernel {
    firmware_ms: u64,
    loader_ms: u64,
}

#[derive(Deserialize)]
struct Step {
    name: String,
    start_ms: u64,
    end_ms: u64,
}

/// The timeline.
pub fn read(root: &Root) -> Result<v1::TimelineResponse, FactError> {
    let expected = "the timeline of init as JSON";
    parse(&files::text(root, FILE)?).ok_or_else(|| FactError::Content { path: root.path(FILE), expected })
}

/// Reads the file of init.
pub fn parse(text: &str) -> Option<v1::TimelineResponse> {
    let kept: Kept = serde_json::from_str(text).ok()?;
    let steps = kept.steps.into_iter().take(MAX_STEPS);
    let steps = steps.map(|Step { name, start_ms, end_ms }| v1::Step { name, start_ms, end_ms }).collect();
    let (firmware_ms, loader_ms) =
        kept.before_kernel.map_or((0, 0), |before| (before.firmware_ms, before.loader_ms));
    Some(v1::TimelineResponse { steps, firmware_ms, loader_ms, ready_ms: kept.ready_ms })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_init_writes_is_read() {
        let text = r#"{"before_kernel":{"firmware_ms":900,"loader_ms":30},"ready_ms":4100,"steps":[{"name":"stage1.modules","start_ms":12,"end_ms":80}]}"#;
        let timeline = parse(text).expect("a timeline");
        assert_eq!((timeline.firmware_ms, timeline.loader_ms, timeline.ready_ms), (900, 30, 4100));
        let step = v1::Step { name: "stage1.modules".into(), start_ms: 12, end_ms: 80 };
        assert_eq!(timeline.steps, [step]);
        assert_eq!(parse(r#"{"before_kernel":null,"steps":[]}"#), Some(v1::TimelineResponse::default()));
        assert_eq!(parse("{"), None);
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,200}") {
            let _ = parse(&text);
            let _ = parse(&format!("{{\"steps\":[{text}]}}"));
        }
    }
}
