//! The stores on the emulator: the conformance tests of `object_store`, and what that crate does not test.

mod bad_input;
mod conformance;
mod volumes;
