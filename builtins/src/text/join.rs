//! `join`: join lines of two files on a common field.

mod options;
mod side;

use std::cmp::Ordering;

use options::{Check, Field, Rules};
use side::{Line, Side};

use super::operands::parse;
use crate::budget::Resource;
use crate::prelude::*;

pub const JOIN: Command = Command {
    name: "join",
    synopsis: "join [OPTION]... FILE1 FILE2",
    summary: "For each pair of input lines with identical join fields, write a line to\nstandard output.  The default join field is the first, delimited by blanks.\n\nWhen FILE1 or FILE2 (not both) is -, read standard input.",
    options: &[
        short('a', "also print unpairable lines from file FILENUM (1 or 2)")
            .takes(Takes::Value("FILENUM")),
        short('e', "replace missing (empty) input fields with STRING")
            .takes(Takes::Value("STRING")),
        flag('i', "ignore-case", "ignore differences in case when comparing fields"),
        short('j', "equivalent to '-1 FIELD -2 FIELD'").takes(Takes::Value("FIELD")),
        short('o', "obey FORMAT while constructing output line").takes(Takes::Value("FORMAT")),
        short('t', "use CHAR as input and output field separator").takes(Takes::Value("CHAR")),
        short('v', "like -a FILENUM, but suppress joined output lines")
            .takes(Takes::Value("FILENUM")),
        short('1', "join on this FIELD of file 1").takes(Takes::Value("FIELD")),
        short('2', "join on this FIELD of file 2").takes(Takes::Value("FIELD")),
        long(
            "check-order",
            "check that the input is correctly sorted, even if all input lines are pairable",
        ),
        long("nocheck-order", "do not check that the input is correctly sorted"),
        long(
            "header",
            "treat the first line in each file as field headers, print them without trying to pair them",
        ),
        flag('z', "zero-terminated", "line delimiter is NUL, not newline"),
    ],
    examples: &[
        Example {
            about: "Lines of two sorted files.",
            script: "printf 'a 1\\nb 2\\n' > x; printf 'a 3\\nc 4\\n' > y; join x y",
            prints: "a 1 3\n",
        },
        Example {
            about: "All lines, with what is missing filled in.",
            script: "printf 'a 1\\nb 2\\n' > x; printf 'a 3\\nc 4\\n' > y; join -a1 -a2 -e- -o auto x y",
            prints: "a 1 3\nb 2 -\nc - 4\n",
        },
    ],
    order: Order::Raw,
    run: join,
    ..Command::BASE
};

fn join(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    let argv = args.operands();
    let Some(first) = parse(ctx, &JOIN, argv)? else { return Ok(ExitStatus::SUCCESS) };
    let extra = first.operands().len().saturating_sub(2);
    let argv = options::modern(argv, extra);
    let Some(args) = parse(ctx, &JOIN, &argv)? else { return Ok(ExitStatus::SUCCESS) };
    let rules = options::rules(&args)?;
    let (one, two) = match args.operands() {
        [] => return Err(usage("missing operand")),
        [only] => return Err(usage(format!("missing operand after {}", marked(only)))),
        [one, two] => (one, two),
        [_, _, extra, ..] => return Err(usage(format!("extra operand {}", quoted(extra)))),
    };
    if one == "-" && two == "-" {
        return Err(failure("both files cannot be standard input"));
    }
    let sides = [Side::open(ctx, one, 0)?, Side::open(ctx, two, 1)?];
    let mut join = Join { rules, sides, unpairable: false, auto: [0; 2], out: Vec::new() };
    join.run(ctx)
}

struct Join {
    rules: Rules,
    sides: [Side; 2],
    /// A line without a partner was seen: from then on disorder is said.
    unpairable: bool,
    /// Of each file, how many fields `-o auto` prints.
    auto: [usize; 2],
    out: Vec<u8>,
}

impl Join {
    fn run(&mut self, ctx: &mut Context<'_>) -> CommandResult {
        let mut one = self.next(ctx, 0)?;
        let mut two = self.next(ctx, 1)?;
        if self.rules.auto {
            let count = |line: &Option<Line>| line.as_ref().map_or(0, Line::len);
            self.auto = [count(&one), count(&two)];
        }
        if self.rules.header && (one.is_some() || two.is_some()) {
            self.put(ctx, one.as_ref(), two.as_ref())?;
            // Headers are not part of the order.
            self.sides.iter_mut().for_each(Side::forget);
            if one.is_some() {
                one = self.next(ctx, 0)?;
            }
            if two.is_some() {
                two = self.next(ctx, 1)?;
            }
        }
        while let (Some(left), Some(right)) = (&one, &two) {
            match self.compare(left, right) {
                Ordering::Less => {
                    self.alone(ctx, 0, left)?;
                    one = self.next(ctx, 0)?;
                    self.unpairable = true;
                }
                Ordering::Greater => {
                    self.alone(ctx, 1, right)?;
                    two = self.next(ctx, 1)?;
                    self.unpairable = true;
                }
                Ordering::Equal => {
                    let (left, right) = (left.clone(), right.clone());
                    (one, two) = self.groups(ctx, left, right)?;
                }
            }
        }
        self.tail(ctx, 0, one)?;
        self.tail(ctx, 1, two)?;
        if self.sides.iter().any(|side| side.disordered) {
            ctx.stdout.flush()?;
            return Err(failure("input is not in sorted order"));
        }
        Ok(ExitStatus::SUCCESS)
    }

    /// Pairs all lines of both files that have the same field; returns those that follow.
    fn groups(
        &mut self,
        ctx: &mut Context<'_>,
        left: Line,
        right: Line,
    ) -> Result<(Option<Line>, Option<Line>), CommandError> {
        let mut held = ctx.budget.hold(Resource::Memory, 0)?;
        let mut lefts = vec![left.clone()];
        let mut rights = vec![right.clone()];
        let after_left = loop {
            match self.next(ctx, 0)? {
                Some(line) if self.compare(&line, &right) == Ordering::Equal => {
                    held.grow(line.bytes())?;
                    lefts.push(line);
                }
                other => break other,
            }
        };
        let after_right = loop {
            match self.next(ctx, 1)? {
                Some(line) if self.compare(&left, &line) == Ordering::Equal => {
                    held.grow(line.bytes())?;
                    rights.push(line);
                }
                other => break other,
            }
        };
        if self.rules.pairable {
            for left in &lefts {
                for right in &rights {
                    self.put(ctx, Some(left), Some(right))?;
                }
                ctx.check()?;
            }
        }
        Ok((after_left, after_right))
    }

    /// What is left of a file when the other has ended: printed if that is wanted, and read so that
    /// its order is known.
    fn tail(
        &mut self,
        ctx: &mut Context<'_>,
        at: usize,
        line: Option<Line>,
    ) -> Result<(), CommandError> {
        let wanted = self.rules.unpairable[at];
        let checking =
            self.rules.check != Check::Never && !self.sides.iter().all(|side| side.disordered);
        let Some(mut line) = line else { return Ok(()) };
        if !wanted && !checking {
            return Ok(());
        }
        loop {
            self.alone(ctx, at, &line)?;
            line = match self.next(ctx, at)? {
                Some(line) => line,
                None => return Ok(()),
            };
            if self.sides[at].disordered && !wanted {
                return Ok(());
            }
        }
    }

    fn next(&mut self, ctx: &mut Context<'_>, at: usize) -> Result<Option<Line>, CommandError> {
        let tell = match self.rules.check {
            Check::Never => false,
            Check::Always => true,
            Check::Lazily => self.unpairable,
        };
        self.sides[at].next(ctx, &self.rules, tell)
    }

    fn compare(&self, left: &Line, right: &Line) -> Ordering {
        let left = left.field(self.rules.fields[0]).unwrap_or_default();
        let right = right.field(self.rules.fields[1]).unwrap_or_default();
        self.rules.compare(left, right)
    }

    /// Prints a line that has no partner, if those of its file are wanted.
    fn alone(&mut self, ctx: &mut Context<'_>, at: usize, line: &Line) -> Result<(), CommandError> {
        match (self.rules.unpairable[at], at) {
            (false, _) => Ok(()),
            (true, 0) => self.put(ctx, Some(line), None),
            (true, _) => self.put(ctx, None, Some(line)),
        }
    }

    fn put(
        &mut self,
        ctx: &mut Context<'_>,
        one: Option<&Line>,
        two: Option<&Line>,
    ) -> Result<(), CommandError> {
        let mut out = std::mem::take(&mut self.out);
        out.clear();
        let rules = &self.rules;
        let joined = match one {
            Some(line) => line.field(rules.fields[0]),
            None => two.and_then(|line| line.field(rules.fields[1])),
        };
        let mut first = true;
        let mut add = |field: Option<&[u8]>| {
            if !std::mem::take(&mut first) {
                out.push(rules.separator);
            }
            match field {
                Some(field) if !field.is_empty() => out.extend_from_slice(field),
                _ => out.extend_from_slice(&rules.filler),
            }
        };
        let lines = [one, two];
        if rules.format.is_empty() {
            add(joined);
            for (at, line) in lines.into_iter().enumerate() {
                let count = match rules.auto {
                    true => self.auto[at],
                    false => line.map_or(0, Line::len),
                };
                for field in (0..count).filter(|&field| field != rules.fields[at]) {
                    add(line.and_then(|line| line.field(field)));
                }
            }
        } else {
            for field in &rules.format {
                match *field {
                    Field::Joined => add(joined),
                    Field::Of(at, field) => add(lines[at].and_then(|line| line.field(field))),
                }
            }
        }
        out.push(rules.end);
        let done = ctx.stdout.put(&out);
        self.out = out;
        Ok(done?)
    }
}
