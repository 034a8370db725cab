//! What a model is made of: encoders with hooks, the architecture by which tasks share them, penalties, and heads.

mod architecture;
mod encoder;
mod head;
mod hook;
mod penalty;
mod read_rows;

pub use architecture::{Architecture, Encoding, Figure, Owner};
pub use encoder::{Encoded, Encoder, Export, NamedEncoder};
pub use head::{Head, Prediction, Targets};
pub use hook::{Hook, Hooks, Site, SiteInput};
pub use penalty::{Copies, Penalty};
pub use read_rows::{Pooling, ReadRows, Reads};
