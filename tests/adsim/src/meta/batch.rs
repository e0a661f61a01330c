//! Batch requests: up to 50 calls in one. They are not atomic, and one may use what an earlier one answered.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::Meta;
use super::errors::GraphError;
use super::params::Params;
use super::service::Call;
use crate::ledger::LedgerEntry;

/// What the calls of a batch that have a name have answered.
pub type Answers = BTreeMap<String, Value>;

/// The calls of a batch, if a call is one.
pub fn calls(call: &Call) -> Result<Option<Vec<Value>>, GraphError> {
    if call.method != "POST" || !call.path.is_empty() {
        return Ok(None);
    }
    Ok(call.params.json("batch")?.map(|batch| batch.as_array().cloned().unwrap_or_default()))
}

/// A call of a batch by itself. References to earlier answers are put in by `answer`.
pub fn single(outer: &Call, item: &Value, answers: &Answers) -> Result<Call, GraphError> {
    let text = |name: &str| item.get(name).and_then(Value::as_str).unwrap_or_default();
    let relative = fill(text("relative_url"), answers)?;
    let relative = relative.trim_start_matches('/');
    let (path, query) = relative.split_once('?').unwrap_or((relative, ""));
    // A relative URL may begin with the version.
    let version = outer.base.rsplit('/').next().unwrap_or_default();
    let path = path.strip_prefix(version).unwrap_or(path).trim_matches('/');
    let mut params = Params::default();
    for name in ["access_token", "appsecret_proof"] {
        if let Some(value) = outer.params.text(name) {
            params.set(name, value.into());
        }
    }
    params.add_form(query);
    params.add_form(&fill(text("body"), answers)?);
    let method = if text("method").is_empty() { "GET" } else { text("method") }.to_uppercase();
    Ok(Call { method, path: path.to_owned(), params, ..outer.clone() })
}

impl Meta {
    /// Answers a batch: a list with a code, headers and a body as text for each call.
    pub fn batch(
        &mut self,
        outer: &Call,
        items: &[Value],
        refuse: &mut dyn FnMut(&Meta, &Call) -> Option<GraphError>,
    ) -> Result<(Value, Vec<LedgerEntry>), GraphError> {
        let most = self.config.limits.calls_per_batch;
        if items.len() > most {
            let message = format!("Too many requests in batch message. Maximum batch size is {most}");
            return Err(GraphError { kind: "GraphBatchException", ..GraphError::new(-3, message) });
        }
        let with_headers = outer.params.flag("include_headers")? != Some(false);
        let mut answers = Answers::new();
        let (mut rows, mut entries) = (Vec::new(), Vec::new());
        for item in items {
            let (row, changes) = self.item(outer, item, &mut answers, with_headers, refuse);
            rows.push(row);
            entries.extend(changes);
        }
        Ok((Value::Array(rows), entries))
    }

    fn item(
        &mut self,
        outer: &Call,
        item: &Value,
        answers: &mut Answers,
        with_headers: bool,
        refuse: &mut dyn FnMut(&Meta, &Call) -> Option<GraphError>,
    ) -> (Value, Vec<LedgerEntry>) {
        let trace = self.trace_id();
        let call = single(outer, item, answers).map(|call| Call { trace: trace.clone(), ..call });
        let usage = call.as_ref().ok().cloned();
        let (status, body, changes) = match call.and_then(|call| self.call(&call, refuse)) {
            Ok((body, changes)) => (200, body, changes),
            Err(error) => {
                let body = error.body(&trace, self.config.rules.error_data_is_text);
                (error.status().as_u16(), body, Vec::new())
            }
        };
        let name = item.get("name").and_then(Value::as_str);
        let silent = name.is_some() && item.get("omit_response_on_success") != Some(&Value::Bool(false));
        if let Some(name) = name.filter(|_| status == 200) {
            answers.insert(name.to_owned(), body.clone());
            if silent {
                return (Value::Null, changes);
            }
        }
        let mut row = json!({ "code": status, "body": body.to_string() });
        if with_headers {
            let headers = usage.map(|call| self.usage_headers(&call)).unwrap_or_default();
            let headers = headers.into_iter().map(|(name, value)| json!({ "name": name, "value": value }));
            let kind = json!({ "name": "Content-Type", "value": "text/javascript; charset=UTF-8" });
            row["headers"] = std::iter::once(kind).chain(headers).collect();
        }
        (row, changes)
    }
}

/// Puts earlier answers in for `{result=name:$.id}`.
fn fill(text: &str, answers: &Answers) -> Result<String, GraphError> {
    let mut out = String::new();
    let mut rest = text;
    // The braces may be percent encoded in a body.
    let decoded;
    if text.contains("%7Bresult%3D") {
        decoded = text.replace("%7Bresult%3D", "{result=").replace("%3A%24.", ":$.").replace("%7D", "}");
        rest = &decoded;
    }
    while let Some((before, reference)) = rest.split_once("{result=") {
        let (reference, after) = reference.split_once('}').unwrap_or((reference, ""));
        let (name, path) = reference.split_once(':').unwrap_or((reference, "$"));
        let wrong = |message: String| GraphError::new(100, message);
        let answer = answers.get(name).ok_or_else(|| wrong(format!("There is no answer of a call named {name}")))?;
        let found = select(answer, path).ok_or_else(|| wrong(format!("The answer of {name} has no {path}")))?;
        out.push_str(before);
        out.push_str(&found);
        rest = after;
    }
    Ok(out + rest)
}

/// The values at a path such as `$.id` or `$.data.*.id`, between commas.
fn select(answer: &Value, path: &str) -> Option<String> {
    let mut at = vec![answer];
    for part in path.trim_start_matches('$').split('.').filter(|part| !part.is_empty()) {
        at = at
            .into_iter()
            .flat_map(|value| match (part, value) {
                ("*", Value::Array(items)) => items.iter().collect(),
                ("*", Value::Object(fields)) => fields.values().collect(),
                (part, Value::Array(items)) => {
                    part.parse::<usize>().ok().and_then(|i| items.get(i)).into_iter().collect()
                }
                (part, value) => value.get(part).into_iter().collect::<Vec<_>>(),
            })
            .collect();
    }
    let texts: Vec<String> =
        at.into_iter().map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned)).collect();
    (!texts.is_empty()).then(|| texts.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn earlier_answers_are_put_in() {
        let answers = Answers::from([("one".to_owned(), json!({"id": "7", "data": [{"id": "1"}, {"id": "2"}]}))]);
        for (text, expected) in [
            ("adset_id={result=one:$.id}&a=b", "adset_id=7&a=b"),
            ("?ids={result=one:$.data.*.id}", "?ids=1,2"),
            ("{result=one:$.data.1.id}", "2"),
            ("adset_id=%7Bresult%3Done%3A%24.id%7D", "adset_id=7"),
            ("plain", "plain"),
        ] {
            assert_eq!(fill(text, &answers).unwrap(), expected);
        }
        assert!(fill("{result=two:$.id}", &answers).is_err());
        assert!(fill("{result=one:$.name}", &answers).is_err());
    }
}
