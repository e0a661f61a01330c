//! The next request: of all that waits on an account, the most important, in fair shares.

use super::fair::Fair;
use crate::campaign::plan::Importance;

/// All importances, the most important first.
pub const CLASSES: [Importance; 5] =
    [Importance::Stop, Importance::Decrease, Importance::Mark, Importance::Increase, Importance::Cosmetic];

/// What waits on one account.
#[derive(Debug)]
pub struct Schedule<T> {
    classes: [Fair<T>; CLASSES.len()],
}

impl<T> Default for Schedule<T> {
    fn default() -> Self {
        Self { classes: std::array::from_fn(|_| Fair::default()) }
    }
}

impl<T> Schedule<T> {
    /// Appends an item of a Campaign in a namespace.
    pub fn push(&mut self, importance: Importance, (namespace, campaign): (&str, &str), cost: u64, item: T) {
        self.class(importance).push(&[namespace, campaign], cost, item);
    }

    /// The importance of what goes next.
    pub fn first(&self) -> Option<Importance> {
        CLASSES.into_iter().zip(&self.classes).find(|(_, fair)| !fair.is_empty()).map(|(class, _)| class)
    }

    /// Takes what goes into the next request: of the most important class, items of `most` operations together (one
    /// item in any case). What shrinks spend travels with what stops it, if there is room: neither needs anything to
    /// be looked up.
    pub fn next(&mut self, most: u64) -> Vec<T> {
        let Some(first) = self.first() else { return Vec::new() };
        let mut batch = Vec::new();
        let mut room = most;
        self.fill(first, &mut room, &mut batch);
        if first == Importance::Stop && self.class(first).is_empty() {
            self.fill(Importance::Decrease, &mut room, &mut batch);
        }
        batch
    }

    fn fill(&mut self, importance: Importance, room: &mut u64, batch: &mut Vec<T>) {
        let fair = self.class(importance);
        loop {
            let most = if batch.is_empty() { u64::MAX } else { *room };
            let Some((cost, item)) = fair.pop(most) else { return };
            *room = room.saturating_sub(cost);
            batch.push(item);
        }
    }

    /// Takes out what is not wanted any more.
    pub fn take(&mut self, unwanted: &mut dyn FnMut(&T) -> bool) -> Vec<T> {
        self.classes.iter_mut().flat_map(|fair| fair.take(unwanted)).collect()
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.classes.iter().all(Fair::is_empty)
    }

    /// How many items wait.
    pub fn len(&self) -> usize {
        self.classes.iter().map(Fair::len).sum()
    }

    fn class(&mut self, importance: Importance) -> &mut Fair<T> {
        &mut self.classes[importance as usize]
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_classes_stand_in_the_order_of_importance() {
        assert!(CLASSES.is_sorted());
        assert!(CLASSES.iter().enumerate().all(|(index, class)| *class as usize == index));
    }

    #[test]
    fn a_pause_overtakes_thousands_of_creates() {
        let mut schedule = Schedule::default();
        for number in 0..2_000 {
            schedule.push(Importance::Increase, ("growth", "big"), 14, number);
        }
        assert_eq!(schedule.next(2_000).len(), 142);
        schedule.push(Importance::Decrease, ("growth", "other"), 1, -2);
        schedule.push(Importance::Stop, ("growth", "other"), 2, -1);
        assert_eq!(schedule.next(2_000), [-1, -2]);
        assert_eq!(schedule.next(2_000).len(), 142);
    }

    #[test]
    fn an_item_larger_than_a_request_goes_alone() {
        let mut schedule = Schedule::default();
        for number in 0..2 {
            schedule.push(Importance::Increase, ("growth", "big"), 9_000, number);
        }
        assert_eq!((schedule.next(2_000), schedule.next(2_000), schedule.len()), (vec![0], vec![1], 0));
    }

    /// A step of a life: something arrives, or a request goes out.
    #[derive(Debug, Clone)]
    enum Step {
        Arrive(usize, usize, u64),
        Send(u64),
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![
            3 => (0..5_usize, 0..4_usize, 1..30_u64).prop_map(|(class, who, cost)| Step::Arrive(class, who, cost)),
            1 => (1..200_u64).prop_map(Step::Send),
        ];
        prop::collection::vec(step, 1..400)
    }

    proptest! {
        /// Never a less important one before a more important one that waits; no request is larger than it may be; each
        /// item goes out once.
        #[test]
        fn what_goes_out_is_always_the_most_important(steps in steps()) {
            let mut schedule = Schedule::default();
            let mut waiting = [0_usize; 5];
            let mut arrived = 0;
            let mut sent = std::collections::BTreeSet::new();
            let sends = std::iter::repeat_n(Step::Send(50), 2_000);
            for step in steps.into_iter().chain(sends) {
                match step {
                    Step::Arrive(class, who, cost) => {
                        let who = who.to_string();
                        schedule.push(CLASSES[class], (&who, "c"), cost, (class, cost, arrived));
                        waiting[class] += 1;
                        arrived += 1;
                    }
                    Step::Send(most) => {
                        let batch = schedule.next(most);
                        let costs: u64 = batch.iter().map(|(_, cost, _)| cost).sum();
                        prop_assert!(batch.len() <= 1 || costs <= most);
                        for (class, _, number) in &batch {
                            let more_important: usize = waiting[..*class].iter().sum();
                            prop_assert_eq!(more_important, 0, "class {} before {:?}", class, waiting);
                            waiting[*class] -= 1;
                            prop_assert!(sent.insert(*number));
                        }
                    }
                }
            }
            prop_assert_eq!(sent.len(), arrived);
            prop_assert!(schedule.is_empty());
        }
    }
}
