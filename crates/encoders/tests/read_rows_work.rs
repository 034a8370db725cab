//! The work of an encoder that makes only what heads read, counted and not timed. The counters are the process's, so this test
//! has a file of its own.

use mtl_core_tensor::device::Cpu;
use mtl_core_tensor::profile::{Work, profiled};
use mtl_core_tensor::{Encoder, Hooks, Init, Pack, ReadRows, Reads, Tape};
use mtl_encoders::presets::BERT_TINY;
use mtl_encoders::{Bert, BertConfig};

/// Operations of the forward products of a pass.
fn operations(pass: impl FnOnce(&mut Tape<f32, Cpu>)) -> f64 {
    let ((), profile) = profiled(|| pass(&mut Tape::inference(&Cpu)));
    profile.iter().find(|(work, _)| *work == Work::LinearForward).expect("every kind is there").1.flops
}

#[test]
fn after_the_last_attention_nothing_is_made_that_no_head_reads() {
    let config = BertConfig { vocab_size: 11, max_positions: 8, ..BERT_TINY };
    let bert = Bert::<usize, usize, f32, Cpu>::new(&Cpu, &config, &Init::new(1)).expect("valid");
    let mut pack = Pack::new();
    pack.push(&[1, 2, 3, 4, 5], &[0; 5], 0, vec![0]);
    pack.push(&[6, 7], &[0; 2], 1, vec![0]);
    let whole = operations(|tape| drop(bert.encode(tape, &pack, Hooks::NONE).expect("encodes")));
    let (hidden, inner) = (config.hidden_size, config.intermediate_size);
    let after_attention = 2 * (hidden * hidden + 2 * hidden * inner);
    let pooled = 2 * hidden * hidden;
    // Two first tokens of seven; one first token and one that is none; three tokens and no sequence.
    for (tokens, sequences, made) in [(&[][..], &[0, 1][..], 2), (&[3], &[1], 2), (&[0, 3, 6], &[], 3)] {
        let read = ReadRows::new().with(Reads::Tokens, tokens).with(Reads::Sequences, sequences);
        let part =
            operations(|tape| drop(bert.encode_read(tape, &pack, &read, Hooks::NONE).expect("encodes")));
        let left_out = (7 - made) * after_attention + (2 - sequences.len()) * pooled;
        assert_eq!(whole - part, left_out as f64, "{tokens:?} {sequences:?}");
    }
}
