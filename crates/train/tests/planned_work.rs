//! The plan's operations beside those that a run's products do, counted and not timed. The counters are the process's, so
//! this test has a file of its own.

mod common;

use common::{TASKS, config, corpus, run};
use mtl_core_tensor::profile::profiled;
use mtl_core_tensor::{Cpu, Init};
use mtl_encoders::presets::BERT_TINY;
use mtl_encoders::{Bert, BertConfig};
use mtl_train::{Options, Silent, plan};
use std::fs;
use std::path::Path;

/// An encoder beside whose products those of the heads are few.
fn encoder(folder: &Path) {
    let vocabulary = fs::read_to_string(folder.join("vocab.txt")).unwrap();
    let form = BertConfig { vocab_size: vocabulary.lines().count(), max_positions: 64, ..BERT_TINY };
    let bert: Bert<usize, usize, f32, Cpu> = Bert::new(&Cpu, &form, &Init::new(5)).unwrap();
    bert.save_folder(&folder.join("encoder")).unwrap();
}

#[test]
fn a_run_does_the_operations_that_its_plan_says() {
    let folder = tempfile::tempdir().unwrap();
    corpus(folder.path());
    encoder(folder.path());
    // Both run through all examples and judge the dev sets once: what one does more are steps.
    let [(planned, done), (planned_more, done_more)] = [1, 3].map(|epochs| {
        let lines = format!("epochs = {epochs}\nevaluate_every = 1000");
        let config = config(folder.path(), &lines, "", TASKS);
        let out = folder.path().join(format!("run of {epochs}"));
        let plan = plan(&config, &Options::new(&out), &mut Silent).unwrap();
        let (_, profile) = profiled(|| run(&config, &out));
        (plan.estimate.flops, profile.total().flops)
    });
    let (planned, done) = (planned_more - planned, done_more - done);
    assert!((planned / done - 1.0).abs() < 0.02, "{planned} planned, {done} done");
}
