//! Prints the CRDs as YAML, or writes them into a directory, one file a kind.

use std::path::Path;
use std::process::ExitCode;

use adops_api::{crd_yaml, crds};

fn main() -> ExitCode {
    let target = std::env::args_os().nth(1);
    let result = match &target {
        Some(directory) => write_into(Path::new(directory)),
        None => print(),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("crdgen: {error}");
            ExitCode::FAILURE
        }
    }
}

fn print() -> Result<(), Box<dyn std::error::Error>> {
    for crd in crds() {
        print!("---\n{}", crd_yaml(&crd)?);
    }
    Ok(())
}

fn write_into(directory: &Path) -> Result<(), Box<dyn std::error::Error>> {
    std::fs::create_dir_all(directory)?;
    for crd in crds() {
        let path = directory.join(format!("{}.yaml", crd.spec.names.plural));
        std::fs::write(&path, crd_yaml(&crd)?).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    Ok(())
}
