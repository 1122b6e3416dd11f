//! Gates: places where calls and tasks wait until a test lets them go on. Which gates are open is part of a world's value;
//! who waits is not.
//!
//! Only bookkeeping. Whoever waits asks again after each change; nobody sleeps here.

use std::sync::Arc;

use crate::tasks::task_name;

/// Who waits at a gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waiter {
    /// A call, by the number of its record.
    Call(u64),
    /// A task, by its number.
    Task(u64),
}

impl Waiter {
    /// The waiter's name in lists: `calls/12`, `tasks/3`.
    pub fn name(self) -> String {
        match self {
            Self::Call(number) => format!("calls/{number}"),
            Self::Task(number) => format!("tasks/{}", task_name(number)),
        }
    }
}

/// Waiters in the order in which they came. Belongs to a live world and is never forked: a fork has no callers.
#[derive(Debug, Default)]
pub struct WaitingRoom {
    waiting: Vec<(Arc<str>, Waiter)>,
}

impl WaitingRoom {
    /// Adds a waiter at the end.
    pub fn enter(&mut self, gate: Arc<str>, waiter: Waiter) {
        self.waiting.push((gate, waiter));
    }

    /// Whether the waiter still waits; one that was let go or has left does not.
    pub fn holds(&self, waiter: Waiter) -> bool {
        self.waiting.iter().any(|(_, other)| *other == waiter)
    }

    /// Takes a waiter out that went away by itself.
    pub fn leave(&mut self, waiter: Waiter) {
        self.waiting.retain(|(_, other)| *other != waiter);
    }

    /// Lets the oldest `count` waiters of a gate go.
    pub fn release(&mut self, gate: &str, count: usize) -> Vec<Waiter> {
        let mut released = Vec::new();
        self.waiting.retain(|(name, waiter)| {
            let go = &**name == gate && released.len() < count;
            if go {
                released.push(*waiter);
            }
            !go
        });
        released
    }

    /// All waiters with their gates, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = (&Arc<str>, Waiter)> {
        self.waiting.iter().map(|(gate, waiter)| (gate, *waiter))
    }
}
