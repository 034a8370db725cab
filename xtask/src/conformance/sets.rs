//! What is published of each file: format, columns and counts.
//!
//! Examples are those that the publisher states; words were counted from the files by a script of a few lines.

use mtl_data::{Format, LabelKind};

/// One file of the data folder.
pub(super) struct Set {
    /// Path inside the folder.
    pub(super) file: &'static str,
    /// Its format.
    pub(super) format: Format,
    /// Names of its columns, where the file has none.
    pub(super) columns: &'static [&'static str],
    /// The columns that are read as text.
    pub(super) text: &'static [&'static str],
    /// The column that is read as label; the test files of a benchmark have none.
    pub(super) label: Option<&'static str>,
    /// What kind of label it is.
    pub(super) kind: LabelKind,
    /// Rows or sentences.
    pub(super) examples: usize,
    /// Words, where the text is divided into words.
    pub(super) words: Option<usize>,
}

impl Set {
    /// The file, with the label where one file is read in two ways.
    pub(super) fn name(&self) -> String {
        match self.label {
            Some(label) => format!("{} ({label})", self.file),
            None => self.file.to_owned(),
        }
    }
}

/// Every known file.
pub(super) const SETS: &[Set] = &[
    // GLUE.
    table(
        "glue/STS-B/train.tsv",
        Format::Tsv,
        &["sentence1", "sentence2"],
        Some("score"),
        LabelKind::Value,
        5749,
    ),
    table(
        "glue/STS-B/dev.tsv",
        Format::Tsv,
        &["sentence1", "sentence2"],
        Some("score"),
        LabelKind::Value,
        1500,
    ),
    table("glue/STS-B/test.tsv", Format::Tsv, &["sentence1", "sentence2"], None, LabelKind::Value, 1379),
    table(
        "glue/WNLI/train.tsv",
        Format::Tsv,
        &["sentence1", "sentence2"],
        Some("label"),
        LabelKind::Class,
        635,
    ),
    table("glue/WNLI/dev.tsv", Format::Tsv, &["sentence1", "sentence2"], Some("label"), LabelKind::Class, 71),
    table("glue/WNLI/test.tsv", Format::Tsv, &["sentence1", "sentence2"], None, LabelKind::Class, 146),
    table("glue/QNLI/dev.tsv", Format::Tsv, &["question", "sentence"], Some("label"), LabelKind::Class, 5463),
    table("glue/QNLI/test.tsv", Format::Tsv, &["question", "sentence"], None, LabelKind::Class, 5463),
    table(
        "glue/MNLI-kshot/16-13/train.tsv",
        Format::Tsv,
        &["sentence1", "sentence2"],
        Some("gold_label"),
        LabelKind::Class,
        48,
    ),
    table(
        "glue/MNLI-kshot/16-13/dev_matched.tsv",
        Format::Tsv,
        &["sentence1", "sentence2"],
        Some("gold_label"),
        LabelKind::Class,
        48,
    ),
    table(
        "glue/MNLI-kshot/16-21/train.tsv",
        Format::Tsv,
        &["sentence1", "sentence2"],
        Some("gold_label"),
        LabelKind::Class,
        48,
    ),
    table(
        "glue/MNLI-kshot/16-21/dev_matched.tsv",
        Format::Tsv,
        &["sentence1", "sentence2"],
        Some("gold_label"),
        LabelKind::Class,
        48,
    ),
    table(
        "glue/MNLI-kshot/16-42/train.tsv",
        Format::Tsv,
        &["sentence1", "sentence2"],
        Some("gold_label"),
        LabelKind::Class,
        48,
    ),
    table(
        "glue/MNLI-kshot/16-42/dev_matched.tsv",
        Format::Tsv,
        &["sentence1", "sentence2"],
        Some("gold_label"),
        LabelKind::Class,
        48,
    ),
    table(
        "glue/MNLI-kshot/16-87/train.tsv",
        Format::Tsv,
        &["sentence1", "sentence2"],
        Some("gold_label"),
        LabelKind::Class,
        48,
    ),
    table(
        "glue/MNLI-kshot/16-87/dev_matched.tsv",
        Format::Tsv,
        &["sentence1", "sentence2"],
        Some("gold_label"),
        LabelKind::Class,
        48,
    ),
    table(
        "glue/MNLI-kshot/16-100/train.tsv",
        Format::Tsv,
        &["sentence1", "sentence2"],
        Some("gold_label"),
        LabelKind::Class,
        48,
    ),
    table(
        "glue/MNLI-kshot/16-100/dev_matched.tsv",
        Format::Tsv,
        &["sentence1", "sentence2"],
        Some("gold_label"),
        LabelKind::Class,
        48,
    ),
    // Samples of three inference sets.
    table(
        "nli_10k/snli.train.jsonl",
        Format::Jsonl,
        &["text_a", "text_b"],
        Some("label"),
        LabelKind::Class,
        8999,
    ),
    table(
        "nli_10k/snli.dev.jsonl",
        Format::Jsonl,
        &["text_a", "text_b"],
        Some("label"),
        LabelKind::Class,
        1000,
    ),
    table(
        "nli_10k/mnli.train.jsonl",
        Format::Jsonl,
        &["text_a", "text_b"],
        Some("label"),
        LabelKind::Class,
        8999,
    ),
    table(
        "nli_10k/mnli.dev.jsonl",
        Format::Jsonl,
        &["text_a", "text_b"],
        Some("label"),
        LabelKind::Class,
        1000,
    ),
    table(
        "nli_10k/qnli.train.jsonl",
        Format::Jsonl,
        &["text_a", "text_b"],
        Some("label"),
        LabelKind::Class,
        8999,
    ),
    table(
        "nli_10k/qnli.dev.jsonl",
        Format::Jsonl,
        &["text_a", "text_b"],
        Some("label"),
        LabelKind::Class,
        1000,
    ),
    // SuperGLUE.
    table(
        "superglue/BoolQ/val.jsonl",
        Format::Jsonl,
        &["question", "passage"],
        Some("label"),
        LabelKind::Class,
        3270,
    ),
    table(
        "superglue/BoolQ/test.jsonl",
        Format::Jsonl,
        &["question", "passage"],
        None,
        LabelKind::Class,
        3245,
    ),
    table(
        "superglue/BoolQ/train32.jsonl",
        Format::Jsonl,
        &["question", "passage"],
        Some("label"),
        LabelKind::Class,
        32,
    ),
    table(
        "superglue/COPA/train.jsonl",
        Format::Jsonl,
        &["premise", "choice1"],
        Some("label"),
        LabelKind::Class,
        400,
    ),
    table(
        "superglue/COPA/val.jsonl",
        Format::Jsonl,
        &["premise", "choice1"],
        Some("label"),
        LabelKind::Class,
        100,
    ),
    table("superglue/COPA/test.jsonl", Format::Jsonl, &["premise", "choice1"], None, LabelKind::Class, 500),
    table(
        "superglue/WSC/train.jsonl",
        Format::Jsonl,
        &["text", "target.span1_text"],
        Some("label"),
        LabelKind::Class,
        554,
    ),
    table(
        "superglue/WSC/val.jsonl",
        Format::Jsonl,
        &["text", "target.span1_text"],
        Some("label"),
        LabelKind::Class,
        104,
    ),
    table(
        "superglue/WSC/test.jsonl",
        Format::Jsonl,
        &["text", "target.span1_text"],
        None,
        LabelKind::Class,
        146,
    ),
    // Single texts.
    table("movie_reviews/train.tsv", Format::Tsv, &["sentence"], Some("label"), LabelKind::Class, 9596),
    table("movie_reviews/dev.tsv", Format::Tsv, &["sentence"], Some("label"), LabelKind::Class, 1066),
    table("subjectivity/train.tsv", Format::Tsv, &["sentence"], Some("label"), LabelKind::Class, 9000),
    table("subjectivity/dev.tsv", Format::Tsv, &["sentence"], Some("label"), LabelKind::Class, 1000),
    table("banking77/train.csv", Format::Csv, &["text"], Some("category"), LabelKind::Class, 10003),
    table("banking77/test.csv", Format::Csv, &["text"], Some("category"), LabelKind::Class, 3080),
    // Intents and slots.
    words("snips/train.jsonl", Format::Jsonl, &[], &["tokens"], "slots", 13784, 126_179),
    table("snips/train.jsonl", Format::Jsonl, &["tokens"], Some("intent"), LabelKind::Class, 13784),
    words("snips/dev.jsonl", Format::Jsonl, &[], &["tokens"], "slots", 700, 6_594),
    table("snips/dev.jsonl", Format::Jsonl, &["tokens"], Some("intent"), LabelKind::Class, 700),
    // Universal Dependencies: multi-word ranges and empty nodes are no words.
    words("ud_en_ewt/en_ewt-ud-train.conllu", Format::Conllu, &[], &["form"], "upos", 12544, 204_577),
    words("ud_en_ewt/en_ewt-ud-dev.conllu", Format::Conllu, &[], &["form"], "upos", 2001, 25_147),
    words("ud_en_ewt/en_ewt-ud-test.conllu", Format::Conllu, &[], &["form"], "upos", 2077, 25_094),
    words("ud_en_atis/en_atis-ud-train.conllu", Format::Conllu, &[], &["form"], "upos", 4274, 48_655),
    words("ud_en_atis/en_atis-ud-dev.conllu", Format::Conllu, &[], &["form"], "upos", 572, 6_644),
    words("ud_en_atis/en_atis-ud-test.conllu", Format::Conllu, &[], &["form"], "upos", 586, 6_580),
    words("ud_en_pud/en_pud-ud-test.conllu", Format::Conllu, &[], &["form"], "upos", 1000, 21_180),
    words("ud_de_pud/de_pud-ud-test.conllu", Format::Conllu, &[], &["form"], "upos", 1000, 21_332),
    words("ud_de_gsd/de_gsd-ud-dev.conllu", Format::Conllu, &[], &["form"], "upos", 799, 12_480),
    words("ud_de_gsd/de_gsd-ud-test.conllu", Format::Conllu, &[], &["form"], "upos", 977, 16_499),
    words("ud_en_ewt/en_ewt-ud-dev.conllu", Format::Conllu, &[], &["form"], "feats.Number", 2001, 25_147),
    // Entities, one word per line.
    words("wnut17/wnut17train.conll", Format::Conll, WORD_TAG, &["word"], "tag", 3394, 62_730),
    words("wnut17/emerging.dev.conll", Format::Conll, WORD_TAG, &["word"], "tag", 1009, 15_733),
    words("wnut17/emerging.test.annotated", Format::Conll, WORD_TAG, &["word"], "tag", 1287, 23_394),
    words("bio_ner_mtl/NCBI-disease-IOB/train.tsv", Format::Conll, WORD_TAG, &["word"], "tag", 5424, 135_701),
    words("bio_ner_mtl/NCBI-disease-IOB/devel.tsv", Format::Conll, WORD_TAG, &["word"], "tag", 923, 23_969),
    words("bio_ner_mtl/NCBI-disease-IOB/test.tsv", Format::Conll, WORD_TAG, &["word"], "tag", 940, 24_497),
    words("bio_ner_mtl/BC5CDR-chem-IOB/train.tsv", Format::Conll, WORD_TAG, &["word"], "tag", 4560, 118_170),
    words("bio_ner_mtl/BC5CDR-chem-IOB/devel.tsv", Format::Conll, WORD_TAG, &["word"], "tag", 4581, 117_453),
    words("bio_ner_mtl/BC5CDR-chem-IOB/test.tsv", Format::Conll, WORD_TAG, &["word"], "tag", 4797, 124_750),
    words(
        "bio_ner_mtl/BC5CDR-disease-IOB/train.tsv",
        Format::Conll,
        WORD_TAG,
        &["word"],
        "tag",
        4560,
        118_170,
    ),
    words(
        "bio_ner_mtl/BC5CDR-disease-IOB/devel.tsv",
        Format::Conll,
        WORD_TAG,
        &["word"],
        "tag",
        4581,
        117_453,
    ),
    words(
        "bio_ner_mtl/BC5CDR-disease-IOB/test.tsv",
        Format::Conll,
        WORD_TAG,
        &["word"],
        "tag",
        4797,
        124_750,
    ),
    words("bio_ner_mtl/BioNLP13CG-IOB/train.tsv", Format::Conll, WORD_TAG, &["word"], "tag", 3033, 83_467),
    words("bio_ner_mtl/BioNLP13CG-IOB/devel.tsv", Format::Conll, WORD_TAG, &["word"], "tag", 1003, 27_599),
    words("bio_ner_mtl/BioNLP13CG-IOB/test.tsv", Format::Conll, WORD_TAG, &["word"], "tag", 1906, 52_771),
];

const WORD_TAG: &[&str] = &["word", "tag"];

const fn table(
    file: &'static str,
    format: Format,
    text: &'static [&'static str],
    label: Option<&'static str>,
    kind: LabelKind,
    examples: usize,
) -> Set {
    Set { file, format, columns: &[], text, label, kind, examples, words: None }
}

const fn words(
    file: &'static str,
    format: Format,
    columns: &'static [&'static str],
    text: &'static [&'static str],
    tag: &'static str,
    examples: usize,
    words: usize,
) -> Set {
    Set { file, format, columns, text, label: Some(tag), kind: LabelKind::Tags, examples, words: Some(words) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reading_is_listed_once() {
        for (position, set) in SETS.iter().enumerate() {
            assert!(SETS[..position].iter().all(|other| other.name() != set.name()), "{}", set.name());
        }
    }

    #[test]
    fn only_files_without_names_get_columns() {
        for set in SETS {
            assert_eq!(set.columns.is_empty(), set.format != Format::Conll, "{}", set.name());
        }
    }
}
