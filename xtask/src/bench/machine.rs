//! What a measurement was made on: processor, cores, memory, date, commit.

use std::fs;
use std::process::Command;
use std::thread::available_parallelism;

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
        let processors = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
        Self {
            processor: value_of(&processors, "model name").unwrap_or("unknown processor").to_owned(),
            cores: available_parallelism().map_or(1, usize::from),
            memory_gib: value_of(&memory, "MemTotal").and_then(kibibytes).unwrap_or_default()
                / (1 << 20) as f64,
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

/// The value of the first line `name : value`.
fn value_of<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        (key.trim() == name).then(|| value.trim())
    })
}

fn kibibytes(value: &str) -> Option<f64> {
    value.strip_suffix("kB")?.trim().parse().ok()
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

    #[test]
    fn values_are_found_by_name() {
        let text = "processor\t: 0\nmodel name\t: Some CPU\nMemTotal:       24 kB\n";
        assert_eq!(value_of(text, "model name"), Some("Some CPU"));
        assert_eq!(value_of(text, "MemTotal").and_then(kibibytes), Some(24.0));
        assert_eq!(value_of(text, "absent"), None);
    }
}
