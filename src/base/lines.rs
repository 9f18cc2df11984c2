//! Files that several processes append lines to.

use std::{
    fs::File,
    io::{self, Read as _, Seek as _, SeekFrom},
};

/// Whether the last line of `file` was cut off: its writer was killed in the middle of it, which Linux does
/// where it goes on in another page of memory, or the disk was full. What is appended would become a part of it.
///
/// # Errors
/// Those of the file, which must be open for reading. Where it is read next is changed.
pub(crate) fn is_torn(mut file: &File) -> io::Result<bool> {
    if file.metadata()?.len() == 0 {
        return Ok(false);
    }
    let mut last = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    Ok(last != *b"\n")
}
