//! The program: hands its arguments over and ends with the code it is given.
#![forbid(unsafe_code)]

fn main() -> std::process::ExitCode {
    algo_trader::cli::run(std::env::args_os())
}
