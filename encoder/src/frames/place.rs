//! Bytes that can be read and written by position, by several threads at the same time.

#[cfg(any(unix, windows))]
use std::fs::File;
use std::io::{self, Read};

/// Bytes that can be read from any position.
///
/// ```
/// use sigma_encoder::ReadAt;
/// let mut bytes = [0; 3];
/// assert_eq!(b"0123456789".as_slice().read_at(&mut bytes, 4)?, 3);
/// assert_eq!(&bytes, b"456");
/// # Ok::<(), std::io::Error>(())
/// ```
pub trait ReadAt: Sync {
    /// Reads some bytes from `offset` on, as many as [`Read::read`] would; 0 at the end.
    ///
    /// ```
    /// # use sigma_encoder::ReadAt;
    /// assert_eq!(b"0123".as_slice().read_at(&mut [0; 3], 4)?, 0, "the end");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    fn read_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<usize>;
}

/// Bytes that can be written to any position.
///
/// ```
/// use std::{io, sync::Mutex};
/// /// Memory that several threads write to.
/// struct Memory(Mutex<Vec<u8>>);
///
/// impl sigma_encoder::WriteAt for Memory {
///     fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
///         let mut memory = self.0.lock().expect("no panic");
///         let end = offset as usize + bytes.len();
///         let len = memory.len().max(end);
///         memory.resize(len, 0);
///         memory[offset as usize..end].copy_from_slice(bytes);
///         Ok(())
///     }
/// }
/// ```
pub trait WriteAt: Sync {
    /// Writes all of `bytes` from `offset` on.
    ///
    /// ```no_run
    /// use sigma_encoder::WriteAt;
    /// # fn write() -> std::io::Result<()> {
    /// std::fs::File::create("part")?.write_all_at(b"two", 2)?;
    /// # Ok(())
    /// # }
    /// ```
    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()>;
}

impl ReadAt for [u8] {
    fn read_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
        let start = usize::try_from(offset).map_or(self.len(), |start| start.min(self.len()));
        let len = bytes.len().min(self.len() - start);
        bytes[..len].copy_from_slice(&self[start..start + len]);
        Ok(len)
    }
}

impl ReadAt for Vec<u8> {
    fn read_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
        self.as_slice().read_at(bytes, offset)
    }
}

impl<S: ReadAt + ?Sized> ReadAt for &S {
    fn read_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
        (**self).read_at(bytes, offset)
    }
}

#[cfg(unix)]
impl ReadAt for File {
    fn read_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
        std::os::unix::fs::FileExt::read_at(self, bytes, offset)
    }
}

#[cfg(unix)]
impl WriteAt for File {
    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        std::os::unix::fs::FileExt::write_all_at(self, bytes, offset)
    }
}

#[cfg(windows)]
impl ReadAt for File {
    fn read_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
        std::os::windows::fs::FileExt::seek_read(self, bytes, offset)
    }
}

#[cfg(windows)]
impl WriteAt for File {
    fn write_all_at(&self, mut bytes: &[u8], mut offset: u64) -> io::Result<()> {
        while !bytes.is_empty() {
            match std::os::windows::fs::FileExt::seek_write(self, bytes, offset)? {
                0 => return Err(io::ErrorKind::WriteZero.into()),
                len => {
                    bytes = &bytes[len..];
                    offset += len as u64;
                }
            }
        }
        Ok(())
    }
}

/// The bytes between two positions, as a reader.
#[derive(Debug)]
pub(super) struct Region<'a, S: ?Sized> {
    source: &'a S,
    position: u64,
    end: u64,
}

impl<'a, S: ReadAt + ?Sized> Region<'a, S> {
    pub(super) fn new(source: &'a S, start: u64, end: u64) -> Self {
        Self { source, position: start, end }
    }
}

impl<S: ReadAt + ?Sized> Read for Region<'_, S> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.end - self.position).unwrap_or(usize::MAX);
        let wanted = bytes.len().min(left);
        if wanted == 0 {
            return Ok(0);
        }
        let len = self.source.read_at(&mut bytes[..wanted], self.position)?;
        if len == 0 {
            let message = "the file became shorter while it was read";
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, message));
        }
        self.position += len as u64;
        Ok(len)
    }
}
