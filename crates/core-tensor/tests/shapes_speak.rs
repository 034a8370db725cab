//! Wrong widths do not compile, and the message names both sizes. Each case has a twin that compiles and runs.

#[path = "ui/architecture_fits.rs"]
mod architecture;
#[path = "ui/broadcast_fits.rs"]
mod broadcast;
#[path = "ui/hook_fits.rs"]
mod hook;
#[path = "ui/layer_norm_fits.rs"]
mod layer_norm;
#[path = "ui/linear_fits.rs"]
mod linear;
#[path = "ui/matmul_fits.rs"]
mod matmul;
#[path = "ui/query_key_value_fits.rs"]
mod query_key_value;
#[path = "ui/residual_fits.rs"]
mod residual;

#[test]
fn fitting_widths_compile_and_run() {
    architecture::main();
    broadcast::main();
    hook::main();
    layer_norm::main();
    linear::main();
    matmul::main();
    query_key_value::main();
    residual::main();
}

#[test]
fn other_widths_do_not_compile() {
    trybuild::TestCases::new().compile_fail("tests/ui/*_does_not_fit.rs");
}
