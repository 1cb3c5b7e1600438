//! Bodies that are what they say, that are not, and that are too much.

#![allow(clippy::unwrap_used)]

use std::io::Write;

use flate2::write::{GzEncoder, ZlibEncoder};
use flate2::{Compression, GzBuilder};
use proptest::prelude::*;

use super::*;

const MAX: usize = 1 << 20;

fn encoded(coding: Coding, text: &[u8]) -> Bytes {
    let level = Compression::default();
    match coding {
        Coding::Gzip => {
            let mut encoder = GzEncoder::new(Vec::new(), level);
            encoder.write_all(text).unwrap();
            encoder.finish().unwrap().into()
        }
        Coding::Deflate => {
            let mut encoder = ZlibEncoder::new(Vec::new(), level);
            encoder.write_all(text).unwrap();
            encoder.finish().unwrap().into()
        }
    }
}

#[tokio::test]
async fn what_is_not_what_it_says() {
    for coding in [Coding::Gzip, Coding::Deflate] {
        let whole = encoded(coding, &b"text ".repeat(100));
        assert_eq!(decode(whole.clone(), coding, 500).await.unwrap().len(), 500);
        assert_eq!(decode(whole.clone(), coding, 499).await, Err(Undecodable::TooLarge));
        for cut in [whole.len() - 1, whole.len() / 2, 1] {
            assert_eq!(decode(whole.slice(..cut), coding, MAX).await, Err(Undecodable::Corrupt), "{coding:?} cut at {cut}");
        }
        assert_eq!(decode(Bytes::from_static(b"plain text"), coding, MAX).await, Err(Undecodable::Corrupt));
        let mut damaged = whole.to_vec();
        *damaged.last_mut().unwrap() ^= 1;
        assert_eq!(decode(damaged.into(), coding, MAX).await, Err(Undecodable::Corrupt), "{coding:?} checksum");
    }
}

#[tokio::test]
async fn gzip_members_are_one_body() {
    let both = [encoded(Coding::Gzip, b"one "), encoded(Coding::Gzip, b"two")].concat();
    assert_eq!(decode(both.clone().into(), Coding::Gzip, MAX).await.unwrap(), "one two");
    let trailing = [&both[..], b"\0"].concat();
    assert_eq!(decode(trailing.into(), Coding::Gzip, MAX).await, Err(Undecodable::Corrupt));
    let many = |count: usize| Bytes::from(encoded(Coding::Gzip, b"x").repeat(count));
    assert_eq!(decode(many(MEMBERS_MAX), Coding::Gzip, MAX).await.unwrap().len(), MEMBERS_MAX);
    assert_eq!(decode(many(MEMBERS_MAX + 1), Coding::Gzip, MAX).await, Err(Undecodable::Corrupt));
}

#[tokio::test]
async fn every_part_of_a_gzip_header() {
    let mut body = Vec::new();
    let builder = GzBuilder::new().extra(&b"extra"[..]).filename("name").comment("comment");
    let mut encoder = builder.write(&mut body, Compression::default());
    encoder.write_all(b"text").unwrap();
    encoder.finish().unwrap();
    assert_eq!(decode(body.clone().into(), Coding::Gzip, MAX).await.unwrap(), "text");
    for len in 0..body.len() {
        assert_eq!(decode(Bytes::copy_from_slice(&body[..len]), Coding::Gzip, MAX).await, Err(Undecodable::Corrupt), "{len}");
    }
}

/// Stored blocks without content, of which a long body holds millions.
#[tokio::test]
async fn blocks_without_content_come_in_steps() {
    let blocks = b"\x00\x00\x00\xff\xff".repeat(10_000);
    let body = [&[0x78, 0x9c], &blocks[..], b"\x03\x00\x00\x00\x00\x01"].concat();
    let mut decoding = std::pin::pin!(decode(body.into(), Coding::Deflate, MAX));
    let mut steps = 0;
    let decoded = std::future::poll_fn(|cx| {
        steps += 1;
        decoding.as_mut().poll(cx)
    });
    assert_eq!(decoded.await.unwrap(), "");
    assert!(steps > 50_000 / INPUT_BYTES, "{steps}");
}

#[tokio::test]
async fn a_bomb_stops_at_the_limit() {
    for coding in [Coding::Gzip, Coding::Deflate] {
        let bomb = encoded(coding, &vec![0; 64 << 20]);
        assert!(bomb.len() < 100_000);
        assert_eq!(decode(bomb, coding, MAX).await, Err(Undecodable::TooLarge));
    }
}

proptest! {
    #[test]
    fn there_and_back(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        for coding in [Coding::Gzip, Coding::Deflate] {
            let back = runtime.block_on(decode(encoded(coding, &bytes), coding, 2000));
            prop_assert_eq!(back.unwrap(), bytes.clone());
        }
    }

    #[test]
    fn garbage_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        for (coding, start) in [(Coding::Gzip, &[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0][..]), (Coding::Deflate, &[0x78, 0x9c][..])] {
            let _ = runtime.block_on(decode([start, &bytes].concat().into(), coding, MAX));
        }
    }
}
