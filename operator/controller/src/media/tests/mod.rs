//! The library against a server and a platform that do as they are told.

mod fake;

use std::sync::Mutex as StdMutex;
use std::time::{Duration, Instant};

use adops_core::catalog::media::MediaFacts;
use adops_platforms::allow::AllowList;
use adops_platforms::error::PlatformError;
use adops_platforms::port::Processing;

use self::fake::{Behind, Fake, FakeRules, Server, image};
use super::*;

struct World {
    server: Server,
    accounts: Arc<StdMutex<HashMap<Key, Arc<Fake>>>>,
    clock: Clock,
    campaigns: Arc<WorkQueue<Key>>,
    library: Arc<Library>,
    options: MediaOptions,
}

struct To(Arc<StdMutex<HashMap<Key, Arc<Fake>>>>, Clock);

impl Ways for To {
    fn way(&self, account: &Key) -> Result<Arc<dyn AdPlatform>, Timestamp> {
        let accounts = self.0.lock().unwrap();
        accounts.get(account).map(|fake| fake.clone() as _).ok_or(self.1.now() + SignedDuration::from_mins(1))
    }
}

fn key(name: &str) -> Key {
    let (namespace, name) = name.split_once('/').unwrap_or(("growth", name));
    Key::new(namespace, name)
}

impl World {
    async fn new() -> Self {
        Self::with(MediaOptions::default(), false).await
    }

    async fn with(options: MediaOptions, observe_only: bool) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let clock = Clock::stepped("2027-03-01T12:00:00Z".parse().unwrap());
        let accounts = Arc::new(StdMutex::new(HashMap::from([(key("meta"), Fake::new())])));
        let server = Server::start().await;
        let (campaigns, library) = Self::library(&accounts, &clock, &options, observe_only);
        Self { server, accounts, clock, campaigns, library, options }
    }

    fn library(
        accounts: &Arc<StdMutex<HashMap<Key, Arc<Fake>>>>,
        clock: &Clock,
        options: &MediaOptions,
        observe_only: bool,
    ) -> (Arc<WorkQueue<Key>>, Arc<Library>) {
        let fetcher = Fetcher::new(AllowList::new(&["http://127.0.0.1".to_owned()]).unwrap()).unwrap();
        let campaigns = WorkQueue::new(clock.clone());
        let library =
            Library::new(fetcher, campaigns.clone(), clock.clone(), Metrics::default(), options.clone(), observe_only);
        let library = Arc::new(library);
        for _ in 0..32 {
            let (files, shelves) = (library.clone(), library.clone());
            tokio::spawn(async move { files.files.run_worker(|file| files.look(file)).await });
            let ways = To(accounts.clone(), clock.clone());
            tokio::spawn(async move { shelves.shelves.run_worker(|account| shelves.tend(account, &ways)).await });
        }
        let timers = library.clone();
        tokio::spawn(async move { tokio::join!(timers.files.run_timers(), timers.shelves.run_timers()) });
        (campaigns, library)
    }

    /// Another process.
    fn restart(&mut self) {
        self.library.close();
        (self.campaigns, self.library) = Self::library(&self.accounts, &self.clock, &self.options, false);
    }

    fn fake(&self, account: &str) -> Arc<Fake> {
        self.accounts.lock().unwrap().entry(key(account)).or_insert_with(Fake::new).clone()
    }

    /// What a Campaign is told now.
    fn ask(&self, campaign: &str, account: &str, urls: &[&String], may_write: bool) -> Vec<MediaState> {
        let want = |url: &&String| Want { account: key(account), url: (*url).clone(), rules: &FakeRules, may_write };
        let wants: Vec<Want<'_>> = urls.iter().map(want).collect();
        self.library.states(&key(campaign), &wants, &BTreeSet::new())
    }

    fn state(&self, url: &String) -> MediaState {
        self.ask("spring", "meta", &[url], true).remove(0)
    }

    /// Until nothing is under way.
    async fn settle(&self) {
        let began = Instant::now();
        while !self.library.is_idle() {
            assert!(began.elapsed() < Duration::from_secs(20), "it does not come to an end");
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    async fn after(&self, minutes: i64) {
        let Clock::Stepped(stepped) = &self.clock else { panic!("a stepped clock") };
        let end = self.clock.now() + SignedDuration::from_mins(minutes);
        loop {
            self.settle().await;
            // Timers that have just been set are seen by who waits for them.
            tokio::time::sleep(Duration::from_millis(5)).await;
            match stepped.next_due().filter(|due| *due <= end) {
                Some(due) if due > self.clock.now() => stepped.set(due),
                Some(_) => {}
                None => break,
            }
        }
        stepped.set(end);
        self.settle().await;
    }
}

fn known(state: MediaState) -> MediaFacts {
    match state {
        MediaState::Known(facts) => facts,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_file_is_uploaded_once_for_an_account_waited_for_and_all_who_want_it_are_woken() {
    let world = World::new().await;
    let url = world.server.put("a.png", Behind::File(image(100, 1_000)));
    let same = world.server.put("copy.png", Behind::File(image(100, 1_000)));
    *world.fake("meta").first.lock().unwrap() = Processing::Underway;
    assert_eq!(world.state(&url), MediaState::Pending);
    assert_eq!(world.ask("other/summer", "meta", &[&url, &same], true), [MediaState::Pending, MediaState::Pending]);
    world.after(1).await;
    assert_eq!(world.state(&url), MediaState::Pending, "the platform works on it");
    assert_eq!(world.fake("meta").uploaded(), [100]);

    world.fake("meta").process(&Processing::Ready);
    while world.campaigns.depth() > 0 {
        let taken = world.campaigns.clone();
        let _ = tokio::time::timeout(Duration::from_millis(20), taken.run_worker(|_| async {})).await;
    }
    world.after(3).await;
    assert_eq!(known(world.state(&url)).width, 100);
    assert_eq!(world.campaigns.depth(), 2, "both Campaigns are woken");
    assert_eq!(world.fake("meta").uploaded(), [100], "one content is one upload, whatever its URL");
    assert_eq!(world.library.memory.used(), 0, "nothing stays in memory");

    let asked = *world.fake("meta").asked.lock().unwrap();
    world.after(60).await;
    assert_eq!(*world.fake("meta").asked.lock().unwrap(), asked, "at rest nobody is asked");
}

#[tokio::test]
async fn a_new_process_uploads_nothing_again() {
    let mut world = World::new().await;
    let url = world.server.put("a.png", Behind::File(image(100, 1_000)));
    world.state(&url);
    world.settle().await;
    known(world.state(&url));
    world.restart();
    assert_eq!(world.state(&url), MediaState::Pending);
    world.settle().await;
    assert_eq!(known(world.state(&url)).width, 100);
    assert_eq!(world.fake("meta").uploaded(), [100]);
}

#[tokio::test]
async fn what_cannot_be_used_is_told_as_what_it_is_and_never_sent() {
    let world = World::new().await;
    let pin = "#sha256=ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    let cases = [
        (world.server.put("page.png", Behind::File(b"<!doctype html>".to_vec())), "web page"),
        (world.server.put("text.png", Behind::File(b"text".to_vec())), "neither JPEG"),
        (world.server.put("moved.png", Behind::Status(302)), "leads elsewhere (302)"),
        (world.server.put("gone.png", Behind::Status(404)), "answers 404"),
        (world.server.put("pinned.png", Behind::File(image(100, 1))) + pin, "another one than the URL names"),
        (world.server.put("odd.png", Behind::File(image(100, 1))) + "#sha256=abc", "64 hexadecimal digits"),
        ("http://169.254.169.254/latest".to_owned(), "may not be fetched"),
        ("https://10.0.0.1/a.png".to_owned(), "may not be fetched"),
    ];
    for (url, _) in &cases {
        assert_eq!(world.ask(url, "meta", &[url], true), [MediaState::Pending]);
    }
    world.settle().await;
    for (url, told) in &cases {
        let message = match world.ask(url, "meta", &[url], true).remove(0) {
            MediaState::Unusable(message) | MediaState::Unreachable(message) => message,
            other => panic!("{url}: {other:?}"),
        };
        assert!(message.contains(told), "{url}: {message}");
    }
    assert_eq!(world.fake("meta").uploaded(), [0; 0]);

    // What is put right is found by itself.
    world.server.put("gone.png", Behind::File(image(100, 10)));
    world.after(15).await;
    known(world.ask(&cases[3].0, "meta", &[&cases[3].0], true).remove(0));
}

#[tokio::test]
async fn what_the_platform_would_not_take_is_known_and_never_sent() {
    let world = World::new().await;
    let url = world.server.put("small.png", Behind::File(image(49, 10)));
    world.state(&url);
    world.settle().await;
    assert_eq!(known(world.state(&url)).width, 49, "an ad may do without it: its connector says so");
    assert_eq!(world.fake("meta").uploaded(), [0; 0]);
    assert_eq!(world.library.memory.used(), 0);
}

#[tokio::test]
async fn what_somebody_has_taken_out_of_the_library_is_put_there_again() {
    let world = World::new().await;
    let url = world.server.put("a.png", Behind::File(image(100, 10)));
    world.state(&url);
    world.settle().await;
    world.fake("meta").library.lock().unwrap().clear();
    world.library.doubt(&key("meta"));
    world.settle().await;
    known(world.state(&url));
    assert_eq!(world.fake("meta").uploaded(), [100, 100]);
}

#[tokio::test]
async fn a_server_that_is_down_for_a_moment_is_waited_for_and_told_when_it_stays_down() {
    let world = World::new().await;
    let url = world.server.put("a.png", Behind::Status(503));
    world.state(&url);
    world.settle().await;
    assert_eq!(world.state(&url), MediaState::Pending);
    world.after(1).await;
    assert!(matches!(world.state(&url), MediaState::Unreachable(_)));
    world.server.put("a.png", Behind::File(image(100, 10)));
    world.after(10).await;
    known(world.state(&url));
    // What the account has is of use, whatever becomes of the server.
    world.server.put("a.png", Behind::Status(404));
    world.after(24 * 60).await;
    known(world.state(&url));
}

#[tokio::test]
async fn another_content_under_a_url_replaces_the_one_before_when_it_is_ready() {
    let world = World::new().await;
    let url = world.server.put("a.png", Behind::File(image(100, 10)));
    world.state(&url);
    world.settle().await;
    assert_eq!(known(world.state(&url)).width, 100);

    world.server.put("a.png", Behind::File(image(200, 10)));
    *world.fake("meta").first.lock().unwrap() = Processing::Underway;
    world.after(6 * 60 + 1).await;
    assert_eq!(known(world.state(&url)).width, 100, "it is believed at the second look");
    world.after(5).await;
    assert_eq!(world.fake("meta").uploaded(), [100, 200]);
    assert_eq!(known(world.state(&url)).width, 100, "the platform works on the new one");
    world.fake("meta").process(&Processing::Ready);
    world.after(5).await;
    assert_eq!(known(world.state(&url)).width, 200);
    let notes = world.library.take_notes(&key("spring"));
    assert!(matches!(notes.as_slice(), [(Reason::Applied, text)] if text.contains("another content")), "{notes:?}");

    // One that the platform would not take is known as what it is, and not sent.
    world.server.put("a.png", Behind::File(image(20, 10)));
    world.after(7 * 60).await;
    assert_eq!(known(world.state(&url)).width, 20);
    assert_eq!(world.fake("meta").uploaded(), [100, 200]);
}

#[tokio::test]
async fn a_url_that_gives_everybody_something_else_makes_no_storm() {
    let world = World::new().await;
    // The first content is used, whatever comes later.
    let url = world.server.put("a.png", Behind::File(image(100, 10)));
    world.state(&url);
    world.settle().await;
    world.server.put("a.png", Behind::Changing);
    world.after(3 * 24 * 60).await;
    assert_eq!(known(world.state(&url)).width, 100);
    assert_eq!(world.fake("meta").uploaded(), [100]);
    assert!(world.server.visits("a.png") < 30, "{} looks in three days", world.server.visits("a.png"));
    let notes = world.library.take_notes(&key("spring"));
    assert!(matches!(notes.as_slice(), [(Reason::MediaUnsettled, _)]), "{notes:?}");
}

#[tokio::test]
async fn an_upload_of_which_nobody_knows_what_came_is_asked_for_before_it_is_repeated() {
    let world = World::new().await;
    let url = world.server.put("a.png", Behind::File(image(100, 10)));
    *world.fake("meta").loses_answers.lock().unwrap() = true;
    world.state(&url);
    world.settle().await;
    assert_eq!(world.state(&url), MediaState::Pending);
    world.after(2).await;
    known(world.state(&url));
    assert_eq!(world.fake("meta").uploaded(), [100]);
}

#[tokio::test]
async fn a_refusal_is_told_and_repeated_once_a_day_and_a_failure_of_the_account_is_waited_for() {
    let world = World::new().await;
    let url = world.server.put("a.png", Behind::File(image(100, 10)));
    let refuse = PlatformError::Rejected { reason: Reason::PlatformRejected, message: "too much text".to_owned() };
    *world.fake("meta").fails.lock().unwrap() = Some(refuse);
    world.state(&url);
    world.settle().await;
    assert_eq!(world.state(&url), MediaState::Unusable("too much text".to_owned()));
    *world.fake("meta").fails.lock().unwrap() =
        Some(PlatformError::RateLimited { retry_after: Some(SignedDuration::from_mins(20)), message: String::new() });
    world.after(25 * 60).await;
    assert_eq!(world.library.memory.used(), 0, "an account that must wait holds no memory");
    *world.fake("meta").fails.lock().unwrap() = None;
    world.after(30).await;
    known(world.state(&url));
}

#[tokio::test]
async fn a_suspended_campaign_uploads_nothing_and_an_observer_neither() {
    let world = World::new().await;
    let url = world.server.put("a.png", Behind::File(image(100, 10)));
    world.ask("spring", "meta", &[&url], false);
    world.settle().await;
    assert_eq!(world.ask("spring", "meta", &[&url], false), [MediaState::Pending]);
    assert_eq!(world.fake("meta").uploaded(), [0; 0]);
    world.state(&url);
    world.settle().await;
    known(world.state(&url));

    let observer = World::with(MediaOptions::default(), true).await;
    let url = observer.server.put("a.png", Behind::File(image(100, 10)));
    observer.state(&url);
    observer.settle().await;
    known(observer.state(&url));
    assert_eq!(*observer.fake("meta").asked.lock().unwrap(), 0);
}

#[tokio::test]
async fn many_large_files_pass_through_little_memory() {
    let options = MediaOptions { memory: 100 << 10, ..MediaOptions::default() };
    let world = World::with(options, false).await;
    for account in ["meta", "tiktok"] {
        *world.fake(account).takes.lock().unwrap() = Duration::from_millis(5);
    }
    let urls: Vec<String> = (0..30)
        .map(|index| world.server.put(&format!("{index}.png"), Behind::File(image(100 + index, 40 << 10))))
        .collect();
    let urls: Vec<&String> = urls.iter().collect();
    for campaign in ["spring", "games/spring", "music/spring"] {
        for account in ["meta", "tiktok"] {
            world.ask(&format!("{campaign}-{account}"), account, &urls, true);
        }
    }
    let mut most = 0;
    while !world.library.is_idle() {
        most = most.max(world.library.memory.used());
        tokio::task::yield_now().await;
    }
    assert!(most <= 100 << 10, "{most} bytes");
    for account in ["meta", "tiktok"] {
        assert_eq!(world.fake(account).uploaded().len(), 30, "{account}");
    }
    let large = world.server.put("large.png", Behind::File(image(100, 60 << 10)));
    world.state(&large);
    world.settle().await;
    assert!(matches!(world.state(&large), MediaState::Unusable(told) if told.contains("--media-memory")));
}

#[tokio::test]
async fn servers_and_accounts_that_hang_delay_nobody_else() {
    let world = World::with(MediaOptions { memory: 200 << 10, ..MediaOptions::default() }, false).await;
    let hanging: Vec<String> =
        (0..100).map(|index| world.server.put(&format!("hangs{index}.png"), Behind::Hangs)).collect();
    world.ask("bad/spring", "meta", &hanging.iter().collect::<Vec<_>>(), true);
    *world.fake("slow").takes.lock().unwrap() = Duration::from_hours(1);
    let slow: Vec<String> = (0..20)
        .map(|index| world.server.put(&format!("slow{index}.png"), Behind::File(image(100 + index, 40 << 10))))
        .collect();
    world.ask("slow/spring", "slow", &slow.iter().collect::<Vec<_>>(), true);
    let good: Vec<String> = (0..20)
        .map(|index| world.server.put(&format!("good{index}.png"), Behind::File(image(500 + index, 40 << 10))))
        .collect();
    let good: Vec<&String> = good.iter().collect();
    let began = Instant::now();
    loop {
        let states = world.ask("good/spring", "meta", &good, true);
        if states.iter().all(|state| matches!(state, MediaState::Known(_))) {
            break;
        }
        assert!(began.elapsed() < Duration::from_secs(10), "{states:?}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(world.server.visits("hangs99.png"), 0, "of one namespace a few at a time");
}

#[tokio::test]
async fn what_nobody_wants_any_more_is_forgotten() {
    let world = World::new().await;
    let url = world.server.put("a.png", Behind::File(image(100, 10)));
    world.state(&url);
    world.ask("summer", "meta", &[&url], true);
    world.settle().await;
    world.library.forget(&key("spring"));
    known(world.ask("summer", "meta", &[&url], true).remove(0));
    // Of an account of which nothing can be said nothing is forgotten.
    world.library.states(&key("summer"), &[], &BTreeSet::from([key("meta")]));
    known(world.ask("summer", "meta", &[&url], true).remove(0));
    world.library.forget(&key("summer"));
    let state = world.library.lock();
    assert!(state.files.is_empty() && state.shelves.is_empty() && state.wants.is_empty() && state.lanes.is_empty());
}
