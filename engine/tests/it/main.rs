//! The one target of integration tests: the real program, from outside.

mod cli;
mod output;
mod program;
