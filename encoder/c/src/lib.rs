//! The C interface, as `include/sigma.h` describes it. Nothing unwinds into C: a panic is an error.

use std::any::Any;
use std::cell::RefCell;
use std::ffi::{CString, c_char, c_int, c_void};
use std::io::{self, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::slice;

use sigma_encoder::{Encoder, Error, Level, Limits, Options, read};

const OK: c_int = 0;
const ERROR_IO: c_int = 1;
const ERROR_DATA: c_int = 2;
const ERROR_UNSUPPORTED: c_int = 3;
const ERROR_LIMIT: c_int = 4;
const ERROR_USAGE: c_int = 5;
const ERROR_BUG: c_int = 6;

/// Why a call fails: a code, and a sentence for people.
struct Failure(c_int, String);

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        let code = match error.kind() {
            io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => ERROR_DATA,
            io::ErrorKind::Unsupported => ERROR_UNSUPPORTED,
            io::ErrorKind::QuotaExceeded => ERROR_LIMIT,
            _ => ERROR_IO,
        };
        Self(code, error.to_string())
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        io::Error::from(error).into()
    }
}

fn usage<T>(message: &str) -> Result<T, Failure> {
    Err(Failure(ERROR_USAGE, message.to_owned()))
}

thread_local! {
    static MESSAGE: RefCell<CString> = RefCell::default();
}

fn note(message: &str) {
    let message = CString::new(message.replace('\0', " ")).unwrap_or_default();
    MESSAGE.with(|last| *last.borrow_mut() = message);
}

/// Runs a call: its code, with its message kept.
fn call(work: impl FnOnce() -> Result<(), Failure>) -> c_int {
    let failure = match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(())) => return OK,
        Ok(Err(failure)) => failure,
        Err(panic) => Failure(ERROR_BUG, text_of(&*panic)),
    };
    note(&failure.1);
    failure.0
}

fn text_of(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("a bug of sigma: {}", text.unwrap_or("a panic without a word"))
}

/// As in the header.
#[repr(C)]
pub struct Buffer {
    data: *mut u8,
    len: usize,
    capacity: usize,
}

impl Buffer {
    /// Lends the bytes as a vector; what comes of it is in the buffer afterwards, also after a panic.
    fn with<T>(&mut self, work: impl FnOnce(&mut Vec<u8>) -> T) -> T {
        struct Lent<'a>(&'a mut Buffer, Vec<u8>);

        impl Drop for Lent<'_> {
            fn drop(&mut self) {
                *self.0 = Buffer::of(std::mem::take(&mut self.1));
            }
        }

        let bytes = self.take();
        work(&mut Lent(self, bytes).1)
    }

    fn of(bytes: Vec<u8>) -> Self {
        let mut bytes = std::mem::ManuallyDrop::new(bytes);
        if bytes.capacity() == 0 {
            return Self { data: std::ptr::null_mut(), len: 0, capacity: 0 };
        }
        Self { data: bytes.as_mut_ptr(), len: bytes.len(), capacity: bytes.capacity() }
    }

    fn take(&mut self) -> Vec<u8> {
        let Self { data, len, capacity } = std::mem::replace(self, Self::of(Vec::new()));
        if data.is_null() {
            return Vec::new();
        }
        // SAFETY: a buffer that is not null was made by `of`, from a vector of these parts, and has not
        // been taken since: the header says that no one else makes one or changes it.
        unsafe { Vec::from_raw_parts(data, len, capacity) }
    }
}

/// The bytes of a pointer and a length.
///
/// # Safety
///
/// There are so many bytes at `bytes` as long as they are used, or it is null.
unsafe fn bytes_of<'a>(bytes: *const u8, len: usize) -> Result<&'a [u8], Failure> {
    match (bytes.is_null(), len) {
        (_, 0) => Ok(&[]),
        (true, _) => usage("a pointer to bytes is null"),
        // SAFETY: as the caller says.
        (false, _) => Ok(unsafe { slice::from_raw_parts(bytes, len) }),
    }
}

/// What a pointer points to.
///
/// # Safety
///
/// It is null, or points to a `T` that no one else uses meanwhile.
unsafe fn target_of<'a, T>(pointer: *mut T) -> Result<&'a mut T, Failure> {
    // SAFETY: as the caller says.
    match unsafe { pointer.as_mut() } {
        Some(target) => Ok(target),
        None => usage("a pointer is null"),
    }
}

fn options(level: c_int) -> Result<Options, Failure> {
    let level = usize::try_from(level).ok().and_then(|level| Level::ALL.get(level));
    match level {
        Some(&level) => Ok(Options::new().level(level)),
        None => usage("the level is none of SIGMA_FAST, SIGMA_DEFAULT and SIGMA_MAX"),
    }
}

fn limits(output_max: u64, memory_max: u64) -> Limits {
    let limits =
        if output_max > 0 { Limits::new().output_bytes(output_max) } else { Limits::new() };
    if memory_max > 0 { limits.memory_bytes(memory_max) } else { limits }
}

/// As in the header.
#[unsafe(no_mangle)]
pub extern "C" fn sigma_version() -> *const c_char {
    concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast()
}

/// As in the header.
#[unsafe(no_mangle)]
pub extern "C" fn sigma_error_message() -> *const c_char {
    MESSAGE.with(|last| last.borrow().as_ptr())
}

/// As in the header.
///
/// # Safety
///
/// `buffer` is null or a buffer of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sigma_buffer_free(buffer: *mut Buffer) {
    // SAFETY: as the caller says.
    if let Ok(buffer) = unsafe { target_of(buffer) } {
        drop(buffer.take());
    }
}

/// As in the header.
///
/// # Safety
///
/// There are `len` bytes at `document`; `out` is a buffer of this library, or empty.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sigma_encode(
    document: *const u8,
    len: usize,
    level: c_int,
    out: *mut Buffer,
) -> c_int {
    call(|| {
        // SAFETY: as the caller says.
        let (document, out) = unsafe { (bytes_of(document, len)?, target_of(out)?) };
        let options = options(level)?;
        out.with(|out| {
            let mut encoder = Encoder::new(options);
            encoder.push(document, out);
            encoder.finish(out);
        });
        Ok(())
    })
}

/// As in the header.
///
/// # Safety
///
/// There are `len` bytes at `encoded`; `out` is a buffer of this library, or empty.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sigma_decode(
    encoded: *const u8,
    len: usize,
    output_max: u64,
    memory_max: u64,
    out: *mut Buffer,
) -> c_int {
    call(|| {
        // SAFETY: as the caller says.
        let (encoded, out) = unsafe { (bytes_of(encoded, len)?, target_of(out)?) };
        let mut decoder = read::Decoder::limited(encoded, limits(output_max, memory_max))?;
        out.with(|out| {
            let before = out.len();
            decoder.read_to_end(out).inspect_err(|_| out.truncate(before))
        })?;
        Ok(())
    })
}

/// As in the header.
#[unsafe(no_mangle)]
pub extern "C" fn sigma_encoder_new(level: c_int) -> *mut Encoder {
    let mut made = std::ptr::null_mut();
    call(|| {
        made = Box::into_raw(Box::new(Encoder::new(options(level)?)));
        Ok(())
    });
    made
}

/// As in the header.
///
/// # Safety
///
/// `encoder` came from `sigma_encoder_new` and is not freed; the rest as for `sigma_encode`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sigma_encoder_write(
    encoder: *mut Encoder,
    bytes: *const u8,
    len: usize,
    out: *mut Buffer,
) -> c_int {
    call(|| {
        // SAFETY: as the caller says.
        let (encoder, bytes) = unsafe { (target_of(encoder)?, bytes_of(bytes, len)?) };
        // SAFETY: as the caller says.
        let out = unsafe { target_of(out)? };
        out.with(|out| encoder.push(bytes, out));
        Ok(())
    })
}

/// As in the header.
///
/// # Safety
///
/// As for `sigma_encoder_write`; the encoder is freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sigma_encoder_finish(encoder: *mut Encoder, out: *mut Buffer) -> c_int {
    call(|| {
        if encoder.is_null() {
            return usage("a pointer is null");
        }
        // SAFETY: as the caller says, it came from `Box::into_raw`.
        let encoder = unsafe { Box::from_raw(encoder) };
        // SAFETY: as the caller says.
        let out = unsafe { target_of(out)? };
        out.with(|out| encoder.finish(out));
        Ok(())
    })
}

/// As in the header.
///
/// # Safety
///
/// `encoder` came from `sigma_encoder_new` and is not freed, or is null.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sigma_encoder_free(encoder: *mut Encoder) {
    if !encoder.is_null() {
        // SAFETY: as the caller says, it came from `Box::into_raw`.
        drop(unsafe { Box::from_raw(encoder) });
    }
}

/// As in the header.
pub type ReadFn = unsafe extern "C" fn(context: *mut c_void, bytes: *mut u8, len: usize) -> isize;

/// What a callback gives, as a reader.
struct Callback {
    read: ReadFn,
    context: *mut c_void,
}

impl Read for Callback {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        // SAFETY: the caller of `sigma_decoder_new` says that it may be called so until the decoder is
        // freed, and that it writes no more than `len` bytes.
        let len = unsafe { (self.read)(self.context, bytes.as_mut_ptr(), bytes.len()) };
        match usize::try_from(len) {
            Ok(len) if len <= bytes.len() => Ok(len),
            Ok(_) => {
                Err(io::Error::other("the callback says that it gave more than was asked for"))
            }
            Err(_) => Err(io::Error::other("the callback says that it failed")),
        }
    }
}

/// As in the header.
pub struct Decoder(read::Decoder<Callback>);

/// As in the header.
///
/// # Safety
///
/// `read` may be called with `context`, `bytes` and `len` until the decoder is freed, and writes at most
/// `len` bytes at `bytes`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sigma_decoder_new(
    read: Option<ReadFn>,
    context: *mut c_void,
    output_max: u64,
    memory_max: u64,
) -> *mut Decoder {
    let mut made = std::ptr::null_mut();
    call(|| {
        let Some(read) = read else { return usage("the callback is null") };
        let source = Callback { read, context };
        let decoder = read::Decoder::limited(source, limits(output_max, memory_max))?;
        made = Box::into_raw(Box::new(Decoder(decoder)));
        Ok(())
    });
    made
}

/// As in the header.
///
/// # Safety
///
/// `decoder` came from `sigma_decoder_new` and is not freed; `len` bytes at `bytes` may be written, and the
/// number at `read`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sigma_decoder_read(
    decoder: *mut Decoder,
    bytes: *mut u8,
    len: usize,
    read: *mut usize,
) -> c_int {
    call(|| {
        // SAFETY: as the caller says.
        let (decoder, read) = unsafe { (target_of(decoder)?, target_of(read)?) };
        *read = 0;
        if len == 0 {
            return Ok(());
        }
        if bytes.is_null() {
            return usage("a pointer to bytes is null");
        }
        // C may not have written them yet, and Rust wants bytes that are written.
        // SAFETY: as the caller says, these bytes may be written.
        unsafe { bytes.write_bytes(0, len) };
        // SAFETY: as above, and now they are.
        let bytes = unsafe { slice::from_raw_parts_mut(bytes, len) };
        *read = decoder.0.read(bytes)?;
        Ok(())
    })
}

/// As in the header.
///
/// # Safety
///
/// `decoder` came from `sigma_decoder_new` and is not freed, or is null.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sigma_decoder_free(decoder: *mut Decoder) {
    if !decoder.is_null() {
        // SAFETY: as the caller says, it came from `Box::into_raw`.
        drop(unsafe { Box::from_raw(decoder) });
    }
}
