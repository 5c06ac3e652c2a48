// In the repository, the page's links lead to source files. Markdown uses the first definition of a link, so these definitions point
// the same links at this documentation instead, and rustdoc reports a missing one.
#![doc = include_str!("guide/links.md")]
#![doc = include_str!("../docs/python-to-rust.md")]
