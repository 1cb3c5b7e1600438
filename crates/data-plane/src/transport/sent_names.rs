//! How a client spelled the names of its fields.
//!
//! HTTP's names know no case and the library's are in lower case, but AWS shows them to functions and templates as the client wrote
//! them (recorded). A connection keeps the bytes of its last head, which costs a copy of them; they are read again only for a request
//! whose integration asks. Where it is not certain that they are that request's, as when requests are pipelined, nothing is known.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A head's bytes that are kept at most: what its fields and its target may have together, and their line ends.
const HEAD_BYTES_MAX: usize = 24 * 1024;
/// Room that an idle connection keeps.
const IDLE_BYTES_MAX: usize = 2 * 1024;
/// Fields that are looked at: the library refuses heads with more than a hundred.
const FIELDS_MAX: usize = 128;

/// The last head that a connection read.
pub(super) struct HeadTap(Mutex<Head>);

struct Head {
    bytes: Vec<u8>,
    /// Which head of the connection it is.
    number: u64,
    /// Whether a request is still to come for it.
    is_awaited: bool,
}

/// Where a bunch of bytes stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    First,
    Next,
}

/// The names of a request's fields as the client wrote them, as long as the request is being answered.
#[derive(Clone, Default)]
pub struct SentNames(Option<(Arc<HeadTap>, u64)>);

impl Default for HeadTap {
    fn default() -> Self {
        Self(Mutex::new(Head { bytes: Vec::new(), number: 0, is_awaited: true }))
    }
}

impl HeadTap {
    /// Bytes of a head were read.
    pub(super) fn read(&self, bytes: &[u8], part: Part) {
        let mut head = self.head();
        if part == Part::First {
            head.bytes.clear();
            head.bytes.shrink_to(IDLE_BYTES_MAX);
            head.number += 1;
            head.is_awaited = true;
        }
        if !head.is_awaited || head.bytes.len() + bytes.len() > HEAD_BYTES_MAX {
            head.is_awaited = false;
            return;
        }
        head.bytes.extend_from_slice(bytes);
    }

    /// The head of the request that begins now.
    pub(super) fn take(self: &Arc<Self>) -> SentNames {
        let mut head = self.head();
        if std::mem::replace(&mut head.is_awaited, false) {
            SentNames(Some((Arc::clone(self), head.number)))
        } else {
            SentNames::default()
        }
    }

    fn head(&self) -> MutexGuard<'_, Head> {
        // Whatever it holds is only looked at.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SentNames {
    /// The names in the order in which they came; none when they are not known.
    pub fn list(&self) -> Vec<Box<str>> {
        let Some((tap, number)) = &self.0 else { return Vec::new() };
        let head = tap.head();
        if head.number != *number {
            return Vec::new();
        }
        let mut fields = vec![httparse::EMPTY_HEADER; FIELDS_MAX];
        let mut request = httparse::Request::new(&mut fields);
        match request.parse(&head.bytes) {
            Ok(httparse::Status::Complete(_)) => request.headers.iter().map(|field| field.name.into()).collect(),
            Ok(httparse::Status::Partial) | Err(_) => Vec::new(),
        }
    }
}

impl fmt::Debug for SentNames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SentNames")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\ntEsT-HEADeR: b\r\n\r\n";

    fn names(tap: &Arc<HeadTap>) -> String {
        tap.take().list().join(" ")
    }

    #[test]
    fn each_head_is_its_own_requests() {
        let tap = Arc::new(HeadTap::default());
        tap.read(&HEAD[..20], Part::Next);
        tap.read(&HEAD[20..], Part::Next);
        let first = tap.take();
        assert_eq!(first.list().join(" "), "Host tEsT-HEADeR");
        tap.read(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n", Part::First);
        assert_eq!(names(&tap), "host");
        assert!(first.list().is_empty(), "the head is another request's");
    }

    #[test]
    fn what_is_not_certain_is_not_known() {
        let tap = Arc::new(HeadTap::default());
        tap.read(&[HEAD, HEAD].concat(), Part::Next);
        assert_eq!(names(&tap), "Host tEsT-HEADeR");
        // The pipelined one.
        assert_eq!(names(&tap), "");
        tap.read(&HEAD[20..], Part::First);
        assert_eq!(names(&tap), "");
        tap.read(&HEAD[..20], Part::First);
        assert_eq!(names(&tap), "");
    }

    #[test]
    fn a_body_behind_the_head_is_not_read_and_what_is_too_long_is_not_kept() {
        let tap = Arc::new(HeadTap::default());
        tap.read(&[HEAD, b"X-Body: c\r\n\r\n"].concat(), Part::Next);
        assert_eq!(names(&tap), "Host tEsT-HEADeR");
        tap.read(&HEAD[..20], Part::First);
        tap.read(&vec![b'x'; HEAD_BYTES_MAX], Part::Next);
        tap.read(&HEAD[20..], Part::Next);
        assert_eq!(names(&tap), "");
        assert!(tap.head().bytes.capacity() <= HEAD_BYTES_MAX);
        tap.read(HEAD, Part::First);
        assert!(tap.head().bytes.capacity() <= IDLE_BYTES_MAX);
    }
}
