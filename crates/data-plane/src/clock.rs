//! The wall clock, for ids, logs, and what depends on the date: signatures and the conditions of policies.

use std::cell::RefCell;
use std::time::{SystemTime, UNIX_EPOCH};

/// Milliseconds since the epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct EpochMillis(pub(crate) u64);

/// Bytes of `2026-01-31T12:34:56`.
const DATE_TIME_LEN: usize = 19;

/// Now.
pub(crate) fn now() -> EpochMillis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    EpochMillis(since.as_secs() * 1000 + u64::from(since.subsec_millis()))
}

impl EpochMillis {
    /// Whole seconds.
    pub(crate) fn seconds(self) -> u64 {
        self.0 / 1000
    }

    /// `$context.requestTime`: `09/Apr/2026:12:34:56 +0000`.
    pub(crate) fn request_time(self) -> String {
        match self.timestamp() {
            Some(time) => time.strftime("%d/%b/%Y:%H:%M:%S +0000").to_string(),
            None => String::new(),
        }
    }

    /// `Thu Apr 09 12:34:56 UTC 2026`, as AWS's execution log has it.
    pub(crate) fn execution_log_time(self) -> String {
        match self.timestamp() {
            Some(time) => time.strftime("%a %b %d %H:%M:%S UTC %Y").to_string(),
            None => String::new(),
        }
    }

    /// Appends `2026-01-31T12:34:56.789Z`. The part above milliseconds is formatted once a second in each thread.
    pub(crate) fn push_rfc3339(self, out: &mut Vec<u8>) {
        thread_local! {
            static LAST: RefCell<(u64, [u8; DATE_TIME_LEN])> = const { RefCell::new((u64::MAX, [b'0'; DATE_TIME_LEN])) };
        }
        LAST.with_borrow_mut(|(seconds, text)| {
            if *seconds != self.seconds() {
                *seconds = self.seconds();
                let formatted = self.timestamp().map(|time| time.strftime("%Y-%m-%dT%H:%M:%S").to_string()).unwrap_or_default();
                if formatted.len() == DATE_TIME_LEN {
                    text.copy_from_slice(formatted.as_bytes());
                }
            }
            out.extend_from_slice(text);
        });
        let millis = self.0 % 1000;
        let digit = |value: u64| b'0' + (value % 10) as u8;
        out.extend_from_slice(&[b'.', digit(millis / 100), digit(millis / 10), digit(millis), b'Z']);
    }

    /// `2026-01-31T12:34:56.789Z`.
    pub(crate) fn rfc3339(self) -> String {
        let mut out = Vec::new();
        self.push_rfc3339(&mut out);
        String::from_utf8(out).expect("digits and separators are ASCII")
    }

    fn timestamp(self) -> Option<jiff::Zoned> {
        let millis = i64::try_from(self.0).ok()?;
        Some(jiff::Timestamp::from_millisecond(millis).ok()?.to_zoned(jiff::tz::TimeZone::UTC))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn forms() {
        let time = EpochMillis(1_775_738_096_007);
        assert_eq!(time.request_time(), "09/Apr/2026:12:34:56 +0000");
        assert_eq!(time.execution_log_time(), "Thu Apr 09 12:34:56 UTC 2026");
        let mut out = Vec::new();
        time.push_rfc3339(&mut out);
        EpochMillis(1_775_738_096_998).push_rfc3339(&mut out);
        EpochMillis(1_775_738_097_120).push_rfc3339(&mut out);
        assert_eq!(String::from_utf8(out).unwrap(), "2026-04-09T12:34:56.007Z2026-04-09T12:34:56.998Z2026-04-09T12:34:57.120Z");
    }
}
