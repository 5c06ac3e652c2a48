//! The documents of the command line.
