//! The largest Campaign that there can be.

use adops_api::campaign::{
    Campaign, CampaignStatus, Exception, Line, LineState, MAX_LISTED, Override, Retired, Withheld,
};
use adops_api::validate::{self, Resource};
use adops_api::{ConditionType, Conditions, Reason, condition};
use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

/// A Campaign of 1,000 lines, each in trouble, with all that status can hold.
pub fn thousand_lines() -> Campaign {
    let markets: Vec<String> = (0..250).map(|i| format!("US-DMA-{:03}", 500 + i)).collect();
    let accounts: Vec<String> = (0..4).map(|i| format!("google-account-{i}")).collect();
    let text = format!(
        "apiVersion: adops.dev/v1alpha1\nkind: Campaign\nmetadata: {{name: large, namespace: growth}}\nspec:\n  \
         objective: Signups\n  flight: {{start: 2027-03-01, end: 2027-05-31}}\n  accounts: [{}]\n  markets: [{}]\n  \
         budget: {{daily: \"60000.00\", currency: EUR}}\n  declarations: {{euPoliticalAds: false, \
         specialAdCategories: []}}\n  ads:\n  - name: main\n    url: https://example.com\n    copy:\n      en: \
         {{headlines: [A, B, C]}}\n",
        accounts.join(", "),
        markets.join(", ")
    );
    let mut loaded = validate::load(&text, "large.yaml");
    assert_eq!(loaded.problems, []);
    let Resource::Campaign(campaign) = loaded.resources.remove(0).resource else { panic!("not a Campaign") };
    let mut campaign = *campaign;
    // As many exceptions and overrides as there can be, which the rules then have to go through.
    campaign.spec.except = markets
        .iter()
        .map(|market| Exception { account: Some("google-account-3".into()), market: Some(market.clone()) })
        .collect();
    campaign.spec.overrides = vec![
        Override {
            accounts: accounts.clone(),
            markets: markets[markets.len() - 64..].to_vec(),
            state: None,
            audience: None,
            url_parameters: None,
            conversion_action: Some("signup".into()),
        };
        32
    ];
    let now = Timestamp::from_second(1_800_000_000).unwrap();
    let long = "The platform refused a change: ".repeat(100);
    let line = |account: &String, market: &String, number: usize| {
        let mut line = Line::pending(format!("{account}/{market}")).because(Reason::BudgetBelowMinimum, &long);
        line.id = Some(format!("customers/1234567890/campaigns/2{number:010}"));
        line.state = LineState::Live;
        line.budget = Some("60.00".into());
        line.hash = Some("0123456789abcdef".into());
        line.replacement = 1;
        line
    };
    let keys = accounts.iter().flat_map(|account| markets.iter().map(move |market| (account, market)));
    let lines = keys.enumerate().map(|(number, (account, market))| line(account, market, number)).collect();
    let mut conditions = Conditions::new(&[], 1, now);
    for type_ in ConditionType::ALL {
        conditions.set(*type_, condition::Status::True, Reason::PlatformRejected, &long);
    }
    campaign.status = Some(CampaignStatus {
        observed_generation: 1,
        conditions: conditions.into_vec(),
        lines,
        retired: Some(Retired {
            count: 900,
            ids: vec!["customers/1234567890/campaigns/20000000000".into(); MAX_LISTED],
        }),
        withheld: vec![
            Withheld {
                line: "google-account-1/US-DMA-500".into(),
                change: "x".repeat(120),
                reason: Some(Reason::ReplaceNotAllowed),
                message: Some("x".repeat(240)),
            };
            MAX_LISTED
        ],
        withheld_count: 1000,
        observed_at: Some(Time(now)),
        ..CampaignStatus::default()
    });
    campaign
}
