//! Evaluating arithmetic: 64 bits, wrapping around.

use super::error::{ExpandError, Expanded};
use super::place::Place;
use super::{Expander, number};
use crate::state::{Attrs, Opt, Str, Value};
use crate::syntax::arith::parse;
use crate::syntax::ast::{
    Arith, ArithAssign, ArithExpr, ArithKind, ArithOp, ArithPlace, ArithRight, ArithStep,
    ArithTree, ArithUnary, WordPart,
};
use crate::syntax::symbol::Symbol;

/// How many variables may be evaluated inside one another.
const RECURSION_MAX: u32 = 1024;
/// The bytes that an expansion takes in the text that a template was parsed from.
const MARK_BYTES: usize = 3;

/// Why an evaluation ended.
enum Fault {
    /// The message, and where the error token starts in the text.
    At(&'static str, u32),
    Error(ExpandError),
}

impl<E: Into<ExpandError>> From<E> for Fault {
    fn from(error: E) -> Self {
        Self::Error(error.into())
    }
}

type Outcome<T> = Result<T, Fault>;

fn arith_error(text: &[u8], message: &'static str, at: u32) -> ExpandError {
    let token = text.get(at as usize..).unwrap_or_default();
    ExpandError::Arith { expression: Str::new(text), message, token: Str::new(token) }
}

impl Expander<'_> {
    pub(crate) fn arith(&mut self, expr: &ArithExpr) -> Expanded<i64> {
        match &expr.kind {
            ArithKind::Static(tree) => self.tree(tree, &[]).map_err(|fault| match fault {
                Fault::At(message, at) => arith_error(&expr.text, message, at),
                Fault::Error(error) => error,
            }),
            ArithKind::Template { tree, operands } => self.template(expr, tree, operands),
            ArithKind::Dynamic => {
                let text = self.single(&expr.word)?;
                self.arith_text(&text)
            }
        }
    }

    /// A tree whose operands are expanded first. If one is no plain integer, the text decides.
    fn template(
        &mut self,
        expr: &ArithExpr,
        tree: &ArithTree,
        operands: &[WordPart],
    ) -> Expanded<i64> {
        let mut values = Vec::with_capacity(operands.len());
        let mut texts = Vec::with_capacity(operands.len());
        for operand in operands {
            let text = self.operand_text(operand)?;
            values.extend(number::decimal(&text));
            texts.push(text);
        }
        if values.len() == operands.len() {
            return self.tree(tree, &values).map_err(|fault| match fault {
                Fault::At(message, at) => {
                    let (text, at) = template_text(expr, &texts, at);
                    arith_error(&text, message, at)
                }
                Fault::Error(error) => error,
            });
        }
        let expansions = expansions_of(expr);
        let text = if expansions == texts.len() {
            Str::from(template_text(expr, &texts, 0).0)
        } else {
            // Some expansion stands in a subscript.
            self.single(&expr.word)?
        };
        self.arith_text(&text)
    }

    fn operand_text(&mut self, operand: &WordPart) -> Expanded<Str> {
        if let WordPart::Var(name) = operand {
            use crate::syntax::ast::ParamName;
            if !matches!(name, ParamName::At | ParamName::Star) {
                return Ok(self.variable_value(*name)?.unwrap_or_default());
            }
        }
        let (ifs, budget) = (super::ifs::Ifs::of(self.shell), self.shell.budget.clone());
        let mut sink = super::sink::Sink::new(super::sink::Mode::Single, &ifs, &budget);
        self.part(operand, super::word::Quoting::Double, &mut sink)?;
        sink.into_str()
    }

    /// The value of an expression that is text.
    pub(crate) fn arith_text(&mut self, text: &[u8]) -> Expanded<i64> {
        if let Some(value) = number::decimal(text) {
            return Ok(value);
        }
        match parse(text, &self.shell.interner) {
            Ok(tree) => self.arith_tree(&tree, text),
            Err(faulty) => {
                for node in &faulty.before {
                    self.evaluate(node, &[]).map_err(|fault| match fault {
                        Fault::At(message, at) => arith_error(text, message, at),
                        Fault::Error(error) => error,
                    })?;
                }
                let error = faulty.error;
                let shown = error.end.and_then(|end| text.get(..end as usize)).unwrap_or(text);
                Err(arith_error(shown, error.message, error.at))
            }
        }
    }

    pub(super) fn arith_tree(&mut self, tree: &ArithTree, text: &[u8]) -> Expanded<i64> {
        self.tree(tree, &[]).map_err(|fault| match fault {
            Fault::At(message, at) => arith_error(text, message, at),
            Fault::Error(error) => error,
        })
    }

    fn tree(&mut self, tree: &ArithTree, operands: &[i64]) -> Outcome<i64> {
        self.evaluate(&tree.root, operands)
    }

    fn evaluate(&mut self, node: &Arith, operands: &[i64]) -> Outcome<i64> {
        match node {
            Arith::Number(value) => Ok(*value),
            Arith::Variable(symbol) => self.variable_number(*symbol),
            Arith::Element(place) => {
                let place = self.arith_place(place)?;
                self.number_at(&place)
            }
            Arith::Operand(at) => Ok(operands.get(usize::from(*at)).copied().unwrap_or_default()),
            Arith::Unary(op, value) => {
                let value = self.evaluate(value, operands)?;
                Ok(match op {
                    ArithUnary::Plus => value,
                    ArithUnary::Minus => value.wrapping_neg(),
                    ArithUnary::Not => i64::from(value == 0),
                    ArithUnary::Complement => !value,
                })
            }
            Arith::Step(step) => self.step(step),
            Arith::Binary { first, rest } => {
                let mut value = self.evaluate(first, operands)?;
                for ArithRight { op, value: right, at } in rest {
                    let right = self.evaluate(right, operands)?;
                    value = apply(*op, value, right).map_err(|error| Fault::At(error, *at))?;
                }
                Ok(value)
            }
            Arith::And(all) => {
                for node in all {
                    if self.evaluate(node, operands)? == 0 {
                        return Ok(0);
                    }
                }
                Ok(1)
            }
            Arith::Or(all) => {
                for node in all {
                    if self.evaluate(node, operands)? != 0 {
                        return Ok(1);
                    }
                }
                Ok(0)
            }
            Arith::Choice(parts) => {
                let (condition, yes, no) = &**parts;
                let chosen = if self.evaluate(condition, operands)? != 0 { yes } else { no };
                self.evaluate(chosen, operands)
            }
            Arith::Assign(assign) => self.arith_assign(assign, operands),
            Arith::Comma(all) => {
                let mut value = 0;
                for node in all {
                    value = self.evaluate(node, operands)?;
                }
                Ok(value)
            }
        }
    }

    /// The value of a variable as a number: an integer, or an expression in turn.
    fn variable_number(&mut self, symbol: Symbol) -> Outcome<i64> {
        let plain = self.shell.vars.get(symbol).filter(|v| !v.attrs.has(Attrs::NAMEREF));
        if let Some(value) = plain.and_then(|variable| plain_number(&variable.value)) {
            return Ok(value);
        }
        match self.place(symbol, None)? {
            Place::Whole(target) => self.number_at(&Place::Whole(target)),
            place => self.number_at(&place),
        }
    }

    fn number_at(&mut self, place: &Place) -> Outcome<i64> {
        if let Place::Whole(symbol) = place
            && let Some(value) = self.shell.vars.get(*symbol).and_then(|v| plain_number(&v.value))
        {
            return Ok(value);
        }
        if let Place::Index(target, index) = place
            && *index < 0
            && self.shell.absolute_index(*target, *index).is_none()
        {
            let name = self.shell.name(*target);
            let message = [name.as_ref(), b": bad array subscript".as_slice()].concat();
            self.run.complain(self.shell, &message);
            return Ok(0);
        }
        let Some(text) = self.place_value(place) else {
            if self.shell.options.has(Opt::NoUnset)
                && let Some(symbol) = place.symbol()
            {
                return Err(ExpandError::Unbound(Str::new(&self.shell.name(symbol))).into());
            }
            return Ok(0);
        };
        if let Some(value) = number::decimal(&text) {
            return Ok(value);
        }
        if self.arith_depth >= RECURSION_MAX {
            let message = "expression recursion level exceeded";
            return Err(arith_error(&text, message, 0).into());
        }
        self.arith_depth += 1;
        let value = self.arith_text(&text);
        self.arith_depth -= 1;
        Ok(value?)
    }

    fn arith_place(&mut self, place: &ArithPlace) -> Outcome<Place> {
        Ok(self.place(place.name, place.subscript.as_deref())?)
    }

    fn step(&mut self, step: &ArithStep) -> Outcome<i64> {
        let place = self.arith_place(&step.place)?;
        let before = self.number_at(&place)?;
        let after = if step.down { before.wrapping_sub(1) } else { before.wrapping_add(1) };
        self.set_number(&place, after)?;
        Ok(if step.prefix { after } else { before })
    }

    fn arith_assign(&mut self, assign: &ArithAssign, operands: &[i64]) -> Outcome<i64> {
        let place = self.arith_place(&assign.place)?;
        let value = match assign.op {
            None => self.evaluate(&assign.value, operands)?,
            Some(op) => {
                let before = self.number_at(&place)?;
                let right = self.evaluate(&assign.value, operands)?;
                apply(op, before, right).map_err(|error| Fault::At(error, assign.at))?
            }
        };
        self.set_number(&place, value)?;
        Ok(value)
    }

    fn set_number(&mut self, place: &Place, value: i64) -> Outcome<()> {
        Ok(self.store(place, Str::number(value))?)
    }
}

/// A scalar that is an integer in its plainest form.
fn plain_number(value: &Value) -> Option<i64> {
    match value {
        Value::Scalar(text) => number::decimal(text),
        _ => None,
    }
}

fn apply(op: ArithOp, left: i64, right: i64) -> Result<i64, &'static str> {
    Ok(match op {
        ArithOp::Add => left.wrapping_add(right),
        ArithOp::Sub => left.wrapping_sub(right),
        ArithOp::Mul => left.wrapping_mul(right),
        ArithOp::Div | ArithOp::Rem if right == 0 => return Err("division by 0"),
        ArithOp::Div => left.wrapping_div(right),
        ArithOp::Rem => left.wrapping_rem(right),
        ArithOp::Pow if right < 0 => return Err("exponent less than 0"),
        ArithOp::Pow => power(left, right),
        ArithOp::ShiftLeft => left.wrapping_shl(right as u32),
        ArithOp::ShiftRight => left.wrapping_shr(right as u32),
        ArithOp::Lt => i64::from(left < right),
        ArithOp::Le => i64::from(left <= right),
        ArithOp::Gt => i64::from(left > right),
        ArithOp::Ge => i64::from(left >= right),
        ArithOp::Eq => i64::from(left == right),
        ArithOp::Ne => i64::from(left != right),
        ArithOp::BitAnd => left & right,
        ArithOp::BitXor => left ^ right,
        ArithOp::BitOr => left | right,
    })
}

fn power(mut base: i64, mut exponent: i64) -> i64 {
    let mut value = 1i64;
    while exponent > 0 {
        if exponent & 1 == 1 {
            value = value.wrapping_mul(base);
        }
        base = base.wrapping_mul(base);
        exponent >>= 1;
    }
    value
}

fn parts_of(expr: &ArithExpr) -> &[WordPart] {
    match &*expr.word.parts {
        [WordPart::DoubleQuoted(parts)] => parts,
        parts => parts,
    }
}

fn expansions_of(expr: &ArithExpr) -> usize {
    let is_text = |part: &&WordPart| !matches!(part, WordPart::Literal(_) | WordPart::Quoted(_));
    parts_of(expr).iter().filter(is_text).count()
}

/// The text of a template with its operands in place, and where in it `at` is, which counts
/// [`MARK_BYTES`] for each.
fn template_text(expr: &ArithExpr, operands: &[Str], at: u32) -> (Vec<u8>, u32) {
    let (mut text, mut marked, mut position) = (Vec::new(), 0usize, None);
    let mut operands = operands.iter();
    for part in parts_of(expr) {
        let (piece, width): (&[u8], usize) = match part {
            WordPart::Literal(piece) | WordPart::Quoted(piece) => (piece, piece.len()),
            _ => (operands.next().map(Str::as_bytes).unwrap_or_default(), MARK_BYTES),
        };
        let within = (at as usize).wrapping_sub(marked);
        if position.is_none() && within < width {
            position = Some(text.len() + if width == piece.len() { within } else { 0 });
        }
        text.extend_from_slice(piece);
        marked += width;
    }
    let position = position.unwrap_or(text.len());
    (text, position as u32)
}
