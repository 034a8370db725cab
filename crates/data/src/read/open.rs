//! Opens a file as a stream of plain bytes, whether it is plain, gzip or zstd.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::sync::Arc;

use flate2::bufread::MultiGzDecoder;
use ruzstd::decoding::BlockDecodingStrategy;
use ruzstd::decoding::FrameDecoder;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};

use crate::error::DataError;
use crate::location::Location;
use crate::nearest::nearest_file;

const BUFFER: usize = 1 << 16;
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];
const ZSTD_MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// An open file: its plain bytes, and how they were compressed, if they were.
pub(crate) struct Opened {
    pub(crate) bytes: Box<dyn BufRead + Send>,
    pub(crate) compression: Option<&'static str>,
}

/// Opens the file at `path`. Its first bytes decide how it is compressed; its name must not contradict them.
///
/// Errors if there is no such file, if it cannot be read, or if its name says gzip or zstd and its bytes do not.
pub(crate) fn open(path: &Arc<Path>) -> Result<Opened, DataError> {
    let failed = |source| DataError::Read { at: Location::start(path.clone()), source };
    let file = File::open(path).map_err(|source| open_error(path, source))?;
    if file.metadata().map_err(failed)?.is_dir() {
        return Err(failed(io::ErrorKind::IsADirectory.into()));
    }
    let mut bytes = BufReader::with_capacity(BUFFER, file);
    let magic = bytes.fill_buf().map_err(failed)?;
    let compression = compression_by_magic(magic);
    if let Some(named) = compression_by_name(path)
        && compression != Some(named)
    {
        return Err(not_compressed(path, magic, named));
    }
    let bytes: Box<dyn BufRead + Send> = match compression {
        Some("gzip") => Box::new(BufReader::with_capacity(BUFFER, MultiGzDecoder::new(bytes))),
        Some(_) => Box::new(BufReader::with_capacity(BUFFER, ZstdFrames::new(bytes))),
        None => Box::new(bytes),
    };
    Ok(Opened { bytes, compression })
}

/// `path` without `.gz`, `.zst` or `.zstd`: the name that tells the format.
pub(crate) fn plain_name(path: &Path) -> &Path {
    let text = path.as_os_str().to_str().unwrap_or_default();
    let compressed = [".gz", ".zst", ".zstd"].into_iter().find_map(|end| text.strip_suffix(end));
    compressed.map_or(path, Path::new)
}

fn compression_by_name(path: &Path) -> Option<&'static str> {
    match path.extension()?.to_str()? {
        "gz" => Some("gzip"),
        "zst" | "zstd" => Some("zstd"),
        _ => None,
    }
}

fn compression_by_magic(magic: &[u8]) -> Option<&'static str> {
    if magic.starts_with(&GZIP_MAGIC) {
        Some("gzip")
    } else if magic.starts_with(&ZSTD_MAGIC) {
        Some("zstd")
    } else {
        None
    }
}

/// A file of less than the signature's length was cut short; any other file is something else.
fn not_compressed(path: &Arc<Path>, magic: &[u8], compression: &'static str) -> DataError {
    let at = Location::start(path.clone());
    let signature: &[u8] = if compression == "gzip" { &GZIP_MAGIC } else { &ZSTD_MAGIC };
    if signature.starts_with(magic) {
        DataError::Truncated { at, compression }
    } else {
        DataError::NotCompressed { at, compression }
    }
}

fn open_error(path: &Arc<Path>, source: io::Error) -> DataError {
    let at = Location::start(path.clone());
    if source.kind() != io::ErrorKind::NotFound {
        return DataError::Read { at, source };
    }
    DataError::NotFound { at, nearest: nearest_file(path) }
}

/// The plain bytes of a zstd file of any number of frames.
struct ZstdFrames<R> {
    source: R,
    decoder: FrameDecoder,
    open: bool,
}

impl<R: BufRead> ZstdFrames<R> {
    fn new(source: R) -> Self {
        Self { source, decoder: FrameDecoder::new(), open: false }
    }

    /// Opens the next frame that holds data; false at the end of the file.
    fn next_frame(&mut self) -> io::Result<bool> {
        while !self.source.fill_buf()?.is_empty() {
            match self.decoder.reset(&mut self.source) {
                Ok(()) => {
                    self.open = true;
                    return Ok(true);
                }
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                    length,
                    ..
                })) => skip(&mut self.source, u64::from(length))?,
                Err(error) => return Err(self.decode_error(error)),
            }
        }
        Ok(false)
    }

    /// A decoder that has used up its source met a stream that was cut short.
    fn decode_error(&mut self, error: FrameDecoderError) -> io::Error {
        match self.source.fill_buf() {
            Ok([]) => io::ErrorKind::UnexpectedEof.into(),
            Ok(_) => io::Error::new(io::ErrorKind::InvalidData, error),
            Err(error) => error,
        }
    }
}

impl<R: BufRead> Read for ZstdFrames<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            if self.open && self.decoder.can_collect() > 0 {
                return self.decoder.read(out);
            }
            if self.open && !self.decoder.is_finished() {
                let block = BlockDecodingStrategy::UptoBlocks(1);
                if let Err(error) = self.decoder.decode_blocks(&mut self.source, block) {
                    return Err(self.decode_error(error));
                }
            } else if !self.next_frame()? {
                return Ok(0);
            }
        }
    }
}

fn skip(source: &mut impl Read, length: u64) -> io::Result<()> {
    let skipped = io::copy(&mut source.take(length), &mut io::sink())?;
    if skipped == length { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}
