//! `cargo xtask conformance DIR`: the readers and the scorers against published files and published scores.

mod benchmarks;
mod conll18;
mod conlleval;
mod count;
mod minilm;
mod place;
mod sets;
mod squad;

use std::path::{Path, PathBuf};

use anyhow::{bail, ensure};

/// Where the files are.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Folder with the data sets in their published layout
    #[arg(value_name = "DIR")]
    data: PathBuf,
    /// Folder of MiniLM's weights (all-MiniLM-L6-v2, as a Hugging Face folder), which are not among the data
    #[arg(long, value_name = "DIR")]
    model: Option<PathBuf>,
}

/// How one file fared.
enum Outcome {
    /// As expected; says what was found.
    Passed(String),
    /// Not as expected; says both.
    Failed(String),
    /// The folder lacks the file.
    Skipped,
}

/// Checks every known file. Errors if one fails, or if the folder has none of them.
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let data = args.data.as_path();
    ensure!(data.is_dir(), "{} is not a folder", data.display());
    let sets = sets::files();
    let counted = sets.iter().map(|set| (set.name(), count::check(data, set)));
    let scored = conlleval::SUBMISSIONS.iter().map(|file| (file.name(), conlleval::check(data, file)));
    let answered = squad::ANSWERS.iter().map(|file| (file.name(), squad::check(data, file)));
    let parsed = conll18::OUTPUTS.iter().map(|output| (output.name(), conll18::check(data, output)));
    let published = benchmarks::files();
    let published = published.iter().map(|file| (file.name(), benchmarks::check(data, file)));
    let pretrained = [(minilm::NAME.to_owned(), minilm::check(data, args.model.as_deref()))];
    let (mut passed, mut failed, mut skipped) = (0, 0, 0);
    for (name, outcome) in
        counted.chain(scored).chain(answered).chain(parsed).chain(published).chain(pretrained)
    {
        match outcome {
            Outcome::Passed(found) => {
                passed += 1;
                println!("passed   {name}: {found}");
            }
            Outcome::Failed(why) => {
                failed += 1;
                println!("failed   {name}: {why}");
            }
            Outcome::Skipped => {
                skipped += 1;
                println!("skipped  {name}: not there");
            }
        }
    }
    println!("{passed} passed, {failed} failed, {skipped} skipped");
    if failed > 0 {
        bail!("{failed} files are not read as published");
    }
    ensure!(passed > 0, "{} holds none of the known files", data.display());
    Ok(())
}

/// The path of a file of the folder, if it is there.
fn find(data: &Path, file: &str) -> Option<PathBuf> {
    let path = data.join(file);
    path.is_file().then_some(path)
}
