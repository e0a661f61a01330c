//! The platforms that there are connectors for. A new one is added here, and nowhere else outside of its folder.

use std::sync::Arc;

use adops_core::platform::{Platform, PlatformRules};

use crate::port::{AdPlatform, ConnectError, Connection};
use crate::rehearsal::RehearsalOnly;
use crate::{google_ads, meta, pinterest, tiktok};

/// A connector.
pub struct Entry {
    /// The platform it is for.
    pub platform: Platform,
    /// Makes it for one account.
    pub connect: fn(Connection) -> Result<Arc<dyn AdPlatform>, ConnectError>,
    /// Its pure half.
    pub rules: fn() -> Arc<dyn PlatformRules>,
}

/// All connectors.
pub const CONNECTORS: &[Entry] = &[
    Entry {
        platform: google_ads::PLATFORM,
        connect: |connection| Ok(Arc::new(google_ads::GoogleAds::new(connection)?)),
        rules: || Arc::new(google_ads::Rules),
    },
    Entry {
        platform: meta::PLATFORM,
        connect: |connection| Ok(Arc::new(meta::Meta::new(connection)?)),
        rules: || Arc::new(meta::Rules),
    },
    Entry {
        platform: tiktok::PLATFORM,
        connect: |connection| Ok(Arc::new(tiktok::TikTok::new(connection)?)),
        rules: || Arc::new(tiktok::Rules),
    },
    Entry {
        platform: pinterest::PLATFORM,
        connect: |connection| Ok(Arc::new(pinterest::Pinterest::new(connection)?)),
        rules: || Arc::new(pinterest::Rules),
    },
];

/// Makes the connector of an account; one for rehearsals writes nothing.
pub fn connect(connection: Connection) -> Result<Arc<dyn AdPlatform>, ConnectError> {
    let (platform, rehearsal) = (connection.platform, connection.rehearsal);
    let entry = find(platform).ok_or(ConnectError::NoConnector(platform))?;
    let connector = (entry.connect)(connection)?;
    Ok(if rehearsal { Arc::new(RehearsalOnly(connector)) } else { connector })
}

/// The rules of a platform, without an account: for plans made offline.
pub fn rules(platform: Platform) -> Option<Arc<dyn PlatformRules>> {
    find(platform).map(|entry| (entry.rules)())
}

fn find(platform: Platform) -> Option<&'static Entry> {
    CONNECTORS.iter().find(|entry| entry.platform == platform)
}
