//! S10: who goes first, and who waits for whom.

use adops_core::money::Money;
use tokio::time::timeout;

use super::*;
use crate::runtime::activity::Activity;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + seconds).unwrap()
}

fn campaign(name: &str) -> Key {
    Key::new("growth", name)
}

fn pause() -> Action {
    Action::Pause { id: ExternalId::from("1") }
}

fn enable() -> Action {
    Action::Enable { id: ExternalId::from("2"), budget: Money::parse("1.00", "EUR".parse().unwrap()).unwrap() }
}

/// Puts a change into the queue; answers where its outcome comes.
fn put(queue: &Queue, name: &str, action: Action) -> oneshot::Receiver<Vec<Outcome>> {
    let (reply, outcome) = oneshot::channel();
    let open = Open { outcomes: vec![None], left: 1, reply: Some((reply, Activity::default().begin())) };
    let importance = action.importance();
    let who = Who { campaign: campaign(name), generation: 1 };
    let answers = Arc::new(Answers(Mutex::new(open)));
    let task = Task { action, who, cost: 1, place: 0, answers, since: Instant::now() };
    queue.lock().writes.push(importance, ("growth", name), 1, task);
    queue.writes_changed.notify_one();
    outcome
}

/// What goes into the next request; none if what waits is turned aside instead.
async fn next(queue: &Queue, now: Timestamp) -> Option<Vec<String>> {
    let batch = timeout(PATIENCE * 2, queue.next(|| 10, || now)).await.ok()??;
    Some(batch.into_iter().map(|task| task.who.campaign.name).collect())
}

fn queue() -> Queue {
    Queue::new(Metrics::default())
}

#[tokio::test]
async fn growth_lets_a_stop_pass_that_was_announced() {
    let queue = queue();
    queue.announce(&campaign("stops"), Some(at(0)), at(0));
    let _grows = put(&queue, "grows", enable());
    let late = async {
        tokio::time::sleep(PATIENCE / 10).await;
        [put(&queue, "stops", pause())]
    };
    let (first, _stops) = tokio::join!(next(&queue, at(0)), late);
    assert_eq!(first.unwrap(), ["stops"]);
    queue.arrived([(&campaign("stops"), true)].into_iter(), at(0));
    assert_eq!(next(&queue, at(0)).await.unwrap(), ["grows"]);
}

#[tokio::test]
async fn growth_is_turned_aside_when_an_announced_stop_does_not_arrive_and_is_not_sent_before_it() {
    let queue = queue();
    queue.announce(&campaign("stops"), Some(at(0)), at(0));
    let grows = put(&queue, "grows", enable());
    assert_eq!(next(&queue, at(0)).await, None);
    let outcome = grows.await.unwrap().remove(0);
    let Outcome::Failed(PlatformError::NotSent { reason, until, .. }) = outcome else { panic!("{outcome:?}") };
    assert_eq!((reason, until), (Reason::Updating, at(1)));
}

#[tokio::test]
async fn a_stop_that_did_not_come_through_is_still_waited_for() {
    let queue = queue();
    queue.arrived([(&campaign("stops"), true), (&campaign("stops"), false)].into_iter(), at(0));
    let _grows = put(&queue, "grows", enable());
    assert_eq!(next(&queue, at(0)).await, None);
    queue.announce(&campaign("stops"), None, at(0));
    let _grows = put(&queue, "grows", enable());
    assert_eq!(next(&queue, at(0)).await.unwrap(), ["grows"], "its Campaign has nothing more to stop");
}

#[tokio::test]
async fn a_stop_that_never_comes_holds_up_growth_for_a_minute_and_no_longer_however_often_it_is_said() {
    let queue = queue();
    for second in 0..60 {
        queue.announce(&campaign("stops"), Some(at(second)), at(second));
    }
    let _grows = put(&queue, "grows", enable());
    assert_eq!(next(&queue, at(59)).await, None);
    queue.announce(&campaign("stops"), Some(at(60)), at(60));
    let _grows = put(&queue, "grows", enable());
    assert_eq!(next(&queue, at(60)).await.unwrap(), ["grows"]);
    // What the platform will take later is waited for anew.
    queue.announce(&campaign("stops"), Some(at(90)), at(60));
    let _grows = put(&queue, "grows", enable());
    assert_eq!(next(&queue, at(149)).await, None);
}

#[tokio::test]
async fn growth_asks_again_when_the_stop_that_it_waits_for_is_due_and_not_each_second_till_then() {
    for (due, asks_again) in [(1, 1), (40, 40), (3_600, 60)] {
        let queue = queue();
        queue.announce(&campaign("stops"), Some(at(due)), at(0));
        let grows = put(&queue, "grows", enable());
        let waits = Instant::now();
        let outcome = tokio::select! {
            outcome = grows => outcome.unwrap().remove(0),
            sent = queue.next(|| 10, || at(0)) => panic!("{} sent", sent.map_or(0, |batch| batch.len())),
        };
        let Outcome::Failed(PlatformError::NotSent { until, .. }) = outcome else { panic!("{outcome:?}") };
        assert_eq!(until, at(asks_again), "the stop is due after {due} s");
        assert!(waits.elapsed() < PATIENCE, "it waits in its place for nothing");
        // At its time it goes first, if it is a little late, too.
        if due == asks_again {
            let _grows = put(&queue, "grows", enable());
            let late = async {
                tokio::time::sleep(PATIENCE / 10).await;
                [put(&queue, "stops", pause())]
            };
            let (first, _stops) = tokio::join!(next(&queue, at(due)), late);
            assert_eq!(first.unwrap(), ["stops"]);
        }
    }
}
