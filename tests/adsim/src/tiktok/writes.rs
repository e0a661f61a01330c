//! The endpoints that write: create, update, status.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::config::RepeatedRequest;
use super::errors::{Refusal, code};
use super::list::render;
use super::object::{Kind, Object};
use super::rules::{Context, ad, adgroup, campaign};
use super::schema::{Doc, text, texts};
use super::{TikTok, Written};

/// Ids of a status update.
const MOST_IDS: usize = 20;

/// What an endpoint answers.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) code: i64,
    pub(crate) data: Value,
    pub(crate) written: Vec<Written>,
}

impl From<Value> for Reply {
    fn from(data: Value) -> Reply {
        Reply { code: code::OK, data, written: Vec::new() }
    }
}

/// Lets faults refuse single objects: the operation's name, and text that tells the object.
pub(crate) type Reject<'a> = dyn FnMut(&str, &str) -> Option<Refusal> + 'a;

/// A request to write.
pub(crate) struct Write<'a, 'r> {
    pub(crate) advertiser: &'a str,
    pub(crate) body: Doc,
    pub(crate) now: Timestamp,
    pub(crate) reject: &'a mut Reject<'r>,
}

impl TikTok {
    /// `…/create/`.
    pub(crate) fn create(&mut self, kind: Kind, smart_plus: bool, write: Write<'_, '_>) -> Result<Reply, Refusal> {
        let Write { advertiser, body, now, reject } = write;
        let request = text(&body, "request_id").to_owned();
        let seconds = self.config.request_id_seconds;
        if let Some(id) =
            self.windows.repeated(advertiser, kind.name(), &request, seconds).filter(|_| !request.is_empty())
        {
            return self.repeat(advertiser, kind, id, now);
        }
        refuse(reject, &format!("{}.create", kind.name()), &Value::Object(body.clone()).to_string())?;
        let context = self.context(self.account(advertiser)?, now);
        let mut object = match (kind, smart_plus) {
            (Kind::Campaign, true) => campaign::create(&context, body),
            (Kind::Campaign, false) => campaign::create_manual(&context, body),
            (Kind::Adgroup, _) => adgroup::create(&context, body),
            (Kind::Ad, _) => ad::create(&context, body),
        }?;
        object.id = self.next_id();
        if kind == Kind::Ad {
            self.windows.write_ad(object.id, self.config.ad_write_seconds)?;
        } else if !request.is_empty() {
            self.windows.remember(advertiser, kind.name(), &request, object.id, seconds);
        }
        self.answer_object(advertiser, object, now)
    }

    /// Answers a create whose `request_id` has just been used.
    fn repeat(&self, advertiser: &str, kind: Kind, id: u64, now: Timestamp) -> Result<Reply, Refusal> {
        let account = self.account(advertiser)?;
        match (self.config.repeated_request, account.get(kind, id)) {
            (RepeatedRequest::Replay, Some(object)) => Ok(render(&self.present(account, now), object, true).into()),
            _ => Err(Refusal::new(code::DUPLICATE_REQUEST, "Duplicated requests have been sent.")),
        }
    }

    /// `…/update/`.
    pub(crate) fn update(&mut self, kind: Kind, write: Write<'_, '_>) -> Result<Reply, Refusal> {
        let Write { advertiser, body, now, reject } = write;
        let id = text(&body, kind.id_field()).to_owned();
        refuse(reject, &format!("{}.update", kind.name()), &Value::Object(body.clone()).to_string())?;
        let context = self.context(self.account(advertiser)?, now);
        let current = context.find(kind, &id)?;
        let object = match kind {
            Kind::Campaign => campaign::update(&context, current, body),
            Kind::Adgroup => adgroup::update(&context, current, body),
            Kind::Ad => ad::update(&context, current, body),
        }?;
        if kind == Kind::Ad {
            // Pausing and deleting an ad are not held up (assumed).
            self.windows.write_ad(object.id, self.config.ad_write_seconds)?;
        }
        self.answer_object(advertiser, object, now)
    }

    fn answer_object(&mut self, advertiser: &str, object: Object, now: Timestamp) -> Result<Reply, Refusal> {
        let (kind, id, smart_plus) = (object.kind, object.id, object.smart_plus);
        let written: Vec<Written> = self.write(advertiser, object, now).into_iter().collect();
        let account = self.account(advertiser)?;
        let object = account.get(kind, id).ok_or_else(|| Refusal::not_found(kind.words(), &id.to_string()))?;
        let data = render(&self.present(account, now), object, smart_plus);
        Ok(Reply { code: code::OK, data, written })
    }

    /// `…/status/update/`: each object for itself.
    pub(crate) fn update_status(&mut self, kind: Kind, write: Write<'_, '_>) -> Result<Reply, Refusal> {
        let Write { advertiser, body, now, reject } = write;
        let field = format!("{}s", kind.id_field());
        let ids: Vec<String> = texts(&body, &field).into_iter().map(str::to_owned).collect();
        if ids.is_empty() || ids.len() > MOST_IDS {
            return Err(Refusal::invalid(format!("{field}: Length must be between 1 and {MOST_IDS}.")));
        }
        let status = text(&body, "operation_status").to_owned();
        let operation = format!("{}.{}", kind.name(), status.to_lowercase());
        let (mut done, mut failed, mut written) = (Vec::new(), Vec::new(), Vec::new());
        for id in ids {
            let checked = match reject(&operation, &id) {
                Some(refusal) => Err(refusal),
                None => with_status(&self.context(self.account(advertiser)?, now), kind, &id, &status),
            };
            match checked {
                Ok(object) => {
                    written.extend(self.write(advertiser, object, now));
                    done.push(id);
                }
                Err(refusal) => failed.push((id, refusal)),
            }
        }
        // Whether a request of which nothing succeeded is an error is assumed: here the one failure is told as one.
        if let (true, Some((_, refusal))) = (done.is_empty() && kind == Kind::Ad, failed.first()) {
            return Err(refusal.clone());
        }
        let code = if failed.is_empty() { code::OK } else { self.config.partial_success_code };
        Ok(Reply { code, data: status_data(kind, &status, &done, &failed), written })
    }

    pub(crate) fn account(&self, advertiser: &str) -> Result<&super::Advertiser, Refusal> {
        let missing = || Refusal::new(code::NO_ADVERTISER, "The advertiser does not exist or has been deleted.");
        self.advertisers.get(advertiser).ok_or_else(missing)
    }
}

fn refuse(reject: &mut Reject<'_>, operation: &str, text: &str) -> Result<(), Refusal> {
    reject(operation, text).map_or(Ok(()), Err)
}

fn with_status(context: &Context<'_>, kind: Kind, id: &str, status: &str) -> Result<Object, Refusal> {
    let found = id.parse().ok().and_then(|number| context.account.get(kind, number));
    let found = found.ok_or_else(|| Refusal::not_found(kind.words(), id))?;
    if context.is_gone(found) {
        let words = kind.words();
        return Err(Refusal::invalid(format!("The status of deleted {words}s cannot be modified.")));
    }
    let object = Object { modified: context.now, ..(**found).clone() };
    match status {
        "DELETE" => Ok(Object { deleted: true, ..object }),
        "ENABLE" => {
            context.admits_writes()?;
            Ok(Object { enabled: true, ..object })
        }
        _ => Ok(Object { enabled: false, ..object }),
    }
}

/// The answer for ads names only those that were updated; the others' tells what failed.
fn status_data(kind: Kind, status: &str, done: &[String], failed: &[(String, Refusal)]) -> Value {
    if kind == Kind::Ad {
        return json!({ "smart_plus_ad_ids": done, "status": status });
    }
    let field = kind.id_field();
    let list: Vec<Value> = done.iter().map(|id| json!({ field: id, "status": status })).collect();
    let errors: Vec<Value> =
        failed.iter().map(|(id, refusal)| json!({ field: id, "error_message": refusal.message })).collect();
    json!({ format!("{}_list", kind.name()): list, "error_list": errors })
}
