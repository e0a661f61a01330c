//! The cluster: what a plan needs to know of it, read with `get` on our own kinds only.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::time::Duration;

use adops_api::{AdAccount, Campaign};
use futures::StreamExt;
use k8s_openapi::api::core::v1::Secret;
use kube::api::{Patch, PatchParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::core::{NamespaceResourceScope, Resource};
use kube::{Api, Client, Config};
use serde::de::DeserializeOwned;

use crate::args::Target;
use crate::load::Key;

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(10);
/// How long an answer may take.
const ANSWER: Duration = Duration::from_secs(30);
/// How many objects are asked for at once.
const AT_ONCE: usize = 16;

/// Why the cluster does not tell what is needed.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// Nothing says which one.
    #[error(
        "it is not known which cluster to ask: {0}\n(set KUBECONFIG or --kubeconfig; --offline checks files without a cluster)"
    )]
    Config(String),
    /// It does not answer.
    #[error("the cluster at {server} cannot be reached: {message}\n(--offline checks files without a cluster)")]
    Unreachable {
        /// Its URL.
        server: String,
        /// Why.
        message: String,
    },
    /// Our kinds are not there.
    #[error("the cluster at {0} does not know {1}.adops.dev: its CRDs (crds/) are not installed")]
    NotInstalled(String, String),
    /// It refuses.
    #[error("the cluster refuses: {0}")]
    Refused(String),
    /// The object is not there.
    #[error("{0} {1} does not exist in the cluster")]
    NotFound(&'static str, Key),
    /// The stored object is not what this version knows.
    #[error("{0} {1} cannot be read: {2}")]
    Malformed(&'static str, Key, String),
    /// Somebody else changed it at the same time.
    #[error("{0} {1} was changed by somebody else at the same time: try again")]
    Conflict(&'static str, Key),
}

/// A connection.
pub struct Cluster {
    client: Client,
    server: String,
    /// The namespace of the context.
    pub namespace: String,
}

impl Cluster {
    /// Connects as kubectl would. Nothing is sent yet.
    pub async fn connect(target: &Target) -> Result<Self, ClusterError> {
        // kube leaves the choice of a provider to the program; a second call finds the first one's.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut config = config(target).await?;
        config.connect_timeout = Some(CONNECT);
        config.read_timeout = Some(ANSWER);
        let (server, namespace) = (config.cluster_url.to_string(), config.default_namespace.clone());
        let server = server.trim_end_matches('/').to_owned();
        let client = Client::try_from(config).map_err(|error| ClusterError::Config(chain(&error)))?;
        Ok(Self { client, server, namespace })
    }

    /// A Campaign; none if it does not exist.
    pub async fn campaign(&self, key: &Key) -> Result<Option<Campaign>, ClusterError> {
        self.get("Campaign", key).await
    }

    /// Campaigns by their keys; those that do not exist are absent.
    pub async fn campaigns(&self, keys: &BTreeSet<Key>) -> Result<BTreeMap<Key, Campaign>, ClusterError> {
        let mut found = BTreeMap::new();
        let mut answers = futures::stream::iter(keys)
            .map(|key| async move { (key, self.campaign(key).await) })
            .buffer_unordered(AT_ONCE);
        while let Some((key, answer)) = answers.next().await {
            if let Some(campaign) = answer? {
                found.insert(key.clone(), campaign);
            }
        }
        Ok(found)
    }

    /// AdAccounts by their keys; of those that cannot be had, why.
    ///
    /// One that this user may not read (it may lie in another team's namespace) does not stop the plan of others.
    pub async fn accounts(
        &self,
        keys: &BTreeSet<Key>,
    ) -> Result<(BTreeMap<Key, AdAccount>, BTreeMap<Key, String>), ClusterError> {
        let (mut found, mut unreadable) = (BTreeMap::new(), BTreeMap::new());
        let mut answers = futures::stream::iter(keys)
            .map(|key| async move { (key, self.get::<AdAccount>("AdAccount", key).await) })
            .buffer_unordered(AT_ONCE);
        while let Some((key, answer)) = answers.next().await {
            match answer {
                Ok(Some(account)) => {
                    found.insert(key.clone(), account);
                }
                Ok(None) => {}
                Err(error @ (ClusterError::Refused(_) | ClusterError::Malformed(..))) => {
                    unreadable.insert(key.clone(), error.to_string());
                }
                Err(error) => return Err(error),
            }
        }
        Ok((found, unreadable))
    }

    /// An AdAccount; none if it does not exist.
    pub async fn account(&self, key: &Key) -> Result<Option<AdAccount>, ClusterError> {
        self.get("AdAccount", key).await
    }

    /// A Secret, with the user's own rights; none if it does not exist.
    pub async fn secret(&self, key: &Key) -> Result<Option<Secret>, ClusterError> {
        self.get("Secret", key).await
    }

    /// Sets an annotation of a Campaign, if it is still the one that was read.
    pub async fn annotate(&self, campaign: &Campaign, key: &Key, name: &str, value: &str) -> Result<(), ClusterError> {
        let patch = serde_json::json!({"metadata": {
            "resourceVersion": campaign.metadata.resource_version,
            "annotations": {name: value},
        }});
        let api: Api<Campaign> = Api::namespaced(self.client.clone(), &key.namespace);
        let params = PatchParams { field_manager: Some("kubectl-adops".to_owned()), ..PatchParams::default() };
        match api.patch(&key.name, &params, &Patch::Merge(&patch)).await {
            Ok(_) => Ok(()),
            Err(kube::Error::Api(status)) if status.code == 409 => Err(ClusterError::Conflict("Campaign", key.clone())),
            Err(error) => Err(self.error("Campaign", "campaigns", key, error)),
        }
    }

    async fn get<K>(&self, kind: &'static str, key: &Key) -> Result<Option<K>, ClusterError>
    where
        K: Resource<Scope = NamespaceResourceScope, DynamicType = ()> + Clone + DeserializeOwned + Debug,
    {
        let api: Api<K> = Api::namespaced(self.client.clone(), &key.namespace);
        match api.get(&key.name).await {
            Ok(object) => Ok(Some(object)),
            // A missing kind is a 404, too, but one that names no object.
            Err(kube::Error::Api(status))
                if status.code == 404 && status.details.as_ref().is_some_and(|details| !details.name.is_empty()) =>
            {
                Ok(None)
            }
            Err(error) => Err(self.error(kind, &K::plural(&()), key, error)),
        }
    }

    fn error(&self, kind: &'static str, plural: &str, key: &Key, error: kube::Error) -> ClusterError {
        match error {
            kube::Error::Api(status)
                if status.code == 404 && status.details.as_ref().is_none_or(|d| d.name.is_empty()) =>
            {
                ClusterError::NotInstalled(self.server.clone(), plural.to_owned())
            }
            kube::Error::Api(status) if status.code == 404 => ClusterError::NotFound(kind, key.clone()),
            kube::Error::Api(status) => ClusterError::Refused(status.message),
            kube::Error::SerdeError(error) => ClusterError::Malformed(kind, key.clone(), error.to_string()),
            other => ClusterError::Unreachable { server: self.server.clone(), message: chain(&other) },
        }
    }
}

async fn config(target: &Target) -> Result<Config, ClusterError> {
    let cannot = |error: &(dyn std::error::Error + 'static)| ClusterError::Config(chain(error));
    let options = KubeConfigOptions { context: target.context.clone(), ..KubeConfigOptions::default() };
    if let Some(file) = &target.kubeconfig {
        let kubeconfig = Kubeconfig::read_from(file).map_err(|error| cannot(&error))?;
        return Config::from_custom_kubeconfig(kubeconfig, &options).await.map_err(|error| cannot(&error));
    }
    if target.context.is_some() {
        return Config::from_kubeconfig(&options).await.map_err(|error| cannot(&error));
    }
    // Outside of a cluster, what is wrong is the kubeconfig, which is the error's source.
    Config::infer().await.map_err(|error| std::error::Error::source(&error).map_or_else(|| cannot(&error), cannot))
}

/// An error with its causes, each once.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        next = cause.source();
    }
    text
}
