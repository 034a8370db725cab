//! How the tables of a group are written from one list of its methods, and what is read from them.

/// Writes `METHODS` and the function of rows of a group from the modules of its methods, each of which has a constant
/// `METHOD` and a function `row`.
macro_rules! group {
    (
        $(#[$about:meta])*
        $rows:ident<$($parameter:ident: $bound:ident),+> -> $build:ty { $($method:ident),+ $(,)? }
    ) => {
        /// What is fixed about each method of the group, in the order of the documentation.
        pub const METHODS: &[mtl_base::Method] = &[$($method::METHOD),+];

        $(#[$about])*
        pub fn $rows<$($parameter: $bound),+>() -> Vec<mtl_base::registry::Row<$build>> {
            vec![$(mtl_base::registry::Row { method: $method::METHOD, build: $method::builder() }),+]
        }
    };
}

pub(crate) use group;

/// The name of a method's file, without its folder.
pub(crate) fn file_name(method: &mtl_base::Method) -> &'static str {
    method.file.rsplit('/').next().unwrap_or(method.file)
}
