//! `kubectl-adops`: put it in the PATH, and kubectl knows `kubectl adops`.

use std::process::ExitCode;

use adops_cli::args::Cli;
use adops_cli::{Error, Exit, run};
use clap::Parser;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help goes to stdout, errors to stderr. clap's own code for errors, 2, would say here that something changes.
            let _ = error.print();
            return ExitCode::from(u8::from(error.use_stderr()));
        }
    };
    match run(cli, &mut std::io::stdout()).await {
        Ok(exit) => ExitCode::from(exit as u8),
        Err(error) => {
            match error {
                // Each of them begins with its file and line, where editors look for it.
                Error::Invalid(_) => eprintln!("{error}"),
                _ => eprintln!("error: {error}"),
            }
            ExitCode::from(Exit::Error as u8)
        }
    }
}
