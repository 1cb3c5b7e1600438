//! Days of UTC, by which quotas are counted.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A day, counted from 1970-01-01, which is 0. Its text is `YYYY-MM-DD`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Day(pub i32);

const SECONDS_PER_DAY: u64 = 86_400;
/// Days of four hundred years, after which the calendar repeats.
const ERA_DAYS: i32 = 146_097;
/// From 0000-03-01, where the count below begins, to 1970-01-01.
const EPOCH_DAYS: i32 = 719_468;
/// The fewest days of a month.
const MONTH_DAYS_MIN: i32 = 28;

impl Day {
    /// The day that holds a moment, given in seconds since 1970.
    pub fn of_epoch_seconds(seconds: u64) -> Self {
        Self(i32::try_from(seconds / SECONDS_PER_DAY).unwrap_or(i32::MAX / 2))
    }

    /// So many days later, or earlier.
    #[must_use]
    pub fn plus(self, days: i32) -> Self {
        Self(self.0.saturating_add(days))
    }

    /// Day of the week; 0 is Sunday. 1970-01-01 was a Thursday.
    pub fn weekday(self) -> i32 {
        (self.0 + 4).rem_euclid(7)
    }

    /// Year, month from 1 and day from 1. The years are counted from March, so that the day that not all of them have comes last.
    pub fn civil(self) -> (i32, i32, i32) {
        let days = self.0 + EPOCH_DAYS;
        let (era, of_era) = (days.div_euclid(ERA_DAYS), days.rem_euclid(ERA_DAYS));
        let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let from_march = (5 * of_year + 2) / 153;
        let day = of_year - (153 * from_march + 2) / 5 + 1;
        let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
        (year_of_era + era * 400 + i32::from(month <= 2), month, day)
    }

    /// A day by its date; `None` when there is no such date.
    pub fn from_civil(year: i32, month: i32, day: i32) -> Option<Self> {
        if !(0..=9_999).contains(&year) || !(1..=12).contains(&month) || day < 1 {
            return None;
        }
        let from_march = if month > 2 { month - 3 } else { month + 9 };
        let year_of_march = if month > 2 { year } else { year - 1 };
        let (era, year_of_era) = (year_of_march.div_euclid(400), year_of_march.rem_euclid(400));
        let of_year = (153 * from_march + 2) / 5 + day - 1;
        let of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + of_year;
        let found = Self(era * ERA_DAYS + of_era - EPOCH_DAYS);
        // A day that its month does not have is one of the next month.
        (found.civil() == (year, month, day)).then_some(found)
    }

    /// A day by its text, in this form and no other.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        let shaped = bytes.len() == 10 && bytes[4] == b'-' && bytes[7] == b'-';
        let number = |part: std::ops::Range<usize>| {
            let part = text.get(part).filter(|part| part.bytes().all(|byte| byte.is_ascii_digit()))?;
            part.parse::<i32>().ok()
        };
        shaped.then(|| Self::from_civil(number(0..4)?, number(5..7)?, number(8..10)?)).flatten()
    }

    /// The latest day up to this one that is the `day`-th of its month, for a `day` that every month has.
    pub(crate) fn last_of_month_day(self, day: i32) -> Self {
        let day = day.clamp(1, MONTH_DAYS_MIN);
        let (year, month, of_month) = self.civil();
        if of_month >= day {
            return self.plus(day - of_month);
        }
        let (year, month) = if month == 1 { (year - 1, 12) } else { (year, month - 1) };
        Self::from_civil(year, month, day).unwrap_or(self)
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.civil();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn days_and_dates_are_the_same() {
        assert_eq!(Day(0).to_string(), "1970-01-01");
        assert_eq!(Day::of_epoch_seconds(1_709_683_200).to_string(), "2024-03-06");
        assert_eq!(Day::parse("2024-03-06").unwrap().weekday(), 3, "a Wednesday");
        let (mut year, mut month, mut day) = (1_900, 1, 1);
        let first = Day::from_civil(year, month, day).unwrap();
        for days in 0..200_000 {
            let expected = Day(first.0 + days);
            assert_eq!(expected.civil(), (year, month, day));
            assert_eq!(Day::parse(&expected.to_string()), Some(expected));
            let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
            let length = match month {
                2 if is_leap => 29,
                2 => 28,
                4 | 6 | 9 | 11 => 30,
                _ => 31,
            };
            day += 1;
            if day > length {
                (month, day) = (month + 1, 1);
            }
            if month > 12 {
                (year, month) = (year + 1, 1);
            }
        }
    }

    #[test]
    fn what_is_no_day() {
        for text in [
            "",
            "2024-02-30",
            "2023-02-29",
            "2024-13-01",
            "2024-00-01",
            "2024-01-00",
            "20240101",
            "2024-1-01",
            "2024-01-01T",
            "+024-01-01",
            "-009999-01-01",
        ] {
            assert_eq!(Day::parse(text), None, "{text}");
        }
    }
}
