//! The walk: iterative, in the order of names, before or after what is below.

use bstr::{BString, ByteSlice};

use super::action::{Next, State};
use super::expression::{Action, Expression, Found, Links, Settings};
use super::parse::{Parsed, day_start, parse};
use super::test::{Now, holds};
use crate::prelude::*;

pub(super) fn find(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    let first = args.operands().first();
    if first.is_some_and(|word| matches!(word.as_bytes(), b"-help" | b"--help")) {
        ctx.stdout.put(crate::args::help_text(&super::FIND).as_bytes())?;
        return Ok(ExitStatus::SUCCESS);
    }
    if first.is_some_and(|word| matches!(word.as_bytes(), b"-version" | b"--version")) {
        ctx.stdout.put(crate::args::version_text(&super::FIND).as_bytes())?;
        return Ok(ExitStatus::SUCCESS);
    }
    let Parsed { paths, expression, settings } = parse(ctx, args.operands())?;
    let now = Now {
        now_ns: ctx.clock.now_ns(),
        day_end_ns: day_start(ctx).saturating_add(86_400_000_000_000),
    };
    let state = State::open(ctx, &settings)?;
    let mut walk = Walk { ctx, expression: &expression, settings: &settings, now, state };
    for path in &paths {
        walk.root(path)?;
        if walk.state.next == Next::Quit {
            break;
        }
    }
    walk.finish()
}

struct Walk<'a, 'c> {
    ctx: &'a mut Context<'c>,
    expression: &'a Expression,
    settings: &'a Settings,
    now: Now,
    state: State,
}

/// What is on the stack of the walk.
enum Step {
    Visit(Found),
    /// After everything below it, with -depth.
    Leave(Found),
    /// Ends a directory that is guarded against loops.
    Pop,
}

impl Walk<'_, '_> {
    fn root(&mut self, path: &BString) -> Result<(), CommandError> {
        let follow = self.settings.follow != Links::Never;
        let stat = match self.stat(path, follow) {
            Ok(stat) => stat,
            Err(error) => return self.complain(path, &error),
        };
        let device = stat.device;
        let root = Found { path: path.clone(), root: path.len(), depth: 0, stat };
        let mut stack = vec![Step::Visit(root)];
        // The directories above, for links that lead back to them.
        let mut above: Vec<(u64, u64)> = Vec::new();
        while let Some(step) = stack.pop() {
            self.ctx.check()?;
            let found = match step {
                Step::Visit(found) => found,
                Step::Leave(found) => {
                    self.look(&found)?;
                    if self.state.next == Next::Quit {
                        return Ok(());
                    }
                    continue;
                }
                Step::Pop => {
                    above.pop();
                    continue;
                }
            };
            self.state.next = Next::On;
            if !self.settings.depth_first {
                self.look(&found)?;
                match self.state.next {
                    Next::Quit => return Ok(()),
                    Next::Prune => continue,
                    Next::On => {}
                }
            }
            let deeper = found.stat.is_directory()
                && found.depth < self.settings.max_depth
                && (!self.settings.one_device || found.stat.device == device);
            if !deeper {
                if self.settings.depth_first {
                    self.look(&found)?;
                    if self.state.next == Next::Quit {
                        return Ok(());
                    }
                }
                continue;
            }
            let id = (found.stat.device, found.stat.inode);
            if self.settings.follow == Links::Always && above.contains(&id) {
                self.state.failed = true;
                let shown = marked(&found.path);
                self.ctx.complain(format_args!("File system loop detected; {shown} is part of the same file system loop as a directory above it."))?;
                continue;
            }
            let children = match self.children(&found)? {
                Some(children) => children,
                None => {
                    if self.settings.depth_first {
                        self.look(&found)?;
                    }
                    continue;
                }
            };
            above.push(id);
            if self.settings.depth_first {
                stack.push(Step::Pop);
                stack.push(Step::Leave(found));
            } else {
                stack.push(Step::Pop);
            }
            stack.extend(children.into_iter().rev().map(Step::Visit));
        }
        Ok(())
    }

    fn stat(&self, path: &BString, follow: bool) -> FsResult<FsStat> {
        let path = self.ctx.path(path)?;
        if follow {
            match self.ctx.metadata(&path) {
                Err(error) if matches!(error.errno(), Errno::NoEnt | Errno::Loop) => {}
                other => return other,
            }
        }
        self.ctx.symlink_metadata(&path)
    }

    /// What is in a directory; `None` if it cannot be read, which has been said.
    fn children(&mut self, dir: &Found) -> Result<Option<Vec<Found>>, CommandError> {
        let read = self.ctx.path(&dir.path).and_then(|path| self.ctx.fs.read_dir_stats(&path));
        let entries = match read {
            Ok(entries) => entries,
            Err(error) => {
                self.complain(&dir.path, &error)?;
                return Ok(None);
            }
        };
        let slash: &[u8] = if dir.path.ends_with(b"/") { b"" } else { b"/" };
        let mut children = Vec::with_capacity(entries.len());
        for (name, stat) in entries {
            let path = BString::from([&dir.path[..], slash, &name].concat());
            let follow = self.settings.follow == Links::Always && stat.is_symbolic_link();
            let stat = if follow { self.stat(&path, true).unwrap_or(stat) } else { stat };
            children.push(Found { path, root: dir.root, depth: dir.depth + 1, stat });
        }
        Ok(Some(children))
    }

    fn complain(&mut self, path: &BString, error: &FsError) -> Result<(), CommandError> {
        self.state.failed = true;
        self.ctx.stdout.flush()?;
        self.ctx.complain(format_args!("{}: {error}", marked(path)))
    }

    fn look(&mut self, found: &Found) -> Result<(), CommandError> {
        if found.depth >= self.settings.min_depth {
            self.evaluate(self.expression, found)?;
        }
        Ok(())
    }

    fn evaluate(&mut self, expression: &Expression, found: &Found) -> Result<bool, CommandError> {
        let quits = |walk: &Self| walk.state.next == Next::Quit;
        match expression {
            Expression::All(parts) => {
                for part in parts {
                    if !self.evaluate(part, found)? || quits(self) {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Expression::Any(parts) => {
                for part in parts {
                    if self.evaluate(part, found)? || quits(self) {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Expression::List(parts) => {
                let mut last = true;
                for part in parts {
                    last = self.evaluate(part, found)?;
                    if quits(self) {
                        break;
                    }
                }
                Ok(last)
            }
            Expression::Not(inner) => Ok(!self.evaluate(inner, found)?),
            Expression::Test(test) => holds(self.ctx, test, found, self.settings, self.now),
            Expression::Action(action) => self.state.act(self.ctx, action, found, self.settings),
        }
    }

    /// Runs what waits and flushes what is open.
    fn finish(mut self) -> CommandResult {
        let mut pending = vec![self.expression];
        while let Some(expression) = pending.pop() {
            match expression {
                Expression::All(parts) | Expression::Any(parts) | Expression::List(parts) => {
                    pending.extend(parts.iter().rev());
                }
                Expression::Not(inner) => pending.push(inner),
                Expression::Action(Action::Exec(exec)) => {
                    if let Some(batch) = exec.batch {
                        self.state.run_batch(self.ctx, exec, batch)?;
                    }
                }
                Expression::Action(_) | Expression::Test(_) => {}
            }
        }
        for sink in &mut self.state.sinks {
            sink.flush()?;
        }
        Ok(if self.state.failed { ExitStatus::FAILURE } else { ExitStatus::SUCCESS })
    }
}
