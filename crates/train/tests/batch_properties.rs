//! Laws of laying a step into packs.

mod common;

use std::path::Path;
use std::sync::LazyLock;

use common::{TASKS, config, corpus};
use mtl_data::{TokenCache, Tokenizer};
use mtl_train::Silent;
use mtl_train::batch::StepData;
use mtl_train::dataset::{Dataset, Target};
use proptest::prelude::*;

static DATASET: LazyLock<Dataset> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    corpus(folder.path());
    let config = config(folder.path(), "steps = 1", "", TASKS);
    let tokenizer = Tokenizer::from_folder(Path::new(&folder.path().join("encoder")), 40).unwrap();
    let cache = TokenCache::new(folder.path().join("cache"));
    Dataset::load(&config, &tokenizer, &cache, &mut Silent).unwrap()
});

/// Some examples of some streams.
fn drawn() -> impl Strategy<Value = Vec<(usize, Vec<usize>)>> {
    prop::collection::vec(prop::collection::vec(0..15usize, 0..12), 3)
        .prop_map(|chosen| chosen.into_iter().enumerate().filter(|(_, c)| !c.is_empty()).collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_drawn_sequence_is_in_exactly_one_pack(drawn in drawn(), pack_tokens in 1usize..200) {
        let data = StepData::lay(&DATASET, &drawn, pack_tokens);
        let numbers: Vec<u32> = data.packs.iter().flat_map(|pack| pack.pack.numbers.clone()).collect();
        let count: usize = drawn.iter().map(|(_, chosen)| chosen.len()).sum();
        prop_assert_eq!(numbers, (0..count as u32).collect::<Vec<_>>());
        let mut expected = Vec::new();
        for (stream, chosen) in &drawn {
            let train = &DATASET.tasks[*stream].train;
            expected.extend(chosen.iter().flat_map(|&i| train.encoded[i].ids.clone()));
        }
        let laid: Vec<u32> = data.packs.iter().flat_map(|pack| pack.pack.token_ids.clone()).collect();
        prop_assert_eq!(laid.len() as u64, data.tokens);
        prop_assert_eq!(laid, expected);
    }

    #[test]
    fn a_pack_exceeds_the_limit_only_for_a_single_sequence(drawn in drawn(), pack_tokens in 1usize..200) {
        for pack in StepData::lay(&DATASET, &drawn, pack_tokens).packs {
            prop_assert!(pack.pack.tokens() <= pack_tokens || pack.pack.sequences() == 1);
        }
    }

    #[test]
    fn denominators_add_up_over_packs_and_do_not_depend_on_them(drawn in drawn(), pack_tokens in 1usize..200) {
        let (many, one) = (StepData::lay(&DATASET, &drawn, pack_tokens), StepData::lay(&DATASET, &drawn, 1 << 20));
        prop_assert_eq!(&many.denominators, &one.denominators);
        prop_assert_eq!(&many.labelled, &one.labelled);
        for (stream, chosen) in &drawn {
            let train = &DATASET.tasks[*stream].train;
            let rows = |i: &usize| match &train.targets[*i] {
                Target::Tags(tags) => tags.iter().flatten().count(),
                Target::Missing => 0,
                _ => 1,
            };
            prop_assert_eq!(many.denominators[*stream], chosen.iter().map(rows).sum::<usize>() as f64);
        }
    }

    #[test]
    fn a_task_that_is_not_trained_reads_nothing_and_the_others_read_the_same(
        drawn in drawn(), pack_tokens in 1usize..200, left_out in 0usize..3
    ) {
        let whole = StepData::lay(&DATASET, &drawn, pack_tokens);
        let trained = [0, 1, 2].map(|task| task != left_out);
        let data = StepData::lay_from(&DATASET, &drawn, &trained, pack_tokens, 0);
        prop_assert_eq!((data.labelled[left_out], data.denominators[left_out]), (0, 0.0));
        prop_assert_eq!(data.tokens, whole.tokens);
        for (data, whole) in data.packs.iter().zip(&whole.packs) {
            let expected: Vec<_> = whole.parts.iter().filter(|part| part.task_idx != left_out).collect();
            prop_assert_eq!(data.parts.iter().collect::<Vec<_>>(), expected);
        }
    }
}
