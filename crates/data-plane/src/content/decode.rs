//! Decompression of request bodies, which come from anybody.
//!
//! A small body may hold a thousand times its size, or hardly anything in a million blocks. So both sides of each step are bounded,
//! other requests of the worker get their turn after it, and the whole is bounded by what comes out.

use bytes::{Buf, Bytes};
use flate2::{Crc, Decompress, FlushDecompress, Status};

use super::coding::Coding;

/// Bytes that are read in one step: blocks without content take microseconds for a dozen bytes.
const INPUT_BYTES: usize = 4 * 1024;
/// Bytes that are written in one step.
const OUTPUT_BYTES: usize = 64 * 1024;
/// Members of one gzip body. Programs that write several make them of 64 KiB or more, which are 160 in the longest body.
const MEMBERS_MAX: usize = 1024;

/// Why a request's body cannot be decompressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Undecodable {
    /// Another coding than those of [`Coding`], or several.
    Unsupported,
    /// It is not what its coding says.
    Corrupt,
    /// It would be longer than the limit.
    TooLarge,
}

/// Undoes a coding; at most `max_bytes` come out.
pub(crate) async fn decode(body: Bytes, coding: Coding, max_bytes: usize) -> Result<Bytes, Undecodable> {
    let mut rest = body;
    let mut whole = Vec::new();
    match coding {
        Coding::Deflate => inflate(Decompress::new(true), &mut rest, &mut whole, max_bytes).await?,
        // Several members in a row are one file (RFC 1952, 2.2).
        Coding::Gzip => {
            for _ in 0..MEMBERS_MAX {
                member(&mut rest, &mut whole, max_bytes).await?;
                if rest.is_empty() {
                    break;
                }
            }
        }
    }
    if rest.is_empty() { Ok(Bytes::from(whole)) } else { Err(Undecodable::Corrupt) }
}

/// Inflates up to the end of the stream.
async fn inflate(mut state: Decompress, rest: &mut Bytes, whole: &mut Vec<u8>, max_bytes: usize) -> Result<(), Undecodable> {
    let mut output = vec![0; OUTPUT_BYTES];
    loop {
        let (read_before, written_before) = (state.total_in(), state.total_out());
        let input = &rest[..rest.len().min(INPUT_BYTES)];
        let status = state.decompress(input, &mut output, FlushDecompress::None).map_err(|_| Undecodable::Corrupt)?;
        // Neither is more than the slices that were given.
        let (read, written) = ((state.total_in() - read_before) as usize, (state.total_out() - written_before) as usize);
        rest.advance(read);
        if whole.len() + written > max_bytes {
            return Err(Undecodable::TooLarge);
        }
        whole.extend_from_slice(&output[..written]);
        match status {
            Status::StreamEnd => return Ok(()),
            // Cut off: nothing is left to read or to write, and it has not ended.
            Status::Ok | Status::BufError if read == 0 && written == 0 => return Err(Undecodable::Corrupt),
            Status::Ok | Status::BufError => tokio::task::yield_now().await,
        }
    }
}

/// One gzip member: a header, a stream, its checksum and its length.
async fn member(rest: &mut Bytes, whole: &mut Vec<u8>, max_bytes: usize) -> Result<(), Undecodable> {
    header(rest).ok_or(Undecodable::Corrupt)?;
    let start = whole.len();
    inflate(Decompress::new(false), rest, whole, max_bytes).await?;
    let mut crc = Crc::new();
    for part in whole[start..].chunks(OUTPUT_BYTES) {
        crc.update(part);
        tokio::task::yield_now().await;
    }
    if rest.len() < 8 || rest.get_u32_le() != crc.sum() || rest.get_u32_le() != crc.amount() {
        return Err(Undecodable::Corrupt);
    }
    Ok(())
}

/// Skips a gzip header (RFC 1952, 2.3); `None` when it is none.
fn header(rest: &mut Bytes) -> Option<()> {
    const HEADER_CHECKSUM: u8 = 1 << 1;
    const EXTRA: u8 = 1 << 2;
    const NAME: u8 = 1 << 3;
    const COMMENT: u8 = 1 << 4;
    const RESERVED: u8 = 0b1110_0000;
    let fixed = take(rest, 10)?;
    let flags = fixed[3];
    if fixed[..3] != [0x1f, 0x8b, 8] || flags & RESERVED != 0 {
        return None;
    }
    if flags & EXTRA != 0 {
        let len = take(rest, 2)?.get_u16_le();
        take(rest, len.into())?;
    }
    for text in [NAME, COMMENT] {
        if flags & text != 0 {
            let end = memchr::memchr(0, rest)?;
            take(rest, end + 1)?;
        }
    }
    if flags & HEADER_CHECKSUM != 0 {
        take(rest, 2)?;
    }
    Some(())
}

fn take(rest: &mut Bytes, len: usize) -> Option<Bytes> {
    (rest.len() >= len).then(|| rest.split_to(len))
}

#[cfg(test)]
mod tests;
