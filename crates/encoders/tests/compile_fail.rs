//! Wrong widths do not compile, and the message names both. The twins that compile are part of this test.

#[path = "ui/head_fits.rs"]
mod head_fits;
#[path = "ui/roberta_head_fits.rs"]
mod roberta_head_fits;

#[test]
fn a_head_of_another_width_does_not_compile() {
    head_fits::main();
    roberta_head_fits::main();
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/ui/head_too_narrow.rs");
    cases.compile_fail("tests/ui/roberta_head_too_narrow.rs");
}
