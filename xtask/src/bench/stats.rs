//! Medians and spreads of a handful of runs, and percentiles of a few hundred latencies.

/// One figure measured several times.
#[derive(Debug, Default, Clone)]
pub struct Series(Vec<f64>);

impl Series {
    /// Adds a run's figure.
    pub fn push(&mut self, value: f64) {
        self.0.push(value);
    }

    /// The middle figure; the mean of the two middle ones when there is an even number. NaN when there is none.
    pub fn median(&self) -> f64 {
        let sorted = self.sorted();
        let middle = sorted.len() / 2;
        match sorted.len() {
            0 => f64::NAN,
            length if length % 2 == 1 => sorted[middle],
            _ => f64::midpoint(sorted[middle - 1], sorted[middle]),
        }
    }

    /// The figure that `percent` of the figures do not exceed (nearest rank). NaN when there is none.
    pub fn percentile(&self, percent: f64) -> f64 {
        let sorted = self.sorted();
        let rank = (percent / 100.0 * sorted.len() as f64).ceil() as usize;
        sorted.get(rank.saturating_sub(1)).copied().unwrap_or(f64::NAN)
    }

    /// The lowest and the highest figure.
    pub fn range(&self) -> (f64, f64) {
        let sorted = self.sorted();
        (sorted.first().copied().unwrap_or(f64::NAN), sorted.last().copied().unwrap_or(f64::NAN))
    }

    /// Run by run, this series divided by `other`: neighbours in time share the machine's mood, so a ratio per round is
    /// steadier than a ratio of medians.
    pub fn ratios(&self, other: &Self) -> Self {
        Self(self.0.iter().zip(&other.0).map(|(own, base)| own / base).collect())
    }

    fn sorted(&self) -> Vec<f64> {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        sorted
    }
}

#[cfg(test)]
mod tests {
    use super::Series;

    fn series(values: &[f64]) -> Series {
        Series(values.to_vec())
    }

    #[test]
    fn the_median_is_the_middle() {
        assert_eq!(series(&[3.0, 1.0, 2.0]).median(), 2.0);
        assert_eq!(series(&[4.0, 1.0, 2.0, 3.0]).median(), 2.5);
        assert!(series(&[]).median().is_nan());
    }

    #[test]
    fn percentiles_take_the_nearest_rank() {
        let hundred: Vec<f64> = (1..=100).map(f64::from).collect();
        assert_eq!(series(&hundred).percentile(99.0), 99.0);
        assert_eq!(series(&hundred).percentile(100.0), 100.0);
        assert_eq!(series(&[7.0]).percentile(99.0), 7.0);
    }

    #[test]
    fn ratios_pair_the_rounds() {
        assert_eq!(series(&[2.0, 9.0]).ratios(&series(&[1.0, 3.0])).median(), 2.5);
    }
}
