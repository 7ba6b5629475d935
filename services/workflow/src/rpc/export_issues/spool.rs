//! Where an export is written to before it is handed out: a temporary file without a name, which goes with its handle.

use std::{
    fs::File,
    io::{self, BufWriter, Seek as _, Write},
};

use sha2::{Digest as _, Sha256};

use super::{
    csv,
    xlsx::{Properties, Sheet},
};
use crate::error::WorkflowError;

/// Form of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Csv,
    Xlsx,
}

impl Format {
    /// Also the ending of the file's name.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Xlsx => "xlsx",
        }
    }

    pub(super) const fn content_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        }
    }
}

/// A file that is being written.
pub(super) enum Spool {
    Csv(Hashing),
    Xlsx(Box<Sheet>),
}

/// A file that is complete, from its beginning.
pub(super) struct Spooled {
    pub file: File,
    /// SHA-256 of it.
    pub digest: Vec<u8>,
}

impl Spool {
    pub(super) fn begin(format: Format, properties: &Properties<'_>) -> Result<Self, WorkflowError> {
        match format {
            Format::Csv => {
                let mut out = Hashing::begin()?;
                csv::begin(&mut out).map_err(WorkflowError::Spool)?;
                Ok(Self::Csv(out))
            }
            Format::Xlsx => Ok(Self::Xlsx(Box::new(Sheet::begin(properties)?))),
        }
    }

    pub(super) fn record(&mut self, cells: &[String]) -> Result<(), WorkflowError> {
        match self {
            Self::Csv(out) => csv::record(out, cells).map_err(WorkflowError::Spool),
            Self::Xlsx(sheet) => Ok(sheet.record(cells)?),
        }
    }

    /// Takes long for a workbook, which is packed here.
    pub(super) fn finish(self, watermark: &[String]) -> Result<Spooled, WorkflowError> {
        let mut out = match self {
            Self::Csv(mut out) => {
                csv::record(&mut out, watermark).map_err(WorkflowError::Spool)?;
                out
            }
            Self::Xlsx(sheet) => {
                let mut out = Hashing::begin()?;
                sheet.finish(&mut out)?;
                out
            }
        };
        out.flush().map_err(WorkflowError::Spool)?;
        let digest = out.hash.finalize().to_vec();
        let file = out.file.into_inner().map_err(|error| WorkflowError::Spool(error.into_error()))?;
        (&file).rewind().map_err(WorkflowError::Spool)?;
        Ok(Spooled { file, digest })
    }
}

/// Hashes what it writes.
pub(super) struct Hashing {
    file: BufWriter<File>,
    hash: Sha256,
}

impl Hashing {
    fn begin() -> Result<Self, WorkflowError> {
        let file = tempfile::tempfile().map_err(WorkflowError::Spool)?;
        Ok(Self { file: BufWriter::new(file), hash: Sha256::new() })
    }
}

impl Write for Hashing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n_written = self.file.write(bytes)?;
        self.hash.update(bytes.get(..n_written).unwrap_or_default());
        Ok(n_written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
