//! Several threads work on frames, and their output comes out in the frames' order.
//!
//! The thread whose turn it is writes as it goes. The others keep what they made, up to [`HOLD`]
//! bytes each, then wait: memory does not depend on the size of frames. When frame k fails, frames
//! before it still come out and those after it stop, so output and error are those of one thread.

use std::io;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use crate::options::error::Error;

/// Bytes that a thread keeps while it is not its turn.
pub(super) const HOLD: usize = 2 << 20;

/// Where the output of frames goes, in their order.
pub(super) trait Output: Send {
    /// What is told at a frame's end.
    type End;
    /// Takes a part of the frame whose turn it is.
    fn part(&mut self, part: &[u8]) -> io::Result<()>;
    /// The frame whose turn it is ends.
    fn end(&mut self, end: Self::End) -> io::Result<()>;
}

/// The order of frames, and what went wrong first in that order.
pub(super) struct Turns<O> {
    state: Mutex<State>,
    changed: Condvar,
    output: Mutex<O>,
}

struct State {
    /// The frame whose output is written now.
    turn: u64,
    /// The first frame in the document that failed.
    failure: Option<(u64, Error)>,
}

/// The next frame to work on: its number, and the frame if there is one.
pub(super) type Next<F> = (u64, Result<Option<F>, Error>);

impl<O: Output> Turns<O> {
    /// `first` is the number of the first frame.
    pub(super) fn new(output: O, first: u64) -> Self {
        let state = State { turn: first, failure: None };
        Self { state: Mutex::new(state), changed: Condvar::new(), output: Mutex::new(output) }
    }

    /// Lets threads take frames and work on them until there are none, or one failed.
    pub(super) fn run<F>(
        self,
        threads: usize,
        next: impl Fn() -> Next<F> + Sync,
        work: impl Fn(F, &mut Lane<'_, O>) -> Result<(), Error> + Sync,
    ) -> Result<O, Error> {
        if threads <= 1 {
            self.work(&next, &work);
        } else {
            thread::scope(|scope| {
                let start =
                    || thread::Builder::new().spawn_scoped(scope, || self.work(&next, &work));
                let started: Vec<_> = (0..threads).map(|_| start()).collect();
                // Fewer threads do it too, but one it takes. One that panicked has failed its frame.
                let is_stuck = started.iter().all(Result::is_err);
                for thread in started {
                    match thread {
                        Ok(thread) => drop(thread.join()),
                        Err(error) if is_stuck => self.fail(0, error.into()),
                        Err(_) => {}
                    }
                }
            });
        }
        match self.state.into_inner().unwrap_or_else(PoisonError::into_inner).failure {
            Some((_, error)) => Err(error),
            None => Ok(self.output.into_inner().unwrap_or_else(PoisonError::into_inner)),
        }
    }

    fn work<F>(
        &self,
        next: &(impl Fn() -> Next<F> + Sync),
        work: &(impl Fn(F, &mut Lane<'_, O>) -> Result<(), Error> + Sync),
    ) {
        // Until its number is known, a panic stops every frame.
        let mut watch = Watch { turns: self, number: 0 };
        loop {
            watch.number = 0;
            let (number, frame) = next();
            watch.number = number;
            let worked = match frame {
                Ok(None) => break,
                Ok(Some(_)) if self.is_stopped(number) => break,
                Ok(Some(frame)) => {
                    let mut lane = Lane { turns: self, number, held: Vec::new(), mine: false };
                    work(frame, &mut lane)
                }
                Err(error) => Err(error),
            };
            if let Err(error) = worked {
                self.fail(number, error);
                break;
            }
        }
    }

    fn fail(&self, number: u64, error: Error) {
        let mut state = lock(&self.state);
        if state.failure.as_ref().is_none_or(|first| number < first.0) {
            state.failure = Some((number, error));
        }
        self.changed.notify_all();
    }

    /// Whether this frame, or one before it, failed.
    fn is_stopped(&self, number: u64) -> bool {
        lock(&self.state).failure.as_ref().is_some_and(|first| first.0 <= number)
    }
}

/// What a thread left locked when it panicked is not used again, but for the failure.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Fails the frame of a thread that panics, so that nobody waits for it.
struct Watch<'a, O: Output> {
    turns: &'a Turns<O>,
    number: u64,
}

impl<O: Output> Drop for Watch<'_, O> {
    fn drop(&mut self) {
        if thread::panicking() {
            let message = "a thread panicked; this is a bug of sigma";
            self.turns.fail(self.number, io::Error::other(message).into());
        }
    }
}

/// The output of one frame.
pub(super) struct Lane<'a, O> {
    turns: &'a Turns<O>,
    number: u64,
    /// What was made before the turn.
    held: Vec<Vec<u8>>,
    mine: bool,
}

impl<O: Output> Lane<'_, O> {
    /// Takes the next part of the frame; waits for the turn if there is too much already.
    pub(super) fn part(&mut self, part: &[u8]) -> io::Result<()> {
        let held: usize = self.held.iter().map(Vec::len).sum();
        if self.is_mine(held + part.len() > HOLD)? {
            return lock(&self.turns.output).part(part);
        }
        self.held.push(part.to_vec());
        Ok(())
    }

    /// Ends the frame, when its turn has come, and passes the turn on.
    pub(super) fn end(&mut self, end: O::End) -> io::Result<()> {
        self.is_mine(true)?;
        lock(&self.turns.output).end(end)?;
        lock(&self.turns.state).turn += 1;
        self.turns.changed.notify_all();
        Ok(())
    }

    /// An error if this frame needs not go on, since one before it failed.
    pub(super) fn check(&self) -> io::Result<()> {
        match self.turns.is_stopped(self.number) {
            true => Err(io::Error::other("a frame before this one failed")),
            false => Ok(()),
        }
    }

    /// Whether it is this frame's turn; then what was held is written. Waits for it if asked to.
    fn is_mine(&mut self, wait: bool) -> io::Result<bool> {
        if self.mine {
            return Ok(true);
        }
        let mut state = lock(&self.turns.state);
        while wait
            && state.turn != self.number
            && state.failure.as_ref().is_none_or(|first| first.0 > self.number)
        {
            state = self.turns.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        self.mine = state.turn == self.number;
        drop(state);
        self.check()?;
        if self.mine {
            let mut output = lock(&self.turns.output);
            for part in self.held.drain(..) {
                output.part(&part)?;
            }
        }
        Ok(self.mine)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    /// Frames whose output came.
    struct Ends(Vec<u64>);

    impl Output for Ends {
        type End = u64;

        fn part(&mut self, _: &[u8]) -> io::Result<()> {
            Ok(())
        }

        fn end(&mut self, frame: u64) -> io::Result<()> {
            self.0.push(frame);
            Ok(())
        }
    }

    #[test]
    fn a_thread_that_panics_fails_its_frame_and_nobody_waits_for_it() {
        for threads in [2, 4] {
            for bad in [0, 1, 7] {
                let frames = AtomicUsize::new(0);
                let next = || {
                    let frame = frames.fetch_add(1, Ordering::Relaxed) as u64;
                    (frame, Ok((frame < 8).then_some(frame)))
                };
                let work = |frame, lane: &mut Lane<'_, Ends>| {
                    assert_ne!(frame, bad, "a bug");
                    lane.part(b"part")?;
                    Ok(lane.end(frame)?)
                };
                let ended = Turns::new(Ends(Vec::new()), 0).run(threads, next, work);
                let error = ended.err().expect("a frame is missing").to_string();
                assert!(error.contains("a thread panicked"), "{error}");
            }
        }
    }
}
