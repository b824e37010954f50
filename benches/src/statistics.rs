//! Medians and ratios of a few interleaved runs.

use std::time::Duration;

/// The durations of several runs of one thing.
#[derive(Default)]
pub struct Runs(Vec<f64>);

impl Runs {
    /// Adds one run.
    pub fn push(&mut self, duration: Duration) {
        self.0.push(duration.as_secs_f64());
        self.0.sort_by(f64::total_cmp);
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
}

impl std::fmt::Display for Runs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (first, last) = (self.0.first().unwrap_or(&f64::NAN), self.0.last().unwrap_or(&f64::NAN));
        write!(f, "{:7.2} s  ({first:.2} to {last:.2}, {} runs)", self.median(), self.0.len())
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
    }
}
