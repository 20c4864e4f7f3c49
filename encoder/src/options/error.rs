//! What can go wrong, in one type: a caller prints it or tells an unreadable file from a bad one.

use std::fmt;
use std::io;

/// Why encoding or decoding stopped.
///
/// ```
/// use sigma_encoder::{Error, decode_all};
/// match decode_all(&b"no encoding"[..]) {
///     Err(Error::NotSigma) => println!("another file"),
///     Err(Error::Io(error)) => println!("it cannot be read: {error}"),
///     Err(error) => println!("it is damaged: {error}"),
///     Ok(document) => println!("{} bytes", document.len()),
/// }
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// Reading or writing failed.
    Io(io::Error),
    /// The input does not begin as this format does.
    NotSigma,
    /// The input says something that this version does not know.
    Unsupported {
        /// What was found.
        what: &'static str,
        /// Its code.
        code: u8,
    },
    /// The input ends too early.
    Truncated {
        /// Bytes read.
        offset: u64,
    },
    /// The input contradicts itself.
    Corrupt {
        /// Where in the encoded bytes the damaged part begins.
        offset: u64,
        /// What was found there.
        what: &'static str,
    },
    /// There are bytes after the end, and they are no other encoding.
    TrailingBytes {
        /// Where the document's encoding ended.
        offset: u64,
    },
    /// Decoding would exceed a limit that was set.
    Limit {
        /// Which limit.
        what: &'static str,
        /// Its value in bytes.
        limit_bytes: u64,
        /// What would be enough, where that is known before: of memory, and not of output.
        needed_bytes: Option<u64>,
    },
    /// The document does not have the lines that were asked for.
    Lines {
        /// The first line, counted from 0.
        start: u64,
        /// The line after the last.
        end: u64,
        /// Lines of the document.
        document_lines: u64,
    },
    /// The document is longer, for its encoding, than [`Limits::ratio`](crate::Limits::ratio) allows.
    Ratio {
        /// Bytes of the document that each encoded byte may stand for.
        ratio: u64,
    },
    /// The decoder has failed before; nothing more is decoded.
    Failed,
    /// The document does not have the range that was asked for.
    Range {
        /// The range's first byte.
        start: u64,
        /// The byte after its last.
        end: u64,
        /// Bytes of the document.
        document_bytes: u64,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => write!(f, "{error}"),
            Self::NotSigma => write!(f, "not a sigma file: it does not begin like one"),
            Self::Unsupported { what, code } => {
                write!(f, "{what} {code} is not known to this version; use a newer `sigma`")
            }
            Self::Truncated { offset } => {
                write!(f, "the encoded bytes end too early, after byte {offset}")
            }
            Self::Corrupt { offset, what } => {
                write!(f, "the encoded bytes are damaged somewhere after byte {offset}: {what}")
            }
            Self::TrailingBytes { offset } => {
                write!(
                    f,
                    "the bytes after the end of the encoding, from byte {offset} on, are not another encoding"
                )
            }
            Self::Lines { start, end, document_lines } => {
                write!(
                    f,
                    "lines {start}..{end} are not all in the document; \
                     choose START <= END <= {document_lines}, its number of lines"
                )
            }
            Self::Ratio { ratio } => {
                write!(
                    f,
                    "the document exceeds 1 MiB plus {ratio} bytes for each encoded byte; \
                     raise or lift the ratio limit if you trust the source"
                )
            }
            Self::Failed => write!(f, "decoding failed before and cannot continue"),
            Self::Range { start, end, document_bytes } => {
                write!(
                    f,
                    "bytes {start}..{end} are not all in the document; \
                     choose START <= END <= {document_bytes}, its length in bytes"
                )
            }
            Self::Limit { what, limit_bytes, needed_bytes: Some(needed) } => {
                write!(
                    f,
                    "decoding needs {needed} bytes, more than the {what} of {limit_bytes} bytes; raise it if you trust the source"
                )
            }
            Self::Limit { what, limit_bytes, needed_bytes: None } => {
                write!(
                    f,
                    "decoding needs more than the {what} of {limit_bytes} bytes; raise it if you trust the source"
                )
            }
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io(error) => Some(error),
            _ => None,
        }
    }
}

impl From<Error> for io::Error {
    /// Keeps an error of reading or writing as it was, and gives every other a kind.
    ///
    /// ```
    /// use std::io::{self, ErrorKind};
    /// let damaged = sigma_encoder::decode_all(&b"no encoding"[..]).unwrap_err();
    /// assert_eq!(io::Error::from(damaged).kind(), ErrorKind::InvalidData);
    /// ```
    fn from(error: Error) -> Self {
        use io::ErrorKind;

        let kind = match error {
            Error::Io(error) => return error,
            Error::Truncated { .. } => ErrorKind::UnexpectedEof,
            Error::Unsupported { .. } => ErrorKind::Unsupported,
            Error::Limit { .. } | Error::Ratio { .. } => ErrorKind::QuotaExceeded,
            Error::Failed => ErrorKind::Other,
            Error::Range { .. } | Error::Lines { .. } => ErrorKind::InvalidInput,
            Error::NotSigma | Error::Corrupt { .. } | Error::TrailingBytes { .. } => {
                ErrorKind::InvalidData
            }
        };
        Self::new(kind, error)
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}
