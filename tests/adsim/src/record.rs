//! Recording of requests and answers, without secrets.

use std::collections::{BTreeMap, VecDeque};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use http::HeaderMap;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Headers whose values are never recorded.
const SECRET_HEADERS: &[&str] = &["authorization", "cookie", "developer-token", "access-token", "proxy-authorization"];

/// Environment variable with the folder for simulators that are told no file. `cargo xtask test` sets it and checks
/// what was recorded.
const FOLDER: &str = "ADOPS_RECORD_DIR";

/// A file of its own for each simulator, in the folder of `ADOPS_RECORD_DIR` if that is set. It begins with the name
/// of the package whose test started the simulator, directly or as a process.
pub fn file_of_tests() -> Option<PathBuf> {
    static LAST: AtomicUsize = AtomicUsize::new(0);
    let folder = PathBuf::from(std::env::var_os(FOLDER)?);
    let package = std::env::var("CARGO_PKG_NAME").unwrap_or_else(|_| "unknown".to_owned());
    let number = LAST.fetch_add(1, Ordering::Relaxed);
    Some(folder.join(format!("{package}-{}-{number}.jsonl", std::process::id())))
}

/// A request and its answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RecordedRequest {
    /// Platform, such as `google`.
    pub platform: String,
    /// HTTP method.
    pub method: String,
    /// Path with query.
    pub path: String,
    /// Headers; secret ones read `(secret)`.
    pub headers: BTreeMap<String, String>,
    /// Body; of token requests only the grant type.
    pub body: Value,
    /// HTTP status. 0 if a fault cut or held the connection before the request took effect.
    pub status: u16,
    /// Answer. Null for token requests and after a cut.
    pub response: Value,
    /// Whether the answer was sent.
    pub answered: bool,
}

/// Where requests are recorded.
#[derive(Debug, Default)]
pub struct Recorder(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    file: Option<BufWriter<File>>,
    keep: usize,
    kept: VecDeque<RecordedRequest>,
}

impl Recorder {
    /// Records into a file, which is appended to, and keeps the latest requests in memory.
    pub fn new(file: Option<&Path>, keep: usize) -> std::io::Result<Recorder> {
        let file = file.map(|path| File::options().create(true).append(true).open(path)).transpose()?;
        Ok(Recorder(Mutex::new(State { file: file.map(BufWriter::new), keep, kept: VecDeque::new() })))
    }

    /// Whether anything is recorded at all.
    pub fn is_on(&self) -> bool {
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.file.is_some() || state.keep > 0
    }

    /// Records a request.
    pub fn add(&self, request: RecordedRequest) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(file) = &mut state.file {
            let line = serde_json::to_string(&request).unwrap_or_default();
            if let Err(error) = writeln!(file, "{line}").and_then(|()| file.flush()) {
                tracing::error!(%error, "cannot record a request");
            }
        }
        if state.keep > 0 {
            if state.kept.len() == state.keep {
                state.kept.pop_front();
            }
            state.kept.push_back(request);
        }
    }

    /// The requests in memory, oldest first.
    pub fn kept(&self) -> Vec<RecordedRequest> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).kept.iter().cloned().collect()
    }
}

/// Headers as they may be recorded.
pub fn public_headers(headers: &HeaderMap) -> BTreeMap<String, String> {
    headers
        .iter()
        .map(|(name, value)| {
            let secret = SECRET_HEADERS.contains(&name.as_str());
            let value = if secret { "(secret)" } else { value.to_str().unwrap_or("(binary)") };
            (name.to_string(), value.to_owned())
        })
        .collect()
}
