//! `kubectl adops resolve`: a person says which object on the platform is a line's.

use std::collections::BTreeMap;

use adops_api::Campaign;
use adops_core::campaign::line::LineKey;

/// The annotation of a Campaign that the operator reads: `line=id`, several of them with commas between.
pub const ANNOTATION: &str = "adops.dev/resolve";

/// Why choices cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ResolveError {
    /// Not `LINE=ID`.
    #[error("`{0}` is not LINE=ID, for example google-global/US=1234567890")]
    Form(String),
    /// The Campaign has no such line.
    #[error("the Campaign has no line {0}; its lines are {1}")]
    UnknownLine(LineKey, String),
}

/// What the annotation shall say, and what to tell about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolution {
    /// The annotation's value.
    pub value: String,
    /// One line for each choice.
    pub told: Vec<String>,
}

/// Adds choices to those that a Campaign has.
pub fn resolve(campaign: &Campaign, choices: &[String]) -> Result<Resolution, ResolveError> {
    let before = campaign.metadata.annotations.as_ref().and_then(|all| all.get(ANNOTATION)).map_or("", String::as_str);
    let mut all: BTreeMap<LineKey, String> = before.split(',').filter_map(|part| parse(part).ok()).collect();
    let known = lines(campaign);
    let mut told = Vec::new();
    for choice in choices {
        let (line, id) = parse(choice)?;
        if !known.contains(&line) {
            let shown = known.iter().take(10).map(ToString::to_string).collect::<Vec<_>>().join(", ");
            let more = known.len().saturating_sub(10);
            let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
            return Err(ResolveError::UnknownLine(line, format!("{shown}{rest}")));
        }
        told.push(match all.insert(line.clone(), id.clone()) {
            Some(old) if old == id => format!("{line} is {id}, as it was said before"),
            Some(old) => format!("{line} is {id}; before, {old} was said"),
            None => format!("{line} is {id}"),
        });
    }
    let value = all.iter().map(|(line, id)| format!("{line}={id}")).collect::<Vec<_>>().join(",");
    Ok(Resolution { value, told })
}

fn parse(text: &str) -> Result<(LineKey, String), ResolveError> {
    let form = || ResolveError::Form(text.trim().to_owned());
    let (line, id) = text.trim().split_once('=').ok_or_else(form)?;
    let (line, id) = (line.trim(), id.trim());
    let plain = !id.is_empty() && !id.contains([',', '=', ' ']);
    Ok((line.parse().ok().filter(|_| plain).ok_or_else(form)?, id.to_owned()))
}

/// Every account with every market: one that `except` leaves out may still have objects to choose from.
fn lines(campaign: &Campaign) -> Vec<LineKey> {
    let spec = &campaign.spec;
    spec.accounts
        .iter()
        .flat_map(|account| spec.markets.iter().map(move |market| LineKey::new(account, market)))
        .collect()
}
