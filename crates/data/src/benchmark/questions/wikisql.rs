//! WikiSQL: a question about a table, answered by a query; the tables lie beside in `NAME.tables.jsonl`.
//!
//! The choices are the table's columns, which the query is made of. The answer is the query in the wording of its
//! authors: `SELECT COUNT Player FROM table WHERE Year > 1990`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;

use super::super::Question;
use super::File;
use crate::error::DataError;

const AGGREGATES: [&str; 6] = ["", "MAX", "MIN", "COUNT", "SUM", "AVG"];
const COMPARISONS: [&str; 4] = ["=", ">", "<", "OP"];
/// The other key words that decaNLP lists in the context.
const SYMBOLS: [&str; 14] = [
    "SELECT", "WHERE", "AND", "COL", "TABLE", "CAPTION", "PAGE", "SECTION", "OP", "COND", "QUESTION", "AGG",
    "AGGOPS", "CONDOPS",
];

#[derive(Deserialize)]
struct Table {
    id: String,
    header: Vec<String>,
}

#[derive(Deserialize)]
struct Row {
    table_id: String,
    question: String,
    sql: Option<Sql>,
}

#[derive(Deserialize)]
struct Sql {
    sel: usize,
    agg: usize,
    conds: Vec<(usize, usize, Value)>,
}

pub(super) fn read(file: &File) -> Result<Vec<Question>, DataError> {
    let tables = File { path: tables_of(&file.path).into(), task: file.task };
    let mut headers: BTreeMap<String, Vec<String>> = BTreeMap::new();
    tables.objects(|_, table: Table| {
        headers.insert(table.id, table.header);
        Ok(())
    })?;
    let mut questions: Vec<Question> = Vec::new();
    file.objects(|line, row: Row| {
        let header = headers.get(&row.table_id);
        let header = header.ok_or_else(|| file.refused(line, "a table_id that the file of tables has"))?;
        let query = row.sql.map(|sql| {
            write(&sql, header).ok_or_else(|| file.refused(line, "a query about columns of its table"))
        });
        questions.push(Question {
            id: questions.len().to_string(),
            context: context(header, &row.question),
            question: "What is the translation from English to SQL?".to_owned(),
            choices: header.clone(),
            answers: query.transpose()?.into_iter().collect(),
            line,
        });
        Ok(())
    })?;
    Ok(questions)
}

/// The file of tables beside a file of questions: `dev.jsonl` has `dev.tables.jsonl`.
fn tables_of(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let (before, after) = name.split_once(".jsonl").unwrap_or((&name, ""));
    path.with_file_name(format!("{before}.tables.jsonl{after}"))
}

fn context(header: &[String], question: &str) -> String {
    let words: Vec<&str> = AGGREGATES[1..].iter().chain(&COMPARISONS).chain(&SYMBOLS).copied().collect();
    format!("The table has columns {} and key words {}-- {question}", header.join(", "), words.join(", "))
}

/// The query in words; `None` if it names a column or an operation that does not exist.
fn write(sql: &Sql, header: &[String]) -> Option<String> {
    let condition = |(column, comparison, value): &(usize, usize, Value)| {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        Some(format!("{} {} {value}", header.get(*column)?, COMPARISONS.get(*comparison)?))
    };
    let conditions = sql.conds.iter().map(condition).collect::<Option<Vec<String>>>()?;
    let mut text = format!("SELECT {} {} FROM table", AGGREGATES.get(sql.agg)?, header.get(sql.sel)?);
    if !conditions.is_empty() {
        text = format!("{text} WHERE {}", conditions.join(" AND "));
    }
    Some(super::squeeze(&text))
}
