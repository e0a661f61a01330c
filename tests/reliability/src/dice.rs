//! Chance that follows a seed, so that what it led to can be replayed.

/// Chance from a seed (`SplitMix64`, Steele, Lea and Flood 2014).
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    /// The dice of a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `end`.
    pub fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        let end = u64::try_from(end).expect("a usize has 64 bits at most");
        usize::try_from((z ^ (z >> 31)) % end).expect("it is below a usize")
    }

    /// Whether something happens that does so once in `times`.
    pub fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    /// One of several.
    pub fn of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }

    /// Some of several, one at least.
    pub fn some_of<T: Clone>(&mut self, all: &[T]) -> Vec<T> {
        let some: Vec<T> = all.iter().filter(|_| self.below(3) > 0).cloned().collect();
        if some.is_empty() { vec![self.of(all).clone()] } else { some }
    }
}
