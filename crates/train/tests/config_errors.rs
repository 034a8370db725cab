//! What a wrong configuration file is told, to the letter.

use std::io::Write;
use std::path::Path;

use mtl_train::config::Config;

const HEAD: &str = "encoder.from = \"model\"\n";
const TASK: &str = "[tasks.a]\nkind = \"classification\"\ntext = \"t\"\nlabel = \"l\"\ntrain = \"x.tsv\"\n";

fn message(text: &str) -> String {
    match Config::parse(text, Path::new("mtl.toml"), None) {
        Ok(config) => panic!("no error in\n{text}\n{config:?}"),
        Err(error) => error.to_string(),
    }
}

/// The message about lines that come after `encoder.from` and before a valid task `a`.
fn settings(lines: &str) -> String {
    message(&format!("{HEAD}{lines}\n{TASK}"))
}

/// The message about lines added to a valid task, whose table begins in line 2.
fn task(lines: &str) -> String {
    message(&format!("{HEAD}{TASK}{lines}\n"))
}

/// The message about a task made of these lines, from line 3 on.
fn whole_task(lines: &str) -> String {
    message(&format!("{HEAD}[tasks.a]\n{lines}\n"))
}

#[test]
fn text_that_is_not_toml() {
    assert_eq!(settings("[train]\nbatch = = 3"), "mtl.toml:3:9: not valid TOML: extra `=`, expected nothing");
    assert_eq!(message("[encoder"), "mtl.toml:1:9: not valid TOML: unclosed table, expected `]`");
}

#[test]
fn a_byte_that_is_not_utf8() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(b"seed = 1\n# caf\xe9\n").unwrap();
    let error = Config::load(file.path(), None).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("{}:2:6: the file is not valid UTF-8: byte 0xe9", file.path().display())
    );
}

#[test]
fn a_file_that_is_not_there() {
    let error = Config::load(Path::new("no/such/mtl.toml"), None).unwrap_err();
    assert!(
        error.to_string().starts_with("no/such/mtl.toml:1:1: failed to read the configuration: "),
        "{error}"
    );
}

#[test]
fn two_tasks_with_one_name() {
    assert_eq!(message(&format!("{HEAD}{TASK}\n{TASK}")), "mtl.toml:8:8: `a` is given twice");
}

#[test]
fn a_key_given_twice() {
    assert_eq!(settings("[train]\nbatch = 3\nbatch = 4"), "mtl.toml:4:1: `batch` is given twice");
}

#[test]
fn unknown_keys() {
    assert_eq!(settings("sed = 1"), "mtl.toml:2:1: unknown key `sed`, did you mean `seed`?");
    assert_eq!(settings("[trian]"), "mtl.toml:2:2: unknown key `trian`, did you mean `train`?");
    assert_eq!(
        settings("[train]\n  epoch = 3"),
        "mtl.toml:3:3: unknown key `train.epoch`, did you mean `epochs`?"
    );
    assert_eq!(task("lable = \"x\""), "mtl.toml:7:1: unknown key `tasks.a.lable`, did you mean `label`?");
    assert_eq!(
        settings("[curriculum]\nzzz = 1"),
        "mtl.toml:3:1: unknown key `curriculum.zzz`, expected one of sampler, unit, stopping, stages"
    );
}

#[test]
fn the_first_unknown_key_of_the_file_is_named() {
    assert_eq!(
        settings("[train]\nzebra = 1\naardvark = 2").split(',').next().unwrap(),
        "mtl.toml:3:1: unknown key `train.zebra`"
    );
}

#[test]
fn values_of_another_type() {
    assert_eq!(settings("seed = \"x\""), "mtl.toml:2:8: `seed` must be an integer, got a string");
    assert_eq!(
        settings("[train]\nbatch = 3.5"),
        "mtl.toml:3:9: `train.batch` must be an integer, got a number with a point"
    );
    assert_eq!(
        settings("[train]\nwarmup = \"0.1\""),
        "mtl.toml:3:10: `train.warmup` must be a number, got a string"
    );
    assert_eq!(settings("train = 3"), "mtl.toml:2:9: `train` must be a table, got an integer");
    assert_eq!(
        task("header = \"yes\""),
        "mtl.toml:7:10: `tasks.a.header` must be true or false, got a string"
    );
    assert_eq!(
        task("missing = [\"-\", -1]"),
        "mtl.toml:7:17: `tasks.a.missing` must be a string or an array of strings, got an integer"
    );
    assert_eq!(message(&format!("{HEAD}tasks = []")), "mtl.toml:2:9: `tasks` must be a table, got an array");
}

#[test]
fn unknown_values_of_enumerations() {
    assert_eq!(
        settings("[train]\nprecision = \"fb16\""),
        "mtl.toml:3:13: `train.precision` cannot be `fb16`, did you mean `bf16`?"
    );
    assert_eq!(
        settings("[train]\nschedule = \"polynomial\""),
        "mtl.toml:3:12: `train.schedule` cannot be `polynomial`, expected one of linear, constant, cosine"
    );
    assert_eq!(
        settings("[curriculum]\nsampler = \"round_robin\""),
        "mtl.toml:3:11: `curriculum.sampler` cannot be `round_robin`, did you mean `round-robin`?"
    );
    assert_eq!(
        settings("[sharing]\nweighting = \"equals\""),
        "mtl.toml:3:13: `sharing.weighting` cannot be `equals`, did you mean `equal`?"
    );
    assert_eq!(
        whole_task("kind = \"clasification\""),
        "mtl.toml:3:8: `tasks.a.kind` cannot be `clasification`, did you mean `classification`?"
    );
    assert_eq!(
        message(&format!("[encoder]\npreset = \"bert-smal\"\ntokenizer = \"t\"\n{TASK}")),
        "mtl.toml:2:10: `encoder.preset` cannot be `bert-smal`, did you mean `bert-small`?"
    );
}

#[test]
fn numbers_out_of_range() {
    let train = |line: &str| settings(&format!("[train]\n{line}"));
    assert_eq!(train("batch = 0"), "mtl.toml:3:9: `train.batch` must be at least 1, got 0");
    assert_eq!(
        train("batch = 9000000000000000000"),
        "mtl.toml:3:9: `train.batch` must be at most 1000000, got 9000000000000000000"
    );
    assert_eq!(
        train("steps = 9000000000000000000"),
        "mtl.toml:3:9: `train.steps` must be at most 100000000, got 9000000000000000000"
    );
    assert_eq!(train("epochs = -1"), "mtl.toml:3:10: `train.epochs` must be at least 1, got -1");
    assert_eq!(train("warmup = 1.5"), "mtl.toml:3:10: `train.warmup` must be between 0 and 1, got 1.5");
    assert_eq!(train("learning_rate = 0"), "mtl.toml:3:17: `train.learning_rate` must be above 0, got 0");
    assert_eq!(
        train("weight_decay = nan"),
        "mtl.toml:3:16: `train.weight_decay` must be at least 0, got nan"
    );
    assert_eq!(train("clip = inf"), "mtl.toml:3:8: `train.clip` must be at least 0, got inf");
    assert_eq!(
        train("label_smoothing = 1"),
        "mtl.toml:3:19: `train.label_smoothing` must be at least 0 and below 1, got 1"
    );
    assert_eq!(
        train("pack_tokens = 100"),
        "mtl.toml:3:15: `train.pack_tokens` must be at least `encoder.max_tokens`, which is 128, got 100"
    );
    assert_eq!(
        train("memory_limit = \"8 gigs\""),
        "mtl.toml:3:16: `train.memory_limit` must be a number above 0 with a unit (TiB, GiB, GB, MiB, MB, B), as in \
         \"8 GiB\", got \"8 gigs\""
    );
    assert_eq!(settings("seed = -3"), "mtl.toml:2:8: `seed` must be at least 0, got -3");
    assert_eq!(
        settings("encoder.dropout = 1.0"),
        "mtl.toml:2:19: `encoder.dropout` must be at least 0 and below 1, got 1.0"
    );
    assert_eq!(
        settings("encoder.max_tokens = 2"),
        "mtl.toml:2:22: `encoder.max_tokens` must be at least 3, got 2"
    );
    assert_eq!(task("weight = 0"), "mtl.toml:7:10: `tasks.a.weight` must be above 0, got 0");
    assert_eq!(
        task("dev = 1"),
        "mtl.toml:7:7: `tasks.a.dev` must be a file, or a share above 0 and below 1 of the train file, got 1"
    );
    assert_eq!(
        settings("data = ''"),
        "mtl.toml:2:8: `data` must be at least one letter, got an empty string"
    );
}

#[test]
fn encoders_from_nowhere_or_from_two_places() {
    assert_eq!(message(TASK), "mtl.toml:1:1: the file needs `encoder`");
    assert_eq!(message(&format!("[encoder]\n{TASK}")), "mtl.toml:1:2: [encoder] needs `from` or `preset`");
    assert_eq!(
        message(&format!("[encoder]\nfrom = \"x\"\npreset = \"bert-mini\"\n{TASK}")),
        "mtl.toml:3:1: `encoder.from` and `encoder.preset` are both given, only one of them can hold"
    );
    assert_eq!(
        message(&format!("[encoder]\npreset = \"bert-mini\"\n{TASK}")),
        "mtl.toml:1:2: [encoder] needs `tokenizer`, since a preset has none of its own"
    );
}

#[test]
fn lengths_given_twice() {
    assert_eq!(
        settings("[train]\nsteps = 3\nepochs = 1"),
        "mtl.toml:4:1: `train.steps` and `train.epochs` are both given, only one of them can hold"
    );
}

#[test]
fn no_tasks() {
    assert_eq!(message(HEAD), "mtl.toml:1:1: the file needs a table [tasks.NAME] for each task");
    assert_eq!(message(&format!("{HEAD}[tasks]")), "mtl.toml:2:2: [tasks] needs at least one task");
}

#[test]
fn task_names_that_cannot_name_files() {
    assert_eq!(
        message(&format!("{HEAD}[tasks.\"a/b\"]")),
        "mtl.toml:2:8: a task's name is made of letters, digits, `_` and `-`, got `a/b`"
    );
}

#[test]
fn tasks_without_what_they_need() {
    assert_eq!(whole_task(""), "mtl.toml:2:8: [tasks.a] needs `kind`");
    assert_eq!(whole_task("kind = \"regression\""), "mtl.toml:2:8: [tasks.a] needs `train`");
    assert_eq!(
        whole_task("kind = \"regression\"\ntrain = \"x.tsv\""),
        "mtl.toml:2:8: [tasks.a] needs `text`"
    );
    assert_eq!(
        whole_task("kind = \"regression\"\ntrain = \"x.tsv\"\ntext = \"t\""),
        "mtl.toml:2:8: [tasks.a] needs `label`"
    );
    assert_eq!(
        whole_task("kind = \"token-classification\"\ntrain = \"x.conllu\""),
        "mtl.toml:2:8: [tasks.a] needs `label`"
    );
    assert_eq!(
        whole_task("kind = \"token-classification\"\ntrain = \"x.conll\""),
        "mtl.toml:2:8: [tasks.a] needs `columns`, the names of a conll file's columns"
    );
    assert_eq!(
        whole_task("kind = \"regression\"\ntrain = \"x.txt\""),
        "mtl.toml:2:8: [tasks.a] needs `format`, since the name `x.txt` does not tell it: \
         one of tsv, csv, jsonl, conll, conllu"
    );
    assert_eq!(
        task("header = false"),
        "mtl.toml:2:8: [tasks.a] needs `columns`, since the file has no header to name them"
    );
}

#[test]
fn scales_that_are_none() {
    let scale = |value: &str| {
        whole_task(&format!(
            "kind = \"regression\"\ntext = \"t\"\nlabel = \"l\"\ntrain = \"x.tsv\"\nscale = {value}"
        ))
    };
    assert_eq!(
        scale("[5, 0.5]"),
        "mtl.toml:7:9: `tasks.a.scale` must be [min, max] with min below max, got [5, 0.5]"
    );
    assert_eq!(scale("[1]"), "mtl.toml:7:9: `tasks.a.scale` must be [min, max] with min below max, got [1]");
    assert_eq!(
        scale("\"0-5\""),
        "mtl.toml:7:9: `tasks.a.scale` must be an array of two numbers, got a string"
    );
}

#[test]
fn keys_that_do_not_apply() {
    assert_eq!(
        task("scale = [0, 1]"),
        "mtl.toml:7:1: `tasks.a.scale` applies to regression, not to classification"
    );
    assert_eq!(
        task("separator = \",\""),
        "mtl.toml:7:1: `tasks.a.separator` applies to multi-label and token-classification, not to classification"
    );
    assert_eq!(
        settings("[train]\nmomentum = 0.9"),
        "mtl.toml:3:1: `train.momentum` applies to sgd, not to adamw"
    );
    assert_eq!(
        settings("[train]\noptimizer = \"sgd\"\nbeta2 = 0.9"),
        "mtl.toml:4:1: `train.beta2` applies to adamw, not to sgd"
    );
    let jsonl = "kind = \"classification\"\ntext = \"t\"\nlabel = \"l\"\ntrain = \"x.jsonl\"\n";
    assert_eq!(
        whole_task(&format!("{jsonl}columns = [\"t\", \"l\"]")),
        "mtl.toml:7:1: `tasks.a.columns` applies to tsv, csv and conll, not to jsonl"
    );
    assert_eq!(
        whole_task(&format!("{jsonl}header = true")),
        "mtl.toml:7:1: `tasks.a.header` applies to tsv and csv, not to jsonl"
    );
}

#[test]
fn files_that_cannot_serve_the_kind() {
    assert_eq!(
        whole_task("kind = \"classification\"\ntrain = \"x.conllu\"\nlabel = \"upos\""),
        "mtl.toml:3:8: `tasks.a.kind` must be token-classification in format conllu, got classification"
    );
    assert_eq!(
        whole_task("kind = \"token-classification\"\ntrain = \"x.tsv\"\ntext = [\"a\", \"b\"]"),
        "mtl.toml:5:8: `tasks.a.text` must be one column of words, got 2"
    );
    assert_eq!(
        whole_task("kind = \"regression\"\ntrain = \"x.tsv\"\ntext = [\"a\", \"b\", \"c\"]"),
        "mtl.toml:5:8: `tasks.a.text` must be one column, or two for a pair, got 3"
    );
}

#[test]
fn columns_that_are_not_there() {
    let conll = "kind = \"token-classification\"\ntrain = \"x.conll\"\ncolumns = [\"word\", \"tag\"]\n";
    assert_eq!(
        whole_task(&format!("{conll}label = \"tags\"")),
        "mtl.toml:6:9: `tasks.a.label` cannot be `tags`, did you mean `tag`?"
    );
    assert_eq!(
        whole_task(&format!("{conll}text = \"form\"")),
        "mtl.toml:6:8: `tasks.a.text` cannot be `form`, expected one of word, tag"
    );
}

#[test]
fn metrics_that_do_not_apply() {
    assert_eq!(
        task("metric = \"span_f1\""),
        "mtl.toml:7:10: `tasks.a.metric` cannot be `span_f1` for classification, \
         expected one of accuracy, f1, micro_f1, macro_f1, weighted_f1, matthews, roc_auc, log_loss, loss"
    );
    assert_eq!(
        whole_task(
            "kind = \"multi-label\"\ntext = \"t\"\nlabel = \"l\"\ntrain = \"x.tsv\"\nmetric = \"roc_auc\""
        ),
        "mtl.toml:7:10: `tasks.a.metric` cannot be `roc_auc` for multi-label, \
         expected one of micro_f1, macro_f1, weighted_f1, accuracy, loss"
    );
    assert_eq!(
        task("metric = \"acuracy\""),
        "mtl.toml:7:10: `tasks.a.metric` cannot be `acuracy`, did you mean `accuracy`?"
    );
    assert_eq!(
        task("metrics = [\"pearson\"]"),
        "mtl.toml:7:11: `tasks.a.metrics` cannot be `pearson` for classification, \
         expected one of accuracy, f1, micro_f1, macro_f1, weighted_f1, matthews, roc_auc, log_loss, loss"
    );
}

#[test]
fn weights_that_cannot_hold() {
    assert_eq!(
        settings("[sharing]\nweights = { b = 1 }"),
        "mtl.toml:3:13: unknown key `sharing.weights.b`, expected one of a"
    );
    assert_eq!(
        settings("[sharing]\nweights = { a = -1 }"),
        "mtl.toml:3:17: `sharing.weights.a` must be above 0, got -1"
    );
    assert_eq!(
        message(&format!("{HEAD}sharing.weights.a = 2\n{TASK}weight = 3")),
        "mtl.toml:2:17: `tasks.a.weight` and `sharing.weights.a` are both given, only one of them can hold"
    );
    assert_eq!(
        message(&format!("{HEAD}sharing.weighting = \"equal\"\n{TASK}weight = 3")),
        "mtl.toml:2:21: `sharing.weighting` is equal, but task `a` has weight 3; set weighting = \"fixed\""
    );
}

#[test]
fn methods_of_sharing() {
    assert_eq!(
        settings("[sharing]\nweighting = \"dwa\""),
        "mtl.toml:3:13: `sharing.weighting` cannot be dwa where each step is of one task; \
         set curriculum.unit = \"every-task\" or \"sequence\""
    );
    assert_eq!(
        settings("[sharing]\nmeasure_every = 3"),
        "mtl.toml:3:17: `sharing.measure_every` cannot be above 0 where each step is of one task; \
         set curriculum.unit = \"every-task\" or \"sequence\""
    );
    let mixed = |keys: &str| settings(&format!("curriculum.unit = \"sequence\"\n[sharing]\n{keys}"));
    assert_eq!(
        mixed("weighting = \"dwa\"\ntemprature = 2"),
        "mtl.toml:5:1: unknown key `sharing.temprature`, did you mean `temperature`?"
    );
    assert_eq!(
        mixed("temperature = 0\nweighting = \"dwa\""),
        "mtl.toml:4:15: `sharing.temperature` must be above 0, got 0"
    );
    assert_eq!(
        mixed("gradients = \"cagrad\"\nrescale = \"2\""),
        "mtl.toml:5:11: `sharing.rescale` must be one of none, 1+c^2, 1+c, got 2"
    );
    assert_eq!(
        mixed("gradients = \"cagrad\"\nc = -1"),
        "mtl.toml:5:5: `sharing.c` must be at least 0, got -1"
    );
    assert_eq!(
        mixed("weighting = \"gradnorm\"\ngradients = \"fairgrad\""),
        "mtl.toml:5:13: sharing.weighting = \"gradnorm\" balances a sum of gradients; \
         it cannot be used with gradients = \"fairgrad\""
    );
    let error = mixed("gradients = \"sdmgrad\"\n[train]\nbatch = 2");
    assert!(error.ends_with("1 tasks need train.batch of at least 3, got 2"), "{error}");
}

#[test]
fn batches_that_tasks_cannot_share() {
    let tasks: String =
        ["a", "b", "c"].map(|name| TASK.replace("tasks.a", &format!("tasks.{name}"))).concat();
    assert_eq!(
        message(&format!("{HEAD}curriculum.unit = \"every-task\"\n{tasks}")),
        "mtl.toml:2:19: with unit every-task the batch must be a multiple of the number of tasks, \
         got batch 32 for 3 tasks"
    );
}

#[test]
fn same_examples_as_that_cannot_hold() {
    let second = |lines: &str| {
        message(&format!("{HEAD}{TASK}[tasks.b]\nkind = \"classification\"\nlabel = \"m\"\n{lines}\n"))
    };
    assert_eq!(
        second("same_examples_as = \"c\""),
        "mtl.toml:10:20: `tasks.b.same_examples_as` cannot be `c`, expected one of a"
    );
    assert_eq!(
        second("same_examples_as = \"b\""),
        "mtl.toml:10:20: `tasks.b.same_examples_as` cannot be `b`, expected one of a"
    );
    assert_eq!(
        second("same_examples_as = \"a\"\ntrain = \"y.tsv\""),
        "mtl.toml:11:9: `tasks.b.train` must be the same as in [tasks.a], whose examples the task labels"
    );
    let third = "same_examples_as = \"a\"\n[tasks.c]\nkind = \"classification\"\nlabel = \"n\"\n";
    assert_eq!(
        second(&format!("{third}same_examples_as = \"b\"")),
        "mtl.toml:14:20: `tasks.c.same_examples_as` must name a task that has examples of its own, which `b` has not"
    );
}

#[test]
fn columns_are_counted_in_letters() {
    assert_eq!(
        message(&format!("encoder = {{ from = \"modèle\", dropout = 2 }}\n{TASK}")),
        "mtl.toml:1:40: `encoder.dropout` must be at least 0 and below 1, got 2"
    );
}

#[test]
fn a_benchmark_says_what_the_file_must_not() {
    let rte = "benchmark = \"glue/rte\"\ndir = \"glue/RTE\"\n";
    assert_eq!(
        whole_task(&format!("{rte}kind = \"regression\"")),
        "mtl.toml:5:1: `tasks.a.benchmark` and `tasks.a.kind` are both given, only one of them can hold"
    );
    assert_eq!(
        whole_task(&format!("label = \"x\"\n{rte}")),
        "mtl.toml:4:1: `tasks.a.label` and `tasks.a.benchmark` are both given, only one of them can hold"
    );
    assert_eq!(
        whole_task(&format!("{rte}metric = \"pearson\"")),
        "mtl.toml:5:10: `tasks.a.metric` cannot be `pearson` for classification, expected one of accuracy, f1, \
         micro_f1, macro_f1, weighted_f1, matthews, roc_auc, log_loss, loss"
    );
    assert_eq!(whole_task("benchmark = \"glue/rte\""), "mtl.toml:2:8: [tasks.a] needs `dir`");
    assert_eq!(
        whole_task("benchmark = \"glue/rtee\"\ndir = \"x\""),
        "mtl.toml:3:13: `tasks.a.benchmark` cannot be `glue/rtee`, did you mean `glue/rte`?"
    );
    assert_eq!(
        whole_task("benchmark = \"glue/ax\"\ndir = \"x\""),
        "mtl.toml:2:8: [tasks.a] needs `train`, since glue/ax is published without a train set"
    );
    assert_eq!(
        whole_task("benchmark = \"superglue/copa\"\ndir = \"x\"\nweight = 2"),
        "mtl.toml:5:1: `tasks.a.weight` applies to tasks that can be trained, not to superglue/copa"
    );
    assert_eq!(
        task("dir = \"x\""),
        "mtl.toml:7:1: `tasks.a.dir` applies to tasks with a `benchmark`, not to files that are named one by one"
    );
    assert_eq!(
        message(&format!(
            "{HEAD}[tasks.r]\n{rte}[tasks.a]\nkind = \"classification\"\nlabel = \"x\"\nsame_examples_as = \"r\""
        )),
        "mtl.toml:8:20: `tasks.a.same_examples_as` applies to tasks without a `benchmark`, not to glue/rte"
    );
}

#[test]
fn invalid_bio_is_a_choice_of_tasks_with_tags() {
    assert_eq!(
        task("invalid_bio = \"repair\""),
        "mtl.toml:7:1: `tasks.a.invalid_bio` applies to token-classification, not to classification"
    );
    let words = "kind = \"token-classification\"\nlabel = \"upos\"\ntrain = \"x.conllu\"\n";
    assert_eq!(
        whole_task(&format!("{words}invalid_bio = \"fix\"")),
        "mtl.toml:6:15: `tasks.a.invalid_bio` cannot be `fix`, expected one of keep, repair, refuse"
    );
    assert_eq!(
        whole_task("benchmark = \"glue/rte\"\ndir = \"x\"\ninvalid_bio = \"keep\""),
        "mtl.toml:5:1: `tasks.a.benchmark` and `tasks.a.invalid_bio` are both given, only one of them can hold"
    );
}

#[test]
fn samplers_stopping_rules_and_stages() {
    let curriculum = |lines: &str| settings(&format!("[curriculum]\n{lines}"));
    for (lines, expected) in [
        ("sampler = 3", "3:11: `curriculum.sampler` must be a table, got an integer"),
        ("sampler = { temperature = 2 }", "3:1: [curriculum.sampler] needs `name`"),
        (
            "sampler = { name = \"temperatur\" }",
            "3:20: `curriculum.sampler.name` cannot be `temperatur`, did you mean `temperature`?",
        ),
        (
            "sampler = { name = \"temperature\", tempreature = 2 }",
            "3:35: unknown key `curriculum.sampler.tempreature`, did you mean `temperature`?",
        ),
        (
            "sampler = { name = \"uniform\", cap = 2 }",
            "3:31: unknown key `curriculum.sampler.cap`, expected one of name",
        ),
        (
            "sampler = { name = \"temperature\", temperature = 0 }",
            "3:49: `curriculum.sampler.temperature` must be above 0, got 0",
        ),
        (
            "sampler = { name = \"temperature\", cap = 1.5 }",
            "3:41: `curriculum.sampler.cap` must be a whole number of at least 1, got 1.5",
        ),
        (
            "stopping = \"patient\"",
            "3:12: `curriculum.stopping` cannot be `patient`, did you mean `patience`?",
        ),
        (
            "stopping = { name = \"patience\", patience = 0 }",
            "3:44: `curriculum.stopping.patience` must be a whole number of at least 1, got 0",
        ),
        (
            "stopping = { name = \"patience\", freed = \"other\" }",
            "3:41: `curriculum.stopping.freed` cannot be `other`, did you mean `others`?",
        ),
        (
            "stopping = { name = \"patience\", roll_back = 1 }",
            "3:45: `curriculum.stopping.roll_back` must be true or false, got an integer",
        ),
        ("stages = 3", "3:10: `curriculum.stages` must be an array of tables, got an integer"),
        (
            "[[curriculum.stages]]\ntask = [\"a\"]",
            "4:1: unknown key `curriculum.stages.task`, did you mean `tasks`?",
        ),
        (
            "[[curriculum.stages]]\ntasks = [\"b\"]",
            "4:9: `curriculum.stages.tasks` cannot be `b`, expected one of a",
        ),
        (
            "[[curriculum.stages]]\ntasks = []",
            "4:9: `curriculum.stages.tasks` must be at least one name, got an empty array",
        ),
        (
            "[[curriculum.stages]]\nsteps = 3\nepochs = 1",
            "5:1: `curriculum.stages.steps` and `curriculum.stages.epochs` are both given, only one of them can hold",
        ),
        (
            "[[curriculum.stages]]\nsteps = 3\n[[curriculum.stages]]\nsteps = 0",
            "6:9: `curriculum.stages.steps` must be at least 1, got 0",
        ),
    ] {
        assert_eq!(curriculum(lines), format!("mtl.toml:{expected}"), "{lines}");
    }
    let pcgrad = "[curriculum]\nunit = \"every-task\"\n[[curriculum.stages]]\nunit = \"batch\"\n[sharing]\n\
                  gradients = \"pcgrad\"";
    assert!(
        settings(pcgrad).contains("cannot be pcgrad where each step is of one task"),
        "{}",
        settings(pcgrad)
    );
}

#[test]
fn a_name_that_is_not_near_is_not_suggested() {
    assert_eq!(
        settings("[curriculum]\nsamplr = 1"),
        "mtl.toml:3:1: unknown key `curriculum.samplr`, did you mean `sampler`?"
    );
    assert_eq!(
        settings("[curriculum]\nsteps = 1"),
        "mtl.toml:3:1: unknown key `curriculum.steps`, expected one of sampler, unit, stopping, stages"
    );
}

#[test]
fn a_key_has_its_place_or_that_of_its_table() {
    let text = format!("{HEAD}{TASK}\n[train]\nbatch = 3\n");
    let config = Config::parse(&text, Path::new("mtl.toml"), None).unwrap();
    let place = |key| config.place(key).to_string();
    assert_eq!(place("train.batch"), "mtl.toml:9:9");
    assert_eq!(place("encoder.from"), "mtl.toml:1:16");
    assert_eq!(place("encoder.max_tokens"), "mtl.toml:1:1");
    assert_eq!(place("tasks.a.scale"), "mtl.toml:2:8");
    assert_eq!(place("sharing.weighting"), "mtl.toml:1:1");
}

#[test]
fn a_choice_of_the_best_evaluation_that_cannot_be_made() {
    assert_eq!(
        settings("[train]\nselect = \"mean-rank\""),
        "mtl.toml:3:1: `train.select` applies to keep = \"best\", not to last"
    );
    let best = |select: &str, keys: &str| {
        message(&format!("{HEAD}{TASK}{keys}\n[train]\nkeep = \"best\"\nselect = \"{select}\"\n"))
    };
    assert_eq!(
        best("normalised-mean", "metric = \"loss\""),
        "mtl.toml:10:10: `train.select` must be another: `a` is judged by loss, which has no upper bound, \
         got normalised-mean"
    );
    assert_eq!(
        best("relative-gain", ""),
        "mtl.toml:10:1: [tasks.a] needs `baseline`, its score when it is trained alone, since train.select is \
         \"relative-gain\""
    );
    assert_eq!(task("baseline = 0"), "mtl.toml:7:12: `tasks.a.baseline` must be not 0, got 0");
}

#[test]
fn a_column_to_split_by_needs_a_share_and_a_name() {
    let message = task("dev = \"y.tsv\"\nsplit_by = \"doc\"");
    let wanted = "`tasks.a.split_by` applies to a `dev` that is a share of `train`, not to the file y.tsv";
    assert_eq!(message, format!("mtl.toml:8:1: {wanted}"));
    let message = task("columns = [\"t\", \"l\", \"doc\"]\nsplit_by = \"dok\"");
    assert_eq!(message, "mtl.toml:8:12: `tasks.a.split_by` cannot be `dok`, did you mean `doc`?");
    let message = task("split_by = \"\"");
    assert_eq!(message, "mtl.toml:7:12: `tasks.a.split_by` must be at least one letter, got an empty string");
}

#[test]
fn tasks_of_the_same_examples_are_split_by_the_same_column() {
    let second = "[tasks.b]\nkind = \"classification\"\nlabel = \"m\"\nsame_examples_as = \"a\"\n\
                  split_by = \"author\"";
    let message = task(&format!("split_by = \"doc\"\n{second}"));
    let wanted = "`tasks.b.split_by` must be the same as in [tasks.a], whose examples the task labels";
    assert_eq!(message, format!("mtl.toml:12:12: {wanted}"));
}
