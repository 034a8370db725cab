//! Every mistake in a file is one error that begins with path, line and column.

mod common;

use std::io::Write;

use common::{File, read, strings};
use mtl_data::{DataError, Format, LabelKind, LabelSet, Source};

/// The message of the error that reading gives, without the folder; panics if it does not begin with the path.
fn complaint(file: &File, source: &Source) -> String {
    message(file, read(source).expect_err("reading must fail"))
}

fn message(file: &File, error: DataError) -> String {
    let folder = format!("{}/", file.folder().display());
    let message = error.to_string();
    message.strip_prefix(&folder).unwrap_or_else(|| panic!("no path in front: {message}")).to_owned()
}

fn table(file: &File) -> Source {
    file.source(LabelKind::Class).text(["text"]).label("label")
}

fn words(file: &File) -> Source {
    let source = file.source(LabelKind::Tags).label("tag");
    Source { columns: Some(strings(&["word", "tag"])), ..source }
}

#[test]
fn a_missing_file_names_the_nearest_one() {
    let file = File::new("train.tsv", "text\tlabel\na\tb\n");
    let source = Source::new(file.folder().join("trian.tsv"), LabelKind::Class).text(["text"]);
    assert_eq!(complaint(&file, &source), "trian.tsv:1:1: no such file; did you mean \"train.tsv\"?");
    let source = Source::new(file.folder().join("no/such.xyz"), LabelKind::Class).text(["text"]);
    assert_eq!(complaint(&file, &source), "no/such.xyz:1:1: no such file");
}

#[test]
fn a_folder_is_not_a_file() {
    let file = File::new("a.tsv", "");
    std::fs::create_dir(file.folder().join("d.tsv")).unwrap();
    let source = Source::new(file.folder().join("d.tsv"), LabelKind::Class).text(["1"]);
    assert!(complaint(&file, &source).starts_with("d.tsv:1:1: failed to read"));
}

#[test]
fn a_file_of_unknown_format_lists_the_formats() {
    let file = File::new("train.data", "x");
    assert_eq!(
        complaint(&file, &table(&file)),
        "train.data:1:1: no format follows from the file name; formats: tsv, csv, jsonl, conll, conllu"
    );
}

#[test]
fn a_wrong_column_names_the_columns_and_the_nearest() {
    for (name, text) in [("a.tsv", "sentence\tlabel\nx\ty\n"), ("a.csv", "sentence,label\nx,y\n")] {
        let file = File::new(name, text);
        let source = file.source(LabelKind::Class).text(["sentense"]);
        let wanted = "no column \"sentense\"; columns: sentence, label; did you mean \"sentence\"?";
        assert_eq!(complaint(&file, &source), format!("{name}:1:1: {wanted}"));
        let source = file.source(LabelKind::Class).text(["3"]);
        let source = Source { header: Some(true), ..source };
        assert!(complaint(&file, &source).contains("no column \"3\""));
    }
    let file = File::new("a.jsonl", "{\"text\": \"x\", \"labels\": 1}\n");
    assert_eq!(
        complaint(&file, &table(&file)),
        "a.jsonl:1:1: no column \"label\"; columns: labels, text; did you mean \"labels\"?"
    );
    let file = File::new("a.conllu", "1\ta\n");
    let source = file.source(LabelKind::Tags).label("upso");
    assert!(complaint(&file, &source).ends_with("did you mean \"upos\"?"));
    let file = File::new("a.conll", "\na O\n");
    let source = file.source(LabelKind::Tags).label("tag");
    assert_eq!(complaint(&file, &source), "a.conll:1:1: no column \"tag\"; columns: 1, 2");
}

#[test]
fn a_column_that_stands_twice_is_ambiguous() {
    let file = File::new("a.tsv", "text\tlabel\tlabel\na\tb\tc\n");
    assert_eq!(
        complaint(&file, &table(&file)),
        "a.tsv:1:12: column \"label\" stands twice; refer to it by its number, from 1"
    );
}

#[test]
fn a_line_with_too_few_columns_is_named() {
    let file = File::new("a.tsv", "text\tlabel\nä\tb\nc\n");
    assert_eq!(complaint(&file, &table(&file)), "a.tsv:3:2: expected 2 columns, got 1");
    let file = File::new("a.csv", "text,label\n\"a\n\nb\",x\nc\n");
    assert_eq!(complaint(&file, &table(&file)), "a.csv:5:2: expected 2 columns, got 1");
    let file = File::new("a.conll", "a\tO\nb\n");
    assert_eq!(complaint(&file, &words(&file)), "a.conll:2:2: expected 2 columns, got 1");
    let file = File::new("a.conllu", "# text = a\n1\ta\t_\n");
    let source = file.source(LabelKind::Tags).label("upos");
    assert_eq!(complaint(&file, &source), "a.conllu:2:6: expected 10 columns, got 3");
}

#[test]
fn a_line_with_too_many_columns_is_named() {
    let file = File::new("a.csv", "text,label\na,b,c\n");
    let wanted = "a.csv:2:5: expected 2 columns, got 3; the first one too many stands here";
    assert_eq!(complaint(&file, &table(&file)), wanted);
    let file = File::new("a.conll", "a NN O\n");
    let wanted = "a.conll:1:6: expected 2 columns, got 3; the first one too many stands here";
    assert_eq!(complaint(&file, &words(&file)), wanted);
}

#[test]
fn an_empty_file_is_an_error() {
    for name in ["a.tsv", "a.csv", "a.jsonl", "a.conll", "a.conllu"] {
        for content in ["", "\n\n"] {
            let file = File::new(name, content);
            let source = match name.starts_with("a.conll") {
                true => file.source(LabelKind::Tags),
                false => file.source(LabelKind::Class).text(["1", "2"]),
            };
            assert_eq!(complaint(&file, &source), format!("{name}:1:1: the file holds no examples"));
        }
    }
    let file = File::new("a.tsv", "text\tlabel\n");
    assert_eq!(complaint(&file, &table(&file)), "a.tsv:1:1: the file holds no examples");
}

#[test]
fn a_stream_cut_short_is_an_error_wherever_it_is_cut() {
    let rows: String = (0..500).map(|n| format!("text {n} {}\t{}\n", n * n % 97, n % 3)).collect();
    let text = format!("text\tlabel\n{rows}");
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(text.as_bytes()).unwrap();
    let zstd =
        ruzstd::encoding::compress_to_vec(text.as_bytes(), ruzstd::encoding::CompressionLevel::Fastest);
    for (name, bytes, kind) in [("a.tsv.gz", gzip.finish().unwrap(), "gzip"), ("a.tsv.zst", zstd, "zstd")] {
        let whole = File::new(name, &bytes);
        assert_eq!(read(&table(&whole)).unwrap().len(), 500);
        for length in [0, 1, 5, 11, bytes.len() / 2, bytes.len() - 1] {
            let file = File::new(name, &bytes[..length]);
            let message = complaint(&file, &table(&file));
            assert!(message.ends_with(&format!("the {kind} stream is cut short")), "{length}: {message}");
        }
    }
}

#[test]
fn a_damaged_stream_and_a_wrong_name_are_errors() {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::none());
    gzip.write_all(b"text\tlabel\na\tb\n").unwrap();
    let mut bytes = gzip.finish().unwrap();
    let middle = bytes.len() - 12;
    bytes[middle] ^= 1;
    let file = File::new("a.tsv.gz", &bytes);
    assert!(complaint(&file, &table(&file)).contains("the gzip stream is damaged"));
    let file = File::new("a.tsv.gz", "text\tlabel\n");
    let wanted = "a.tsv.gz:1:1: the name says gzip, but the file does not begin as one";
    assert_eq!(complaint(&file, &table(&file)), wanted);
}

#[test]
fn invalid_utf8_names_the_byte() {
    let file = File::new("a.tsv", b"\xef\xbb\xbftext\tlabel\n\xc3\xa4b\xff\tc\n");
    let wanted = "a.tsv:2:3: byte 0xff at offset 17 is not valid utf-8";
    assert_eq!(complaint(&file, &table(&file)), wanted);
    let file = File::new("a.conll", b"a O\nb\xc3\n");
    assert_eq!(complaint(&file, &words(&file)), "a.conll:2:2: byte 0xc3 at offset 5 is not valid utf-8");
}

#[test]
fn a_label_that_must_be_a_number_is_checked_against_its_scale() {
    let file = File::new("a.tsv", "text\tscore\na\t5.0\nb\tfive\n");
    let source = file.source(LabelKind::Value).text(["text"]).label("score");
    assert_eq!(complaint(&file, &source), "a.tsv:3:3: \"five\" is not a number");
    let source = Source { scale: Some((0.0, 4.0)), ..source };
    assert_eq!(complaint(&file, &source), "a.tsv:2:3: 5 is outside the scale 0 to 4");
    let file = File::new("a.jsonl", "{\"text\": \"a\", \"score\": [1]}\n");
    let source = file.source(LabelKind::Value).text(["text"]).label("score");
    assert_eq!(complaint(&file, &source), "a.jsonl:1:24: \"score\" must be a number, got an array");
    let file = File::new("a.csv", "text,score\na,inf\n");
    let source = file.source(LabelKind::Value).text(["text"]).label("score");
    assert_eq!(complaint(&file, &source), "a.csv:2:3: \"inf\" is not a number");
}

#[test]
fn an_unknown_label_names_its_place_and_the_nearest_label() {
    let labels = LabelSet::new(strings(&["O", "B-person", "entailment", "neutral"]));
    let known = |file: &File, source: Source| {
        let examples: Result<Vec<_>, _> = source.read_known(&labels).unwrap().collect();
        message(file, examples.expect_err("the label is unknown"))
    };
    let wanted = "label \"entailmen\" does not stand in the train set; did you mean \"entailment\"?";
    let file = File::new("a.tsv", "text\tlabel\na\tneutral\nb\tentailmen\n");
    assert_eq!(known(&file, table(&file)), format!("a.tsv:3:3: {wanted}"));
    let file = File::new("a.jsonl", "{\"text\": \"b\", \"label\": \"entailmen\"}\n");
    assert_eq!(known(&file, table(&file)), format!("a.jsonl:1:24: {wanted}"));
    let file = File::new("a.conll", "é\tO\nb\tB-persn\n");
    let message = known(&file, words(&file));
    assert!(
        message.starts_with("a.conll:2:3: label \"B-persn\"") && message.contains("\"B-person\""),
        "{message}"
    );
}

#[test]
fn an_empty_label_is_an_error_unless_it_marks_a_missing_one() {
    let file = File::new("a.tsv", "text\tlabel\na\t\n");
    assert!(complaint(&file, &table(&file)).starts_with("a.tsv:2:3: the label is empty"));
    let source = Source { missing: vec![String::new()], ..table(&file) };
    assert_eq!(read(&source).unwrap()[0].label, mtl_data::Label::Missing);
}

#[test]
fn a_quote_that_is_never_closed_is_named_where_it_opens() {
    let file = File::new("a.csv", "text,label\na,b\nc,\"d\ne,f\n");
    assert_eq!(complaint(&file, &table(&file)), "a.csv:3:3: the quote that opens here is never closed");
}

#[test]
fn broken_json_names_the_place() {
    let file = File::new("a.jsonl", "{\"text\": \"a\", \"label\": 1}\n{\"text\": \"a\",}\n");
    assert!(complaint(&file, &table(&file)).starts_with("a.jsonl:2:"));
    let file = File::new("a.json", "[\n");
    assert!(complaint(&file, &table(&file)).starts_with("a.json:1:1: not one json object per line"));
    let file = File::new("a.jsonl", "{\"text\": {}, \"label\": 1}\n");
    let wanted = "a.jsonl:1:10: \"text\" must be a string or an array of strings, got an object";
    assert_eq!(complaint(&file, &table(&file)), wanted);
}

#[test]
fn words_and_tags_must_be_as_many() {
    let file = File::new("a.jsonl", "{\"text\": [\"a\", \"b\"], \"label\": [\"O\"]}\n");
    let source = Source { kind: LabelKind::Tags, ..table(&file) };
    assert_eq!(complaint(&file, &source), "a.jsonl:1:31: expected one tag for each of 2 words, got 1");
}

#[test]
fn a_word_line_needs_a_word_number() {
    let file = File::new("a.conllu", "x\ta\t_\t_\t_\t_\t_\t_\t_\t_\n");
    let wanted = "a.conllu:1:1: \"x\" is no word number, range or empty node";
    assert_eq!(complaint(&file, &file.source(LabelKind::Tags)), wanted);
}

#[test]
fn what_a_format_cannot_hold_is_refused() {
    let file = File::new("a.conll", "a O\n");
    let source = file.source(LabelKind::Class).label("2");
    let wanted = "a.conll:1:1: conll files hold one label per word, not a class per text";
    assert_eq!(complaint(&file, &source), wanted);
    let file = File::new("a.tsv", "a\tb\tc\n");
    let source = file.source(LabelKind::Class);
    assert_eq!(complaint(&file, &source), "a.tsv:1:1: expected one or two text columns, got 0");
    let source = file.source(LabelKind::Class).text(["1", "2", "3"]);
    assert_eq!(complaint(&file, &source), "a.tsv:1:1: expected one or two text columns, got 3");
}

#[test]
fn a_reader_ends_after_its_first_error() {
    let file = File::new("a.tsv", "text\tlabel\na\tb\nc\nd\te\n");
    let mut reader = table(&file).read().unwrap();
    assert!(reader.next().unwrap().is_ok());
    assert!(reader.next().unwrap().is_err());
    assert!(reader.next().is_none());
    assert_eq!(table(&file).resolved_format().unwrap(), Format::Tsv);
}

#[test]
fn an_empty_line_among_rows_is_refused_where_each_row_must_have_its_answer() {
    let jsonl = "{\"text\": \"a\"}\n\n{\"text\": \"b\"}\n";
    for (name, text) in [("a.tsv", "text\tx\na\t1\n\nb\t2\n"), ("a.csv", "text,x\na,1\n\nb,2\n")] {
        let file = File::new(name, text);
        let source = file.source(LabelKind::Class).text(["text"]);
        assert_eq!(read(&source).unwrap().len(), 2);
        let source = Source { refuse_empty_lines: true, ..source };
        let wanted = "the line is empty, and rows follow it; rows are answered line by line, so remove it";
        assert_eq!(complaint(&file, &source), format!("{name}:3:1: {wanted}"));
    }
    let file = File::new("a.jsonl", jsonl);
    let source = Source { refuse_empty_lines: true, ..file.source(LabelKind::Class).text(["text"]) };
    assert!(complaint(&file, &source).starts_with("a.jsonl:2:1: the line is empty"));
}

#[test]
fn empty_lines_at_the_end_are_passed_over() {
    for (name, text) in
        [("a.tsv", "text\tx\na\t1\n\n\n"), ("a.csv", "text,x\na,1\n\n"), ("a.jsonl", "{\"text\": 1}\n\n")]
    {
        let file = File::new(name, text.replace(": 1}", ": \"a\"}"));
        let source = Source { refuse_empty_lines: true, ..file.source(LabelKind::Class).text(["text"]) };
        assert_eq!(read(&source).unwrap().len(), 1, "{name}");
    }
}
