//! Chains of calls, side by side, in as few requests as their number allows.
//!
//! A line is a chain: each call needs what the one before it has answered. Lines have nothing to do with each other. So
//! each line is a *program*, a plain sequence of [`Desk::ask`], and the desk lets all of them run until each has asked for
//! something; then it sends what they ask for, as many calls a batch as there is room for, and goes on. A batch is not atomic: each call has an
//! answer of its own, and one that is refused takes no other with it.

use std::collections::HashMap;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Poll;

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::client::{Call, Client, parse};
use super::errors::Refusal;
use super::rehearsal::{Notes, Part};
use crate::error::PlatformError;

/// A chain of calls.
pub(super) type Program<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

type Answered = Result<Value, Refusal>;

/// Where programs ask.
pub(super) struct Desk<'a> {
    client: &'a Client,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    tickets: usize,
    queue: Vec<(usize, Call)>,
    answers: HashMap<usize, Answered>,
    /// Why nothing more is sent.
    stop: Option<PlatformError>,
    /// The program that is run at the moment.
    running: usize,
    /// Of a rehearsal: what programs have asked for since that was last taken.
    notes: HashMap<usize, Notes>,
}

impl<'a> Desk<'a> {
    /// A desk of an account.
    pub(super) fn new(client: &'a Client) -> Self {
        Self { client, state: Mutex::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks for a call, from within a program.
    pub(super) async fn ask(&self, call: Call) -> Answered {
        let call = if self.client.rehearsal && call.writes() {
            match call.rehearsed() {
                Ok(call) => {
                    self.note(|notes| notes.asked += 1);
                    call
                }
                Err(part) => {
                    self.leave_out(part);
                    return Ok(json!({ "success": true }));
                }
            }
        } else {
            call
        };
        let ticket = {
            let mut state = self.state();
            if let Some(error) = &state.stop {
                return Err(error.clone().into());
            }
            state.tickets += 1;
            let ticket = state.tickets;
            state.queue.push((ticket, call));
            ticket
        };
        poll_fn(|_| match self.state().answers.remove(&ticket) {
            Some(answer) => Poll::Ready(answer),
            None => Poll::Pending,
        })
        .await
    }

    /// Notes, from within a program, what a rehearsal cannot ask about.
    pub(super) fn leave_out(&self, part: Part) {
        self.note(|notes| notes.left_out.push(part));
    }

    /// What the program that asks for it has noted since it last did so.
    pub(super) fn take_notes(&self) -> Notes {
        let mut state = self.state();
        let running = state.running;
        state.notes.remove(&running).unwrap_or_default()
    }

    fn note(&self, add: impl FnOnce(&mut Notes)) {
        let mut state = self.state();
        let running = state.running;
        add(state.notes.entry(running).or_default());
    }

    /// Asks for a call whose answer has a shape.
    pub(super) async fn read<T: DeserializeOwned>(&self, call: Call) -> Result<T, Refusal> {
        Ok(parse(self.ask(call).await?)?)
    }

    /// Runs programs to their ends. They must wait for nothing but the desk; what waits for something else is given up,
    /// and `lost` says what came of it.
    pub(super) async fn run<T>(&self, mut programs: Vec<Program<'_, T>>, lost: impl Fn() -> T) -> Vec<T> {
        let mut ends: Vec<Option<T>> = programs.iter().map(|_| None).collect();
        loop {
            poll_fn(|context| {
                let programs = programs.iter_mut().zip(&mut ends).enumerate();
                for (number, (program, end)) in programs.filter(|(_, (_, end))| end.is_none()) {
                    self.state().running = number;
                    if let Poll::Ready(output) = program.as_mut().poll(context) {
                        *end = Some(output);
                    }
                }
                Poll::Ready(())
            })
            .await;
            let asked = std::mem::take(&mut self.state().queue);
            if asked.is_empty() {
                return ends.into_iter().map(|end| end.unwrap_or_else(&lost)).collect();
            }
            let (writes, reads): (Vec<_>, Vec<_>) = asked.into_iter().partition(|(_, call)| call.writes());
            for (write, mut calls) in [(true, &writes[..]), (false, &reads[..])] {
                while !calls.is_empty() {
                    // Where there is no room, the request says so.
                    let size = self.client.batch_size(write).clamp(1, calls.len());
                    let (chunk, rest) = calls.split_at(size);
                    self.send(chunk).await;
                    calls = rest;
                }
            }
        }
    }

    async fn send(&self, chunk: &[(usize, Call)]) {
        let stop = self.state().stop.clone();
        let answers = match stop {
            Some(error) => Err(error.into()),
            None => self.client.batch(&chunk.iter().map(|(_, call)| call).collect::<Vec<_>>()).await,
        };
        let mut state = self.state();
        match answers {
            Ok(answers) => {
                for ((ticket, _), answer) in chunk.iter().zip(answers) {
                    if let Err(refusal) = &answer
                        && stops(refusal)
                    {
                        state.stop = Some(refusal.error.clone());
                    }
                    state.answers.insert(*ticket, answer);
                }
            }
            Err(refusal) => {
                if state.stop.is_none() {
                    state.stop = Some(after(&refusal.error));
                }
                for (ticket, _) in chunk {
                    state.answers.insert(*ticket, Err(refusal.clone()));
                }
            }
        }
    }
}

/// Whether an error is about the whole account, so that nothing else would be taken either.
fn stops(refusal: &Refusal) -> bool {
    let about_all = match &refusal.error {
        PlatformError::RateLimited { .. }
        | PlatformError::QuotaExhausted { .. }
        | PlatformError::CredentialsInvalid { .. }
        | PlatformError::CredentialsRevoked { .. }
        | PlatformError::AccountSuspended { .. }
        | PlatformError::VersionSunset { .. } => true,
        PlatformError::Unavailable { .. }
        | PlatformError::UnknownOutcome { .. }
        | PlatformError::NotSent { .. }
        | PlatformError::HeldByAnotherCluster { .. }
        | PlatformError::TakingOver { .. }
        | PlatformError::EndpointNotAllowed { .. }
        | PlatformError::Rejected { .. }
        | PlatformError::Unreadable { .. } => false,
    };
    about_all && !refusal.is_budget_lock()
}

/// What is said of calls that were not sent, for a request before them failed.
fn after(error: &PlatformError) -> PlatformError {
    if error.may_have_happened() {
        let message = format!("not sent, for a request before it had no known outcome ({error})");
        return PlatformError::Unavailable { message };
    }
    error.clone()
}
