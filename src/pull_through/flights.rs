//! Equal misses at one time are one fetch: the first flies, the others wait for its landing.
//!
//! A failure is told to all who waited; whoever asks after that flies anew. When the one who flies goes away, one of
//! those who wait takes over.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use tokio::sync::watch;

use crate::registry::types::{Digest, RegistryKey, RepositoryName, Tag};
use crate::wire_errors::Failure;

/// How a flight ended; None until then.
type Landing = Option<Result<(), Failure>>;

/// What is being fetched, over all worlds.
#[derive(Debug, Default)]
pub struct PullThrough {
    flights: Mutex<BTreeMap<Flight, watch::Receiver<Landing>>>,
}

/// One thing that can be fetched.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Flight {
    /// Incarnation of the world.
    pub(super) world: u64,
    /// The registry that lacks it.
    pub(super) registry: RegistryKey,
    /// The repository that lacks it.
    pub(super) repository: RepositoryName,
    /// What it is.
    pub(super) cargo: Cargo,
}

/// What a flight brings.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Cargo {
    /// The image of a tag.
    Image(Tag),
    /// A blob.
    Blob(Digest),
}

enum Seat<'a> {
    Pilot(Cockpit<'a>),
    Passenger(watch::Receiver<Landing>),
}

/// The way to tell how a flight ended. Dropped without a word, it lets somebody else fly.
struct Cockpit<'a> {
    pull_through: &'a PullThrough,
    flight: Flight,
    landing: watch::Sender<Landing>,
}

impl PullThrough {
    /// Runs `fetch`, or waits for one that runs already. `fetch` must look again whether there is anything to fetch: it
    /// may begin just after an equal one has ended.
    pub(super) async fn fly(
        &self,
        flight: Flight,
        fetch: impl Future<Output = Result<(), Failure>>,
    ) -> Result<(), Failure> {
        loop {
            match self.board(&flight) {
                Seat::Pilot(cockpit) => {
                    let result = fetch.await;
                    cockpit.landing.send_replace(Some(result.clone()));
                    return result;
                }
                Seat::Passenger(mut landing) => {
                    // An error is a pilot who went away in flight.
                    if let Ok(result) = landing.wait_for(Option::is_some).await
                        && let Some(result) = &*result
                    {
                        return result.clone();
                    }
                }
            }
        }
    }

    fn board(&self, flight: &Flight) -> Seat<'_> {
        let mut flights = self.flights.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(landing) = flights.get(flight) {
            return Seat::Passenger(landing.clone());
        }
        let (landing, passengers) = watch::channel(None);
        flights.insert(flight.clone(), passengers);
        Seat::Pilot(Cockpit { pull_through: self, flight: flight.clone(), landing })
    }
}

impl Drop for Cockpit<'_> {
    fn drop(&mut self) {
        // Before `landing` goes, so that whoever it wakes finds the way free.
        self.pull_through.flights.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.flight);
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::registry::types::AccountId;
    use crate::wire_errors::Throttled;

    fn flight(tag: &str) -> Flight {
        Flight {
            world: 1,
            registry: RegistryKey { account: AccountId::DEFAULT, region: "us-east-1".parse().expect("region") },
            repository: "quay/base".parse().expect("name"),
            cargo: Cargo::Image(tag.parse().expect("tag")),
        }
    }

    async fn fetch(count: &Cell<u32>, result: Result<(), Failure>) -> Result<(), Failure> {
        count.set(count.get() + 1);
        tokio::task::yield_now().await;
        result
    }

    #[tokio::test]
    async fn equal_misses_are_one_fetch_and_others_are_not() {
        let (pulls, count) = (PullThrough::default(), Cell::new(0));
        let fly = |tag: &str| pulls.fly(flight(tag), fetch(&count, Ok(())));
        let (first, second, other) = tokio::join!(fly("1"), fly("1"), fly("2"));
        assert_eq!((first, second, other, count.get()), (Ok(()), Ok(()), Ok(()), 2));
        assert!(pulls.flights.lock().unwrap().is_empty());
    }

    #[tokio::test]
    async fn a_failure_is_told_to_all_who_waited_and_the_next_flies_anew() {
        let (pulls, count) = (PullThrough::default(), Cell::new(0));
        let failure = || Err(Failure::from(Throttled));
        let fly = |result| pulls.fly(flight("1"), fetch(&count, result));
        let (first, second) = tokio::join!(fly(failure()), fly(Ok(())));
        assert_eq!((first, second, count.get()), (failure(), failure(), 1));
        assert_eq!((fly(Ok(())).await, count.get()), (Ok(()), 2));
    }

    #[tokio::test]
    async fn somebody_takes_over_from_a_pilot_who_goes_away() {
        let (pulls, count) = (PullThrough::default(), Cell::new(0));
        let mut lost = Box::pin(pulls.fly(flight("1"), std::future::pending()));
        let mut waiting = Box::pin(pulls.fly(flight("1"), fetch(&count, Ok(()))));
        assert!(futures_util::poll!(&mut lost).is_pending());
        assert!(futures_util::poll!(&mut waiting).is_pending());
        assert_eq!(count.get(), 0);
        drop(lost);
        assert_eq!((waiting.await, count.get()), (Ok(()), 1));
    }
}
