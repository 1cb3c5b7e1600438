//! Times as signatures have them: seconds since the epoch, and ISO 8601 basic format (`20150830T123600Z`).

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::fmt::rfc2822::DateTimeParser;
use jiff::tz::Offset;

/// The last second that the calendar library can format everywhere (the end of the year 9999, less a day for offsets).
const EPOCH_S_MAX: i64 = 253_402_207_200;

/// The instant at which a request says it was signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RequestTime {
    /// Seconds since the epoch.
    pub(crate) epoch_s: i64,
    /// The same in basic format; always 16 ASCII characters.
    pub(crate) basic: String,
}

impl RequestTime {
    /// Reads `YYYYMMDDTHHMMSSZ` and nothing else: the text itself is signed, so there is only one way to write a time.
    pub(crate) fn parse_basic(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        let digits = |range: std::ops::Range<usize>| -> Option<i16> {
            bytes
                .get(range)?
                .iter()
                .try_fold(0_i16, |number, byte| byte.is_ascii_digit().then(|| number * 10 + i16::from(byte - b'0')))
        };
        if bytes.len() != 16 || bytes[8] != b'T' || bytes[15] != b'Z' {
            return None;
        }
        let small = |range| digits(range).and_then(|number| i8::try_from(number).ok());
        let civil =
            DateTime::new(digits(0..4)?, small(4..6)?, small(6..8)?, small(9..11)?, small(11..13)?, small(13..15)?, 0).ok()?;
        let epoch_s = Offset::UTC.to_timestamp(civil).ok()?.as_second();
        Some(Self { epoch_s, basic: text.to_owned() })
    }

    /// Reads a `Date` header: the HTTP form (RFC 9110), or basic format, which AWS takes there too.
    pub(crate) fn parse_date_header(text: &str) -> Option<Self> {
        if let Some(time) = Self::parse_basic(text) {
            return Some(time);
        }
        let timestamp = DateTimeParser::new().parse_timestamp(text).ok()?;
        Some(Self::from_epoch(timestamp.as_second()))
    }

    /// An instant of our own making; what no calendar has is moved to the nearest end of it.
    pub(crate) fn from_epoch(epoch_s: i64) -> Self {
        let epoch_s = epoch_s.clamp(0, EPOCH_S_MAX);
        let civil = Offset::UTC.to_datetime(Timestamp::from_second(epoch_s).unwrap_or(Timestamp::UNIX_EPOCH));
        let basic = format!(
            "{:04}{:02}{:02}T{:02}{:02}{:02}Z",
            civil.year(),
            civil.month(),
            civil.day(),
            civil.hour(),
            civil.minute(),
            civil.second()
        );
        Self { epoch_s, basic }
    }

    /// `YYYYMMDD`, as the credential scope has it.
    pub(crate) fn date(&self) -> &str {
        &self.basic[..8]
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn basic_format_round_trips() {
        let time = RequestTime::parse_basic("20150830T123600Z").unwrap();
        assert_eq!(time.epoch_s, 1_440_938_160);
        assert_eq!(RequestTime::from_epoch(time.epoch_s), time);
        assert_eq!(time.date(), "20150830");
    }

    #[test]
    fn other_spellings_are_refused() {
        for text in [
            "",
            "20150830",
            "20150830T123600",
            "2015-08-30T12:36:00Z",
            "20150830T123600z",
            "20151330T123600Z",
            "20150230T123600Z",
            "20150830T243600Z",
            "20150830T123660Z",
            "+0150830T123600Z",
            "20150830T12360éZ",
        ] {
            assert_eq!(RequestTime::parse_basic(text), None, "{text}");
        }
    }

    #[test]
    fn date_header_forms() {
        for text in ["Sun, 30 Aug 2015 12:36:00 GMT", "Sun, 30 Aug 2015 12:36:00 -0000", "20150830T123600Z"] {
            assert_eq!(RequestTime::parse_date_header(text).unwrap().basic, "20150830T123600Z", "{text}");
        }
        assert_eq!(RequestTime::parse_date_header("yesterday"), None);
    }

    #[test]
    fn no_epoch_panics() {
        for epoch_s in [i64::MIN, -1, 0, EPOCH_S_MAX, i64::MAX] {
            assert_eq!(RequestTime::from_epoch(epoch_s).basic.len(), 16);
        }
    }
}
