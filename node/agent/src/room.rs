//! Whether the state has room left. A node without any goes on, but what its workloads, its logs and its audit log want
//! to write is lost, so somebody has to hear of it.

use std::path::Path;

use corten_api::v1::{self, Verdict};

/// Where the state is, below a root.
pub const STATE: &str = "/var";
/// Percent in use from which on it counts as full. Images that nothing uses were removed long before, from 85 on unless
/// the configuration says otherwise, so what is there now does not go by itself.
const FULL_PERCENT: u64 = 95;

/// The check of the room that is left; `None` where the kernel does not tell.
pub fn check(state: &Path, at_ns: i64) -> Option<v1::Check> {
    let state = rustix::fs::statvfs(state).ok()?;
    let used = state.f_blocks.saturating_sub(state.f_bfree);
    let (verdict, found) = judge(used, state.f_bavail, state.f_frsize)?;
    Some(v1::Check { name: "state".into(), verdict: verdict.into(), found, at_ns })
}

/// The verdict on blocks that are in use and those that are left, of so many bytes. As df(1) has it: what is kept for
/// root counts as neither.
fn judge(used: u64, left: u64, block: u64) -> Option<(Verdict, String)> {
    let percent = used.saturating_mul(100).div_ceil(used.saturating_add(left).max(1));
    let found = format!("{percent} % in use, {} MiB left", left.saturating_mul(block) >> 20);
    let verdict = if percent >= FULL_PERCENT { Verdict::Unhealthy } else { Verdict::Healthy };
    (used > 0 || left > 0).then_some((verdict, found))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_state_is_unhealthy() {
        let of = |used, left| judge(used, left, 4096);
        assert_eq!(of(0, 0), None);
        assert_eq!(of(94, 6), Some((Verdict::Healthy, "94 % in use, 0 MiB left".into())));
        assert_eq!(of(95 << 20, 5 << 20), Some((Verdict::Unhealthy, "95 % in use, 20480 MiB left".into())));
        assert_eq!(of(7, 0), Some((Verdict::Unhealthy, "100 % in use, 0 MiB left".into())));
    }
}
