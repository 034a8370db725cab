//! What a measurement was made on: processor, cores, memory, date, commit.

use std::process::Command;
use std::thread::available_parallelism;

use mtl_train::machine;

/// The machine and the moment.
pub(super) struct Machine {
    /// Model name of the processor.
    pub(super) processor: String,
    /// Cores that this process may use.
    pub(super) cores: usize,
    /// Memory in GiB.
    pub(super) memory_gib: f64,
    /// Today, as year-month-day in UTC.
    pub(super) date: String,
    /// Commit of the working tree, with `+changes` if it has any.
    pub(super) commit: String,
}

impl Machine {
    /// Reads what the system says; `unknown` where it says nothing.
    pub(super) fn read() -> Self {
        Self {
            processor: machine::processor(),
            cores: available_parallelism().map_or(1, usize::from),
            memory_gib: machine::memory_mib() / 1024.0,
            date: printed("date", &["-u", "+%Y-%m-%d"]),
            commit: commit(),
        }
    }

    /// A name for folders: the processor and its cores, in lower case with dashes.
    pub(super) fn slug(&self) -> String {
        let words: String = self
            .processor
            .to_lowercase()
            .chars()
            .map(|letter| if letter.is_ascii_alphanumeric() { letter } else { ' ' })
            .collect();
        let words: Vec<&str> = words.split_whitespace().collect();
        format!("{}-{}-cores", words.join("-"), self.cores)
    }
}

fn commit() -> String {
    let commit = printed("git", &["rev-parse", "--short", "HEAD"]);
    match printed("git", &["status", "--porcelain", "--untracked-files=no"]).as_str() {
        "" | "unknown" => commit,
        _ => commit + "+changes",
    }
}

/// What a command prints, trimmed; `unknown` if it cannot be run.
fn printed(program: &str, args: &[&str]) -> String {
    let output = Command::new(program).args(args).current_dir(crate::workspace::root()).output();
    match output {
        Ok(output) if output.status.success() => String::from_utf8_lossy(&output.stdout).trim().to_owned(),
        _ => "unknown".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slug_has_only_letters_digits_and_dashes() {
        let machine = Machine {
            processor: "Intel(R) Xeon(R) CPU @ 2.20GHz".to_owned(),
            cores: 4,
            memory_gib: 16.0,
            date: String::new(),
            commit: String::new(),
        };
        assert_eq!(machine.slug(), "intel-r-xeon-r-cpu-2-20ghz-4-cores");
    }
}
