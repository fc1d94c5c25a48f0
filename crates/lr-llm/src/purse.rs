//! What all requests of the program may still take, shared by those that are under way at the same time.
//!
//! A request that fits only if others take less than was reserved for them waits until they have ended.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use lr_turn::{Charge, Kind};

use crate::book::{Book, Entry};
use crate::failure::Failure;
use crate::ledger::{Amount, Ceiling, Ledger, Refused, Shortage};
use crate::request::amount;
use crate::rerun::Place;

/// The limits of the program, and what is left of them.
#[derive(Debug)]
pub(crate) struct Purse {
    ledger: Mutex<Ledger>,
    settled: Condvar,
    ceiling: Ceiling,
    begun: Instant,
    max_time: Option<Duration>,
    book: Book,
}

impl Purse {
    /// A purse whose time runs from now on.
    pub(crate) fn new(ceiling: Ceiling, max_time: Option<Duration>) -> Self {
        Purse {
            ledger: Mutex::new(Ledger::new(ceiling)),
            settled: Condvar::new(),
            ceiling,
            begun: Instant::now(),
            max_time,
            book: Book::default(),
        }
    }

    /// The same with a book in which each request is written down.
    pub(crate) fn with_book(self, book: Book) -> Self {
        Purse { book, ..self }
    }

    /// Opens the account of a request that is about to be sent: sets aside the most that it can take, and writes that
    /// down.
    ///
    /// # Errors
    ///
    /// The limit that it would exceed, or why it cannot be written down. Nothing is set aside then.
    pub(crate) fn open<'a>(
        &'a self,
        place: Option<Place>,
        most: Charge,
        bill: &'a Bill,
    ) -> Result<Account<'a>, Failure> {
        self.reserve(amount(most))?;
        let entry = self.book.begin(place, most);
        let entry = entry.inspect_err(|_| self.settle(amount(most), Amount::default()))?;
        bill.begin(most);
        Ok(Account {
            purse: self,
            bill,
            most,
            entry,
        })
    }

    /// Whether requests must say how long replies may be, so that limits can hold.
    pub(crate) fn needs_cap(&self) -> bool {
        self.ceiling.tokens.is_some() || self.ceiling.microusd.is_some()
    }

    /// Whether the price must be known.
    pub(crate) fn needs_price(&self) -> bool {
        self.ceiling.microusd.is_some()
    }

    /// The time until everything must be done; `None` is without limit.
    pub(crate) fn time_left(&self) -> Option<Duration> {
        let max_time = self.max_time?;
        Some(max_time.saturating_sub(self.begun.elapsed()))
    }

    /// Sets an amount aside for a request; waits for others if it may fit then.
    ///
    /// # Errors
    ///
    /// The limit that it would exceed.
    fn reserve(&self, need: Amount) -> Result<(), Failure> {
        let mut ledger = self.lock();
        loop {
            if self.time_left() == Some(Duration::ZERO) {
                return Err(self.out_of_time(None));
            }
            match ledger.reserve(need) {
                Ok(()) => return Ok(()),
                Err(Refused::ForGood(shortage)) => return Err(shortage.into()),
                Err(Refused::ForNow) => {
                    let waited = self.settled.wait(ledger);
                    ledger = waited.unwrap_or_else(PoisonError::into_inner);
                }
            }
        }
    }

    /// Puts what was really taken in the place of what was reserved for it.
    fn settle(&self, reserved: Amount, taken: Amount) {
        self.lock().settle(reserved, taken);
        self.settled.notify_all();
    }

    /// The limit that another request would exceed in any case.
    pub(crate) fn shortage(&self, need: Amount) -> Option<Shortage> {
        self.lock().lasting_shortage(need)
    }

    /// What is said when time runs out, and of what was under way then.
    pub(crate) fn out_of_time(&self, during: Option<&Failure>) -> Failure {
        let seconds = self.max_time.unwrap_or_default().as_secs_f64();
        let during = during.map_or(String::new(), |failure| format!("{}; ", failure.message));
        Failure::new(
            Kind::Time,
            format!("{during}the limit of {seconds} s on time is reached"),
        )
        .hint("'--max-time SECONDS' allows for more")
    }

    fn lock(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The account of a request that is under way.
#[derive(Debug)]
pub(crate) struct Account<'a> {
    purse: &'a Purse,
    bill: &'a Bill,
    most: Charge,
    entry: Entry,
}

impl Account<'_> {
    /// Puts what the request really took, if it was sent at all, in the place of what was set aside for it.
    pub(crate) fn close(self, taken: Charge, was_sent: bool) {
        let taken_of_limits = Amount {
            calls: u64::from(was_sent),
            ..amount(taken)
        };
        self.purse.settle(amount(self.most), taken_of_limits);
        self.bill.end(taken, was_sent);
        self.entry.end(taken, was_sent);
    }
}

/// What one question has taken so far, all its attempts together. It can be read while a request is under way.
#[derive(Debug, Default)]
pub(crate) struct Bill(Mutex<Items>);

#[derive(Debug, Clone, Copy, Default)]
struct Items {
    attempts: u64,
    charge: Charge,
    /// What is reserved for the request that is under way.
    open: Charge,
}

impl Bill {
    /// Notes that a request is sent that may take this.
    fn begin(&self, most: Charge) {
        let mut items = self.lock();
        items.attempts += 1;
        items.open = most;
    }

    /// Notes what the request that was under way has taken, if it was sent at all.
    fn end(&self, taken: Charge, was_sent: bool) {
        let mut items = self.lock();
        items.attempts -= u64::from(!was_sent);
        items.charge = sum(items.charge, taken);
        items.open = Charge::default();
    }

    /// How many requests were sent.
    pub(crate) fn attempts(&self) -> u64 {
        self.lock().attempts
    }

    /// What counts against limits, a request that is under way included.
    pub(crate) fn charge(&self) -> Charge {
        let items = self.lock();
        sum(items.charge, items.open)
    }

    fn lock(&self) -> MutexGuard<'_, Items> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The sum of two charges; a cost that is not known adds nothing.
fn sum(a: Charge, b: Charge) -> Charge {
    let cost_microusd = match (a.cost_microusd, b.cost_microusd) {
        (Some(a), Some(b)) => Some(a.saturating_add(b)),
        (a, b) => a.or(b),
    };
    Charge {
        tokens: a.tokens.saturating_add(b.tokens),
        cost_microusd,
    }
}
