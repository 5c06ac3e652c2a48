//! Faults that are injected on purpose.

pub(crate) mod action;
pub(crate) mod decision;
mod parse;
pub(crate) mod response;
pub(crate) mod rules;
