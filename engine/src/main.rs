//! The program: hands its arguments over and ends with the code it is given.
#![forbid(unsafe_code)]

use algo_trader::worker;

fn main() -> std::process::ExitCode {
    // Before anything else: a worker must start in about a millisecond.
    if std::env::args_os().nth(1).is_some_and(|word| word == worker::COMMAND) {
        return worker::serve();
    }
    let code = algo_trader::cli::run(std::env::args_os());
    worker::see_off();
    code
}
