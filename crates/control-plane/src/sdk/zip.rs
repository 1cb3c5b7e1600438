//! The archive that an SDK comes in.

use std::io::{Cursor, Write};

use bytes::Bytes;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use super::File;

/// Permissions of the files once unpacked: readable, not executable.
const MODE: u32 = 0o644;

/// Packs files in the order given. There is no date but the format's first one, so that equal files give equal bytes.
///
/// # Errors
/// When an archive of 4 GiB or more would be needed.
pub(super) fn archive(files: &[File]) -> Result<Bytes, zip::result::ZipError> {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(DateTime::default())
        .unix_permissions(MODE);
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for file in files {
        writer.start_file(file.path.as_str(), options)?;
        writer.write_all(file.text.as_bytes())?;
    }
    Ok(Bytes::from(writer.finish()?.into_inner()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::io::Read;

    #[test]
    fn what_is_packed_comes_out_and_is_the_same_every_time() {
        let files = [File::new("a/one.txt", "one"), File::new("a/b/two.txt", "zwei\n".repeat(1000))];
        let packed = archive(&files).unwrap();
        assert_eq!(packed, archive(&files).unwrap());
        assert!(packed.len() < 1000, "{}", packed.len());
        let mut read = zip::ZipArchive::new(Cursor::new(packed)).unwrap();
        for file in &files {
            let mut text = String::new();
            read.by_name(&file.path).unwrap().read_to_string(&mut text).unwrap();
            assert_eq!(text, file.text);
        }
        assert_eq!(read.len(), files.len());
    }
}
