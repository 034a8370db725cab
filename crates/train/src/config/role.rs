//! What a task is in the mix for.

use super::choice::choices;

choices! {
    /// What a task is in the mix for.
    Role {
        /// For its own sake: it is compared, it chooses weights, and it may stop.
        Target = "target",
        /// For what it does to the targets: nothing is asked of its own scores.
        Auxiliary = "auxiliary",
    }
}
