//! One table of changes to a valid object, each with all that is wrong after it. The same table runs through the local
//! validation and through a real API server, so that neither says what the other does not.

/// A valid Campaign.
pub const CAMPAIGN: &str = r#"apiVersion: adops.dev/v1alpha1
kind: Campaign
metadata: {name: c, namespace: growth}
spec:
  objective: Signups
  flight: {start: 2027-03-01, end: 2027-05-31}
  accounts: [google-global]
  markets: [US, GB, dach]
  groups: {dach: [DE, AT, CH]}
  budget: {daily: "6000.00", currency: EUR}
  declarations: {euPoliticalAds: false, specialAdCategories: []}
  ads:
  - name: trailer
    url: https://example.com/{market}
    copy:
      en: {headlines: [A, B, C], descriptions: [D, E]}
"#;

/// A valid AdAccount.
pub const ACCOUNT: &str = r#"apiVersion: adops.dev/v1alpha1
kind: AdAccount
metadata: {name: a, namespace: growth}
spec:
  platform: Google
  accountId: "123-456-7890"
  credentialsSecretRef: {name: google-ads}
  ceiling: {daily: "20000.00", currency: EUR}
"#;

/// A change to a valid object.
// Not every test that shares this table reads all of it.
#[allow(dead_code)]
pub struct Case {
    /// The valid object.
    pub base: &'static str,
    /// What is replaced in it, once.
    pub replace: &'static str,
    /// By what.
    pub with: &'static str,
    /// All that is wrong then, as the API server says it; empty if nothing is.
    pub wrong: &'static [&'static str],
}

impl Case {
    /// The object after the change.
    pub fn text(&self) -> String {
        assert!(self.base.contains(self.replace), "{}", self.replace);
        self.base.replacen(self.replace, self.with, 1)
    }
}

const fn campaign(replace: &'static str, with: &'static str, wrong: &'static [&'static str]) -> Case {
    Case { base: CAMPAIGN, replace, with, wrong }
}

const fn account(replace: &'static str, with: &'static str, wrong: &'static [&'static str]) -> Case {
    Case { base: ACCOUNT, replace, with, wrong }
}

/// What the local validation says of a text, as the API server would say it: without files, lines and hints, and of an
/// object with unknown fields only these, for then the API server looks no further.
pub fn local(text: &str) -> Vec<String> {
    let problems = adops_api::validate::load(text, "file.yaml").problems;
    let unknown: Vec<_> =
        problems.iter().filter(|p| p.message.starts_with("unknown field")).map(|p| p.message.clone()).collect();
    if !unknown.is_empty() {
        return unknown;
    }
    problems.into_iter().map(|problem| format!("{}: {}", problem.field, problem.message)).collect()
}

include!("table.rs");
