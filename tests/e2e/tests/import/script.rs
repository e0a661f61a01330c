//! An account that a script has made by hand, with all that scripts do.

use adops_e2e::world::{CUSTOMER, World};
use adsim::EditAction;
use serde_json::{Value, json};

/// How many campaigns there are.
pub const OBJECTS: usize = 300;

/// What a campaign is made as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A Search campaign that a Campaign can hold, though not all of it exactly.
    Held,
    /// On another channel.
    OtherChannel,
    /// It spends a budget together with others.
    SharedBudget,
    /// It is removed.
    Removed,
    /// Another installation holds it, by the token in its name.
    ForeignToken,
    /// Another installation holds it, by its label.
    ForeignLabel,
    /// It runs around a point, and nowhere that has a code.
    Nowhere,
}

impl Kind {
    /// Of the campaign of a number.
    pub fn of(number: usize) -> Self {
        match number % 25 {
            3 | 7 => Self::OtherChannel,
            11 => Self::SharedBudget,
            15 => Self::Removed,
            19 => Self::ForeignToken,
            20 => Self::ForeignLabel,
            23 => Self::Nowhere,
            _ => Self::Held,
        }
    }
}

/// How many of a kind there are.
pub fn count(kind: Kind) -> usize {
    (0..OBJECTS).filter(|number| Kind::of(*number) == kind).count()
}

const NAMES: &[&str] = &[
    "  Brand \"US\" ",
    "🚀 Spring/Summer — 'sale'",
    "[DE] Search | Generic",
    "NO",
    "null: ~ # not a comment",
    "日本語キャンペーン",
    "[spring.old.x.0] copy (2)",
    "- {key: \"value\"} & *anchor",
    "CamelCase_under.score",
    "50% off!  two  spaces",
];
const PLACES: &[&[i64]] = &[&[2840], &[2826], &[2276, 2040, 2756], &[21137], &[2250], &[2578, 2752]];
const BUDGETS: &[i64] = &[10_000, 12_340_000, 1_000_010_000, 33_330_000, 7_770_000, 250_000_000];

/// Makes them all. What is to end ends on 25 February.
pub fn make(world: &World) {
    for number in 0..OBJECTS {
        world.by_hand(EditAction::Mutate { operations: operations(number) });
        let name = name(number);
        match Kind::of(number) {
            Kind::Removed => world.by_hand(EditAction::RemoveCampaign { campaign: name }),
            Kind::ForeignLabel => {
                world.by_hand(EditAction::AddLabel { campaign: name, label: "adops:other-one".into() });
            }
            _ => {}
        }
    }
}

/// A campaign's name.
pub fn name(number: usize) -> String {
    let token = if Kind::of(number) == Kind::ForeignToken { " [other-one.0123456789abcdef.01234567.0]" } else { "" };
    // Some are alike but for their spaces, and come to one name in the cluster.
    let distinct = " ".repeat(number / 90) + &(number % 90).to_string();
    format!("{}{distinct}{token}{}", NAMES[number % NAMES.len()], if number.is_multiple_of(4) { " " } else { "" })
}

fn operations(number: usize) -> Value {
    let at = |collection: &str, id: i64| format!("customers/{CUSTOMER}/{collection}/{id}");
    let campaign = at("campaigns", -2);
    let group = |id: i64| at("adGroups", id);
    let criterion = |fields: Value| {
        let mut create = json!({"campaign": campaign});
        create.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        json!({"campaignCriterionOperation": {"create": create}})
    };
    let shared = Kind::of(number) == Kind::SharedBudget;
    let mut budget = json!({
        "resourceName": at("campaignBudgets", -1),
        "amountMicros": BUDGETS[number % BUDGETS.len()].to_string(),
        "explicitlyShared": shared,
    });
    if shared {
        budget["name"] = format!("shared {number}").into();
    }
    let mut all = vec![
        json!({"campaignBudgetOperation": {"create": budget}}),
        json!({"campaignOperation": {"create": top(number)}}),
    ];
    if Kind::of(number) == Kind::OtherChannel {
        return Value::Array(all);
    }
    if Kind::of(number) == Kind::Nowhere || number % 8 == 5 {
        all.push(criterion(json!({"proximity": {
            "radius": 12.5, "radiusUnits": "KILOMETERS",
            "geoPoint": {"longitudeInMicroDegrees": 13_400_000, "latitudeInMicroDegrees": 52_500_000},
        }})));
    }
    if Kind::of(number) != Kind::Nowhere {
        for place in PLACES[number % PLACES.len()] {
            all.push(criterion(json!({"location": {"geoTargetConstant": format!("geoTargetConstants/{place}")}})));
        }
    }
    if number % 9 == 2 {
        all.push(criterion(json!({"negative": true, "location": {"geoTargetConstant": "geoTargetConstants/21167"}})));
    }
    for language in [&[1000][..], &[1001], &[1000, 1001], &[]][number % 4] {
        all.push(criterion(json!({"language": {"languageConstant": format!("languageConstants/{language}")}})));
    }
    if number.is_multiple_of(3) {
        all.push(criterion(json!({"negative": true, "keyword": {"text": "free \"stuff\"", "matchType": "PHRASE"}})));
    }
    // Two ad groups here and there: a line has one.
    for id in if number % 7 == 4 { vec![-3, -4] } else { vec![-3] } {
        all.push(json!({"adGroupOperation": {"create": {"resourceName": group(id), "campaign": campaign,
            "name": format!("group {id}"), "type": "SEARCH_STANDARD", "status": "ENABLED", "cpcBidMicros": "450000"}}}));
        for (text, matching) in [("Spring  Series", "BROAD"), ("watch now", "EXACT"), ("no", "PHRASE")] {
            all.push(json!({"adGroupCriterionOperation": {"create": {"adGroup": group(id), "status": "ENABLED",
                "keyword": {"text": text, "matchType": matching}}}}));
        }
        all.push(
            json!({"adGroupAdOperation": {"create": {"adGroup": group(id), "status": "ENABLED", "ad": ad(number)}}}),
        );
    }
    if number % 5 == 1 {
        for age in [
            "AGE_RANGE_18_24",
            "AGE_RANGE_65_UP",
            if number.is_multiple_of(2) { "AGE_RANGE_35_44" } else { "AGE_RANGE_25_34" },
        ] {
            all.push(json!({"adGroupCriterionOperation": {"create": {"adGroup": group(-3), "negative": true,
                "ageRange": {"type": age}}}}));
        }
    }
    Value::Array(all)
}

fn top(number: usize) -> Value {
    let other = Kind::of(number) == Kind::OtherChannel;
    let mut campaign = json!({
        "resourceName": format!("customers/{CUSTOMER}/campaigns/-2"),
        "campaignBudget": format!("customers/{CUSTOMER}/campaignBudgets/-1"),
        "name": name(number),
        "status": if number % 3 == 1 { "PAUSED" } else { "ENABLED" },
        "advertisingChannelType": match (other, number.is_multiple_of(2)) {
            (true, true) => "PERFORMANCE_MAX",
            (true, false) => "DISPLAY",
            _ => "SEARCH",
        },
        "networkSettings": {"targetGoogleSearch": true, "targetSearchNetwork": number.is_multiple_of(2),
            "targetContentNetwork": number % 6 == 3},
        "containsEuPoliticalAdvertising": if number % 50 == 1 {
            "CONTAINS_EU_POLITICAL_ADVERTISING"
        } else {
            "DOES_NOT_CONTAIN_EU_POLITICAL_ADVERTISING"
        },
    });
    if number % 4 < 3 {
        campaign["geoTargetTypeSetting"] = json!({"positiveGeoTargetType": "PRESENCE"});
    }
    match number % 6 {
        0 => campaign["endDateTime"] = "2027-02-25 23:59:59".into(),
        1 | 2 => campaign["endDateTime"] = "2027-12-24 23:59:59".into(),
        3 => campaign["startDateTime"] = "2027-04-01 00:00:00".into(),
        _ => {}
    }
    if number.is_multiple_of(2) {
        campaign["finalUrlSuffix"] = format!("src=script&c={{campaignid}}&n={number}").into();
    }
    let (strategy, fields) = match number % 7 {
        0 => ("manualCpc", json!({})),
        1 => ("targetSpend", json!({"cpcBidCeilingMicros": "1230000"})),
        2 => ("maximizeConversions", json!({"targetCpaMicros": "25000000"})),
        3 => ("targetSpend", json!({"cpcBidCeilingMicros": "1234567"})),
        4 => ("targetRoas", json!({"targetRoas": 3.5})),
        5 => ("maximizeConversions", json!({})),
        _ => ("targetSpend", json!({})),
    };
    campaign[strategy] = fields;
    campaign
}

fn ad(number: usize) -> Value {
    let mut first = json!({"text": "Spring is \"here\""});
    if number % 10 == 6 {
        first["pinnedField"] = "HEADLINE_1".into();
    }
    json!({
        "finalUrls": [format!("https://example.com/a?b=c&n={number}#top")],
        "responsiveSearchAd": {
            "headlines": [first, {"text": "Watch  now"}, {"text": "Größte Auswahl: 100%"}],
            "descriptions": [{"text": "All episodes, today."}, {"text": "Start for free - no card"}],
            "path1": "spring",
        },
    })
}
