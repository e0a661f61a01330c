//! Writing: arrays of up to thirty items, each with data or with exceptions of its own.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::errors::Refusal;
use super::object::{Doc, Kind, Object};
use super::{Pinterest, Written, reads, rules};

/// Items of a body.
const ITEMS: usize = 30;

/// Lets a fault refuse single items: by the operation, and the item's text.
pub(super) type Reject<'a> = dyn FnMut(&str, &str) -> Option<Refusal> + 'a;

impl Pinterest {
    /// Creates or updates what a body holds.
    pub(super) fn write_items(
        &mut self,
        account: &str,
        kind: Kind,
        creates: bool,
        body: &[u8],
        now: Timestamp,
        reject: &mut Reject<'_>,
    ) -> Result<(Value, Vec<Written>), Refusal> {
        let items: Vec<Doc> =
            serde_json::from_slice(body).map_err(|_| Refusal::invalid("The body is not an array of objects."))?;
        if items.is_empty() || items.len() > ITEMS {
            return Err(Refusal::invalid("The body must have from 1 to 30 items."));
        }
        for item in &items {
            rules::fits(kind, item, creates)?;
        }
        let (mut answers, mut written) = (Vec::new(), Vec::new());
        let operation = format!("{}.{}", kind.name(), if creates { "create" } else { "update" });
        for item in items {
            let text = Value::Object(item.clone()).to_string();
            let result = match reject(&operation, &text) {
                Some(refusal) => Err(refusal),
                None => self.write_item(account, kind, item, now),
            };
            answers.push(match result {
                Ok(write) => {
                    let data = self.accounts.get(account).map(|account| reads::row(account, &write.after, now));
                    written.push(write);
                    json!({ "data": data, "exceptions": [] })
                }
                Err(refusal) => json!({ "data": null, "exceptions": [refusal.body()] }),
            });
        }
        Ok((json!({ "items": answers }), written))
    }

    fn write_item(&mut self, account: &str, kind: Kind, mut item: Doc, now: Timestamp) -> Result<Written, Refusal> {
        let missing = || Refusal { code: 4, ..Refusal::invalid(format!("The {} was not found.", kind.name())) };
        let own = item.remove("ad_account_id").is_none_or(|id| id.as_str() == Some(account));
        if !own {
            return Err(Refusal::invalid("ad_account_id is not that of the path."));
        }
        let before: Option<Arc<Object>> = match item.remove("id") {
            None => None,
            Some(id) => {
                let id = id.as_str().and_then(|id| id.parse().ok()).ok_or_else(missing)?;
                let found = self.accounts.get(account).and_then(|account| account.get(kind, id));
                Some(found.cloned().ok_or_else(missing)?)
            }
        };
        let after = match &before {
            Some(before) => {
                item.remove("campaign_id");
                let mut doc = before.doc.clone();
                doc.extend(item);
                Object { doc, updated: now, ..(**before).clone() }
            }
            None => self.new_object(kind, item, now)?,
        };
        let holder = self.accounts.get(account).ok_or_else(Refusal::no_account)?;
        rules::allows(holder, before.as_deref(), &after, |code| self.has_location(code), now)?;
        self.write(account, after, now).ok_or_else(Refusal::no_account)
    }

    fn new_object(&mut self, kind: Kind, mut item: Doc, now: Timestamp) -> Result<Object, Refusal> {
        let parent = match item.remove("campaign_id") {
            None => 0,
            Some(id) => {
                let id = id.as_str().and_then(|id| id.parse().ok());
                id.ok_or_else(|| Refusal::invalid("'campaign_id' is no id."))?
            }
        };
        let defaults: &[(&str, Value)] = match kind {
            Kind::Campaign => &[
                ("status", json!("ACTIVE")),
                ("start_time", json!(now.as_second())),
                ("is_campaign_budget_optimization", json!(false)),
                ("is_flexible_daily_budgets", json!(false)),
                ("is_automated_campaign", json!(false)),
            ],
            Kind::AdGroup => &[
                ("status", json!("ACTIVE")),
                ("auto_targeting_enabled", json!(true)),
                ("budget_type", json!("DAILY")),
                ("pacing_delivery_type", json!("STANDARD")),
                ("placement_group", json!("ALL")),
            ],
        };
        for (name, value) in defaults {
            item.entry(*name).or_insert_with(|| value.clone());
        }
        Ok(Object { kind, id: self.next_id(), parent, doc: item, created: now, updated: now })
    }
}
