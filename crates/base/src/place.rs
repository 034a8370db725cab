//! Where a byte of a text stands, as people count: line and column from 1, the column in characters.

/// Line and column of the byte at `at`; those of the end if the text is shorter. A byte inside of a character has the
/// place of that character.
pub fn line_and_column(text: &str, at: usize) -> (usize, usize) {
    let before = &text[..text.floor_char_boundary(at)];
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_columns_count_from_one_in_characters() {
        let text = "a = 1\nä = \"é\"x\n";
        let at = |found: &str| line_and_column(text, text.find(found).unwrap());
        assert_eq!((at("a"), at("1"), at("\n")), ((1, 1), (1, 5), (1, 6)));
        assert_eq!((at("ä"), at("\"é"), at("x")), ((2, 1), (2, 5), (2, 8)));
        assert_eq!(line_and_column(text, text.len()), (3, 1));
    }

    #[test]
    fn a_byte_that_is_no_character_has_the_nearest_place_before() {
        assert_eq!(line_and_column("ä", 1), (1, 1));
        assert_eq!(line_and_column("ab", 9), (1, 3));
        assert_eq!(line_and_column("", 0), (1, 1));
    }
}
