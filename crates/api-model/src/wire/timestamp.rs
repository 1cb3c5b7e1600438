//! Instants on the wire: v1 sends JSON numbers, v2 and the management API ISO-8601 strings.

use std::fmt;

use serde_json::Value;

use super::read::wrong_type;
use super::{FromJson, IntoJson, Path, Problems};

/// An instant, in seconds since the epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Timestamp(pub i64);

/// Writes an instant as a JSON number.
pub(crate) struct EpochJson(pub(crate) Timestamp);

/// Writes an instant as `2020-04-08T19:05:45Z`.
pub(crate) struct Iso8601Json(pub(crate) Timestamp);

impl IntoJson for EpochJson {
    fn into_json(self) -> Value {
        Value::from(self.0.0)
    }
}

impl IntoJson for Iso8601Json {
    fn into_json(self) -> Value {
        Value::String(self.0.to_string())
    }
}

impl FromJson for Timestamp {
    /// A number or ISO-8601 text, whatever the service; a fraction of a second is dropped.
    #[allow(clippy::cast_possible_truncation, reason = "a float cast saturates, and a fraction is dropped on purpose")]
    fn from_json(json: Value, at: &Path<'_>, problems: &mut Problems) -> Option<Self> {
        let seconds = match &json {
            Value::Number(number) => number.as_i64().or_else(|| number.as_f64().map(|float| float.floor() as i64)),
            Value::String(text) => from_iso_8601(text),
            _ => None,
        };
        match seconds {
            Some(seconds) => Some(Self(seconds)),
            None => wrong_type("an instant such as 2020-04-08T19:05:45Z", &json, at, problems),
        }
    }
}

const DAY_SECONDS: i64 = 86_400;
/// Days from 0000-03-01 to 1970-01-01 in the proleptic Gregorian calendar.
const EPOCH_DAYS: i128 = 719_468;
/// Days in 400 years, after which the calendar repeats.
const ERA_DAYS: i128 = 146_097;

impl fmt::Display for Timestamp {
    /// ISO-8601 in UTC, whole seconds.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = civil(self.0.div_euclid(DAY_SECONDS));
        let seconds = self.0.rem_euclid(DAY_SECONDS);
        let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
    }
}

/// Year, month and day of a day counted from the epoch. Years are counted from March, so that the leap day is a year's last.
fn civil(days: i64) -> (i128, i128, i128) {
    let days = i128::from(days) + EPOCH_DAYS;
    let (era, day_of_era) = (days.div_euclid(ERA_DAYS), days.rem_euclid(ERA_DAYS));
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (era * 400 + year_of_era + i128::from(month <= 2), month, day)
}

/// Seconds of `YYYY-MM-DDTHH:MM:SS[.fraction]Z`; `None` for anything else.
fn from_iso_8601(text: &str) -> Option<i64> {
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    let (year, month, day) = three(date, '-')?;
    let whole = time.split_once('.').map_or(time, |(whole, _)| whole);
    let (hour, minute, second) = three(whole, ':')?;
    let seconds = days(year, month, day) * DAY_SECONDS + hour * 3600 + minute * 60 + second;
    // Fields out of their range would come out as another text.
    Timestamp(seconds).to_string().strip_suffix('Z').is_some_and(|back| back == format!("{date}T{whole}")).then_some(seconds)
}

/// Three numbers of at most four digits, so that no sum of them overflows.
fn three(text: &str, separator: char) -> Option<(i64, i64, i64)> {
    let mut parts = text.split(separator).map(|part| part.parse().ok().filter(|_| part.len() <= 4));
    let numbers = (parts.next()??, parts.next()??, parts.next()??);
    parts.next().is_none().then_some(numbers)
}

/// Days from the epoch; the inverse of [`civil`].
fn days(year: i64, month: i64, day: i64) -> i64 {
    let (year, month_from_march) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    year * 365 + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::{Timestamp, from_iso_8601};

    #[test]
    fn instants_read_as_iso_8601() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (-1, "1969-12-31T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (951_868_800, "2000-03-01T00:00:00Z"),
            (1_586_372_745, "2020-04-08T19:05:45Z"),
            (1_709_251_199, "2024-02-29T23:59:59Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
            (253_402_300_799, "9999-12-31T23:59:59Z"),
        ] {
            assert_eq!(Timestamp(seconds).to_string(), text);
            assert_eq!(from_iso_8601(text), Some(seconds));
        }
    }

    #[test]
    fn what_is_no_instant_is_refused() {
        assert_eq!(from_iso_8601("2020-04-08T19:05:45.999Z"), Some(1_586_372_745));
        for text in [
            "",
            "Z",
            "2020-04-08",
            "2020-02-30T00:00:00Z",
            "2020-04-08T25:00:00Z",
            "2020-04-08T19:05:45",
            "99999-01-01T00:00:00Z",
        ] {
            assert_eq!(from_iso_8601(text), None, "{text}");
        }
    }

    #[test]
    fn no_instant_overflows() {
        for seconds in [i64::MIN, i64::MAX] {
            assert!(Timestamp(seconds).to_string().ends_with('Z'));
        }
    }
}
