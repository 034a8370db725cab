//! What this machine is, as the system tells it: processor, threads, memory.

use std::fs;
use std::path::{Path, PathBuf};

use mtl_core_tensor::kernels::isa::Isa;
use serde::Serialize;

const MEBIBYTE: f64 = 1024.0 * 1024.0;

/// The machine that a measurement was made on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Machine {
    /// Model name of the processor; `unknown processor` where the system does not say.
    pub processor: String,
    /// Threads of the current pool.
    pub threads: usize,
    /// The instruction-set path of the kernels, as `MTL_ISA` spells it.
    pub instructions: &'static str,
}

impl Machine {
    /// This machine, with the threads of the current pool.
    pub fn read() -> Machine {
        Machine {
            processor: processor(),
            threads: rayon::current_num_threads(),
            instructions: Isa::current().name(),
        }
    }
}

/// Model name of the processor; `unknown processor` where the system does not say.
pub fn processor() -> String {
    let processors = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    value_of(&processors, "model name").unwrap_or("unknown processor").to_owned()
}

/// The memory of the machine in MiB; 0 where the system does not say.
pub fn memory_mib() -> f64 {
    mebibytes("/proc/meminfo", "MemTotal").unwrap_or(0.0)
}

/// The most memory that this process has held, in MiB: `VmHWM` of `/proc/self/status`, and 0 on systems without it.
pub fn peak_rss_mib() -> f64 {
    mebibytes("/proc/self/status", "VmHWM").unwrap_or(0.0)
}

/// The memory that this process can have, in bytes: what it holds, and what the machine has available or the control
/// groups that it is in leave free, whichever is less. `None` where the system says none of this.
pub fn memory_limit() -> Option<u64> {
    let held = mebibytes("/proc/self/status", "VmRSS").unwrap_or(0.0);
    let available = mebibytes("/proc/meminfo", "MemAvailable").map(|mib| (mib * MEBIBYTE) as u64);
    let groups = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let free = group_folders(&groups).iter().filter_map(|folder| left_in(folder)).min();
    let least = available.into_iter().chain(free).min()?;
    Some(least + (held * MEBIBYTE) as u64)
}

/// The folders in which the control groups of `/proc/self/cgroup` may say their memory: of each group and of those
/// around it, in both versions of the interface.
fn group_folders(groups: &str) -> Vec<PathBuf> {
    let mut folders = Vec::new();
    for line in groups.lines() {
        let mut fields = line.splitn(3, ':').skip(1);
        let (Some(controllers), Some(path)) = (fields.next(), fields.next()) else { continue };
        let root = match controllers {
            "" => Path::new("/sys/fs/cgroup"),
            _ if controllers.split(',').any(|name| name == "memory") => Path::new("/sys/fs/cgroup/memory"),
            _ => continue,
        };
        let around = Path::new(path.trim_start_matches('/')).ancestors();
        folders.extend(around.map(|group| root.join(group)));
    }
    folders
}

/// The bytes that a control group leaves free; its file cache gives way, so that it counts as free. `None` where the
/// group has no limit.
fn left_in(folder: &Path) -> Option<u64> {
    let read = |name: &str| fs::read_to_string(folder.join(name)).ok();
    let number = |name: &str| read(name)?.trim().parse::<u64>().ok();
    let files = [
        ("memory.max", "memory.current", "inactive_file"),
        ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
    ];
    files.into_iter().find_map(|(limit, usage, cache)| {
        let (limit, used) = (number(limit)?, number(usage)?);
        let stat = read("memory.stat").unwrap_or_default();
        let cached = stat.lines().find_map(|line| line.strip_prefix(cache)?.trim().parse().ok());
        Some(limit.saturating_sub(used.saturating_sub(cached.unwrap_or(0))))
    })
}

/// The value of the first line `name : value` of a file, in MiB.
fn mebibytes(path: &str, name: &str) -> Option<f64> {
    let text = fs::read_to_string(path).ok()?;
    let kibibytes: f64 = value_of(&text, name)?.strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes / 1024.0)
}

/// The value of the first line `name : value`.
fn value_of<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        (key.trim() == name).then(|| value.trim())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_by_name() {
        let text = "processor\t: 0\nmodel name\t: Some CPU\nMemTotal:       24 kB\n";
        assert_eq!(value_of(text, "model name"), Some("Some CPU"));
        assert_eq!(value_of(text, "MemTotal"), Some("24 kB"));
        assert_eq!(value_of(text, "absent"), None);
    }

    #[test]
    fn a_group_is_looked_for_with_those_around_it() {
        let folders = group_folders("12:cpu,cpuacct:/\n5:memory:/a\n0::/b/c\nno line of a group\n");
        let expected = ["/sys/fs/cgroup/memory/a", "/sys/fs/cgroup/memory/", "/sys/fs/cgroup/b/c"];
        assert_eq!(folders[..3], expected.map(PathBuf::from));
        assert_eq!(folders[3..], ["/sys/fs/cgroup/b", "/sys/fs/cgroup/"].map(PathBuf::from));
    }

    #[test]
    fn a_group_leaves_what_is_neither_used_nor_cache() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        assert_eq!(left_in(folder.path()), None);
        write("memory.max", "max\n");
        write("memory.current", "700\n");
        assert_eq!(left_in(folder.path()), None);
        write("memory.max", "1000\n");
        assert_eq!(left_in(folder.path()), Some(300));
        write("memory.stat", "anon 500\ninactive_file 200\n");
        assert_eq!(left_in(folder.path()), Some(500));
    }
}
