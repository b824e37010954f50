//! Medians and spread of a few interleaved runs.

use std::time::Duration;

/// What several runs of one thing measured, in order of size.
#[derive(Clone, Default)]
pub struct Runs(Vec<f64>);

impl Runs {
    /// Adds the seconds of one run.
    pub fn push(&mut self, duration: Duration) {
        self.push_value(duration.as_secs_f64());
    }

    /// Adds a value of one run.
    pub fn push_value(&mut self, value: f64) {
        self.0.push(value);
        self.0.sort_by(f64::total_cmp);
    }

    /// How many runs there were.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// The middle one, or the mean of the middle two.
    pub fn median(&self) -> f64 {
        let middle = self.0.len() / 2;
        match self.0.len() {
            0 => f64::NAN,
            odd if odd % 2 == 1 => self.0[middle],
            _ => f64::midpoint(self.0[middle - 1], self.0[middle]),
        }
    }

    /// What so many of 100 runs do not exceed.
    pub fn percentile(&self, percent: usize) -> f64 {
        let at = (self.0.len() * percent).div_ceil(100).saturating_sub(1);
        self.0.get(at).copied().unwrap_or(f64::NAN)
    }

    /// The least.
    pub fn least(&self) -> f64 {
        self.0.first().copied().unwrap_or(f64::NAN)
    }

    /// The most.
    pub fn most(&self) -> f64 {
        self.0.last().copied().unwrap_or(f64::NAN)
    }
}

impl std::fmt::Display for Runs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (first, last) = (self.least(), self.most());
        write!(f, "{:7.2} s  ({first:.2} to {last:.2}, {} runs)", self.median(), self.count())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_run_or_the_mean_of_two() {
        let mut runs = Runs::default();
        for seconds in [9, 1, 2] {
            runs.push(Duration::from_secs(seconds));
        }
        assert!((runs.median() - 2.0).abs() < 1e-9);
        runs.push(Duration::from_secs(3));
        assert!((runs.median() - 2.5).abs() < 1e-9);
        assert_eq!(runs.to_string(), "   2.50 s  (1.00 to 9.00, 4 runs)");
    }

    #[test]
    fn a_percentile_is_the_value_of_a_run() {
        let mut runs = Runs::default();
        assert!(runs.percentile(99).is_nan());
        (1..=200).rev().for_each(|value| runs.push_value(value.into()));
        for (percent, value) in [(50, 100.0), (99, 198.0), (100, 200.0)] {
            assert!((runs.percentile(percent) - value).abs() < 1e-9, "{percent}");
        }
    }
}
