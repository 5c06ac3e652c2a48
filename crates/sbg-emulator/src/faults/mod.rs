//! Faults that are injected on purpose.

mod parse;
pub(crate) mod response;
pub(crate) mod rules;
