//! Reads bytes as a configuration, and reads again what is written of it.

use std::path::Path;

use mtl_train::Config;

/// 1 if the configuration is taken, 0 if it is refused.
pub fn run(bytes: &[u8]) -> usize {
    let Ok(text) = std::str::from_utf8(bytes) else { return 0 };
    let path = Path::new("tasks.toml");
    match Config::parse(text, path, None) {
        Ok(config) => {
            let again = Config::parse(&config.to_toml(), path, None).expect("what is written is read");
            assert_eq!(again, config, "another configuration is read than was written");
            1
        }
        Err(error) => {
            assert!(error.to_string().starts_with("tasks.toml:"), "no place: {error}");
            0
        }
    }
}
