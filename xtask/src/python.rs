//! A Python virtual environment in the target folder, for the scripts that make golden numbers and for peers.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Context;

use crate::{process, workspace};

/// A virtual environment that packages can be installed into.
pub(crate) struct Environment {
    python: PathBuf,
}

impl Environment {
    /// The environment `target/<name>`, made on first use.
    pub(crate) fn open(name: &str) -> anyhow::Result<Self> {
        let folder = workspace::scratch(&workspace::metadata()?, name)?;
        let python = folder.join("bin").join("python");
        if !python.exists() {
            process::run(Command::new("python3").args(["-m", "venv"]).arg(&folder))
                .context("a Python 3 with its `venv` module is needed (Debian: python3-venv)")?;
        }
        Ok(Self { python })
    }

    /// An interpreter that somebody else looks after.
    pub(crate) fn existing(python: PathBuf) -> Self {
        Self { python }
    }

    /// Installs packages that are missing, with the ordinary pip.
    pub(crate) fn install(&self, packages: &[&str]) -> anyhow::Result<()> {
        if packages.is_empty() {
            return Ok(());
        }
        let mut pip = self.command();
        pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]).args(packages);
        process::run(&mut pip)
    }

    /// The versions of installed packages as `name version`, in the order asked for.
    pub(crate) fn versions(&self, packages: &[&str]) -> anyhow::Result<Vec<String>> {
        let script = "import sys, importlib.metadata as m\nfor n in sys.argv[1:]: print(n, m.version(n))";
        let printed = process::output(self.command().args(["-c", script]).args(packages))?;
        Ok(printed.lines().map(str::to_owned).collect())
    }

    /// A command of the environment's interpreter.
    pub(crate) fn command(&self) -> Command {
        Command::new(&self.python)
    }
}
