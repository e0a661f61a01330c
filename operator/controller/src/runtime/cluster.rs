//! Which cluster this is: a name for the record that accounts keep of who writes to them.

use std::time::Duration;

use adops_platforms::holder::ClusterId;
use k8s_openapi::api::core::v1::Namespace;
use kube::{Api, Client};

/// The namespace whose UID names a cluster: it is as old as the cluster and cannot be removed.
const NAMESPACE: &str = "kube-system";

/// How long to wait before an API server that does not answer is asked again.
const AGAIN: Duration = Duration::from_secs(2);

/// Where the name comes from.
#[derive(Debug, Clone)]
pub enum ClusterIdentity {
    /// It is given.
    Given(ClusterId),
    /// It is the UID of the namespace `kube-system`.
    Namespace,
}

/// Why there is no name.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// We may not look.
    #[error("the UID of the namespace {NAMESPACE}, which names this cluster, cannot be read: {0}; give --cluster-id")]
    Refused(#[source] Box<kube::Error>),
    /// There is nothing to see.
    #[error("the namespace {NAMESPACE} has no usable UID; give --cluster-id")]
    Unusable,
}

impl ClusterIdentity {
    /// The name, as soon as it can be read.
    pub async fn resolve(&self, client: &Client) -> Result<ClusterId, ClusterError> {
        let namespaces: Api<Namespace> = match self {
            Self::Given(name) => return Ok(name.clone()),
            Self::Namespace => Api::all(client.clone()),
        };
        loop {
            match namespaces.get(NAMESPACE).await {
                Ok(namespace) => {
                    let uid = namespace.metadata.uid.and_then(|uid| uid.parse().ok());
                    return uid.ok_or(ClusterError::Unusable);
                }
                Err(kube::Error::Api(status)) if matches!(status.code, 401 | 403 | 404) => {
                    return Err(ClusterError::Refused(Box::new(kube::Error::Api(status))));
                }
                Err(error) => tracing::warn!(%error, "the namespace {NAMESPACE} cannot be read yet"),
            }
            tokio::time::sleep(AGAIN).await;
        }
    }
}
