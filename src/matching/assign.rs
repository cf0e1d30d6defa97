//! One-to-one assignment as a global optimum.
//!
//! Successive shortest augmenting paths on the sparse candidate graph (Kuhn 1955; Jonker and Volgenant 1987, in the form
//! for sparse graphs). Every left row may also stay alone, at weight 0. Deterministic: equal optima are settled by row
//! order.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// A possible pair with its weight; only positive weights can be chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edge {
    /// Left row.
    pub left: u32,
    /// Right row.
    pub right: u32,
    /// Weight, in any unit.
    pub weight: i64,
}

const NONE: u32 = u32::MAX;

/// The assignment with the largest total weight: for each left row its right row, if it gets one.
#[must_use]
pub fn assign(lefts: usize, rights: usize, edges: &[Edge]) -> Vec<Option<u32>> {
    Assignment::new(lefts, rights, edges).solve()
}

struct Assignment {
    starts: Vec<u32>,
    /// Right row and cost (largest weight minus weight, so that all costs are non-negative).
    edges: Vec<(u32, i64)>,
    /// What it costs a left row to stay alone.
    alone: i64,
    left_mate: Vec<u32>,
    right_mate: Vec<u32>,
    left_price: Vec<i64>,
    right_price: Vec<i64>,
    distance: Vec<i64>,
    came_from: Vec<u32>,
    settled: Vec<u32>,
}

impl Assignment {
    fn new(lefts: usize, rights: usize, edges: &[Edge]) -> Self {
        let alone = edges.iter().map(|e| e.weight).max().unwrap_or(0).max(0);
        let mut kept: Vec<Edge> = edges.iter().copied().filter(|e| e.weight > 0).collect();
        kept.sort_unstable_by_key(|e| (e.left, Reverse(e.weight), e.right));
        let mut starts = vec![0u32; lefts + 1];
        for edge in &kept {
            starts[edge.left as usize + 1] += 1;
        }
        for i in 1..=lefts {
            starts[i] += starts[i - 1];
        }
        Self {
            starts,
            edges: kept.iter().map(|e| (e.right, alone - e.weight)).collect(),
            alone,
            left_mate: vec![NONE; lefts],
            right_mate: vec![NONE; rights],
            left_price: vec![0; lefts],
            right_price: vec![0; rights],
            distance: vec![i64::MAX; rights],
            came_from: vec![NONE; rights],
            settled: Vec::new(),
        }
    }

    fn of(&self, left: u32) -> std::ops::Range<usize> {
        self.starts[left as usize] as usize..self.starts[left as usize + 1] as usize
    }

    fn solve(mut self) -> Vec<Option<u32>> {
        for left in 0..u32::try_from(self.left_mate.len()).unwrap_or(NONE) {
            if !self.of(left).is_empty() {
                self.augment(left);
            }
        }
        self.left_mate.into_iter().map(|m| (m != NONE).then_some(m)).collect()
    }

    /// Dijkstra over reduced costs from one free left row, to a free right row or to a left row that may stay alone.
    fn augment(&mut self, start: u32) {
        let mut heap: BinaryHeap<Reverse<(i64, u32)>> = BinaryHeap::new();
        let mut touched: Vec<u32> = Vec::new();
        self.settled.clear();
        let (mut left, mut reached) = (start, 0i64);
        // The cheapest way to end with a left row alone: (distance, that row).
        let mut quit = (self.alone - self.left_price[start as usize], start);
        let end = loop {
            for e in self.of(left) {
                let (right, cost) = self.edges[e];
                let reduced = cost - self.left_price[left as usize] - self.right_price[right as usize];
                let next = reached + reduced;
                if next < self.distance[right as usize] {
                    if self.distance[right as usize] == i64::MAX {
                        touched.push(right);
                    }
                    self.distance[right as usize] = next;
                    self.came_from[right as usize] = left;
                    heap.push(Reverse((next, right)));
                }
            }
            let Some(Reverse((distance, right))) = heap.pop() else { break None };
            if distance > self.distance[right as usize] || self.settled.contains(&right) {
                continue;
            }
            if distance >= quit.0 {
                break None;
            }
            reached = distance;
            if self.right_mate[right as usize] == NONE {
                break Some(right);
            }
            self.settled.push(right);
            left = self.right_mate[right as usize];
            let alone = reached + self.alone - self.left_price[left as usize];
            if alone < quit.0 {
                quit = (alone, left);
            }
        };
        let total = if end.is_some() { reached } else { quit.0 };
        self.reprice(start, total);
        match end {
            Some(right) => self.flip(start, right),
            None => self.leave(start, quit.1),
        }
        for right in touched {
            self.distance[right as usize] = i64::MAX;
            self.came_from[right as usize] = NONE;
        }
    }

    fn reprice(&mut self, start: u32, total: i64) {
        self.left_price[start as usize] += total;
        for i in 0..self.settled.len() {
            let right = self.settled[i] as usize;
            let gain = total - self.distance[right];
            if gain > 0 {
                self.right_price[right] -= gain;
                self.left_price[self.right_mate[right] as usize] += gain;
            }
        }
    }

    fn flip(&mut self, start: u32, end: u32) {
        let mut right = end;
        loop {
            let left = self.came_from[right as usize];
            let before = std::mem::replace(&mut self.left_mate[left as usize], right);
            self.right_mate[right as usize] = left;
            if left == start {
                return;
            }
            right = before;
        }
    }

    /// `last` gives its right row up and stays alone; the path before it moves along.
    fn leave(&mut self, start: u32, last: u32) {
        if last == start {
            return;
        }
        let freed = std::mem::replace(&mut self.left_mate[last as usize], NONE);
        self.right_mate[freed as usize] = NONE;
        self.flip(start, freed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn weight(edges: &[Edge], found: &[Option<u32>]) -> i64 {
        let of =
            |l: usize, r: u32| edges.iter().filter(|e| e.left as usize == l && e.right == r).map(|e| e.weight).max();
        found.iter().enumerate().filter_map(|(l, r)| of(l, (*r)?)).sum()
    }

    fn best(edges: &[Edge], left: u32, lefts: u32, taken: u32) -> i64 {
        if left == lefts {
            return 0;
        }
        let alone = best(edges, left + 1, lefts, taken);
        let free = edges.iter().filter(|e| e.left == left && taken & (1 << e.right) == 0);
        free.map(|e| e.weight + best(edges, left + 1, lefts, taken | 1 << e.right)).chain([alone]).max().unwrap_or(0)
    }

    #[test]
    fn greed_is_not_enough() {
        let edge = |left, right, weight| Edge { left, right, weight };
        let edges = [edge(0, 0, 10), edge(0, 1, 9), edge(1, 0, 9)];
        assert_eq!(assign(2, 2, &edges), [Some(1), Some(0)]);
        assert_eq!(assign(2, 1, &[edge(0, 0, 3), edge(1, 0, 5)]), [None, Some(0)]);
    }

    proptest! {
        #[test]
        fn it_is_the_optimum(list in proptest::collection::vec((0u32..6, 0u32..6, -3i64..20), 0..24)) {
            let edges: Vec<Edge> = list.iter().map(|&(left, right, weight)| Edge { left, right, weight }).collect();
            let found = assign(6, 6, &edges);
            let mut used: Vec<u32> = found.iter().flatten().copied().collect();
            used.sort_unstable();
            used.dedup();
            prop_assert_eq!(used.len(), found.iter().flatten().count());
            prop_assert_eq!(weight(&edges, &found), best(&edges, 0, 6, 0).max(0));
        }
    }
}
