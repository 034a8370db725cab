//! Each task alone and all together.

mod common;

use std::fs;
use std::sync::atomic::AtomicBool;

use common::{TASKS, config, corpus};
use mtl_train::{Arm, CompareOptions, Observer, Plan, Silent, compare};

#[derive(Default)]
struct Plans(Vec<Plan>, usize);

impl Observer for Plans {
    fn planned(&mut self, plan: &Plan) {
        self.0.push(plan.clone());
    }

    fn run(&mut self, _name: &str, number: usize, total: usize) {
        self.1 += 1;
        assert!(self.1 == number && total == 8);
    }
}

#[test]
fn both_arms_show_a_task_the_same_number_of_its_examples() {
    let folder = tempfile::tempdir().unwrap();
    corpus(folder.path());
    let curriculum = "sampler = \"proportional\"\nunit = \"sequence\"";
    let config = config(folder.path(), "steps = 5", curriculum, TASKS);
    let options =
        CompareOptions { out: folder.path().join("compared"), seeds: 2, ..CompareOptions::default() };
    let mut plans = Plans::default();
    let comparison = compare(&config, &options, &mut plans, &AtomicBool::new(false)).unwrap();
    for runs in plans.0.chunks(4) {
        let joint: Vec<u64> = runs[3].tasks.iter().map(|task| task.sequences).collect();
        let single: Vec<u64> = runs[..3].iter().map(|plan| plan.sequences).collect();
        assert_eq!(joint, single);
    }
    let arms = |arm| comparison.runs.iter().filter(|run| run.arm == arm).count();
    assert_eq!((arms(Arm::Single), arms(Arm::Joint)), (6, 6));
    let names: Vec<&str> = comparison.summary.iter().map(|task| task.task.as_str()).collect();
    assert_eq!(names, ["sentiment", "word_class", "similarity"]);
    let summary = &comparison.summary[0];
    assert_eq!(summary.difference, summary.joint_mean - summary.single_mean);
    let text = fs::read_to_string(options.out.join("compare.json")).unwrap();
    let written: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(written["runs"][0]["arm"], "single");
    // Finished runs are used as they are.
    let again = compare(&config, &options, &mut Silent, &AtomicBool::new(false)).unwrap();
    assert_eq!(again, comparison);
}
