// In the repository, the links of the page lead to source files. Markdown takes the first definition of a link, so these definitions lead to
// the same items in this documentation, and rustdoc reports one that is missing.
#![doc = include_str!("guide/links.md")]
#![doc = include_str!("../docs/python-to-rust.md")]
