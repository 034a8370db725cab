//! Help that reads well at any width.

mod common;

use common::Workplace;

const PAGES: &[&[&str]] = &[
    &[],
    &["demo"],
    &["describe"],
    &["plan"],
    &["train"],
    &["inspect"],
    &["eval"],
    &["predict"],
    &["compare"],
    &["score"],
    &["score", "glue"],
    &["score", "conll18"],
    &["score", "conlleval"],
    &["score", "squad"],
    &["bench"],
    &["methods"],
    &["verify"],
];

fn help(workplace: &Workplace, page: &[&str], columns: usize) -> String {
    let arguments = [page, &["--help"]].concat();
    let output = workplace.command(&arguments).env("COLUMNS", columns.to_string()).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_line_ends_only_where_the_next_word_has_no_room() {
    let workplace = Workplace::new(2, 2);
    for (page, columns) in PAGES.iter().flat_map(|page| [60, 80, 100].map(|columns| (page, columns))) {
        let help = help(&workplace, page, columns);
        let lines: Vec<&str> = help.lines().collect();
        for pair in lines.windows(2) {
            let plain = |line: &str| !line.is_empty() && !line.starts_with(' ');
            let (line, word) = (pair[0], pair[1].split(' ').next().unwrap());
            if plain(line) && plain(pair[1]) && !line.ends_with(':') {
                let length = line.chars().count() + 1 + word.chars().count();
                assert!(length > columns, "wrapped twice at {columns} in {page:?}: {line:?}, {word:?}");
            }
        }
    }
}

#[test]
fn tables_and_examples_fit_eighty_columns() {
    let workplace = Workplace::new(2, 2);
    for page in PAGES {
        let indented = |columns| {
            let help = help(&workplace, page, columns);
            let after = help.split_once("Print help").unwrap().1.to_owned();
            after.lines().filter(|line| line.starts_with(' ')).map(String::from).collect::<Vec<_>>()
        };
        assert_eq!(indented(80), indented(100), "{page:?}");
    }
}
