//! Wrong widths do not compile, and the message names both. The twin that compiles is part of this test.

#[path = "ui/head_fits.rs"]
mod head_fits;

#[test]
fn a_head_of_another_width_does_not_compile() {
    head_fits::main();
    trybuild::TestCases::new().compile_fail("tests/ui/head_too_narrow.rs");
}
