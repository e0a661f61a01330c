//! Manifests: from files to resources, with all that is wrong in them.

use std::collections::BTreeMap;
use std::fmt;
use std::io::Read;
use std::path::{Path, PathBuf};

use adops_api::validate::{self, Located, Origin, Problem, Resource};
use adops_api::{AdAccount, Campaign};

/// Namespace and name of an object.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// The namespace.
    pub namespace: String,
    /// The name.
    pub name: String,
}

impl Key {
    /// Of a namespace and a name.
    pub fn new(namespace: impl Into<String>, name: impl Into<String>) -> Self {
        Self { namespace: namespace.into(), name: name.into() }
    }

    /// The AdAccount that a Campaign means: a name in its own namespace, or `namespace/name`.
    pub fn account(campaign: &Self, name: &str) -> Self {
        match name.split_once('/') {
            Some((namespace, name)) => Self::new(namespace, name),
            None => Self::new(&campaign.namespace, name),
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}

/// An object of a file.
#[derive(Debug, Clone)]
pub struct Manifest<T> {
    /// The object, with defaults and its namespace filled in.
    pub object: T,
    /// Where it stands.
    pub origin: Origin,
}

/// What files hold.
#[derive(Debug, Default)]
pub struct Manifests {
    /// The Campaigns.
    pub campaigns: BTreeMap<Key, Manifest<Campaign>>,
    /// The AdAccounts.
    pub accounts: BTreeMap<Key, Manifest<AdAccount>>,
    /// All that is wrong.
    pub problems: Vec<Problem>,
}

/// Why files cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// A file or a directory.
    #[error("{}: {source}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Stdin.
    #[error("stdin: {0}")]
    Stdin(std::io::Error),
    /// A directory without a manifest.
    #[error("{}: there is no .yaml, .yml or .json file in it; with -R its directories are read, too", .0.display())]
    Empty(PathBuf),
}

/// A text and what problems call it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The file as the user would name it.
    pub name: String,
    /// What it holds.
    pub text: String,
}

/// Reads files, directories (their YAML and JSON files in the order of their names) and stdin (`-`).
pub fn sources(files: &[String], recursive: bool) -> Result<Vec<Source>, LoadError> {
    let mut sources = Vec::new();
    for file in files {
        if file == "-" {
            let mut text = String::new();
            std::io::stdin().read_to_string(&mut text).map_err(LoadError::Stdin)?;
            sources.push(Source { name: "stdin".to_owned(), text });
            continue;
        }
        let path = Path::new(file);
        if !path.is_dir() {
            sources.push(read(path)?);
            continue;
        }
        let mut found = Vec::new();
        list(path, recursive, &mut found)?;
        if found.is_empty() {
            return Err(LoadError::Empty(path.to_owned()));
        }
        for path in found {
            sources.push(read(&path)?);
        }
    }
    Ok(sources)
}

fn read(path: &Path) -> Result<Source, LoadError> {
    let text = std::fs::read_to_string(path).map_err(|source| LoadError::Read { path: path.to_owned(), source })?;
    Ok(Source { name: path.display().to_string(), text })
}

fn list(folder: &Path, recursive: bool, found: &mut Vec<PathBuf>) -> Result<(), LoadError> {
    let cannot = |source| LoadError::Read { path: folder.to_owned(), source };
    let entries = std::fs::read_dir(folder).map_err(cannot)?;
    let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>, _>>().map_err(cannot)?;
    paths.sort();
    for path in paths {
        let is_manifest =
            path.extension().is_some_and(|extension| ["yaml", "yml", "json"].iter().any(|known| extension == *known));
        if path.is_dir() {
            if recursive {
                list(&path, recursive, found)?;
            }
        } else if is_manifest {
            found.push(path);
        }
    }
    Ok(())
}

/// Validates texts. `given` is the namespace of the command line, `default` that of objects that name none.
pub fn manifests(sources: &[Source], given: Option<&str>, default: &str) -> Manifests {
    let mut manifests = Manifests::default();
    for source in sources {
        let mut loaded = validate::load(&source.text, &source.name);
        loaded.problems.sort_by_key(|problem| problem.origin.line);
        manifests.problems.extend(loaded.problems);
        for located in loaded.resources {
            if let Err(problem) = manifests.add(located, given, default) {
                manifests.problems.push(*problem);
            }
        }
    }
    manifests
}

impl Manifests {
    fn add(&mut self, located: Located, given: Option<&str>, default: &str) -> Result<(), Box<Problem>> {
        let Located { resource, origin } = located;
        match resource {
            Resource::Campaign(mut campaign) => {
                let key = place(&mut campaign.metadata, "Campaign", &origin, given, default)?;
                insert(&mut self.campaigns, "Campaign", key, *campaign, origin)
            }
            Resource::AdAccount(mut account) => {
                let key = place(&mut account.metadata, "AdAccount", &origin, given, default)?;
                insert(&mut self.accounts, "AdAccount", key, *account, origin)
            }
        }
    }
}

fn place(
    metadata: &mut kube::core::ObjectMeta,
    kind: &str,
    origin: &Origin,
    given: Option<&str>,
    default: &str,
) -> Result<Key, Box<Problem>> {
    let problem = |resource: String, field: &str, message: String| {
        Box::new(Problem { origin: origin.clone(), resource, field: field.to_owned(), message, hint: None })
    };
    let Some(name) = metadata.name.clone() else {
        let message = "a plan needs a name; generateName makes another object each time".to_owned();
        return Err(problem(format!("{kind} (no name)"), "metadata.name", message));
    };
    let namespace = metadata.namespace.get_or_insert_with(|| given.unwrap_or(default).to_owned()).clone();
    match given {
        // As kubectl has it: -n must not contradict the file.
        Some(given) if given != namespace => Err(problem(
            format!("{kind} {namespace}/{name}"),
            "metadata.namespace",
            format!("the object is in the namespace \"{namespace}\", the command line says \"{given}\""),
        )),
        _ => Ok(Key { namespace, name }),
    }
}

fn insert<T>(
    all: &mut BTreeMap<Key, Manifest<T>>,
    kind: &str,
    key: Key,
    object: T,
    origin: Origin,
) -> Result<(), Box<Problem>> {
    if let Some(first) = all.get(&key) {
        let message = format!("is also in {}:{}", first.origin.file, first.origin.line);
        let resource = format!("{kind} {key}");
        return Err(Box::new(Problem { origin, resource, field: String::new(), message, hint: None }));
    }
    all.insert(key, Manifest { object, origin });
    Ok(())
}
