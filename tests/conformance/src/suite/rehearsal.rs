//! A connector that is made for rehearsals writes nothing, whatever is asked of it.

use std::sync::Arc;
use std::time::Duration;

use adops_core::campaign::plan::Action;
use adops_core::campaign::settings::{ContentHash, Field, Value};
use adops_core::catalog::media::{MediaFacts, MediaKind};
use adops_core::platform::Manner;
use adops_core::reason::Reason;
use adops_platforms::error::PlatformError;
use adops_platforms::holder::{Hold, Holder};
use adops_platforms::port::{AdPlatform, Connection, Outcome, Upload};
use adops_platforms::registry;

use crate::subject::Subject;
use crate::world::{World, money, split};

/// Everything that can be written to a line, and to the account.
struct Attempts {
    of: Arc<dyn AdPlatform>,
    changes: Vec<Action>,
}

impl Attempts {
    async fn all<S: Subject>(&self, world: &World<S>) -> Vec<Outcome> {
        let mut outcomes = self.of.create(&split(&world.plan().await).0).await;
        assert_eq!(outcomes.len(), 1, "a line is still to be created");
        for change in &self.changes {
            outcomes.extend(self.of.change(std::slice::from_ref(change)).await);
        }
        outcomes.push(self.of.upload(&file()).await);
        outcomes
    }
}

fn file() -> Upload {
    let facts = MediaFacts {
        hash: ContentHash("b".repeat(64)),
        kind: MediaKind::Image,
        format: "png".to_owned(),
        width: 1080,
        height: 1080,
        duration_ms: None,
        size: 4,
        md5: String::new(),
    };
    Upload { facts, url: "https://cdn.example.com/b.png".to_owned(), content: Arc::new(b"\x89PNG".to_vec()) }
}

async fn stage<S: Subject>() -> (World<S>, Vec<Action>) {
    let mut world = World::<S>::of(2).await;
    world.settle().await;
    let (id, other) = (world.id("US"), world.id("GB"));
    let line = world.line("US").await;
    let half = money(line.budget.micros() / 2, line.budget.currency());
    let new = Value::Text("another name".to_owned());
    let changes = vec![
        Action::SetBudget { id: id.clone(), from: line.budget, to: half, live: true },
        Action::Set { id: id.clone(), field: Field::Name, from: None, to: new, manner: Manner::InPlace },
        Action::Pause { id: id.clone() },
        Action::Enable { id: id.clone(), budget: line.budget },
        Action::Remove { id: other },
    ];
    // One more line to be created.
    world.spec.markets = crate::spec::spec(3, "EUR").markets;
    world.sim.reset_ledger();
    (world, changes)
}

fn held(connection: Connection) -> Connection {
    let me = Holder { installation: "prod".to_owned(), cluster: "laptop".to_owned() };
    let hold = Hold { me, takeover: None, bound: Duration::from_mins(1) };
    Connection { hold: Some(hold), rehearsal: true, ..connection }
}

/// The connector that everybody gets refuses it, and says why.
pub async fn nothing_is_written_through_it_and_it_says_so<S: Subject>() {
    let (world, changes) = stage::<S>().await;
    let before = world.objects();
    let of = registry::connect(held(world.connection())).unwrap();
    for outcome in (Attempts { of: of.clone(), changes }).all(&world).await {
        let Outcome::Failed(error) = &outcome else { panic!("{outcome:?}") };
        assert_eq!(*error, PlatformError::only_rehearses());
    }
    assert_eq!(of.hold().await, Err(PlatformError::only_rehearses()));
    assert!(of.observe(&adops_platforms::port::Scope::All { held: std::collections::BTreeSet::new() }).await.is_ok());
    assert_eq!((world.sim.ledger(), world.objects()), (Vec::new(), before));
}

/// What a connector sends by itself is held back on its way out.
pub async fn nothing_that_could_change_something_leaves_it<S: Subject>() {
    let (world, changes) = stage::<S>().await;
    let before = world.objects();
    let entry = registry::CONNECTORS.iter().find(|entry| entry.platform == S::PLATFORM).unwrap();
    let of = (entry.connect)(held(world.connection())).unwrap();
    Attempts { of: of.clone(), changes }.all(&world).await;
    let _ = of.hold().await;
    assert_eq!((world.sim.ledger(), world.objects()), (Vec::new(), before));
}

/// Where the platform has no dry run, that is said; where it has one, it leaves nothing behind.
pub async fn a_rehearsal_leaves_nothing_behind<S: Subject>() {
    let (world, changes) = stage::<S>().await;
    let before = world.objects();
    let of = registry::connect(held(world.connection())).unwrap();
    let lines = split(&world.plan().await).0;
    let verdicts = of.rehearse(&lines, &changes).await;
    assert_eq!(verdicts.len(), lines.len() + changes.len());
    for verdict in &verdicts {
        let unsupported = matches!(verdict, Err(PlatformError::Rejected { reason: Reason::Unsupported, .. }));
        assert!(if S::REHEARSES { verdict.is_ok() || unsupported } else { unsupported }, "{verdict:?}");
    }
    assert_eq!(verdicts.iter().any(Result::is_ok), S::REHEARSES, "{verdicts:?}");
    assert_eq!((world.sim.ledger(), world.objects()), (Vec::new(), before));
}
