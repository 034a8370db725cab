//! What a run learned about sharing, as its architecture reports it: `sharing.json` of a run folder.

use std::fs;

use mtl_core_tensor::Figure;
use serde::{Deserialize, Serialize};

use crate::error::TrainError;
use crate::run_folder::{RunFolder, write_json};

/// A table of numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SharedTable {
    /// What it shows.
    pub title: String,
    /// The names of the columns.
    pub columns: Vec<String>,
    /// Each row's name and numbers, one a column.
    pub rows: Vec<(String, Vec<f64>)>,
}

impl From<Figure> for SharedTable {
    fn from(figure: Figure) -> Self {
        let rows = figure.values.chunks(figure.columns.len().max(1)).map(<[f64]>::to_vec);
        let rows = figure.rows.into_iter().zip(rows).collect();
        Self { title: figure.title, columns: figure.columns, rows }
    }
}

/// Writes the tables of a finished run; nothing where there are none.
pub(crate) fn write(folder: &RunFolder, figures: Vec<Figure>) -> Result<(), TrainError> {
    let tables: Vec<SharedTable> = figures.into_iter().map(SharedTable::from).collect();
    if tables.is_empty() { Ok(()) } else { write_json(&folder.sharing(), &tables) }
}

/// The tables of a run; none if it has not finished, or if its architecture reports none.
///
/// Errors if the file cannot be read or is not what a run writes.
pub(super) fn read(folder: &RunFolder) -> Result<Vec<SharedTable>, TrainError> {
    let path = folder.sharing();
    if !path.exists() {
        return Ok(Vec::new());
    }
    let bytes = fs::read(&path).map_err(TrainError::io("read", &path))?;
    serde_json::from_slice(&bytes).map_err(|error| TrainError::Damaged { path, reason: error.to_string() })
}
