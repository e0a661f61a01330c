//! Writes to the API server: status by server-side apply with the resource version that was read, so
//! that a stale writer gets 409; finalizers by a merge patch with the same guard.

use std::fmt::Debug;

use k8s_openapi::NamespaceResourceScope;
use kube::api::{Patch, PatchParams};
use kube::{Api, Client, Resource};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;

/// The one field manager.
pub const FIELD_MANAGER: &str = "adops-operator";

/// What came of a write.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// Somebody wrote meanwhile; read again.
    #[error("the object was changed meanwhile")]
    Conflict,
    /// It is gone.
    #[error("the object is gone")]
    Gone,
    /// Anything else.
    #[error("the API server refuses the write: {0}")]
    Api(#[source] Box<kube::Error>),
}

impl From<kube::Error> for WriteError {
    fn from(error: kube::Error) -> Self {
        match &error {
            kube::Error::Api(status) if status.code == 409 => Self::Conflict,
            kube::Error::Api(status) if status.code == 404 => Self::Gone,
            _ => Self::Api(Box::new(error)),
        }
    }
}

/// Applies a status. The object must carry the resource version that the status was computed from.
pub async fn apply_status<K, S>(client: &Client, object: &K, status: &S) -> Result<K, WriteError>
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope> + Clone + Debug + DeserializeOwned,
    S: Serialize,
{
    let meta = object.meta();
    let (namespace, name) = names(object)?;
    let api: Api<K> = Api::namespaced(client.clone(), namespace);
    let patch = json!({
        "apiVersion": K::api_version(&()),
        "kind": K::kind(&()),
        "metadata": {"name": name, "resourceVersion": meta.resource_version, "uid": meta.uid},
        "status": status,
    });
    let params = PatchParams::apply(FIELD_MANAGER).force();
    let mut written = api.patch_status(name, &params, &Patch::Apply(&patch)).await?;
    written.meta_mut().managed_fields = None;
    Ok(written)
}

/// Adds or takes a finalizer. Answers with the object as it is then.
pub async fn set_finalizer<K>(client: &Client, object: &K, finalizer: &str, present: bool) -> Result<K, WriteError>
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope> + Clone + Debug + DeserializeOwned,
{
    let meta = object.meta();
    let (namespace, name) = names(object)?;
    let mut finalizers = meta.finalizers.clone().unwrap_or_default();
    finalizers.retain(|other| other != finalizer);
    if present {
        finalizers.push(finalizer.to_owned());
    }
    let api: Api<K> = Api::namespaced(client.clone(), namespace);
    let patch =
        json!({"metadata": {"finalizers": finalizers, "resourceVersion": meta.resource_version, "uid": meta.uid}});
    let params = PatchParams { field_manager: Some(FIELD_MANAGER.to_owned()), ..PatchParams::default() };
    let mut written = api.patch(name, &params, &Patch::Merge(&patch)).await?;
    written.meta_mut().managed_fields = None;
    Ok(written)
}

fn names<K: Resource>(object: &K) -> Result<(&str, &str), WriteError> {
    let meta = object.meta();
    match (meta.namespace.as_deref(), meta.name.as_deref()) {
        (Some(namespace), Some(name)) => Ok((namespace, name)),
        _ => Err(WriteError::Gone),
    }
}
