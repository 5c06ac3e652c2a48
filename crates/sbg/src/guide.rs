// The page is one of the repository, where its links lead to docs.rs. Markdown takes the first definition of a link, so those that stand
// here lead to the same items within this documentation, which breaks where one is not there.
#![doc = include_str!("guide/links.md")]
#![doc = include_str!("../docs/python-to-rust.md")]
