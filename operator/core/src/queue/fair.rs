//! Equal shares: a queue of queues, such as namespaces of Campaigns, served round-robin by cost.
//!
//! The next item is that of whoever has had least, at each level of the tree. Of two who both have something waiting
//! all the time neither is ever ahead of the other by more than the cost of one item. Who comes back after a pause
//! begins where the others are: what was not asked for in the past is no credit.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Items with their costs, in queues that a path names.
#[derive(Debug)]
pub struct Fair<T> {
    root: Node<T>,
    len: usize,
    cost: u64,
}

#[derive(Debug)]
struct Node<T> {
    /// What it has had, as its parent counts.
    served: u64,
    /// What the child that was served last had had before.
    level: u64,
    /// Children with something in them, by what they have had.
    ready: BTreeSet<(u64, String)>,
    children: BTreeMap<String, Node<T>>,
    items: VecDeque<(u64, T)>,
}

impl<T> Default for Node<T> {
    fn default() -> Self {
        Self { served: 0, level: 0, ready: BTreeSet::new(), children: BTreeMap::new(), items: VecDeque::new() }
    }
}

impl<T> Default for Fair<T> {
    fn default() -> Self {
        Self { root: Node::default(), len: 0, cost: 0 }
    }
}

impl<T> Fair<T> {
    /// Appends an item to the queue at a path.
    pub fn push(&mut self, path: &[&str], cost: u64, item: T) {
        self.root.push(path, cost, item);
        self.len += 1;
        self.cost += cost;
    }

    /// Counts what the queue at a path has had already.
    pub fn charge(&mut self, path: &[&str], cost: u64) {
        self.root.charge(path, cost);
    }

    /// Takes the next item, if there is one and it costs no more than `most`.
    pub fn pop(&mut self, most: u64) -> Option<(u64, T)> {
        let (cost, item) = self.root.pop(most)?;
        self.len -= 1;
        self.cost -= cost;
        Some((cost, item))
    }

    /// Takes all items out that `unwanted` names.
    pub fn take(&mut self, unwanted: &mut dyn FnMut(&T) -> bool) -> Vec<T> {
        let mut taken = Vec::new();
        self.root.take(unwanted, &mut taken);
        self.len -= taken.len();
        self.cost -= taken.iter().map(|(cost, _)| cost).sum::<u64>();
        taken.into_iter().map(|(_, item)| item).collect()
    }

    /// How many items wait.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// What all items cost together.
    pub fn cost(&self) -> u64 {
        self.cost
    }
}

impl<T> Node<T> {
    fn is_empty(&self) -> bool {
        self.ready.is_empty() && self.items.is_empty()
    }

    fn push(&mut self, path: &[&str], cost: u64, item: T) {
        let Some((name, rest)) = path.split_first() else {
            self.items.push_back((cost, item));
            return;
        };
        if !self.children.contains_key(*name) {
            // Who has nothing waiting and is not ahead of the others need not be remembered.
            let level = self.level;
            self.children.retain(|_, child| !child.is_empty() || child.served > level);
        }
        let child = self.children.entry((*name).to_owned()).or_default();
        if child.is_empty() {
            child.served = child.served.max(self.level);
            self.ready.insert((child.served, (*name).to_owned()));
        }
        child.push(rest, cost, item);
    }

    fn charge(&mut self, path: &[&str], cost: u64) {
        let Some((name, rest)) = path.split_first() else { return };
        let child = self.children.entry((*name).to_owned()).or_default();
        let waits = self.ready.remove(&(child.served, (*name).to_owned()));
        child.served += cost;
        if waits {
            self.ready.insert((child.served, (*name).to_owned()));
        }
        child.charge(rest, cost);
    }

    fn pop(&mut self, most: u64) -> Option<(u64, T)> {
        if let Some((cost, _)) = self.items.front() {
            return if *cost <= most { self.items.pop_front() } else { None };
        }
        let (served, name) = self.ready.first().cloned()?;
        let child = self.children.get_mut(&name)?;
        let (cost, item) = child.pop(most)?;
        self.ready.remove(&(served, name.clone()));
        self.level = served;
        child.served += cost;
        if !child.is_empty() {
            self.ready.insert((child.served, name));
        }
        Some((cost, item))
    }

    fn take(&mut self, unwanted: &mut dyn FnMut(&T) -> bool, taken: &mut Vec<(u64, T)>) {
        for entry in std::mem::take(&mut self.items) {
            if unwanted(&entry.1) {
                taken.push(entry);
            } else {
                self.items.push_back(entry);
            }
        }
        for (name, child) in &mut self.children {
            child.take(unwanted, taken);
            if child.is_empty() {
                self.ready.remove(&(child.served, name.clone()));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn drain(fair: &mut Fair<(String, u64)>) -> Vec<(String, u64)> {
        std::iter::from_fn(|| fair.pop(u64::MAX).map(|(_, item)| item)).collect()
    }

    #[test]
    fn ten_thousand_of_one_namespace_do_not_delay_five_of_another() {
        let mut fair = Fair::default();
        for number in 0..10_000_u64 {
            fair.push(&["big", "one"], 14, ("big".to_owned(), number));
        }
        let before: Vec<_> = (0..700).map(|_| fair.pop(u64::MAX).unwrap()).collect();
        assert_eq!(before.len(), 700);
        for number in 0..5 {
            fair.push(&["small", "other"], 14, ("small".to_owned(), number));
        }
        let next: Vec<String> = (0..12).map(|_| fair.pop(u64::MAX).unwrap().1.0).collect();
        assert_eq!(next.iter().filter(|name| *name == "small").count(), 5, "{next:?}");
        assert_eq!(fair.len(), 10_000 - 700 - 7);
    }

    #[test]
    fn an_item_that_does_not_fit_is_not_passed_by_a_smaller_one_of_somebody_who_has_had_more() {
        let mut fair = Fair::default();
        fair.charge(&["rich"], 100);
        fair.push(&["rich"], 1, "small");
        fair.push(&["poor"], 50, "large");
        assert_eq!(fair.pop(10), None);
        assert_eq!(fair.pop(50), Some((50, "large")));
        assert_eq!(fair.pop(10), Some((1, "small")));
    }

    #[test]
    fn what_is_taken_out_is_gone_and_the_rest_keeps_its_order() {
        let mut fair = Fair::default();
        for number in 0..6 {
            fair.push(&[if number % 2 == 0 { "a" } else { "b" }, "c"], 2, number);
        }
        assert_eq!(fair.take(&mut |number| number % 2 == 0), [0, 2, 4]);
        assert_eq!((fair.len(), fair.cost()), (3, 6));
        let rest: Vec<i32> = std::iter::from_fn(|| fair.pop(9).map(|(_, item)| item)).collect();
        assert_eq!(rest, [1, 3, 5]);
    }

    proptest! {
        /// Whoever has something waiting all the time is never behind another by more than one item's cost, at both
        /// levels; each item comes out once, and those of one queue in their order.
        #[test]
        fn shares_are_equal_and_nothing_is_lost(
            items in prop::collection::vec((0..4_usize, 0..3_usize, 1..40_u64), 1..300),
        ) {
            let mut fair = Fair::default();
            let mut left: BTreeMap<usize, u64> = BTreeMap::new();
            for (number, (namespace, campaign, cost)) in items.iter().enumerate() {
                fair.push(&[&namespace.to_string(), &campaign.to_string()], *cost, (number, *namespace, *campaign));
                *left.entry(*namespace).or_default() += 1;
            }
            let mut had: BTreeMap<usize, u64> = left.keys().map(|namespace| (*namespace, 0)).collect();
            let mut order: BTreeMap<(usize, usize), Vec<usize>> = BTreeMap::new();
            while let Some((cost, (number, namespace, campaign))) = fair.pop(u64::MAX) {
                *had.get_mut(&namespace).unwrap() += cost;
                *left.get_mut(&namespace).unwrap() -= 1;
                order.entry((namespace, campaign)).or_default().push(number);
                let waiting: Vec<u64> = had.iter().filter(|(n, _)| left[*n] > 0).map(|(_, had)| *had).collect();
                let least = waiting.iter().min().copied().unwrap_or(u64::MAX);
                for other in &waiting {
                    prop_assert!(other - least <= 40, "{had:?}");
                }
            }
            prop_assert!(order.values().all(|numbers| numbers.is_sorted()));
            prop_assert_eq!(order.values().map(Vec::len).sum::<usize>(), items.len());
            prop_assert_eq!(fair.cost(), 0);
        }

        /// Whoever comes and goes cannot starve one who waits: between two items of the one who waits, others get no
        /// more than an item each and what they were behind.
        #[test]
        fn nobody_starves(arrivals in prop::collection::vec((1..4_usize, 1..20_u64), 1..200)) {
            let mut fair = Fair::default();
            for number in 0..arrivals.len() as u64 {
                fair.push(&["a-patient"], 10, ("a-patient".to_owned(), number));
            }
            let mut since = 0;
            for (name, cost) in arrivals {
                fair.push(&[&format!("busy-{name}")], cost, (format!("busy-{name}"), 0));
                let (cost, (name, _)) = fair.pop(u64::MAX).unwrap();
                since = if name == "a-patient" { 0 } else { since + cost };
                prop_assert!(since <= 3 * (10 + 20), "{since}");
            }
            drain(&mut fair);
        }
    }
}
