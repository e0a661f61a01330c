//! Bidding: our words for it, Google's fields for it.

use adops_core::money::{Currency, Money};
use serde_json::{Map, Value, json};

/// How a line bids; amounts in micros.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bid {
    MaximizeClicks { ceiling: Option<i64> },
    MaximizeConversions { target: Option<i64> },
    ManualCpc { bid: i64 },
}

impl Bid {
    /// Reads what `render` writes, such as `MaximizeClicks maxCpc=1.50`.
    pub(super) fn parse(text: &str, currency: Currency) -> Option<Self> {
        let (strategy, limit) = match text.split_once(' ') {
            None => (text, None),
            Some((strategy, limit)) => {
                let (_, decimal) = limit.split_once('=')?;
                (strategy, Some(Money::parse(decimal, currency).ok()?.micros()))
            }
        };
        match strategy {
            "MaximizeClicks" => Some(Self::MaximizeClicks { ceiling: limit }),
            "MaximizeConversions" => Some(Self::MaximizeConversions { target: limit }),
            "ManualCpc" => Some(Self::ManualCpc { bid: limit? }),
            _ => None,
        }
    }

    /// Sets the campaign's field; the answer is its path in an update mask.
    pub(super) fn write(self, campaign: &mut Map<String, Value>) -> &'static str {
        let amount = |name: &str, micros: Option<i64>| match micros {
            Some(micros) => json!({ name: micros.to_string() }),
            None => json!({}),
        };
        let (field, value, mask) = match self {
            Self::MaximizeClicks { ceiling } => {
                ("targetSpend", amount("cpcBidCeilingMicros", ceiling), "targetSpend.cpcBidCeilingMicros")
            }
            Self::MaximizeConversions { target } => {
                ("maximizeConversions", amount("targetCpaMicros", target), "maximizeConversions.targetCpaMicros")
            }
            Self::ManualCpc { .. } => {
                ("manualCpc", json!({ "enhancedCpcEnabled": false }), "manualCpc.enhancedCpcEnabled")
            }
        };
        campaign.insert(field.to_owned(), value);
        mask
    }

    /// The bid that the ad group holds.
    pub(super) fn group_bid(self) -> Option<i64> {
        match self {
            Self::ManualCpc { bid } => Some(bid),
            Self::MaximizeClicks { .. } | Self::MaximizeConversions { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bids_are_read_as_they_are_written() {
        let usd = "USD".parse().unwrap();
        for (text, expected) in [
            ("MaximizeClicks", Some(Bid::MaximizeClicks { ceiling: None })),
            ("MaximizeClicks maxCpc=1.50", Some(Bid::MaximizeClicks { ceiling: Some(1_500_000) })),
            ("MaximizeConversions targetCpa=12.00", Some(Bid::MaximizeConversions { target: Some(12_000_000) })),
            ("ManualCpc maxCpc=0.40", Some(Bid::ManualCpc { bid: 400_000 })),
            ("ManualCpc", None),
            ("TARGET_ROAS", None),
        ] {
            assert_eq!(Bid::parse(text, usd), expected, "{text}");
        }
    }
}
