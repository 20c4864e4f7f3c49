//! What Python calls; `python/sigma_encoder/__init__.py` makes a module of it.

use std::fs::File;
use std::io::{self, BufReader, Read};

use pyo3::exceptions::{PyEOFError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use sigma_encoder::{Encoder, Error, Frames, Level, Limits, Options, decode_lines, read};

pyo3::create_exception!(sigma_encoder, SigmaError, PyValueError, "The encoding is damaged or exceeds a limit.");

fn options(level: &str) -> PyResult<Options> {
    let level = match level {
        "fast" => Level::Fast,
        "default" => Level::Default,
        "max" => Level::Max,
        _ => {
            let message = format!("level is {level:?}; choose \"fast\", \"default\" or \"max\"");
            return Err(PyValueError::new_err(message));
        }
    };
    Ok(Options::new().level(level))
}

fn limits(max_output: Option<u64>, max_memory: Option<u64>) -> Limits {
    let limits = Limits::new();
    let limits = max_output.map_or(limits, |bytes| limits.output_bytes(bytes));
    max_memory.map_or(limits, |bytes| limits.memory_bytes(bytes))
}

/// What Python's own errors said goes on as it was.
fn raise(error: io::Error) -> PyErr {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => PyEOFError::new_err(error.to_string()),
        _ if error.get_ref().is_some_and(|inner| inner.is::<Error>()) => {
            SigmaError::new_err(error.to_string())
        }
        _ => error.into(),
    }
}

/// The encoding of bytes.
#[pyfunction]
#[pyo3(signature = (data, level = "default"))]
fn compress<'py>(py: Python<'py>, data: &[u8], level: &str) -> PyResult<Bound<'py, PyBytes>> {
    let options = options(level)?;
    let mut encoded = Vec::new();
    py.detach(|| {
        let mut encoder = Encoder::new(options);
        encoder.push(data, &mut encoded);
        encoder.finish(&mut encoded);
    });
    Ok(PyBytes::new(py, &encoded))
}

/// The bytes of an encoding.
#[pyfunction]
#[pyo3(signature = (data, max_output = None, max_memory = None))]
fn decompress<'py>(
    py: Python<'py>,
    data: &[u8],
    max_output: Option<u64>,
    max_memory: Option<u64>,
) -> PyResult<Bound<'py, PyBytes>> {
    let limits = limits(max_output, max_memory);
    let document = py.detach(|| {
        let mut document = Vec::new();
        read::Decoder::limited(data, limits)?.read_to_end(&mut document)?;
        Ok(document)
    });
    Ok(PyBytes::new(py, &document.map_err(raise)?))
}

/// Encodes a document that comes in pieces.
#[pyclass]
struct Compressor {
    /// `None` after the end.
    encoder: Option<Encoder>,
}

#[pymethods]
impl Compressor {
    #[new]
    #[pyo3(signature = (level = "default"))]
    fn new(level: &str) -> PyResult<Self> {
        Ok(Self { encoder: Some(Encoder::new(options(level)?)) })
    }

    /// Takes bytes; gives encoded bytes, if there are any yet.
    fn compress<'py>(&mut self, py: Python<'py>, data: &[u8]) -> PyResult<Bound<'py, PyBytes>> {
        let Some(encoder) = &mut self.encoder else { return Err(ended()) };
        let mut encoded = Vec::new();
        py.detach(|| encoder.push(data, &mut encoded));
        Ok(PyBytes::new(py, &encoded))
    }

    /// Ends the document; gives what is left.
    fn flush<'py>(&mut self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let Some(encoder) = self.encoder.take() else { return Err(ended()) };
        let mut encoded = Vec::new();
        py.detach(|| encoder.finish(&mut encoded));
        Ok(PyBytes::new(py, &encoded))
    }
}

fn ended() -> PyErr {
    PyValueError::new_err("the document has ended; begin with another Compressor")
}

/// An object of Python with a method `read`.
struct Object(Py<PyAny>);

impl Read for Object {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        Python::attach(|py| {
            let bytes = self.0.bind(py).call_method1("read", (out.len(),))?;
            let bytes: &[u8] = bytes.extract()?;
            let Some(room) = out.get_mut(..bytes.len()) else {
                return Err(PyValueError::new_err("`read` gave more than it was asked for"));
            };
            room.copy_from_slice(bytes);
            Ok(bytes.len())
        })
        .map_err(io::Error::from)
    }
}

/// Reads a document from an object that gives its encoding.
#[pyclass]
struct Reader {
    object: Option<Py<PyAny>>,
    limits: Limits,
    decoder: Option<read::Decoder<BufReader<Object>>>,
}

#[pymethods]
impl Reader {
    #[new]
    #[pyo3(signature = (file, max_output = None, max_memory = None))]
    fn new(file: Py<PyAny>, max_output: Option<u64>, max_memory: Option<u64>) -> Self {
        Self { object: Some(file), limits: limits(max_output, max_memory), decoder: None }
    }

    /// Some bytes of the document, at most `len`; none at its end.
    fn read<'py>(&mut self, py: Python<'py>, len: usize) -> PyResult<Bound<'py, PyBytes>> {
        let mut bytes = vec![0; len];
        let read = py.detach(|| {
            if let Some(object) = self.object.take() {
                let input = BufReader::with_capacity(1 << 15, Object(object));
                self.decoder = Some(read::Decoder::limited(input, self.limits)?);
            }
            match &mut self.decoder {
                Some(decoder) => decoder.read(&mut bytes),
                None => Err(io::Error::other("decoding has failed before")),
            }
        });
        Ok(PyBytes::new(py, &bytes[..read.map_err(raise)?]))
    }
}

/// The lines of the document in a file, from `start` to before `stop`, both counted from 0.
#[pyfunction]
#[pyo3(signature = (path, start, stop = None))]
fn read_lines<'py>(
    py: Python<'py>,
    path: std::path::PathBuf,
    start: u64,
    stop: Option<u64>,
) -> PyResult<Bound<'py, PyBytes>> {
    let lines = start..stop.unwrap_or(u64::MAX);
    let found = py.detach(|| -> Result<Vec<u8>, Error> {
        let file = File::open(path)?;
        let len = file.metadata()?.len();
        if let Some(frames) = Frames::open(&file, len, Limits::new())? {
            return frames.read_range(frames.lines(lines)?);
        }
        let mut found = Vec::new();
        decode_lines(BufReader::new(&file), &mut found, lines, Limits::new())?;
        Ok(found)
    });
    Ok(PyBytes::new(py, &found.map_err(|error| raise(error.into()))?))
}

/// The module.
#[pymodule]
fn _native(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("SigmaError", module.py().get_type::<SigmaError>())?;
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    module.add_class::<Compressor>()?;
    module.add_class::<Reader>()?;
    module.add_function(wrap_pyfunction!(compress, module)?)?;
    module.add_function(wrap_pyfunction!(decompress, module)?)?;
    module.add_function(wrap_pyfunction!(read_lines, module)?)?;
    Ok(())
}
