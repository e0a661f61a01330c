//! Campaign: one message, promoted for one objective during one flight, in markets x accounts.

mod ads;
mod platforms;
mod spec;
mod status;

pub use ads::{Ad, AdCopy};
pub use platforms::{
    AuctionBidding, AuctionStrategy, Bidding, BiddingStrategy, CallToAction, GoogleChannel, GoogleNetworks,
    GoogleSettings, MetaPlacement, MetaSettings, TikTokSettings,
};
pub use spec::{
    AdoptLine, AdoptionPolicy, Audience, Budget, Campaign, CampaignSpec, Declarations, DeletionPolicy, DesiredState,
    DriftPolicy, Exception, ExchangeRate, Flight, Gender, IgnorableField, Objective, OnReplace, Override,
    SpecialAdCategory, Split, StopsByHand,
};
pub use status::{
    AccountFlight, AppliedRate, CampaignStatus, Line, LineState, MAX_LINE_MESSAGE, MAX_LISTED, Retired, Withheld,
};
