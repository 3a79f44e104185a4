//! What was answered to the last calls that change something, for those that are sent again.

use std::collections::VecDeque;

use mesa_protocol::{ErrorBody, Reply};
use parking_lot::Mutex;

/// So many answers are kept for one session.
const ANSWERS_MAX: usize = 64;

#[derive(Debug, Default)]
pub(crate) struct Answers(Mutex<VecDeque<(u128, Result<Reply, ErrorBody>)>>);

impl Answers {
    /// The answer to the call `id`, which is made by `make` if it is not known yet. What failed fails
    /// again: whoever was told so must not find it done by the same call, arriving late a second time.
    /// One comes after the other, so that a call that is sent again while it runs waits for its own
    /// answer.
    pub fn once(
        &self,
        id: u128,
        make: impl FnOnce() -> Result<Reply, ErrorBody>,
    ) -> Result<Reply, ErrorBody> {
        let mut known = self.0.lock();
        if let Some((_, answer)) = known.iter().find(|(known, _)| *known == id) {
            return answer.clone();
        }
        let answer = make();
        known.push_back((id, answer.clone()));
        if known.len() > ANSWERS_MAX {
            known.pop_front();
        }
        answer
    }
}
