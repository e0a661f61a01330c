//! Prints the CRDs as YAML, or writes them into a directory, one file a kind; into a second one as templates of the Helm
//! chart: `crdgen [crds [charts/adops/templates/crds]]`.

use std::path::Path;
use std::process::ExitCode;

use adops_api::{crd_template, crd_yaml, crds};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;

type Render = fn(&CustomResourceDefinition) -> Result<String, serde_yaml_ng::Error>;

fn main() -> ExitCode {
    let renders: [Render; 2] = [crd_yaml, crd_template];
    let targets: Vec<_> = std::env::args_os().skip(1).collect();
    let mut written = targets.iter().zip(renders).map(|(directory, render)| write_into(Path::new(directory), render));
    let result = if targets.is_empty() { print() } else { written.try_for_each(|result| result) };
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

fn write_into(directory: &Path, render: Render) -> Result<(), Box<dyn std::error::Error>> {
    std::fs::create_dir_all(directory)?;
    for crd in crds() {
        let path = directory.join(format!("{}.yaml", crd.spec.names.plural));
        std::fs::write(&path, render(&crd)?).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    Ok(())
}
