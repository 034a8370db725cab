//! Where a published file stands: in the folder, or in a zipped excerpt of it.
//!
//! Excerpts are unpacked by the `unzip` program into a temporary folder; without the program they are skipped.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A file of the data folder, or of an archive in it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Place {
    /// Path inside the folder, of the file or of the archive.
    file: &'static str,
    /// Path inside the archive.
    member: Option<&'static str>,
}

impl Place {
    /// The place that the first two cells of a row tell; `-` where the file is in no archive.
    pub(super) fn of_cells(file: &'static str, member: &'static str) -> Self {
        Self { file, member: (member != "-").then_some(member) }
    }

    /// The path of the file, if it is there; a member's after unpacking.
    pub(super) fn find(&self, data: &Path) -> Option<PathBuf> {
        let path = super::find(data, self.file)?;
        match self.member {
            Some(member) => unpacked(&path, self.file).map(|folder| folder.join(member)),
            None => Some(path),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.file)?;
        self.member.map_or(Ok(()), |member| write!(f, "!{member}"))
    }
}

/// The folder that an archive is unpacked in; `None` where that cannot be done.
fn unpacked(archive: &Path, name: &str) -> Option<PathBuf> {
    let folder = std::env::temp_dir().join("mtl-conformance").join(name);
    std::fs::create_dir_all(&folder).ok()?;
    let mut unzip = Command::new("unzip");
    unzip.args(["-q", "-o"]).arg(archive).arg("-d").arg(&folder).stdout(Stdio::null());
    unzip.status().ok().filter(|status| status.success()).map(|_| folder)
}
