//! From the types to the CRDs.
//!
//! What the derives generate is tidied: what no one needs is left out (`nullable`), descriptions are unfolded, and what
//! they cannot express is added (a default for the whole of `status`).

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::CustomResourceExt;
use schemars::{Schema, SchemaGenerator, json_schema};
use serde_json::{Value, json};

use crate::{AdAccount, Campaign};

/// The CRDs of all kinds, as they are installed, sorted by name.
pub fn crds() -> Vec<CustomResourceDefinition> {
    vec![tidy(AdAccount::crd()), tidy(Campaign::crd())]
}

/// A CRD as YAML with a stable order of keys.
///
/// # Errors
///
/// If the CRD cannot be written as YAML, which does not happen for ours.
pub fn crd_yaml(crd: &CustomResourceDefinition) -> Result<String, serde_yaml_ng::Error> {
    serde_yaml_ng::to_string(crd)
}

/// A CRD as a template of the Helm chart: installed with `crds.install`, and kept at uninstall with `crds.keep`.
pub fn crd_template(crd: &CustomResourceDefinition) -> Result<String, serde_yaml_ng::Error> {
    // What a template engine would take for its own comes out as it is.
    let yaml = crd_yaml(crd)?.replace("{{", "{{ \"{{\" }}");
    let name = format!("  name: {}\n", crd.spec.names.plural.clone() + "." + &crd.spec.group);
    let yaml = yaml.replacen(&name, &format!("{name}{CHART_METADATA}"), 1);
    Ok(format!("{{{{- if .Values.crds.install }}}}\n{yaml}{{{{- end }}}}\n"))
}

/// What the chart adds to the metadata of a CRD.
const CHART_METADATA: &str = "  labels:
    {{- include \"adops.labels\" . | nindent 4 }}
  {{- if .Values.crds.keep }}
  annotations:
    helm.sh/resource-policy: keep
  {{- end }}
";

fn tidy(mut crd: CustomResourceDefinition) -> CustomResourceDefinition {
    for version in &mut crd.spec.versions {
        let Some(validation) = &mut version.schema else { continue };
        // What came from JSON and goes back to it: neither step can fail, and if one did, a test would see the CRD
        // untidied.
        let Ok(mut schema) = serde_json::to_value(&validation.open_api_v3_schema) else { continue };
        tidy_node(&mut schema);
        if let Some(status) = schema.pointer_mut("/properties/status").and_then(Value::as_object_mut) {
            status.insert("default".into(), json!({"observedGeneration": -1}));
        }
        if let Some(root) = schema.as_object_mut() {
            root.insert("required".into(), json!(["spec"]));
        }
        validation.open_api_v3_schema = serde_json::from_value(schema).unwrap_or_default();
    }
    crd
}

fn tidy_node(schema: &mut Value) {
    let Some(node) = schema.as_object_mut() else { return };
    // Without `nullable` the API server drops a null, so that an empty `audience:` is the same as none.
    node.remove("nullable");
    if let Some(Value::String(description)) = node.get_mut("description") {
        *description = unfold(description);
    }
    if let Some(children) = node.get_mut("properties").and_then(Value::as_object_mut) {
        children.values_mut().for_each(tidy_node);
    }
    for key in ["items", "additionalProperties"] {
        if let Some(child) = node.get_mut(key) {
            tidy_node(child);
        }
    }
}

/// Joins the lines of each paragraph: whoever shows a description wraps it to the width at hand.
fn unfold(description: &str) -> String {
    description.split("\n\n").map(|paragraph| paragraph.replace('\n', " ")).collect::<Vec<_>>().join("\n\n")
}

/// `metav1.Condition`, with the bounds that Kubernetes' own types have.
pub(crate) fn conditions(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "array",
        "maxItems": 16,
        "items": {
            "type": "object",
            "required": ["type", "status", "lastTransitionTime", "reason", "message"],
            "properties": {
                "type": {
                    "type": "string",
                    "maxLength": 316,
                    "description": "What the condition is about.",
                },
                "status": {
                    "type": "string",
                    "enum": ["True", "False", "Unknown"],
                    "description": "Whether it holds.",
                },
                "observedGeneration": {
                    "type": "integer",
                    "format": "int64",
                    "minimum": 0,
                    "description": "The generation that the condition speaks of.",
                },
                "lastTransitionTime": {
                    "type": "string",
                    "format": "date-time",
                    "description": "When the status last changed.",
                },
                "reason": {
                    "type": "string",
                    "minLength": 1,
                    "maxLength": 1024,
                    "pattern": "^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$",
                    "description": "Why, in one word of a closed set.",
                },
                "message": {
                    "type": "string",
                    "maxLength": 32768,
                    "description": "Why, in a sentence.",
                },
            },
        },
    })
}

/// `metav1.LabelSelector`, with bounds.
pub(crate) fn label_selector(_: &mut SchemaGenerator) -> Schema {
    let text = |description: &str| json!({"type": "string", "maxLength": 316, "description": description});
    json_schema!({
        "type": "object",
        "x-kubernetes-map-type": "atomic",
        "properties": {
            "matchLabels": {
                "type": "object",
                "maxProperties": 32,
                "additionalProperties": {"type": "string", "maxLength": 63},
                "description": "Labels and their values, all of which must match.",
            },
            "matchExpressions": {
                "type": "array",
                "maxItems": 32,
                "x-kubernetes-list-type": "atomic",
                "description": "Requirements for labels, all of which must hold.",
                "items": {
                    "type": "object",
                    "required": ["key", "operator"],
                    "properties": {
                        "key": text("The label."),
                        "operator": {
                            "type": "string",
                            "enum": ["In", "NotIn", "Exists", "DoesNotExist"],
                            "description": "In, NotIn, Exists or DoesNotExist.",
                        },
                        "values": {
                            "type": "array",
                            "maxItems": 64,
                            "x-kubernetes-list-type": "atomic",
                            "items": {"type": "string", "maxLength": 63},
                            "description": "The values of In and NotIn.",
                        },
                    },
                },
            },
        },
    })
}

/// A reason: a word, not an enum, for a new reason is no change of the CRD.
pub(crate) fn reason(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "string", "maxLength": 64, "pattern": "^[A-Za-z]+$"})
}

/// Groups of places by name.
pub(crate) fn groups(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "object",
        "maxProperties": 50,
        "additionalProperties": {
            "type": "array",
            "minItems": 1,
            "maxItems": 250,
            "x-kubernetes-list-type": "set",
            "items": {"type": "string", "minLength": 2, "maxLength": 10},
        },
    })
}

/// Locales by market.
pub(crate) fn locales(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "object",
        "maxProperties": 250,
        "additionalProperties": {"type": "string", "maxLength": 35},
    })
}

/// Keywords by locale.
pub(crate) fn keywords(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "object",
        "maxProperties": 64,
        "additionalProperties": {
            "type": "array",
            "maxItems": 2000,
            "x-kubernetes-list-type": "set",
            "items": {"type": "string", "minLength": 1, "maxLength": 84},
        },
    })
}

/// Weights by account.
pub(crate) fn account_weights(_: &mut SchemaGenerator) -> Schema {
    weights(16)
}

/// Weights by market.
pub(crate) fn market_weights(_: &mut SchemaGenerator) -> Schema {
    weights(250)
}

fn weights(most: u32) -> Schema {
    json_schema!({
        "type": "object",
        "maxProperties": most,
        "additionalProperties": {"type": "integer", "format": "int32", "minimum": 1, "maximum": 10_000},
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every list, map and string that a user or an operator can fill, with its path.
    fn unbounded(schema: &Value, path: &str, found: &mut Vec<String>) {
        let bound = match schema["type"].as_str() {
            Some("array") => "maxItems",
            Some("object") if schema.get("additionalProperties").is_some() => "maxProperties",
            Some("string") if schema.get("enum").is_none() && schema["format"] != "date-time" => "maxLength",
            _ => "",
        };
        if !bound.is_empty() && schema.get(bound).is_none() {
            found.push(format!("{path} has no {bound}"));
        }
        let children: serde_json::Map<String, Value> = schema["properties"].as_object().cloned().unwrap_or_default();
        for (name, child) in &children {
            unbounded(child, &format!("{path}.{name}"), found);
        }
        for key in ["items", "additionalProperties"] {
            if let Some(child) = schema.get(key) {
                unbounded(child, &format!("{path}.{key}"), found);
            }
        }
    }

    #[test]
    fn every_list_map_and_string_has_its_bound() {
        for crd in crds() {
            let schema =
                serde_json::to_value(&crd.spec.versions[0].schema.as_ref().unwrap().open_api_v3_schema).unwrap();
            let mut found = Vec::new();
            for part in ["spec", "status"] {
                unbounded(&schema["properties"][part], part, &mut found);
            }
            assert!(found.is_empty(), "{}: {found:#?}", crd.spec.names.kind);
        }
    }
}
