//! Wrong widths do not compile, and the message names both. The twin that compiles is part of this test.

#[path = "ui/adapter_fits.rs"]
mod adapter_fits;

#[test]
fn an_adapter_of_another_width_does_not_compile() {
    adapter_fits::main();
    trybuild::TestCases::new().compile_fail("tests/ui/adapter_too_narrow.rs");
}
