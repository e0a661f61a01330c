//! From an AdAccount and its Secret to a connector. Secrets are only ever read by name (S7).

use std::collections::BTreeMap;
use std::fmt::Write;

use adops_api::AdAccount;
use adops_core::reason::Reason;
use adops_core::secret::Secret;
use adops_platforms::holder::{Hold, Holder};
use adops_platforms::port::{ConnectError, Connection};
use k8s_openapi::api::core::v1::Secret as KubeSecret;
use kube::Api;
use sha2::{Digest, Sha256};

use super::state::Connected;
use crate::runtime::watch::Key;
use crate::shared::Shared;

/// Why there is no connector.
#[derive(Debug, thiserror::Error)]
pub enum CredentialsError {
    /// No such Secret.
    #[error("the Secret {0} does not exist")]
    NotFound(String),
    /// The API server does not give it.
    #[error("the Secret {name} cannot be read: {message}")]
    Unreadable {
        /// Namespace and name.
        name: String,
        /// Why.
        message: String,
    },
    /// It does not make a connector.
    #[error("{secret}: {source}")]
    Connect {
        /// Namespace and name.
        secret: String,
        /// Why.
        source: ConnectError,
    },
}

impl CredentialsError {
    /// The one word.
    pub fn reason(&self) -> Reason {
        match self {
            Self::NotFound(_) => Reason::SecretNotFound,
            Self::Unreadable { .. } => Reason::AccountNotReady,
            Self::Connect { source, .. } => match source {
                ConnectError::MissingKey { .. } => Reason::SecretKeyMissing,
                ConnectError::BadKey { .. } => Reason::CredentialsInvalid,
                ConnectError::NotAllowed { .. } => Reason::EndpointNotAllowed,
                ConnectError::NoConnector(_) => Reason::Unsupported,
            },
        }
    }
}

/// The connector of an account: the one there is, if nothing that it was made of has changed.
pub async fn connect(
    shared: &Shared,
    key: &Key,
    account: &AdAccount,
    current: Option<&Connected>,
) -> Result<Connected, CredentialsError> {
    let name = &account.spec.credentials_secret_ref.name;
    let shown = format!("{}/{name}", key.namespace);
    let secrets: Api<KubeSecret> = Api::namespaced(shared.client.clone(), &key.namespace);
    let secret = match secrets.get_opt(name).await {
        Ok(Some(secret)) => secret,
        Ok(None) => return Err(CredentialsError::NotFound(shown)),
        Err(error) => return Err(CredentialsError::Unreadable { name: shown, message: error.to_string() }),
    };
    let mut credentials = BTreeMap::new();
    let mut hasher = Sha256::new();
    for (entry, value) in secret.data.unwrap_or_default() {
        hasher.update(entry.as_bytes());
        hasher.update([0]);
        hasher.update(&value.0);
        hasher.update([1]);
        // A value that is not text cannot be a credential; its key is then missing.
        if let Ok(text) = String::from_utf8(value.0) {
            credentials.insert(entry, Secret::new(text.trim()));
        }
    }
    for part in [&account.spec.endpoint, &account.spec.api_version, &account.spec.manager_id, &account.spec.takeover] {
        hasher.update(part.as_deref().unwrap_or_default().as_bytes());
        hasher.update([2]);
    }
    for (name, id) in adops_api::convert::identity(&account.spec) {
        hasher.update(format!("{name}={id}"));
        hasher.update([3]);
    }
    let fingerprint = hasher.finalize().iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    });
    if let Some(current) = current.filter(|current| current.fingerprint == fingerprint) {
        return Ok(current.clone());
    }
    let connection = Connection {
        platform: account.spec.platform.into(),
        account_id: account.spec.account_id.clone(),
        manager_id: account.spec.manager_id.clone(),
        endpoint: account.spec.endpoint.clone(),
        api_version: account.spec.api_version.clone(),
        identity: adops_api::convert::identity(&account.spec),
        credentials,
        installation: shared.options.installation.clone(),
        allow: shared.options.allow.clone(),
        clock: std::sync::Arc::new(shared.clock.clone()),
        quotas: shared.quotas.clone(),
        interceptor: Some(shared.interceptor.clone()),
        gate: Some(shared.fence.clone()),
        request_timeout: shared.options.request_timeout,
        rehearsal: false,
        hold: shared.cluster().map(|cluster| Hold {
            me: Holder { installation: shared.options.installation.to_string(), cluster: cluster.to_string() },
            takeover: account.spec.takeover.clone(),
            bound: shared.options.holder_bound,
        }),
    };
    let platform = adops_platforms::registry::connect(connection)
        .map_err(|source| CredentialsError::Connect { secret: format!("Secret {shown}"), source })?;
    Ok(Connected { platform, fingerprint })
}
