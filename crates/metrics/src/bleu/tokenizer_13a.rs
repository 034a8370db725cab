//! The tokenizer "13a": that of the script `mteval-v13a.pl` without its rules for capitals, the default of sacreBLEU.
//!
//! Joins words hyphenated over a line's end, undoes four HTML entities, then puts spaces around ASCII symbols, around
//! periods and commas unless they stand between digits, and before a dash that follows a digit.

use std::mem;

use crate::whitespace;

/// The tokens of `text`, joined by single spaces.
///
/// ```
/// # use mtl_metrics::bleu::tokenize_13a;
/// assert_eq!(tokenize_13a("It's 3.5, a 2-day \"trip\"."), "It's 3.5 , a 2 - day \" trip \" .");
/// ```
pub fn tokenize_13a(text: &str) -> String {
    let mut line = format!(" {} ", plain(whitespace::without_trailing(text))).into_bytes();
    let mut spaced = Vec::with_capacity(2 * line.len());
    for rule in [symbols, after_no_digit, before_no_digit, dash_after_digit] {
        spaced.clear();
        rule(&line, &mut spaced);
        mem::swap(&mut line, &mut spaced);
    }
    let spaced = String::from_utf8(line).expect("spaces go between characters, or inside none");
    let mut tokens = String::with_capacity(spaced.len());
    for token in whitespace::words(&spaced) {
        if !tokens.is_empty() {
            tokens.push(' ');
        }
        tokens.push_str(token);
    }
    tokens
}

/// The text in one line, without markup. The order matters: `&amp;lt;` ends as `<`.
fn plain(text: &str) -> String {
    let mut text = text.replace("<skipped>", "").replace("-\n", "").replace('\n', " ");
    if text.contains('&') {
        for (entity, character) in [("&quot;", "\""), ("&amp;", "&"), ("&lt;", "<"), ("&gt;", ">")] {
            text = text.replace(entity, character);
        }
    }
    text
}

// Each rule walks the line once from left to right and never reads a byte twice. Only ASCII bytes decide, and no space is
// ever put inside a character: what stands beside a period or comma ends or begins a character there.

/// A space before and after each ASCII symbol but `'`, `,`, `-` and `.`.
fn symbols(line: &[u8], spaced: &mut Vec<u8>) {
    for &byte in line {
        match byte {
            b' '..=b'&' | b'('..=b'+' | b'/' | b':'..=b'@' | b'['..=b'`' | b'{'..=b'~' => {
                spaced.extend([b' ', byte, b' ']);
            }
            _ => spaced.push(byte),
        }
    }
}

/// Periods and commas become words of their own unless a digit precedes.
fn after_no_digit(line: &[u8], spaced: &mut Vec<u8>) {
    walk(line, spaced, |first, second| {
        (!first.is_ascii_digit() && is_point(second)).then_some([first, b' ', second, b' '])
    });
}

/// Periods and commas become words of their own unless a digit follows.
fn before_no_digit(line: &[u8], spaced: &mut Vec<u8>) {
    walk(line, spaced, |first, second| {
        (is_point(first) && !second.is_ascii_digit()).then_some([b' ', first, b' ', second])
    });
}

/// A dash after a digit becomes a word of its own.
fn dash_after_digit(line: &[u8], spaced: &mut Vec<u8>) {
    walk(line, spaced, |first, second| {
        (first.is_ascii_digit() && second == b'-').then_some([first, b' ', second, b' '])
    });
}

fn is_point(byte: u8) -> bool {
    matches!(byte, b'.' | b',')
}

/// Replaces pairs of bytes where the rule says so; a replaced pair is done with, and the next pair begins after it.
fn walk(line: &[u8], spaced: &mut Vec<u8>, rule: impl Fn(u8, u8) -> Option<[u8; 4]>) {
    let mut at = 0;
    while at < line.len() {
        match line.get(at + 1).and_then(|&second| rule(line[at], second)) {
            Some(replacement) => {
                spaced.extend(replacement);
                at += 2;
            }
            None => {
                spaced.push(line[at]);
                at += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_between_digits_stay() {
        assert_eq!(tokenize_13a("1,000.5 U.S. a,b ..."), "1,000.5 U . S . a , b . . .");
        assert_eq!(tokenize_13a("7-8 well-known -5"), "7 - 8 well-known -5");
    }

    #[test]
    fn markup_is_undone() {
        assert_eq!(tokenize_13a("&quot;A&quot; &amp;lt; B<skipped>"), "\" A \" < B");
        assert_eq!(tokenize_13a("hyphen-\nated\nline-\n"), "hyphenated line-");
    }

    #[test]
    fn other_scripts_keep_their_characters() {
        assert_eq!(tokenize_13a("é. ,日本。"), "é . , 日本。");
        assert_eq!(tokenize_13a(" \n"), "");
    }
}
