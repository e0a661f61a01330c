//! Under whose name a line's ads are shown, and who benefits from them and pays for them in the EU: one setting.

use std::collections::BTreeSet;

use adops_core::campaign::settings::Value;

use super::creative::Speaker;

const PAGE: &str = "page ";
const INSTAGRAM: &str = "instagram ";
const BENEFICIARY: &str = "beneficiary ";
const PAYOR: &str = "payor ";

/// The setting's parts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Identity {
    /// The page, and the Instagram account if there is one.
    pub(super) speaker: Speaker,
    /// Who benefits.
    pub(super) beneficiary: Option<String>,
    /// Who pays.
    pub(super) payor: Option<String>,
    /// Other speakers that ads have.
    pub(super) others: BTreeSet<String>,
}

impl Identity {
    /// As the setting's value.
    pub(super) fn value(&self) -> Value {
        let part = |kind: &str, text: &Option<String>| text.as_ref().map(|text| format!("{kind}{text}"));
        let page = (!self.speaker.page.is_empty()).then(|| format!("{PAGE}{}", self.speaker.page));
        let parts = [
            page,
            part(INSTAGRAM, &self.speaker.instagram),
            part(BENEFICIARY, &self.beneficiary),
            part(PAYOR, &self.payor),
        ];
        Value::Set(parts.into_iter().flatten().chain(self.others.iter().cloned()).collect())
    }

    /// Of the setting's value.
    pub(super) fn of(value: &Value) -> Self {
        let mut identity = Self::default();
        let Value::Set(parts) = value else { return identity };
        for text in parts {
            if let Some(page) = text.strip_prefix(PAGE) {
                page.clone_into(&mut identity.speaker.page);
            } else if let Some(id) = text.strip_prefix(INSTAGRAM) {
                identity.speaker.instagram = Some(id.to_owned());
            } else if let Some(name) = text.strip_prefix(BENEFICIARY) {
                identity.beneficiary = Some(name.to_owned());
            } else if let Some(name) = text.strip_prefix(PAYOR) {
                identity.payor = Some(name.to_owned());
            } else {
                identity.others.insert(text.clone());
            }
        }
        identity
    }

    /// Whether it has all that another one asks for.
    pub(super) fn serves(&self, wanted: &Self) -> bool {
        let has = |own: &Option<String>, wanted: &Option<String>| wanted.is_none() || own == wanted;
        self.speaker == wanted.speaker
            && self.others == wanted.others
            && has(&self.beneficiary, &wanted.beneficiary)
            && has(&self.payor, &wanted.payor)
    }
}

/// How another speaker's ad is told.
pub(super) fn other(speaker: &Speaker) -> String {
    match &speaker.instagram {
        Some(instagram) => format!("another ad's page {}, instagram {instagram}", speaker.page),
        None => format!("another ad's page {}", speaker.page),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identity_survives_its_way_through_a_setting() {
        let identity = Identity {
            speaker: Speaker { page: "9".to_owned(), instagram: Some("17".to_owned()) },
            beneficiary: Some("Example Ltd".to_owned()),
            payor: None,
            others: BTreeSet::new(),
        };
        assert_eq!(Identity::of(&identity.value()), identity);
        let wanted = Identity { beneficiary: None, ..identity.clone() };
        assert!(identity.serves(&wanted), "a default of the account's is no difference");
        assert!(!wanted.serves(&identity));
        let other = Identity { speaker: Speaker::default(), ..identity.clone() };
        assert!(!other.serves(&identity));
    }
}
