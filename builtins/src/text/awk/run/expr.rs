//! Evaluating expressions.

use std::cell::RefCell;
use std::cmp::Ordering;
use std::rc::Rc;

use bstr::ByteSlice;
use bytes::{Bytes, BytesMut};

use super::super::array::ArrayRef;
use super::super::ast::{Arith, Builtin, Compare, Expr, Place, Source, Special, Var};
use super::super::value::Value;
use super::{Cell, Done, Machine};

/// What an element of an array takes beside its key and its text.
const ELEMENT_BYTES: usize = 64;

impl<'p> Machine<'p, '_, '_, '_, '_> {
    pub(super) fn truth(&mut self, expression: &'p Expr) -> Done<bool> {
        match expression {
            Expr::Regex(regex) => {
                let record = self.whole_record();
                if self.ignore_case {
                    let folded = self.regex(regex.source())?;
                    return Ok(folded.is_match(&record));
                }
                Ok(regex.is_match(&record))
            }
            Expr::Compare(compare, sides) => self.compare(*compare, &sides.0, &sides.1),
            Expr::And(sides) => Ok(self.truth(&sides.0)? && self.truth(&sides.1)?),
            Expr::Or(sides) => Ok(self.truth(&sides.0)? || self.truth(&sides.1)?),
            Expr::Not(inner) => Ok(!self.truth(inner)?),
            Expr::Group(inner) => self.truth(inner),
            _ => Ok(self.eval(expression)?.truth()),
        }
    }

    pub(super) fn text(&mut self, expression: &'p Expr) -> Done<Bytes> {
        let value = self.eval(expression)?;
        Ok(value.text(&self.convfmt))
    }

    pub(super) fn number(&mut self, expression: &'p Expr) -> Done<f64> {
        match expression {
            Expr::Constant(Value::Number(number)) => Ok(*number),
            _ => Ok(self.eval(expression)?.number()),
        }
    }

    pub(super) fn eval(&mut self, expression: &'p Expr) -> Done<Value> {
        match expression {
            Expr::Constant(value) => Ok(value.clone()),
            Expr::Var(var) => self.var(*var),
            Expr::Field(number) => {
                let number = self.number(number)?;
                self.field(number)
            }
            Expr::Element(array, subscripts) => {
                let key = self.subscript(subscripts)?;
                let elements = self.place(array)?;
                let mut elements = elements.borrow_mut();
                match elements.get(&key) {
                    Some(Value::Array(_)) => return self.no_scalar(array, &key),
                    Some(value) => return Ok(value.clone()),
                    None => {}
                }
                // In awk looking makes it.
                elements.insert(&key, Value::Uninit);
                self.stored(key.len() + ELEMENT_BYTES)?;
                Ok(Value::Uninit)
            }
            Expr::Assign(target, value) => {
                let value = self.eval(value)?;
                self.set(target, value.clone())?;
                Ok(value)
            }
            Expr::AssignOp(op, target, value) => {
                let value = self.number(value)?;
                if value == 0.0 && matches!(op, Arith::Div | Arith::Rem) {
                    let sign = if *op == Arith::Div { "/=" } else { "%=" };
                    return self.fatal(format!("division by zero attempted in `{sign}'"));
                }
                let (_, after) =
                    self.update(target, &|machine, before| machine.arith(*op, before, value))?;
                Ok(Value::Number(after))
            }
            Expr::Step { target, by, prefix } => {
                let (before, after) = self.update(target, &|_, before| Ok(before + by))?;
                Ok(Value::Number(if *prefix { after } else { before }))
            }
            Expr::Negate(inner) => Ok(Value::Number(-self.number(inner)?)),
            Expr::Plus(inner) => Ok(Value::Number(self.number(inner)?)),
            Expr::Arith(op, sides) => {
                let left = self.number(&sides.0)?;
                let right = self.number(&sides.1)?;
                Ok(Value::Number(self.arith(*op, left, right)?))
            }
            Expr::Concat(sides) => {
                let mut joined = BytesMut::new();
                self.concat(&sides.0, &mut joined)?;
                self.concat(&sides.1, &mut joined)?;
                Ok(Value::Text(joined.freeze()))
            }
            Expr::Choice(parts) => {
                if self.truth(&parts.0)? {
                    self.eval(&parts.1)
                } else {
                    self.eval(&parts.2)
                }
            }
            Expr::Match { negated, sides } => {
                let text = self.text(&sides.0)?;
                let found = self.match_pattern(&sides.1, &text)?;
                Ok((found != *negated).into())
            }
            Expr::In(subscripts, array) => {
                let key = self.subscript(subscripts)?;
                Ok(self.place(array)?.borrow().contains(&key).into())
            }
            Expr::Regex(_) | Expr::Compare(..) | Expr::And(_) | Expr::Or(_) | Expr::Not(_) => {
                Ok(self.truth(expression)?.into())
            }
            Expr::Group(inner) => self.eval(inner),
            Expr::Call { function, args } => self.call(*function, args),
            Expr::Builtin { function, args } => self.builtin(*function, args),
            Expr::Indirect { name, args } => self.indirect(*name, args),
            Expr::Getline { source, target } => self.getline(source, target.as_deref()),
            Expr::List(items) => {
                let key = self.subscript(items)?;
                Ok(Value::Text(key))
            }
        }
    }

    /// Changes a number where it is, its subscripts evaluated once; the number before and after.
    fn update(
        &mut self,
        target: &'p Expr,
        change: &dyn Fn(&Self, f64) -> Done<f64>,
    ) -> Done<(f64, f64)> {
        match target {
            Expr::Group(inner) => self.update(inner, change),
            Expr::Field(number) => {
                let number = self.number(number)?;
                let before = self.field(number)?.number();
                let after = change(self, before)?;
                self.set_field(number, Value::Number(after))?;
                Ok((before, after))
            }
            Expr::Element(array, subscripts) if !Self::is_symtab(array) => {
                let key = self.subscript(subscripts)?;
                let elements = self.place(array)?;
                let mut elements = elements.borrow_mut();
                if let Some(value) = elements.get_mut(&key) {
                    if matches!(value, Value::Array(_)) {
                        return self.no_scalar(array, &key);
                    }
                    let before = value.number();
                    let after = change(self, before)?;
                    *value = Value::Number(after);
                    return Ok((before, after));
                }
                let after = change(self, 0.0)?;
                elements.insert(&key, Value::Number(after));
                self.stored(key.len() + ELEMENT_BYTES)?;
                Ok((0.0, after))
            }
            _ => {
                let before = self.eval(target)?.number();
                let after = change(self, before)?;
                self.set(target, Value::Number(after))?;
                Ok((before, after))
            }
        }
    }

    /// Long chains are joined into one buffer.
    fn concat(&mut self, side: &'p Expr, joined: &mut BytesMut) -> Done<()> {
        if let Expr::Concat(sides) = side {
            self.concat(&sides.0, joined)?;
            return self.concat(&sides.1, joined);
        }
        let text = self.text(side)?;
        joined.extend_from_slice(&text);
        Ok(())
    }

    fn match_pattern(&mut self, pattern: &'p Expr, text: &[u8]) -> Done<bool> {
        if let Expr::Regex(regex) = pattern
            && !self.ignore_case
        {
            return Ok(regex.is_match(text));
        }
        let regex = self.pattern(pattern)?;
        Ok(regex.is_match(text))
    }

    /// An operand that stands for a regular expression.
    pub(super) fn pattern(&mut self, pattern: &'p Expr) -> Done<Rc<super::Regex>> {
        match pattern {
            Expr::Regex(regex) if self.ignore_case => self.regex(regex.source()),
            Expr::Regex(regex) => Ok(Rc::clone(regex)),
            Expr::Group(inner) if matches!(**inner, Expr::Regex(_)) => self.pattern(inner),
            other => {
                let text = self.text(other)?;
                self.regex(&text)
            }
        }
    }

    fn compare(&mut self, compare: Compare, left: &'p Expr, right: &'p Expr) -> Done<bool> {
        let left = self.comparable(left)?;
        let right = self.comparable(right)?;
        let order = match (&left, &right) {
            (Value::Number(one), Value::Number(two)) => one.partial_cmp(two),
            _ if self.ignore_case && !(left.is_numeric() && right.is_numeric()) => {
                let folded = |value: &Value| value.text(&self.convfmt).to_lowercase();
                Some(folded(&left).cmp(&folded(&right)))
            }
            _ => left.compare(&right, &self.convfmt),
        };
        Ok(match compare {
            Compare::Lt => order == Some(Ordering::Less),
            Compare::Le => matches!(order, Some(Ordering::Less | Ordering::Equal)),
            Compare::Eq => order == Some(Ordering::Equal),
            Compare::Ne => order != Some(Ordering::Equal),
            Compare::Gt => order == Some(Ordering::Greater),
            Compare::Ge => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
        })
    }

    /// A field that is not there compares as the empty text that it is.
    fn comparable(&mut self, side: &'p Expr) -> Done<Value> {
        Ok(match self.eval(side)? {
            Value::Uninit if matches!(side, Expr::Field(_)) => Value::Input(Bytes::new()),
            value => value,
        })
    }

    fn arith(&self, op: Arith, left: f64, right: f64) -> Done<f64> {
        Ok(match op {
            Arith::Add => left + right,
            Arith::Sub => left - right,
            Arith::Mul => left * right,
            Arith::Div if right == 0.0 => return self.fatal("division by zero attempted"),
            Arith::Div => left / right,
            Arith::Rem if right == 0.0 => return self.fatal("division by zero attempted in `%'"),
            Arith::Rem => remainder(left, right),
            Arith::Pow => power(left, right),
        })
    }

    pub(super) fn subscript(&mut self, subscripts: &'p [Expr]) -> Done<Bytes> {
        match subscripts {
            [only] => {
                let value = self.eval(only)?;
                Ok(match &value {
                    // A whole number is written as one, whatever CONVFMT says.
                    Value::Number(_) => value.text(&self.convfmt),
                    other => other.text(b""),
                })
            }
            several => {
                let mut key = BytesMut::new();
                for (at, part) in several.iter().enumerate() {
                    if at > 0 {
                        key.extend_from_slice(&self.subsep);
                    }
                    let part = self.text(part)?;
                    key.extend_from_slice(&part);
                }
                Ok(key.freeze())
            }
        }
    }

    pub(super) fn cell(&self, var: Var) -> Option<&Cell> {
        match var {
            Var::Global(slot) => self.globals.get(slot),
            Var::Local(slot) => self.locals.get(self.frame + slot),
        }
    }

    pub(super) fn cell_mut(&mut self, var: Var) -> Option<&mut Cell> {
        match var {
            Var::Global(slot) => self.globals.get_mut(slot),
            Var::Local(slot) => self.locals.get_mut(self.frame + slot),
        }
    }

    pub(super) fn name(&self, var: Var) -> String {
        match var {
            Var::Global(slot) => {
                let name = self.program.globals.get(slot).cloned().unwrap_or_default();
                String::from_utf8_lossy(&name).into_owned()
            }
            Var::Local(slot) => {
                let name = self.function.and_then(|function| function.parameters.get(slot));
                name.map_or("parameter".into(), |name| String::from_utf8_lossy(name).into_owned())
            }
        }
    }

    pub(super) fn var(&mut self, var: Var) -> Done<Value> {
        if var == Var::Global(Special::Nf.slot()) {
            return Ok(Value::Number(self.field_count()? as f64));
        }
        match self.cell(var) {
            Some(Cell::Value(value)) => Ok(value.clone()),
            Some(Cell::Array(_)) => {
                let name = self.name_of_array(var);
                self.fatal(format!("attempt to use array `{name}' in a scalar context"))
            }
            _ => {
                if self.lint {
                    self.lint_uninitialized(var)?;
                }
                Ok(Value::Uninit)
            }
        }
    }

    /// The array that a name stands for, made if it is new.
    pub(super) fn array(&mut self, var: Var) -> Done<ArrayRef> {
        self.refresh(var)?;
        match self.cell(var) {
            Some(Cell::Array(array)) => return Ok(Rc::clone(array)),
            Some(Cell::Value(Value::Uninit) | Cell::Untyped) | None => {}
            Some(Cell::Value(_)) => {
                let what = if matches!(var, Var::Local(_)) { "scalar parameter" } else { "scalar" };
                let name = self.name(var);
                return self.fatal(format!("attempt to use {what} `{name}' as an array"));
            }
        }
        let array: ArrayRef = Rc::new(RefCell::default());
        if let Some(cell) = self.cell_mut(var) {
            *cell = Cell::Array(Rc::clone(&array));
        }
        Ok(array)
    }

    /// The array that a place stands for, made if it is new.
    pub(super) fn place(&mut self, place: &'p Place) -> Done<ArrayRef> {
        match place {
            Place::Var(var) => self.array(*var),
            Place::Element(outer, subscripts) => self.inner(outer, subscripts),
        }
    }

    /// The array that an element is, made if it is new.
    pub(super) fn inner(&mut self, outer: &'p Place, subscripts: &'p [Expr]) -> Done<ArrayRef> {
        let key = self.subscript(subscripts)?;
        let elements = self.place(outer)?;
        let mut elements = elements.borrow_mut();
        match elements.get(&key) {
            Some(Value::Array(array)) => return Ok(Rc::clone(array)),
            None | Some(Value::Uninit) => {}
            Some(_) => {
                let (name, key) = (self.place_name(outer), key.as_bstr());
                return self
                    .fatal(format!("attempt to use scalar `{name}[\"{key}\"]' as an array"));
            }
        }
        let array: ArrayRef = Rc::new(RefCell::default());
        elements.insert(&key, Value::Array(Rc::clone(&array)));
        self.stored(key.len() + 2 * ELEMENT_BYTES)?;
        Ok(array)
    }

    /// The array that an argument stands for, made if it is new; `None` if it cannot be one.
    pub(super) fn array_argument(&mut self, arg: &'p Expr) -> Done<Option<ArrayRef>> {
        match arg {
            Expr::Var(var) => self.array(*var).map(Some),
            Expr::Element(place, subscripts) => self.inner(place, subscripts).map(Some),
            _ => Ok(None),
        }
    }

    /// What an argument is: a value, or an array where it names one.
    pub(super) fn argument_cell(&mut self, arg: &'p Expr) -> Done<Cell> {
        match arg {
            Expr::Var(var) => match self.cell(*var) {
                Some(Cell::Array(array)) => Ok(Cell::Array(Rc::clone(array))),
                _ => Ok(Cell::Value(self.var(*var)?)),
            },
            Expr::Element(place, subscripts) => {
                let key = self.subscript(subscripts)?;
                let elements = self.place(place)?;
                let mut elements = elements.borrow_mut();
                match elements.get(&key) {
                    Some(Value::Array(array)) => Ok(Cell::Array(Rc::clone(array))),
                    Some(value) => Ok(Cell::Value(value.clone())),
                    None => {
                        elements.insert(&key, Value::Uninit);
                        self.stored(key.len() + ELEMENT_BYTES)?;
                        Ok(Cell::Value(Value::Uninit))
                    }
                }
            }
            other => Ok(Cell::Value(self.eval(other)?)),
        }
    }

    fn place_name(&self, place: &Place) -> String {
        match place {
            Place::Var(var) => self.name(*var),
            Place::Element(outer, _) => self.place_name(outer) + "[…]",
        }
    }

    fn no_scalar<T>(&self, place: &Place, key: &Bytes) -> Done<T> {
        let (name, key) = (self.place_name(place), key.as_bstr());
        self.fatal(format!("attempt to use array `{name}[\"{key}\"]' in a scalar context"))
    }

    /// Calls the function that a variable names.
    fn indirect(&mut self, name: Var, args: &'p [Expr]) -> Done<Value> {
        let name = self.var(name)?.text(b"");
        if let Some(index) = self.program.functions.iter().position(|known| known.name == name) {
            return self.call(index, args);
        }
        match Builtin::by_name(&name) {
            Some(function) if (function.arity().0..=function.arity().1).contains(&args.len()) => {
                self.builtin(function, args)
            }
            _ => {
                let name = name.as_bstr();
                self.fatal(format!("`{name}' is not a function, so it cannot be called indirectly"))
            }
        }
    }

    pub(super) fn set_var(&mut self, var: Var, value: Value) -> Done<()> {
        let special = match var {
            Var::Global(slot) => Special::from_slot(slot),
            Var::Local(_) => None,
        };
        if matches!(self.cell(var), Some(Cell::Array(_))) {
            let name = self.name_of_array(var);
            return self.fatal(format!("attempt to use array `{name}' in a scalar context"));
        }
        if let Some(cell) = self.cell_mut(var) {
            *cell = Cell::Value(value);
        }
        match special {
            Some(special) => self.special_changed(special),
            None => Ok(()),
        }
    }

    /// Keeps what was derived from a special variable true.
    fn special_changed(&mut self, special: Special) -> Done<()> {
        let value = self.special(special);
        let text = value.text(&self.convfmt);
        match special {
            Special::Nf => return self.set_field_count(value.number()),
            // The record that is there is still split as it was read.
            Special::Fs => {
                self.split_record()?;
                self.record.use_fs();
            }
            Special::FieldWidths => {
                self.split_record()?;
                self.record.use_widths();
            }
            Special::Fpat => {
                self.split_record()?;
                self.record.use_fpat();
            }
            Special::Ofs => self.ofs = text,
            Special::Ors => self.ors = text,
            Special::Subsep => self.subsep = text,
            Special::Convfmt => self.convfmt = text,
            Special::Ofmt => self.ofmt = text,
            Special::Lint => self.lint = value.truth(),
            Special::IgnoreCase => {
                self.ignore_case = value.truth();
                self.regexes.clear();
            }
            _ => {}
        }
        Ok(())
    }

    pub(super) fn set(&mut self, target: &'p Expr, value: Value) -> Done<()> {
        match target {
            Expr::Var(var) => self.set_var(*var, value),
            Expr::Field(number) => {
                let number = self.number(number)?;
                self.set_field(number, value)
            }
            Expr::Element(array, subscripts) => {
                let key = self.subscript(subscripts)?;
                if Self::is_symtab(array) {
                    return self.set_symbol(&key, value);
                }
                let size = stored_len(&value);
                let elements = self.place(array)?;
                if let Some(Value::Array(_)) = elements.borrow().get(&key) {
                    return self.no_scalar(array, &key);
                }
                let fresh = elements.borrow_mut().insert(&key, value);
                self.stored(size + if fresh { key.len() + ELEMENT_BYTES } else { 0 })
            }
            Expr::Group(inner) => self.set(inner, value),
            _ => self.fatal("assignment to what is no variable"),
        }
    }

    /// `getline` in its four forms: 1, 0 at the end, -1 on an error.
    fn getline(&mut self, source: &'p Source, target: Option<&'p Expr>) -> Done<Value> {
        let line = match source {
            Source::Input => self.next_main_line()?,
            Source::File(name) => {
                let name = self.text(name)?;
                if name.is_empty() {
                    let reason = "expression for `<' redirection has null string value";
                    return self.fatal(reason);
                }
                self.next_file_line(&name)?
            }
            Source::Command(command) => {
                let command = self.text(command)?;
                self.next_command_line(&command)?
            }
            Source::Coprocess(command) => {
                let command = self.text(command)?;
                self.start_coprocess(&command)?;
                self.next_command_line(&command)?
            }
        };
        let line = match line {
            Ok(Some(line)) => line,
            Ok(None) => return Ok(Value::Number(0.0)),
            Err(()) => return Ok(Value::Number(-1.0)),
        };
        // gawk counts what a command says in neither NR nor FNR.
        if matches!(source, Source::Input) {
            self.count_record(true);
        }
        match target {
            Some(target) => self.set(target, Value::Input(line))?,
            None => self.set_record(line),
        }
        Ok(Value::Number(1.0))
    }
}

fn stored_len(value: &Value) -> usize {
    match value {
        Value::Text(text) | Value::Input(text) | Value::Regex(text) => text.len(),
        _ => 0,
    }
}

/// As `fmod(3)`, which takes its time, of whole numbers too.
fn remainder(left: f64, right: f64) -> f64 {
    /// Up to here every whole number is exact.
    const WHOLE_MAX: f64 = 9_007_199_254_740_992.0;
    let whole = |number: f64| number.abs() <= WHOLE_MAX && number == number.trunc();
    if !whole(left) || !whole(right) {
        return left % right;
    }
    let rest = (left as i64).checked_rem(right as i64).unwrap_or(0) as f64;
    // Nothing left of a negative number is a negative zero.
    if rest == 0.0 && left.is_sign_negative() { -0.0 } else { rest }
}

/// Whole exponents by multiplying, so that whole results are exact.
fn power(base: f64, exponent: f64) -> f64 {
    if exponent == exponent.trunc() && exponent.abs() <= 1024.0 {
        base.powi(exponent as i32)
    } else {
        base.powf(exponent)
    }
}
