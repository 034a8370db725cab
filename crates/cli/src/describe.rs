//! `mtl describe`: what the data say before anything is trained.

use clap::Args;
use mtl_train::describe::{Lengths, PairDescription, QuestionDescription, Reading, TaskDescription};
use mtl_train::{Description, Options};

use crate::arguments::{ConfigArguments, ThreadArguments};
use crate::progress::{PlanView, Progress};
use crate::table::{self, number, words};
use crate::{format, interrupt, report};

const HELP: &str = "\
Data is read and tokenized, and the tokenized text is kept in the folder .mtl-cache; no model is read and \
nothing is trained. All numbers but the baselines are of the labelled train examples.

Labels (of a regression: ten equal parts of its scale; of a token task: each labelled word)
  entropy        in nats: 0 for one label, ln K for K labels of the same
                 frequency
  of ln K        the same as a share of ln K
  kurtosis       of the K label frequencies: m4 / m2^2 - 3 (Fisher's,
                 population moments); high where few labels take most of it; -
                 where all are equally frequent
  majority       dev score of always giving the most frequent answer (a
                 regression: the mean)
  random         expected dev score of guesses drawn as the train labels are
                 distributed; with ± it is the mean of 30 such guesses and
                 their standard deviation
Texts (mean / median / 95th percentile / longest)
  words          what white space divides, or the words of the file; both texts
                 of a pair
  tokens         before truncation, special ones included
  cut            examples longer than encoder.max_tokens
  tokens/word    special tokens not counted
  unknown        share of the tokens that stand for something the vocabulary
                 lacks
  repeated       train examples whose text an earlier one has; ! of which with
                 another label
  dev in train   dev examples whose text stands in train
Questions (tasks of benchmarks that no head answers yet; of the train set, or else the dev set)
  context, question, answer   words: mean / median / 95th percentile / longest
  answers, choices            a question, on average
  in context                  share of questions one of whose answers stands in
                              the context
  no answer                   share of questions that the context does not
                              answer
Pairs (words: lower-cased runs of letters and digits; a pair of texts is two texts)
  words in common   |A and B| / |A or B| of the words that occur (Jaccard)
  weighted          sum of min(p, q) / sum of max(p, q) of their relative
                    frequencies
  JS                1 - Jensen-Shannon divergence / ln 2 of their relative
                    frequencies
  texts in common   different train texts of four words or more that both have
  likeness          JS between halves of both, over JS between two halves of
                    each: 1 for one source
  same task         same kind, as many texts, same label set or scale
  same domain       likeness of at least 0.88, or the same name where both
                    tasks have the key `domain`
  Table 1           what the survey calls training them together

  [tasks.reviews]
  domain = \"movies\"     # holds where the other task has the key too

Examples:
  mtl describe tasks.toml
  mtl describe tasks.toml --data /srv/corpora
  mtl describe tasks.toml --json | jq '.pairs[] | {first, second, category}'";

/// How many pairs a reading lists before it only counts them.
const LISTED: usize = 6;

/// Show what the data say before anything is trained: labels, baselines, texts, and what tasks have in common
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub struct Describe {
    #[command(flatten)]
    config: ConfigArguments,
    #[command(flatten)]
    threads: ThreadArguments,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

impl Describe {
    /// Prints the description.
    pub fn run(&self) -> anyhow::Result<()> {
        interrupt::end_at_once()?;
        let config = self.config.load()?;
        let options = Options { threads: self.threads.threads, ..Options::default() };
        let description = mtl_train::describe(&config, &options, &mut Progress::new(PlanView::Hidden))?;
        if self.json { report::print_json(&description) } else { report::print(&text(&description)) }
    }
}

fn text(description: &Description) -> String {
    let mut text = String::new();
    if !description.tasks.is_empty() {
        text += &format!("Labels\n{}\n\nTexts\n{}\n", labels(description), texts(description));
    }
    if !description.questions.is_empty() {
        let before = if text.is_empty() { "" } else { "\n" };
        text += &format!("{before}Questions\n{}\n", questions(description));
    }
    if !description.pairs.is_empty() {
        text += &format!("\nPairs of tasks\n{}\n{}\n", pairs(description), rules(&description.pairs));
    }
    for warning in &description.warnings {
        text += &format!("\nwarning: {warning}");
    }
    if !description.warnings.is_empty() {
        text.push('\n');
    }
    text += "\nWhat the literature says of such numbers: readings, not verdicts. Whether training together helps,\n\
             only `mtl compare` can tell.";
    for reading in &description.readings {
        text += &format!("\n- {}", reading_text(reading));
    }
    text
}

fn labels(description: &Description) -> comfy_table::Table {
    let mut table = table::with_header(&[
        "task", "kind", "train", "dev", "labels", "entropy", "of ln K", "kurtosis", "metric", "majority",
        "random",
    ]);
    table.add_rows(description.tasks.iter().map(label_row));
    table
}

fn label_row(task: &TaskDescription) -> Vec<comfy_table::Cell> {
    let (labels, baselines) = (&task.labels, &task.baselines);
    let random = baselines.random.map_or_else(dash, |random| format::spread(random, baselines.random_sd));
    vec![
        words(&task.name),
        words(task.kind),
        number(format::count(task.train_examples as u64)),
        number(format::count(task.dev_examples as u64)),
        number(if task.kind == "regression" { dash() } else { labels.counts.len().to_string() }),
        number(or_dash(labels.entropy, 3)),
        number(or_dash(labels.normalised_entropy, 3)),
        number(or_dash(labels.kurtosis, 2)),
        words(&baselines.metric),
        number(or_dash(baselines.majority, 4)),
        number(random),
    ]
}

fn texts(description: &Description) -> comfy_table::Table {
    let mut table = table::with_header(&[
        "task",
        "words",
        "tokens",
        "cut",
        "tokens/word",
        "unknown",
        "repeated",
        "dev in train",
    ]);
    table.add_rows(description.tasks.iter().map(text_row));
    table
}

fn text_row(task: &TaskDescription) -> Vec<comfy_table::Cell> {
    let (texts, duplicated) = (&task.texts, &task.duplicated);
    let repeated = match duplicated.contradicting {
        0 => format::count(duplicated.in_train as u64),
        other => format!("{} ({}!)", format::count(duplicated.in_train as u64), format::count(other as u64)),
    };
    vec![
        words(&task.name),
        number(lengths(&texts.words)),
        number(lengths(&texts.tokens)),
        number(format::count(texts.cut as u64)),
        number(format!("{:.2}", texts.tokens_per_word)),
        number(texts.unknown.map_or_else(dash, |share| format!("{:.2} %", 100.0 * share))),
        number(repeated),
        number(format::count(duplicated.dev_in_train as u64)),
    ]
}

fn questions(description: &Description) -> comfy_table::Table {
    let mut table = table::with_header(&[
        "task",
        "of",
        "needs a head for",
        "train",
        "dev",
        "context",
        "question",
        "answer",
        "answers",
        "choices",
        "in context",
        "no answer",
    ]);
    table.add_rows(description.questions.iter().map(question_row));
    table
}

fn question_row(task: &QuestionDescription) -> Vec<comfy_table::Cell> {
    vec![
        words(&task.name),
        words(&task.benchmark),
        words(task.head),
        number(format::count(task.train_questions as u64)),
        number(format::count(task.dev_questions as u64)),
        number(lengths(&task.context_words)),
        number(lengths(&task.question_words)),
        number(lengths(&task.answer_words)),
        number(format!("{:.1}", task.answers)),
        number(format!("{:.1}", task.choices)),
        number(format!("{:.3}", task.in_context)),
        number(format!("{:.3}", task.unanswerable)),
    ]
}

fn lengths(lengths: &Lengths) -> String {
    format!("{:.1} / {} / {} / {}", lengths.mean, lengths.median, lengths.p95, lengths.max)
}

fn pairs(description: &Description) -> comfy_table::Table {
    let mut table = table::with_header(&[
        "pair",
        "words in common",
        "weighted",
        "JS",
        "texts in common",
        "likeness",
        "same task",
        "same domain",
        "Table 1",
    ]);
    table.add_rows(description.pairs.iter().map(pair_row));
    table
}

fn pair_row(pair: &PairDescription) -> Vec<comfy_table::Cell> {
    let domain = match (pair.domain.same, pair.domain.decided_by) {
        (None, _) => "too few words".to_owned(),
        (Some(same), "names") => format!("{}, by name", yes(same)),
        (Some(same), _) => yes(same).to_owned(),
    };
    vec![
        words(format!("{} + {}", pair.first, pair.second)),
        number(or_dash(pair.jaccard, 3)),
        number(or_dash(pair.weighted_jaccard, 3)),
        number(or_dash(pair.jensen_shannon_similarity, 3)),
        number(format::count(pair.shared_texts as u64)),
        number(or_dash(pair.domain.likeness, 3)),
        words(format!("{}: {}", yes(pair.same_task.same), pair.same_task.because)),
        words(domain),
        words(pair.category.map_or_else(dash, |category| category.to_string())),
    ]
}

fn rules(pairs: &[PairDescription]) -> String {
    let threshold = pairs.first().map_or(0.0, |pair| pair.domain.threshold);
    format!(
        "same task: same kind, as many texts, same label set or scale; same domain: likeness of at least \
         {threshold}, our rule,\nor the same name where both tasks have the key `domain`"
    )
}

fn reading_text(reading: &Reading) -> String {
    let about = match reading.about.len() {
        0 => String::new(),
        1..=LISTED => format!(", on {}", reading.about.join(", ")),
        n => format!(", on {} and {} more", reading.about[..LISTED].join(", "), n - LISTED),
    };
    format!("{}{about}: {}", reading.source, reading.text)
}

fn yes(same: bool) -> &'static str {
    if same { "yes" } else { "no" }
}

fn or_dash(value: Option<f64>, digits: usize) -> String {
    value.map_or_else(dash, |value| format!("{value:.digits$}"))
}

fn dash() -> String {
    "-".to_owned()
}
