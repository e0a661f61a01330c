//! Access to a platform with credentials of one's own: those of a file, of the environment, or of the Secret that the
//! AdAccount names, as far as the user may read it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use adops_api::AdAccount;
use adops_core::marker::Installation;
use adops_core::platform::Platform;
use adops_core::secret::Secret;
use adops_platforms::allow::AllowList;
use adops_platforms::clock::SystemClock;
use adops_platforms::port::{AdPlatform, ConnectError, Connection, REQUEST_TIMEOUT};
use adops_platforms::quota::Quotas;
use adops_platforms::registry;
use clap::Args;
use jiff::Timestamp;
use k8s_openapi::api::core::v1::Secret as KubeSecret;
use serde::Deserialize;

use crate::cluster::{Cluster, ClusterError};
use crate::load::Key;

/// How a platform is reached from here.
#[derive(Args, Debug, Clone, Default)]
pub struct Access {
    /// A file with the manifest of the Secret whose credentials are used
    #[arg(long, value_name = "FILE")]
    pub credentials: Option<PathBuf>,
    /// An origin beside the platforms' own that may be talked to, as the operator's flag has it: credentials are sent
    /// there, and media read; scheme, host and, if only one is meant, port; may be given several times
    #[arg(long = "allow-endpoint", value_name = "ORIGIN", value_parser = origin)]
    pub allow_endpoints: Vec<String>,
}

/// An origin that can be on an allow-list.
fn origin(text: &str) -> Result<String, String> {
    AllowList::new(&[text.to_owned()]).map(|_| text.to_owned())
}

/// What help says of credentials.
pub const CREDENTIALS_HELP: &str = "\
Credentials are, in this order: those of --credentials (the manifest of a Secret), those of the environment
(ADOPS_<PLATFORM>_<KEY>, for example ADOPS_GOOGLE_REFRESH_TOKEN, ADOPS_META_ACCESS_TOKEN: any of a platform stands for
all of them), else those of the Secret that the AdAccount names, which needs `get` on that Secret. They are sent to the
platforms' own hosts, and to what --allow-endpoint names.";

/// Why there is no access.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// The file cannot be used.
    #[error("{}: {message}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why; nothing of what stands in it.
        message: String,
    },
    /// The Secret cannot be had.
    #[error(
        "the Secret {key} cannot be read: {message}\n(set ADOPS_{platform}_..., or give its manifest with --credentials)"
    )]
    Secret {
        /// Which.
        key: Key,
        /// Why.
        message: String,
        /// The platform in capitals.
        platform: String,
    },
    /// Credentials do not make a connector.
    #[error("the AdAccount {account}, with the credentials of {source_name}: {error}{}", hint(.error))]
    Connect {
        /// Which.
        account: Key,
        /// Where credentials are from.
        source_name: String,
        /// Why.
        error: Box<ConnectError>,
    },
    /// `--allow-endpoint` is no origin.
    #[error("--allow-endpoint: {0}")]
    Endpoint(String),
}

fn hint(error: &ConnectError) -> &'static str {
    match error {
        ConnectError::NotAllowed { .. } => "\n(what this program may talk to is said with --allow-endpoint)",
        ConnectError::MissingKey { .. } | ConnectError::BadKey { .. } | ConnectError::NoConnector(_) => "",
    }
}

impl Access {
    /// A connector of an AdAccount that never writes for itself: it holds no account.
    pub async fn connect(
        &self,
        cluster: &Cluster,
        key: &Key,
        account: &AdAccount,
        installation: Installation,
        rehearsal: bool,
    ) -> Result<Arc<dyn AdPlatform>, AccessError> {
        let platform: Platform = account.spec.platform.into();
        let (credentials, source_name) = self.credentials(cluster, key, account, platform).await?;
        let connection = Connection {
            platform,
            account_id: account.spec.account_id.clone(),
            manager_id: account.spec.manager_id.clone(),
            endpoint: account.spec.endpoint.clone(),
            api_version: account.spec.api_version.clone(),
            identity: adops_api::convert::identity(&account.spec),
            credentials,
            installation,
            allow: self.allow_list()?,
            clock: Arc::new(SystemClock),
            quotas: Quotas::new(Timestamp::now(), None),
            interceptor: None,
            gate: None,
            request_timeout: REQUEST_TIMEOUT,
            hold: None,
            rehearsal,
        };
        registry::connect(connection).map_err(|error| AccessError::Connect {
            account: key.clone(),
            source_name,
            error: Box::new(error),
        })
    }

    /// What may be read and talked to.
    pub(crate) fn allow_list(&self) -> Result<AllowList, AccessError> {
        AllowList::new(&self.allow_endpoints).map_err(AccessError::Endpoint)
    }

    async fn credentials(
        &self,
        cluster: &Cluster,
        key: &Key,
        account: &AdAccount,
        platform: Platform,
    ) -> Result<(BTreeMap<String, Secret>, String), AccessError> {
        let name = &account.spec.credentials_secret_ref.name;
        if let Some(path) = &self.credentials {
            return Ok((of_file(path, name)?, path.display().to_string()));
        }
        let prefix = format!("ADOPS_{}_", platform.name().to_uppercase());
        let given = of_environment(
            &prefix,
            std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))),
        );
        if !given.is_empty() {
            return Ok((given, format!("the environment ({prefix}...)")));
        }
        let secret_key = Key::new(&key.namespace, name);
        let cannot = |message: String| AccessError::Secret {
            key: secret_key.clone(),
            message,
            platform: platform.name().to_uppercase(),
        };
        let secret = cluster.secret(&secret_key).await.map_err(|error: ClusterError| cannot(error.to_string()))?;
        let secret = secret.ok_or_else(|| cannot("it does not exist".to_owned()))?;
        Ok((of_secret(secret), format!("the Secret {secret_key}")))
    }
}

fn of_environment(prefix: &str, variables: impl Iterator<Item = (String, String)>) -> BTreeMap<String, Secret> {
    variables
        .filter_map(|(name, value)| {
            let key = name.strip_prefix(prefix)?.to_lowercase();
            (!key.is_empty() && !value.trim().is_empty()).then(|| (key, Secret::new(value.trim())))
        })
        .collect()
}

/// The Secret of this name in a file, or the only one.
fn of_file(path: &Path, name: &str) -> Result<BTreeMap<String, Secret>, AccessError> {
    let cannot = |message: String| AccessError::File { path: path.to_owned(), message };
    let text = std::fs::read_to_string(path).map_err(|error| cannot(error.to_string()))?;
    let mut secrets = Vec::new();
    for document in serde_yaml_ng::Deserializer::from_str(&text) {
        // What a reader says of a text that it cannot read may quote it.
        let value = serde_json::Value::deserialize(document).map_err(|_| cannot("it is not YAML".to_owned()))?;
        if value["kind"] == "Secret" {
            let secret = serde_json::from_value(value);
            secrets.push(secret.map_err(|_| cannot("it holds a Secret that cannot be read".to_owned()))?);
        }
    }
    let is_named = |secret: &KubeSecret| secret.metadata.name.as_deref() == Some(name);
    let found = match secrets.iter().position(is_named) {
        Some(at) => secrets.swap_remove(at),
        None if secrets.len() == 1 => secrets.swap_remove(0),
        None => return Err(cannot(format!("there is no Secret {name} in it"))),
    };
    Ok(of_secret(found))
}

fn of_secret(secret: KubeSecret) -> BTreeMap<String, Secret> {
    let data = secret.data.unwrap_or_default().into_iter();
    // A value that is not text cannot be a credential; its key is then missing.
    let data = data.filter_map(|(key, value)| Some((key, String::from_utf8(value.0).ok()?)));
    let all = data.chain(secret.string_data.unwrap_or_default());
    all.map(|(key, value)| (key, Secret::new(value.trim()))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_has_credentials_of_one_platform_by_its_prefix() {
        let variables = [("ADOPS_META_ACCESS_TOKEN", " t "), ("ADOPS_META_", "x"), ("ADOPS_GOOGLE_CLIENT_ID", "c")];
        let variables = variables.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
        let found = of_environment("ADOPS_META_", variables);
        let found: Vec<_> = found.iter().map(|(key, value)| (key.as_str(), value.reveal())).collect();
        assert_eq!(found, [("access_token", "t")]);
    }
}
