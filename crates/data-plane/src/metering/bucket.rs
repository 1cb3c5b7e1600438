//! Token buckets. A bucket holds `burst` tokens and gets `rate` new ones a second; a request takes one, or is refused.
//!
//! What is kept is not the tokens but the moment at which the bucket will be full again (the generic cell rate algorithm): one
//! number, which one compare-and-swap changes, so that a bucket is exact however many threads take from it, and needs no clock that
//! ticks. Moments are nanoseconds since the gateway began, taken from the requests' arrivals.

use std::sync::atomic::{AtomicU64, Ordering};

/// Nanoseconds that a bucket may take to become full, at most: 146 years. Sums of moments stay far from the end of the numbers.
const FULL_NS_MAX: u64 = 1 << 62;
/// Later than every moment.
const NEVER: u64 = 1 << 63;
/// How far apart requests may be taken from a bucket in another order than they arrived in.
const DISORDER_NS_MAX: u64 = 1_000_000_000;
const NS_PER_S: f64 = 1e9;

/// A limit as it is configured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Limit {
    /// Tokens a second.
    pub(crate) rate: f64,
    /// The bucket's size.
    pub(crate) burst: u32,
    pace: Pace,
}

/// When a taken token comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pace {
    /// After so many nanoseconds.
    EveryNs(u64),
    /// Not at all: what is kept counts the tokens taken, from [`NEVER`] on, instead.
    Never,
}

impl Limit {
    /// A finite rate that is not negative.
    pub(crate) fn new(rate: f64, burst: u32) -> Self {
        let longest = FULL_NS_MAX / u64::from(burst.max(1));
        let pace = if rate > 0.0 {
            // Cut off, so that requests which keep exactly to the rate are never a fraction too early; the conversion ends at the
            // largest number, for rates of a token in centuries.
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "positive, and saturating is meant")]
            let every = (NS_PER_S / rate) as u64;
            Pace::EveryNs(every.clamp(1, longest))
        } else {
            Pace::Never
        };
        Self { rate, burst, pace }
    }

    /// `state` without what another limit has left in it: a bucket is at most empty. Moments of requests may be out of order by a little.
    pub(crate) fn own(&self, state: u64, now_ns: u64) -> u64 {
        match self.pace {
            Pace::Never => state,
            Pace::EveryNs(every) => {
                let empty = now_ns + every * u64::from(self.burst);
                if state > empty + DISORDER_NS_MAX { empty } else { state }
            }
        }
    }

    /// What `state` becomes when a token is taken at `now_ns`; `None` when there is none.
    pub(crate) fn take(&self, state: u64, now_ns: u64) -> Option<u64> {
        match self.pace {
            Pace::Never => {
                let taken = state.saturating_sub(NEVER);
                (taken < u64::from(self.burst)).then_some(NEVER + taken + 1)
            }
            Pace::EveryNs(every) => {
                // What the state of another limit says beyond this bucket's room does not count.
                let empty = now_ns + every * u64::from(self.burst);
                let full_at = state.clamp(now_ns, empty.max(now_ns)) + every;
                (full_at <= empty).then_some(full_at)
            }
        }
    }
}

/// A bucket that many threads take from.
#[derive(Debug)]
pub(crate) struct Bucket {
    pub(crate) limit: Limit,
    state: AtomicU64,
}

impl Bucket {
    /// A full one.
    pub(crate) fn new(limit: Limit) -> Self {
        Self { limit, state: AtomicU64::new(0) }
    }

    /// Takes a token, if there is one.
    pub(crate) fn take(&self, now_ns: u64) -> bool {
        self.state.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |state| self.limit.take(state, now_ns)).is_ok()
    }

    /// Whether there is a token.
    pub(crate) fn has(&self, now_ns: u64) -> bool {
        self.limit.take(self.state.load(Ordering::Relaxed), now_ns).is_some()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::sync::atomic::AtomicU32;

    use proptest::prelude::*;

    use super::*;

    const SECOND: u64 = 1_000_000_000;

    #[test]
    fn what_another_limit_has_left_is_at_most_an_empty_bucket() {
        let (old, new) = (Limit::new(1.0, 1_000), Limit::new(1_000.0, 1_000));
        let mut state = 0;
        while let Some(next) = old.take(state, SECOND) {
            state = next;
        }
        let refused = new.own(state, SECOND);
        assert_eq!(new.take(refused, SECOND), None);
        let later = new.own(refused, SECOND + SECOND / 1_000);
        assert!(new.take(later, SECOND + SECOND / 1_000).is_some());
        // Nothing is given to a bucket of the limit's own, whatever the order of its requests.
        let full = new.take(0, 2 * SECOND).unwrap();
        assert_eq!(new.own(full, SECOND + SECOND / 2), full);
        // A limit that lets so many through, and then nobody ever.
        let taken = Limit::new(0.0, 1).take(0, SECOND).unwrap();
        let after = new.own(taken, SECOND);
        assert!(new.take(new.own(after, 3 * SECOND), 3 * SECOND).is_some());
    }

    /// Tokens counted one by one, in units of a billionth: what the one number stands for.
    struct Oracle {
        tokens: i128,
        at_ns: u64,
    }

    impl Oracle {
        fn take(&mut self, rate: u32, burst: u32, now_ns: u64) -> bool {
            let one = i128::from(SECOND);
            self.tokens = (self.tokens + i128::from(now_ns - self.at_ns) * i128::from(rate)).min(one * i128::from(burst));
            self.at_ns = now_ns;
            let is_admitted = self.tokens >= one;
            if is_admitted {
                self.tokens -= one;
            }
            is_admitted
        }
    }

    proptest! {
        /// Rates whose pace is a whole number of nanoseconds, so that the two must agree on every request.
        #[test]
        fn a_bucket_is_tokens_counted(
            rate in prop::sample::select(vec![1_u32, 2, 5, 10, 100, 1_000, 10_000]),
            burst in 0_u32..20,
            gaps in prop::collection::vec(0_u64..700_000_000, 1..200),
        ) {
            let bucket = Bucket::new(Limit::new(f64::from(rate), burst));
            let mut oracle = Oracle { tokens: i128::from(SECOND) * i128::from(burst), at_ns: 1 };
            let mut now = 1;
            for gap in gaps {
                now += gap;
                prop_assert_eq!(bucket.has(now), oracle.tokens_at(rate, burst, now));
                prop_assert_eq!(bucket.take(now), oracle.take(rate, burst, now));
            }
        }

        /// Whatever the limit and the order of moments, no window admits more than its rate and the burst.
        #[test]
        fn no_limit_overflows_or_admits_too_much(rate in 0.0..1e12, burst in any::<u32>(), moments in prop::collection::vec(0..FULL_NS_MAX, 1..50)) {
            let bucket = Bucket::new(Limit::new(rate, burst));
            let admitted = moments.iter().filter(|now| bucket.take(**now)).count();
            prop_assert!(burst != 0 || admitted == 0);
        }
    }

    impl Oracle {
        fn tokens_at(&self, rate: u32, burst: u32, now_ns: u64) -> bool {
            let mut copy = Self { tokens: self.tokens, at_ns: self.at_ns };
            copy.take(rate, burst, now_ns)
        }
    }

    #[test]
    fn ten_times_the_limit_for_ten_seconds() {
        for (rate, burst) in [(7.0, 1), (100.0, 50), (1_000.0, 2_000), (333.3, 10)] {
            let bucket = Bucket::new(Limit::new(rate, burst));
            let asked = (rate * 100.0) as u64;
            let admitted = (0..asked).filter(|at| bucket.take(at * 10 * SECOND / asked)).count() as f64;
            let expected = rate * 10.0 + f64::from(burst);
            assert!((admitted - expected).abs() <= (expected / 100.0).max(1.0), "{admitted} of {expected}");
        }
    }

    #[test]
    fn nothing_comes_back_without_a_rate() {
        let bucket = Bucket::new(Limit::new(0.0, 2));
        let admitted = [0, 1, SECOND, FULL_NS_MAX].map(|now| bucket.take(now));
        assert_eq!(admitted, [true, true, false, false]);
        assert!(!Bucket::new(Limit::new(0.0, 0)).take(SECOND));
        assert!(!Bucket::new(Limit::new(5.0, 0)).take(SECOND), "a bucket without room holds no token");
    }

    #[test]
    fn what_the_state_of_a_bucket_says() {
        let limit = Limit::new(10.0, 2);
        let state = limit.take(0, SECOND).unwrap();
        assert!(state > SECOND && state <= 2 * SECOND, "its moment has passed when it is full");
        let never = Limit::new(0.0, 2).take(0, SECOND).unwrap();
        assert!(never > FULL_NS_MAX, "it is never full again");
        assert_eq!(limit.take(never, SECOND), None, "under another limit it is empty");
        assert!(Limit::new(0.0, 1).take(state, SECOND).is_some());
    }

    #[test]
    fn threads_take_no_token_twice() {
        let (bucket, admitted) = (Bucket::new(Limit::new(1.0, 10_000)), AtomicU32::new(0));
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..5_000 {
                        admitted.fetch_add(u32::from(bucket.take(SECOND)), Ordering::Relaxed);
                    }
                });
            }
        });
        assert_eq!(admitted.into_inner(), 10_000);
    }
}
