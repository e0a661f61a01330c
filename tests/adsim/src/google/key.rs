//! Resource names and the keys that objects are stored under.

use std::fmt;

use super::errors::AdsError;

/// What an object is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// `CampaignBudget`.
    Budget,
    /// `Label`.
    Label,
    /// `Campaign`.
    Campaign,
    /// `CampaignLabel`: a label on a campaign.
    CampaignLabel,
    /// `CampaignCriterion`: a place or language that a campaign targets or excludes.
    CampaignCriterion,
    /// `AdGroup`.
    AdGroup,
    /// `AdGroupCriterion`: a keyword.
    AdGroupCriterion,
    /// `AdGroupAd`: an ad in an ad group.
    AdGroupAd,
    /// `Ad`: the same object as the `AdGroupAd`, under its other name.
    Ad,
    /// `CustomConversionGoal`: conversion actions that campaigns may optimise for.
    CustomGoal,
    /// `ConversionGoalCampaignConfig`: which conversions a campaign optimises for; each has one.
    GoalConfig,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Kind; 11] = [
        Kind::Budget,
        Kind::Label,
        Kind::Campaign,
        Kind::CampaignLabel,
        Kind::CampaignCriterion,
        Kind::AdGroup,
        Kind::AdGroupCriterion,
        Kind::AdGroupAd,
        Kind::Ad,
        Kind::CustomGoal,
        Kind::GoalConfig,
    ];

    /// The protobuf message's name.
    pub fn message(self) -> &'static str {
        match self {
            Kind::Budget => "CampaignBudget",
            Kind::Label => "Label",
            Kind::Campaign => "Campaign",
            Kind::CampaignLabel => "CampaignLabel",
            Kind::CampaignCriterion => "CampaignCriterion",
            Kind::AdGroup => "AdGroup",
            Kind::AdGroupCriterion => "AdGroupCriterion",
            Kind::AdGroupAd => "AdGroupAd",
            Kind::Ad => "Ad",
            Kind::CustomGoal => "CustomConversionGoal",
            Kind::GoalConfig => "ConversionGoalCampaignConfig",
        }
    }

    /// The name in GAQL and in error locations.
    pub fn snake(self) -> &'static str {
        match self {
            Kind::Budget => "campaign_budget",
            Kind::Label => "label",
            Kind::Campaign => "campaign",
            Kind::CampaignLabel => "campaign_label",
            Kind::CampaignCriterion => "campaign_criterion",
            Kind::AdGroup => "ad_group",
            Kind::AdGroupCriterion => "ad_group_criterion",
            Kind::AdGroupAd => "ad_group_ad",
            Kind::Ad => "ad",
            Kind::CustomGoal => "custom_conversion_goal",
            Kind::GoalConfig => "conversion_goal_campaign_config",
        }
    }

    /// The name in JSON.
    pub fn json(self) -> &'static str {
        match self {
            Kind::Budget => "campaignBudget",
            Kind::Label => "label",
            Kind::Campaign => "campaign",
            Kind::CampaignLabel => "campaignLabel",
            Kind::CampaignCriterion => "campaignCriterion",
            Kind::AdGroup => "adGroup",
            Kind::AdGroupCriterion => "adGroupCriterion",
            Kind::AdGroupAd => "adGroupAd",
            Kind::Ad => "ad",
            Kind::CustomGoal => "customConversionGoal",
            Kind::GoalConfig => "conversionGoalCampaignConfig",
        }
    }

    /// The field of `MutateOperation`.
    pub fn operation(self) -> &'static str {
        match self {
            Kind::Budget => "campaignBudgetOperation",
            Kind::Label => "labelOperation",
            Kind::Campaign => "campaignOperation",
            Kind::CampaignLabel => "campaignLabelOperation",
            Kind::CampaignCriterion => "campaignCriterionOperation",
            Kind::AdGroup => "adGroupOperation",
            Kind::AdGroupCriterion => "adGroupCriterionOperation",
            Kind::AdGroupAd => "adGroupAdOperation",
            Kind::Ad => "adOperation",
            Kind::CustomGoal => "customConversionGoalOperation",
            Kind::GoalConfig => "conversionGoalCampaignConfigOperation",
        }
    }

    /// The collection in resource names and URLs.
    pub fn collection(self) -> &'static str {
        match self {
            Kind::Budget => "campaignBudgets",
            Kind::Label => "labels",
            Kind::Campaign => "campaigns",
            Kind::CampaignLabel => "campaignLabels",
            Kind::CampaignCriterion => "campaignCriteria",
            Kind::AdGroup => "adGroups",
            Kind::AdGroupCriterion => "adGroupCriteria",
            Kind::AdGroupAd => "adGroupAds",
            Kind::Ad => "ads",
            Kind::CustomGoal => "customConversionGoals",
            Kind::GoalConfig => "conversionGoalCampaignConfigs",
        }
    }

    /// The request message of the kind's own mutate method.
    pub fn mutate_request(self) -> String {
        let mut collection = self.collection().to_owned();
        if let Some(first) = collection.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        format!("Mutate{collection}Request")
    }

    /// The kind of a collection.
    pub fn of_collection(collection: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|k| k.collection() == collection)
    }

    fn has_two_ids(self) -> bool {
        matches!(self, Kind::CampaignLabel | Kind::CampaignCriterion | Kind::AdGroupCriterion | Kind::AdGroupAd)
    }

    fn pattern(self) -> String {
        let ids = match self {
            Kind::CampaignLabel => "{campaign_id}~{label_id}".to_owned(),
            Kind::CampaignCriterion => "{campaign_id}~{criterion_id}".to_owned(),
            Kind::AdGroupCriterion => "{ad_group_id}~{criterion_id}".to_owned(),
            Kind::AdGroupAd => "{ad_group_id}~{ad_id}".to_owned(),
            Kind::CustomGoal => "{goal_id}".to_owned(),
            Kind::GoalConfig => "{campaign_id}".to_owned(),
            _ => format!("{{{}_id}}", self.snake()),
        };
        format!("customers/{{customer_id}}/{}/{ids}", self.collection())
    }
}

/// The key of an object within an account. `a` is the only id, or the parent's; `b` is 0 for kinds with one id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    /// What it is.
    pub kind: Kind,
    /// First id.
    pub a: i64,
    /// Second id.
    pub b: i64,
}

impl Key {
    /// The key of a kind with one id.
    pub fn one(kind: Kind, id: i64) -> Key {
        Key { kind, a: id, b: 0 }
    }

    /// The key of a kind with two ids.
    pub fn two(kind: Kind, a: i64, b: i64) -> Key {
        Key { kind, a, b }
    }

    /// The object's own id: the last part of its resource name.
    pub fn id(self) -> i64 {
        if self.kind.has_two_ids() { self.b } else { self.a }
    }

    /// The resource name in an account.
    pub fn name(self, customer: &str) -> String {
        let collection = self.kind.collection();
        if self.kind.has_two_ids() {
            format!("customers/{customer}/{collection}/{}~{}", self.a, self.b)
        } else {
            format!("customers/{customer}/{collection}/{}", self.a)
        }
    }

    /// Reads a resource name of an account and a kind.
    pub fn parse(kind: Kind, customer: &str, name: &str) -> Result<Key, AdsError> {
        let malformed = || {
            AdsError::new(
                "requestError",
                "RESOURCE_NAME_MALFORMED",
                format!("Resource name '{name}' is malformed: expected '{}'.", kind.pattern()),
            )
        };
        let mut parts = name.split('/');
        let (Some("customers"), Some(owner), Some(collection), Some(ids), None) =
            (parts.next(), parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(malformed());
        };
        if collection != kind.collection() || owner.parse::<u64>().is_err() {
            return Err(malformed());
        }
        let key = if kind.has_two_ids() {
            let (a, b) = ids.split_once('~').ok_or_else(malformed)?;
            Key { kind, a: a.parse().map_err(|_| malformed())?, b: b.parse().map_err(|_| malformed())? }
        } else {
            Key { kind, a: ids.parse().map_err(|_| malformed())?, b: 0 }
        };
        if owner != customer {
            return Err(AdsError::new(
                "requestError",
                "INVALID_CUSTOMER_ID",
                format!("Resource name '{name}' does not belong to customer {customer}."),
            ));
        }
        Ok(key)
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.kind.has_two_ids() {
            write!(f, "{}/{}~{}", self.kind.collection(), self.a, self.b)
        } else {
            write!(f, "{}/{}", self.kind.collection(), self.a)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resource_names_are_read_and_written() {
        for name in ["customers/1/campaigns/2", "customers/1/campaignBudgets/-2"] {
            let kind = Kind::of_collection(name.split('/').nth(2).unwrap()).unwrap();
            assert_eq!(Key::parse(kind, "1", name).unwrap().name("1"), name);
        }
        let key = Key::parse(Kind::AdGroupAd, "1", "customers/1/adGroupAds/-3~-4").unwrap();
        assert_eq!((key.a, key.b), (-3, -4));
    }

    #[test]
    fn names_of_another_shape_or_customer_are_refused() {
        for (name, code) in [
            ("customers/1/campaigns/2~3", "RESOURCE_NAME_MALFORMED"),
            ("customers/1/adGroups/2", "RESOURCE_NAME_MALFORMED"),
            ("campaigns/2", "RESOURCE_NAME_MALFORMED"),
            ("customers/9/campaigns/2", "INVALID_CUSTOMER_ID"),
        ] {
            assert_eq!(Key::parse(Kind::Campaign, "1", name).unwrap_err().code, code, "{name}");
        }
    }

    #[test]
    fn every_kind_has_its_messages_in_the_schema() {
        let schema = super::super::schema::schema();
        for kind in Kind::ALL {
            assert!(!schema.message(kind.message()).fields.is_empty(), "{kind:?}");
            assert!(!schema.message(&kind.mutate_request()).fields.is_empty(), "{}", kind.mutate_request());
        }
    }
}
