//! Back to where something has more to give, or to what catches an error.

use super::state::{Fork, Kind};
use super::{Machine, State, Stepped};
use crate::data::jq::error::Error;
use crate::data::jq::value::Value;

impl<'p> Machine<'p, '_, '_> {
    /// Goes on at the last fork.
    pub(super) fn back(&mut self) -> Stepped<'p> {
        let Some(fork) = self.forks.last_mut() else { return Ok(State::Back) };
        self.path.clone_from(&fork.path);
        match &mut fork.kind {
            Kind::Each(of, at, then) => {
                let then = then.clone();
                let Some((key, value, more)) = child(of, at, self.path.is_some()) else {
                    self.forks.pop();
                    return Ok(State::Back);
                };
                if !more {
                    self.forks.pop();
                }
                self.extend(&key, &value);
                return Ok(State::Return(value, then));
            }
            Kind::Descend(of, at, then) => {
                let then = then.clone();
                let Some((key, value, more)) = child(of, at, self.path.is_some()) else {
                    self.forks.pop();
                    return Ok(State::Back);
                };
                if !more {
                    self.forks.pop();
                }
                self.extend(&key, &value);
                return self.descend(value, then);
            }
            Kind::Range { at, end, by, then } => {
                let ends = match *by {
                    by if by > 0.0 => *at >= *end,
                    by if by < 0.0 => *at <= *end,
                    _ => true,
                };
                if !ends && !end.is_nan() {
                    let value = Value::Number(*at);
                    *at += *by;
                    return Ok(State::Return(value, then.clone()));
                }
            }
            _ => {}
        }
        let Some(Fork { kind, .. }) = self.forks.pop() else { return Ok(State::Back) };
        match kind {
            Kind::Comma(items, env, input, then) => self.comma(items, env, input, then),
            Kind::Collected(list, then) => Ok(State::Return(Value::Array(list.take()), then)),
            Kind::Reduced(state, then) => Ok(State::Return(state.take(), then)),
            Kind::Default(found, other, env, input, then) if !found.get() => {
                Ok(State::Eval(other, env, input, then))
            }
            Kind::Assign { how, value, list, root, then } => {
                self.assign_all(how, &value, list.take(), root, then)
            }
            Kind::Update { update, env, list, root, then } => {
                self.update_all(update, env, list.take(), root, then)
            }
            Kind::Nothing(updating) => self.skipped(&updating),
            Kind::Inputs(then) => match self.runtime.input()? {
                Some(value) => {
                    self.fork(Kind::Inputs(then.clone()));
                    Ok(State::Return(value, then))
                }
                None => Ok(State::Back),
            },
            _ => Ok(State::Back),
        }
    }

    /// Goes to what catches `error`.
    ///
    /// # Errors
    /// The error itself, if nothing does.
    pub(super) fn unwind(&mut self, error: Error) -> Stepped<'p> {
        let mut error = error;
        if matches!(error, Error::Command(_) | Error::Halt(..)) {
            self.forks.clear();
            return Err(error);
        }
        // How many that catch errors the value has left.
        let mut left = 0;
        while let Some(Fork { kind, path }) = self.forks.pop() {
            match kind {
                Kind::Left => left += 1,
                Kind::Try(..) | Kind::Alternatives(..) if left > 0 => left -= 1,
                Kind::Label(label) if matches!(error, Error::Break(wanted) if wanted == label) => {
                    return Ok(State::Back);
                }
                Kind::Try(handler, env, then) => {
                    let value = match error {
                        Error::Value(value) => value,
                        other => {
                            error = other;
                            continue;
                        }
                    };
                    self.path = path;
                    return Ok(match handler {
                        Some(handler) => State::Eval(handler, env, value, then),
                        None => State::Back,
                    });
                }
                Kind::Alternatives(rest, env, input, then) if matches!(error, Error::Value(_)) => {
                    self.path = path;
                    return self.alternatives(rest, env, input, then);
                }
                _ => {}
            }
        }
        Err(error)
    }
}

/// The next child of a list or an object with its key (made only if it is needed), and whether
/// there are more.
fn child(of: &Value, at: &mut usize, keyed: bool) -> Option<(Value, Value, bool)> {
    match of {
        Value::Array(array) => {
            let value = array.get(*at)?.clone();
            let key = if keyed { Value::from(*at) } else { Value::Null };
            *at += 1;
            Some((key, value, *at < array.len()))
        }
        Value::Object(object) => {
            while *at < object.slots() {
                let slot = object.slot(*at);
                *at += 1;
                if let Some((key, value)) = slot {
                    let key = if keyed { Value::String(key.clone()) } else { Value::Null };
                    return Some((key, value.clone(), *at < object.slots()));
                }
            }
            None
        }
        _ => None,
    }
}
