//! One answer of an endpoint, plain or sealed.
//!
//! A sealed one is encrypted with a key that this process drew when it began and that nothing else knows (AES-256-GCM); it is bound to
//! the cache key that it is found by, and opened for each request that gets it.

use aws_lc_rs::aead::{AES_256_GCM, Aad, MAX_TAG_LEN, NONCE_LEN, Nonce, RandomizedNonceKey};
use bytes::{Buf, BufMut, Bytes};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use tokio::time::Instant;

use super::{Codings, Key};

/// What an entry costs besides its content: its key, times, and places in the maps.
const OVERHEAD_BYTES: usize = 320;

/// What an endpoint answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// Whether an entry is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protection {
    None,
    Sealed,
}

/// An answer that is kept.
#[derive(Debug)]
pub(crate) struct Entry {
    /// When the endpoint was asked: what was asked later is newer.
    pub(super) asked: Instant,
    pub(super) expires: Instant,
    /// Who it is for, if its body is in a coding.
    pub(super) codings: Option<Codings>,
    content: Content,
    /// What it counts for in budgets.
    pub(super) bytes: usize,
}

#[derive(Debug)]
enum Content {
    Plain(Answer),
    Sealed { nonce: [u8; NONCE_LEN], bytes: Bytes },
}

/// The key of this process.
pub(super) struct Sealer(RandomizedNonceKey);

impl Sealer {
    /// A new key; `None` when the system has no randomness.
    pub(super) fn draw() -> Option<Self> {
        let mut key = [0; 32];
        aws_lc_rs::rand::fill(&mut key).ok()?;
        RandomizedNonceKey::new(&AES_256_GCM, &key).ok().map(Self)
    }
}

impl Entry {
    /// An answer to keep; `None` when it cannot be sealed.
    pub(super) fn new(
        answer: Answer,
        times: (Instant, Instant),
        codings: Option<Codings>,
        seal: Option<(&Sealer, &Key)>,
    ) -> Option<Self> {
        let (asked, expires) = times;
        let content = match seal {
            None => Content::Plain(answer.detached()?),
            Some((sealer, key)) => {
                let mut bytes = answer.write();
                let nonce = sealer.0.seal_in_place_append_tag(Aad::from(key), &mut bytes).ok()?;
                Content::Sealed { nonce: *nonce.as_ref(), bytes: bytes.into_boxed_slice().into() }
            }
        };
        let bytes = OVERHEAD_BYTES
            + match &content {
                Content::Plain(answer) => answer.body.len() + fields_bytes(&answer.headers),
                Content::Sealed { bytes, .. } => bytes.len(),
            };
        Some(Self { asked, expires, codings, content, bytes })
    }

    /// The answer; `None` when it is not what was sealed under this key.
    pub(super) fn open(&self, sealer: Option<&Sealer>, key: &Key) -> Option<Answer> {
        match &self.content {
            Content::Plain(answer) => Some(answer.clone()),
            Content::Sealed { nonce, bytes } => {
                let mut bytes = bytes.to_vec();
                let nonce = Nonce::assume_unique_for_key(*nonce);
                let len = sealer?.0.open_in_place(nonce, Aad::from(key), &mut bytes).ok()?.len();
                bytes.truncate(len);
                Answer::read(bytes.into())
            }
        }
    }

    #[cfg(test)]
    pub(super) fn sealed_bytes(&self) -> Option<&[u8]> {
        match &self.content {
            Content::Plain(_) => None,
            Content::Sealed { bytes, .. } => Some(bytes),
        }
    }
}

/// Names and values, with what a field costs in a map.
fn fields_bytes(headers: &HeaderMap) -> usize {
    const FIELD_BYTES: usize = 96;
    headers.iter().map(|(name, value)| name.as_str().len() + value.len() + FIELD_BYTES).sum()
}

impl Answer {
    /// The same with memory of its own. What was read of a connection are slices of its buffers, which are larger by far, live as long as
    /// a slice of them, and are in no budget.
    fn detached(&self) -> Option<Self> {
        let mut headers = HeaderMap::with_capacity(self.headers.len());
        for (name, value) in &self.headers {
            let mut own = HeaderValue::from_bytes(value.as_bytes()).ok()?;
            own.set_sensitive(value.is_sensitive());
            headers.append(name.clone(), own);
        }
        Some(Self { status: self.status, headers, body: Bytes::copy_from_slice(&self.body) })
    }

    /// As bytes that are sealed: status, count of fields, each name and value with its length, and the body.
    fn write(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(64 + fields_bytes(&self.headers) + self.body.len() + MAX_TAG_LEN);
        bytes.put_u16(self.status.as_u16());
        bytes.put_u32(u32::try_from(self.headers.len()).unwrap_or(u32::MAX));
        for (name, value) in &self.headers {
            for part in [name.as_str().as_bytes(), value.as_bytes()] {
                bytes.put_u32(u32::try_from(part.len()).unwrap_or(u32::MAX));
                bytes.put_slice(part);
            }
        }
        bytes.put_slice(&self.body);
        bytes
    }

    fn read(mut bytes: Bytes) -> Option<Self> {
        let part = |bytes: &mut Bytes| {
            let len = usize::try_from(bytes.try_get_u32().ok()?).ok()?;
            (len <= bytes.len()).then(|| bytes.split_to(len))
        };
        let status = StatusCode::from_u16(bytes.try_get_u16().ok()?).ok()?;
        let count = bytes.try_get_u32().ok()?;
        let mut headers = HeaderMap::new();
        for _ in 0..count {
            let (name, value) = (part(&mut bytes)?, part(&mut bytes)?);
            headers.append(HeaderName::from_bytes(&name).ok()?, HeaderValue::from_maybe_shared(value).ok()?);
        }
        Some(Self { status, headers, body: bytes })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const SECRET: &str = "a secret of the backend's";

    fn answer() -> Answer {
        let mut headers = HeaderMap::new();
        headers.append("x-secret", HeaderValue::from_static(SECRET));
        headers.append("x-two", HeaderValue::from_static(""));
        headers.append("x-two", HeaderValue::from_bytes(b"\xff2").unwrap());
        Answer { status: StatusCode::CREATED, headers, body: Bytes::from_static(SECRET.as_bytes()) }
    }

    fn sealed(sealer: &Sealer, key: &Key) -> Entry {
        let now = Instant::now();
        Entry::new(answer(), (now, now), None, Some((sealer, key))).unwrap()
    }

    #[tokio::test]
    async fn what_is_sealed_comes_out_as_it_was() {
        let (sealer, key) = (Sealer::draw().unwrap(), [7; 32]);
        let entry = sealed(&sealer, &key);
        assert_eq!(entry.open(Some(&sealer), &key).unwrap(), answer());
        let bytes = entry.sealed_bytes().unwrap();
        assert!(!bytes.windows(8).any(|part| SECRET.as_bytes().starts_with(part)), "nothing of it can be read");
        assert!(entry.bytes >= bytes.len());
    }

    #[tokio::test]
    async fn it_opens_under_its_own_key_and_in_its_own_process_alone() {
        let (sealer, key) = (Sealer::draw().unwrap(), [7; 32]);
        let entry = sealed(&sealer, &key);
        assert!(entry.open(Some(&sealer), &[8; 32]).is_none());
        assert!(entry.open(Some(&Sealer::draw().unwrap()), &key).is_none());
        assert!(entry.open(None, &key).is_none());
    }

    #[tokio::test]
    async fn an_entry_holds_nothing_of_the_buffers_that_its_answer_was_read_into() {
        let buffer = Bytes::from(vec![b'x'; 65_536]);
        let mut value = HeaderValue::from_maybe_shared(buffer.slice(..10)).unwrap();
        value.set_sensitive(true);
        let headers = HeaderMap::from_iter([(HeaderName::from_static("x-secret"), value)]);
        let answer = Answer { status: StatusCode::OK, headers, body: buffer.slice(10..20) };
        let (expected, now) = (answer.clone(), Instant::now());
        let opened = Entry::new(answer, (now, now), None, None).unwrap().open(None, &[7; 32]).unwrap();
        assert!(opened == expected && opened.headers["x-secret"].is_sensitive());
        drop(expected);
        assert!(buffer.is_unique(), "it is free to go");
    }

    #[test]
    fn what_is_cut_off_is_no_answer() {
        let whole = Bytes::from(answer().write());
        let body_at = whole.len() - answer().body.len();
        for len in 0..body_at {
            assert!(Answer::read(whole.slice(..len)).is_none(), "{len}");
        }
    }
}
