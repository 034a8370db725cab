//! Each format, as files of that format are found.

mod common;

use std::io::Write;

use common::{File, class, read, strings};
use mtl_data::{Example, Label, LabelKind, Source, Text};

fn single(text: &str, label: Label, line: usize) -> Example {
    Example { text: Text::Single(text.into()), label, line }
}

fn tagged(words: &[&str], tags: &[&str], line: usize) -> Example {
    Example { text: Text::Words(strings(words)), label: Label::Tags(strings(tags)), line }
}

#[test]
fn tsv_knows_no_quotes_and_tolerates_marks_and_carriage_returns() {
    let file =
        File::new("a.tsv", "\u{feff}text\tlabel\r\n\"open\tone\r\n\r\na\"\"b\ttwo\textra\r\nlast\tone");
    let source = file.source(LabelKind::Class).text(["text"]).label("label");
    let wanted = [
        single("\"open", class("one"), 2),
        single("a\"\"b", class("two"), 4),
        single("last", class("one"), 5),
    ];
    assert_eq!(read(&source).unwrap(), wanted);
}

#[test]
fn a_table_without_header_is_read_by_number_or_by_given_names() {
    let file = File::new("a.tsv", "gj04\t1\t\tOur friends.\ngj04\t0\t*\tThey drank.\n");
    let wanted = [single("Our friends.", class("1"), 1), single("They drank.", class("0"), 2)];
    let source = file.source(LabelKind::Class).text(["4"]).label("2");
    assert_eq!(read(&source).unwrap(), wanted);
    let named = Source {
        columns: Some(strings(&["origin", "label", "star", "text"])),
        ..file.source(LabelKind::Class).text(["text"]).label("label")
    };
    assert_eq!(read(&named).unwrap(), wanted);
    let without_first = Source { header: Some(true), ..source };
    assert_eq!(read(&without_first).unwrap(), wanted[1..]);
}

#[test]
fn two_text_columns_are_a_pair_and_no_label_column_is_a_missing_label() {
    let file = File::new("a.tsv", "s1\ts2\tscore\na\tb\t2.5\n");
    let source = file.source(LabelKind::Value).text(["s1", "s2"]);
    let text = Text::Pair("a".into(), "b".into());
    let unlabelled = Example { text: text.clone(), label: Label::Missing, line: 2 };
    assert_eq!(read(&source).unwrap(), [unlabelled]);
    let labelled = Example { text, label: Label::Value(2.5), line: 2 };
    assert_eq!(read(&source.label("score")).unwrap(), [labelled]);
}

#[test]
fn where_no_label_is_read_the_named_columns_may_end_before_it() {
    for name in ["a.tsv", "a.csv"] {
        let file = File::new(name, "Our friends.\nThey drank.\n");
        let named = Source {
            columns: Some(strings(&["text", "label"])),
            ..file.source(LabelKind::Class).text(["text"])
        };
        let wanted = [single("Our friends.", Label::Missing, 1), single("They drank.", Label::Missing, 2)];
        assert_eq!(read(&named).unwrap(), wanted, "{name}");
        let error = read(&named.label("label")).unwrap_err().to_string();
        assert!(error.ends_with("expected 2 columns, got 1"), "{error}");
    }
    // A labelled file, whose labels are not read, is what it was.
    let file = File::new("a.csv", "one,up\ntwo,down,more\n");
    let named =
        Source { columns: Some(strings(&["text", "label"])), ..file.source(LabelKind::Class).text(["text"]) };
    let error = read(&named).unwrap_err().to_string();
    assert!(error.contains("a.csv:2:10: expected 2 columns, got 3"), "{error}");
}

#[test]
fn an_empty_line_of_a_single_column_is_an_empty_text() {
    let file = File::new("a.tsv", "a\n\nb\n");
    let source = file.source(LabelKind::Class).text(["1"]);
    let wanted =
        [single("a", Label::Missing, 1), single("", Label::Missing, 2), single("b", Label::Missing, 3)];
    assert_eq!(read(&source).unwrap(), wanted);
}

#[test]
fn csv_reads_quotes_and_line_breaks_and_keeps_true_line_numbers() {
    let content = "text,label\r\n\"a, \"\"b\"\"\r\nc\",x\r\n\r\nplain,\"y\"\r\n,z";
    let file = File::new("a.csv", content);
    let source = file.source(LabelKind::Class).text(["text"]).label("label");
    let wanted =
        [single("a, \"b\"\r\nc", class("x"), 2), single("plain", class("y"), 5), single("", class("z"), 6)];
    assert_eq!(read(&source).unwrap(), wanted);
}

#[test]
fn json_keys_are_paths_and_labels_are_text_numbers_or_truth_values() {
    let content = concat!(
        "{\"a\": {\"b\": \"x\"}, \"y.z\": true}\n\n",
        "{\"a\": {\"b\": \"\\u00e4\"}, \"y.z\": 3}\n",
        "{\"a\": {\"b\": \"c\"}, \"y.z\": null}\n",
    );
    let file = File::new("a.jsonl", content);
    let source = file.source(LabelKind::Class).text(["a.b"]).label("y.z");
    let wanted = [single("x", class("true"), 1), single("ä", class("3"), 3), single("c", Label::Missing, 4)];
    assert_eq!(read(&source).unwrap(), wanted);
}

#[test]
fn json_arrays_are_words_tags_or_several_labels() {
    let file = File::new(
        "a.jsonl",
        "{\"t\": [\"a\", \"b c\"], \"g\": [\"O\", \"B\"], \"i\": \"Play\", \"n\": []}\n",
    );
    let tags = file.source(LabelKind::Tags).text(["t"]).label("g");
    assert_eq!(read(&tags).unwrap(), [tagged(&["a", "b c"], &["O", "B"], 1)]);
    let text = Text::Words(strings(&["a", "b c"]));
    let one = |label| [Example { text: text.clone(), label, line: 1 }];
    let intent = file.source(LabelKind::Class).text(["t"]).label("i");
    assert_eq!(read(&intent).unwrap(), one(class("Play")));
    let labels = file.source(LabelKind::Classes).text(["t"]);
    assert_eq!(read(&labels.clone().label("g")).unwrap(), one(Label::Classes(strings(&["O", "B"]))));
    assert_eq!(read(&labels.clone().label("n")).unwrap(), one(Label::Classes(vec![])));
    assert_eq!(read(&labels.clone().label("i")).unwrap(), one(Label::Classes(strings(&["Play"]))));
    let absent = Source { missing: vec!["-".into()], ..labels.label("none") };
    assert_eq!(read(&absent).unwrap(), one(Label::Missing));
}

#[test]
fn several_labels_and_tags_stand_in_one_field_of_a_table() {
    let file = File::new("a.tsv", "text\tlabels\ttags\nx y\tb, a\tO B\nx y\t\tB O\n");
    let labels = file.source(LabelKind::Classes).text(["text"]).label("labels");
    let read_labels: Vec<Label> = read(&labels).unwrap().into_iter().map(|example| example.label).collect();
    assert_eq!(read_labels, [Label::Classes(strings(&["b", "a"])), Label::Classes(vec![])]);
    let tags = file.source(LabelKind::Tags).text(["text"]).label("tags");
    assert_eq!(
        read(&tags).unwrap(),
        [tagged(&["x", "y"], &["O", "B"], 2), tagged(&["x", "y"], &["B", "O"], 3)]
    );
}

#[test]
fn conll_columns_are_divided_by_tabs_or_spaces() {
    let content = "-DOCSTART- O\n\n#\tO\nNew York\tB-loc\n \t \na   O\r\nb O\n-DOCSTART- O\nc O";
    let file = File::new("a.conll", content);
    let source = file.source(LabelKind::Tags).label("tag");
    let source = Source { columns: Some(strings(&["word", "tag"])), ..source };
    let wanted = [
        tagged(&["#", "New York"], &["O", "B-loc"], 3),
        tagged(&["a", "b"], &["O", "O"], 6),
        tagged(&["c"], &["O"], 9),
    ];
    assert_eq!(read(&source).unwrap(), wanted);
    let by_number = file.source(LabelKind::Tags).text(["1"]).label("2");
    assert_eq!(read(&by_number).unwrap(), wanted);
}

#[test]
fn conll_2012_documents_are_marked_and_have_a_column_for_each_predicate() {
    let content = "#begin document (a); part 000\nd 0 0 Stay VB (V*)\n\n\
                   d 0 0 I PRP (A0*) (A0*)\nd 0 1 go VBP (V*) *\n#end document\n";
    let file = File::new("a.conll", content);
    let source = file.source(LabelKind::Tags).text(["4"]).label("5");
    let wanted = [tagged(&["Stay"], &["VB"], 2), tagged(&["I", "go"], &["PRP", "VBP"], 4)];
    assert_eq!(read(&source).unwrap(), wanted);
    let alone = Source { label: None, ..source };
    assert_eq!(read(&alone).unwrap().len(), 2);
}

#[test]
fn conll_without_a_label_column_reads_lines_of_words_only() {
    let file = File::new("a.conll", "a\nb\n\nc\n");
    let source = Source { columns: Some(strings(&["word", "tag"])), ..file.source(LabelKind::Tags) };
    let lines: Vec<(usize, Label)> = read(&source).unwrap().into_iter().map(|e| (e.line, e.label)).collect();
    assert_eq!(lines, [(1, Label::Missing), (4, Label::Missing)]);
}

const TREES: &str = "\
# text = Vom Hund
1-2\tVom\t_\t_\t_\t_\t_\t_\t_\t_
1\tVon\tvon\tADP\t_\t_\t3\tcase\t_\t_
2\tdem\tder\tDET\t_\tCase=Dat|Number=Sing\t3\tdet\t_\tSpaceAfter=No

# text = #
1\t#\t#\tSYM\t_\tNumber=Plur\t0\troot\t_\t_
1.1\tist\tsein\tAUX\t_\t_\t_\t_\t_\t_
";

#[test]
fn conllu_reads_syntactic_words_and_any_column() {
    let file = File::new("a.conllu", TREES);
    let read_column = |label: &str| read(&file.source(LabelKind::Tags).label(label)).unwrap();
    assert_eq!(
        read_column("upos"),
        [tagged(&["Von", "dem"], &["ADP", "DET"], 3), tagged(&["#"], &["SYM"], 7)]
    );
    assert_eq!(read_column("deprel")[0].label, Label::Tags(strings(&["case", "det"])));
    let lemmas = file.source(LabelKind::Tags).text(["lemma"]);
    assert_eq!(read(&lemmas).unwrap()[0].text, Text::Words(strings(&["von", "der"])));
}

#[test]
fn conllu_reads_single_features() {
    let file = File::new("a.conllu", TREES);
    let read_column = |label: &str| read(&file.source(LabelKind::Tags).label(label)).unwrap();
    let number = read_column("feats.Number");
    assert_eq!(number[0].label, Label::Tags(strings(&["_", "Sing"])));
    assert_eq!(number[1].label, Label::Tags(strings(&["Plur"])));
    assert_eq!(read_column("misc.SpaceAfter")[0].label, Label::Tags(strings(&["_", "No"])));
    let missing = Source { missing: vec!["_".into()], ..file.source(LabelKind::Tags).label("xpos") };
    assert!(read(&missing).unwrap().iter().all(|example| example.label == Label::Missing));
}

#[test]
fn compressed_files_read_like_plain_ones_even_in_several_parts() {
    let parts = ["text\tlabel\na\tx\n", "b\ty\n"];
    let plain = File::new("a.tsv", parts.concat());
    let wanted = read(&plain.source(LabelKind::Class).text(["text"]).label("label")).unwrap();
    let (mut gzip, mut zstd) = (Vec::new(), Vec::new());
    for part in parts {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(part.as_bytes()).unwrap();
        gzip.extend(encoder.finish().unwrap());
        let level = ruzstd::encoding::CompressionLevel::Fastest;
        zstd.extend(ruzstd::encoding::compress_to_vec(part.as_bytes(), level));
    }
    for (name, bytes) in [("a.tsv.gz", &gzip), ("a.tsv.zst", &zstd), ("misnamed.tsv", &gzip)] {
        let file = File::new(name, bytes);
        assert_eq!(read(&file.source(LabelKind::Class).text(["text"]).label("label")).unwrap(), wanted);
    }
}

#[test]
fn keys_are_the_values_of_a_column_in_order() {
    let file = File::new("a.tsv", "text\tlabel\tdoc\na\tx\td1\nb\ty\td2\n");
    let source = file.source(LabelKind::Class).text(["text"]).label("label");
    assert_eq!(source.read_keys("doc").unwrap(), ["d1", "d2"]);
    let file = File::new("a.conll", "a O d1\nb O d1\n\nc O d2\n");
    let source = file.source(LabelKind::Tags).text(["word"]).label("tag");
    let source = Source { columns: Some(strings(&["word", "tag", "doc"])), ..source };
    assert_eq!(source.read_keys("doc").unwrap(), ["d1", "d2"]);
}

#[test]
fn a_key_that_is_none_is_named_with_its_place() {
    let refused = |name: &str, text: &str, columns: Option<&[&str]>, column: &str| {
        let file = File::new(name, text);
        let kind = if columns.is_some() { LabelKind::Tags } else { LabelKind::Class };
        let source = file.source(kind).text(["text"]).label("label");
        let source = Source { columns: columns.map(strings), ..source };
        let error = source.read_keys(column).unwrap_err().to_string();
        error[error.find(name).expect("the file is named")..].to_owned()
    };
    let said = refused("a.tsv", "text\tlabel\tdoc\na\tx\td1\nb\ty\t\n", None, "doc");
    assert_eq!(said, "a.tsv:3:5: column \"doc\", by which examples are split, has no value here");
    let said = refused("a.jsonl", "{\"text\": \"a\", \"doc\": null}\n", None, "doc");
    assert_eq!(said, "a.jsonl:1:1: column \"doc\", by which examples are split, has no value here");
    let said = refused("a.tsv", "text\tlabel\tdoc\na\tx\td1\n", None, "docs");
    assert!(
        said.starts_with("a.tsv:1:1: no column \"docs\"") && said.ends_with("did you mean \"doc\"?"),
        "{said}"
    );
    let columns = Some(&["text", "label", "doc"][..]);
    let said = refused("a.conll", "a O d1\nb O d2\n", columns, "doc");
    let wanted = "column \"doc\", by which examples are split, has \"d2\" here but \"d1\" before in the text";
    assert_eq!(said, format!("a.conll:2:5: {wanted}"));
}

#[test]
fn the_places_of_tags_are_told_on_request() {
    let places = |name: &str, text: &str, columns: Option<&[&str]>, keys: [&str; 2]| {
        let file = File::new(name, text);
        let source = file.source(LabelKind::Tags).text([keys[0]]).label(keys[1]);
        let source = Source { columns: columns.map(strings), ..source };
        assert_eq!(source.read().unwrap().tag_place(0), None, "not noted");
        let mut reader = source.read().unwrap().noting_tag_places();
        let mut of_next = || {
            reader.next().unwrap().unwrap();
            let places = (0..).map_while(|word| reader.tag_place(word));
            places.map(|place| (place.line(), place.column())).collect::<Vec<_>>()
        };
        [of_next(), of_next()]
    };
    let found = places("a.conll", "é O\nb B-x\n\n\nc O\n", Some(&["word", "tag"]), ["word", "tag"]);
    assert_eq!(found, [vec![(1, 3), (2, 3)], vec![(5, 3)]]);
    let word = |id: &str, tag: &str| format!("{id}\ta\t_\t{tag}\t_\t_\t_\t_\t_\t_\n");
    let text = format!("{}{}{}\n{}", word("1-2", "_"), word("1", "X"), word("2", "Y"), word("1", "X"));
    assert_eq!(places("a.conllu", &text, None, ["form", "upos"]), [vec![(2, 7), (3, 7)], vec![(5, 7)]]);
    let text = "{\"w\": [\"a\", \"b\"], \"t\": [\"O\", \"B\"]}\n{\"w\": [\"c\"], \"t\": \"O\"}\n";
    assert_eq!(places("a.jsonl", text, None, ["w", "t"]), [vec![(1, 25), (1, 30)], vec![(2, 19)]]);
    assert_eq!(places("a.tsv", "w\tt\na b\tO B\nc\tO\n", None, ["w", "t"]), [vec![(2, 5); 2], vec![(3, 3)]]);
}
