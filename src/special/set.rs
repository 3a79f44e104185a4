//! `set`: options and positional parameters.

use std::sync::atomic::Ordering;

use super::{Call, Special, describe};
use crate::eval::{Eval, Step};
use crate::state::{Group, Opt, names};

pub const SET: Special = Special {
    name: "set",
    synopsis: "[-abefhkmnptuvxBCEHPT] [-o option-name] [--] [-] [arg ...]",
    summary: "Set or unset values of shell options and positional parameters.",
    run: set,
    ..Special::BASE
};

/// The options as `set -o` lists them, or with `+` as commands.
fn listing(eval: &Eval, commands: bool) -> Vec<u8> {
    let mut out = String::new();
    for (opt, on) in eval.shell.options.list(Group::Set) {
        if commands {
            out.push_str(if on { "set -o " } else { "set +o " });
            out.push_str(opt.name());
        } else {
            out.push_str(&format!("{:<15}\t{}", opt.name(), if on { "on" } else { "off" }));
        }
        out.push('\n');
    }
    out.into_bytes()
}

/// What an argument asks for.
enum Change {
    Turn(Opt, bool),
    List { commands: bool },
}

fn set(eval: &mut Eval, call: &Call<'_>) -> Step {
    if call.args.is_empty() {
        let mut out = describe::settings(&eval.shell);
        if !eval.shell.options.has(Opt::Posix) {
            out.extend_from_slice(&describe::functions(&eval.shell));
        }
        return eval.print(call, out);
    }
    // Nothing is changed if an option is wrong.
    let mut changes = Vec::new();
    let mut at = 0;
    let mut positional = None;
    while let Some(arg) = call.args.get(at) {
        let on = match arg.first() {
            Some(b'-') => true,
            Some(b'+') => false,
            _ => {
                positional = Some(at);
                break;
            }
        };
        at += 1;
        match arg.as_bytes() {
            b"--" => {
                positional = Some(at);
                break;
            }
            b"-" => {
                changes.push(Change::Turn(Opt::XTrace, false));
                changes.push(Change::Turn(Opt::Verbose, false));
                positional = (at < call.args.len()).then_some(at);
                break;
            }
            b"+" => {
                positional = (at < call.args.len()).then_some(at);
                break;
            }
            _ => {}
        }
        for &letter in arg.iter().skip(1) {
            if letter == b'o' {
                let Some(name) = call.args.get(at).filter(|name| !is_option(name)) else {
                    changes.push(Change::List { commands: !on });
                    continue;
                };
                at += 1;
                match Opt::named(Group::Set, name) {
                    Some(opt) => changes.push(Change::Turn(opt, on)),
                    None => {
                        eval.say(call, &[name, b": invalid option name"]);
                        return Ok(2);
                    }
                }
            } else if let Some(opt) = Opt::of_letter(letter) {
                changes.push(Change::Turn(opt, on));
            } else {
                let sign = if on { b'-' } else { b'+' };
                eval.say(call, &[&[sign, letter], b": invalid option"]);
                return eval.usage(call);
            }
        }
    }
    let mut status = 0;
    for change in changes {
        match change {
            Change::Turn(opt, on) => eval.set_option(opt, on),
            Change::List { commands } => {
                let text = listing(eval, commands);
                status = eval.print(call, text)?;
            }
        }
    }
    if let Some(from) = positional {
        let args = call.args.get(from..).unwrap_or_default().to_vec();
        eval.shell.positional = eval.positional(args)?;
        eval.rt.positional_set |= !eval.shell.frames.in_function();
    }
    Ok(status)
}

fn is_option(text: &[u8]) -> bool {
    matches!(text.first(), Some(b'-' | b'+'))
}

impl Eval {
    /// Turns an option on or off.
    pub fn set_option(&mut self, opt: Opt, on: bool) {
        self.shell.options.set(opt, on);
        if opt == Opt::Posix {
            let done = match on {
                true => self.shell.set(names::POSIXLY_CORRECT, "y"),
                false => self.shell.unset(names::POSIXLY_CORRECT),
            };
            // A read-only one stays as it is; so does the option.
            drop(done);
            self.shell.options.set(opt, on);
        }
        if opt == Opt::ExtDebug {
            self.shell.options.set(Opt::ErrTrace, on);
            self.shell.options.set(Opt::FuncTrace, on);
            if on {
                self.shell.frames.keep_arguments(self.shell.positional.as_slice());
            }
        }
        if opt == Opt::Verbose {
            self.rt.verbose.store(on, Ordering::Relaxed);
        }
    }
}
