//! Images and videos that manifests name: looked into from here, so that a plan says what a platform would not take.

use std::collections::{BTreeMap, BTreeSet};

use adops_api::{AdAccount, Campaign};
use adops_core::campaign::line;
use adops_core::campaign::spec::CampaignSpec;
use adops_core::catalog::media::{MediaBook, MediaState, pinned};
use adops_platforms::allow::AllowList;
use adops_platforms::media::fetch::{FetchError, Fetched, Fetcher, Opened};
use adops_platforms::registry;
use futures::StreamExt;
use futures::stream;

use crate::accounts::Accounts;
use crate::load::{Key, Manifests};

/// How many files are read at a time.
const AT_A_TIME: usize = 4;
/// The most of one file that is read, in bytes.
const LARGEST: u64 = 64 << 20;

/// What is behind URLs.
pub type Files = BTreeMap<String, MediaState>;

/// The URLs of all files that are needed to plan these Campaigns: of accounts whose ads are made of them.
pub fn needed(manifests: &Manifests, accounts: &BTreeMap<Key, AdAccount>) -> BTreeSet<String> {
    let of = |campaign: &Campaign, key: &Key| -> BTreeSet<String> {
        let Ok(spec) = CampaignSpec::try_from(campaign) else { return BTreeSet::new() };
        let shows_them = |name: &&String| {
            let account = accounts.get(&Key::account(key, name));
            let rules = account.and_then(|account| registry::rules(account.spec.platform.into()));
            rules.is_some_and(|rules| rules.uses_media())
        };
        spec.accounts.iter().filter(shows_them).flat_map(|name| line::media_urls(&spec, name)).collect()
    };
    manifests.campaigns.iter().flat_map(|(key, manifest)| of(&manifest.object, key)).collect()
}

/// Reads them.
pub async fn read(urls: BTreeSet<String>, allow: AllowList) -> Files {
    let fetcher = match Fetcher::new(allow) {
        Ok(fetcher) => fetcher,
        Err(error) => {
            return urls.into_iter().map(|url| (url, MediaState::Unreachable(error.to_string()))).collect();
        }
    };
    let fetcher = &fetcher;
    let look = |url: String| async move {
        let state = look(fetcher, &url).await;
        (url, state)
    };
    stream::iter(urls).map(look).buffer_unordered(AT_A_TIME).collect().await
}

async fn look(fetcher: &Fetcher, url: &str) -> MediaState {
    let fetched = match fetch(fetcher, url).await {
        Ok(fetched) => fetched,
        Err(error) => return MediaState::Unreachable(format!("from here: {error}")),
    };
    match (fetched.probe(), pinned(url)) {
        (Err(problem), _) => MediaState::Unusable(problem.to_string()),
        (_, Some(Err(problem))) => MediaState::Unusable(problem.to_string()),
        (Ok(facts), Some(Ok(pin))) if pin != facts.hash => {
            MediaState::Unusable(format!("its content is another one than the URL names: {}", facts.hash))
        }
        (Ok(facts), _) => MediaState::Known(facts),
    }
}

async fn fetch(fetcher: &Fetcher, url: &str) -> Result<Fetched, FetchError> {
    match fetcher.open(url, None).await? {
        Opened::Body(body) => body.read(LARGEST).await,
        // Nothing was known that could be unchanged.
        Opened::Unchanged => Err(FetchError::Status(304)),
    }
}

/// What is known of the files of a spec on its accounts, as if the platforms had what they would take.
pub fn book(spec: &CampaignSpec, accounts: &Accounts) -> MediaBook {
    let mut book = MediaBook::new();
    for (name, _) in accounts.known.iter().filter(|(_, known)| known.rules.uses_media()) {
        for url in line::media_urls(spec, name) {
            let state = accounts.files.get(&url).cloned().unwrap_or(MediaState::Pending);
            book.insert((name.clone(), url), state);
        }
    }
    book
}
