//! The order of arrays: `asort`, `asorti` and `PROCINFO["sorted_in"]`.

use std::cmp::Ordering;

use bytes::Bytes;

use super::super::array::ArrayRef;
use super::super::ast::{Expr, Special};
use super::super::value::Value;
use super::{Cell, Done, Machine, Stop};

type Pair = (Bytes, Value);

impl<'p> Machine<'p, '_, '_, '_, '_> {
    /// The subscripts of an array in the order that `for (k in a)` walks.
    pub(super) fn keys_for_walk(&mut self, array: &ArrayRef) -> Done<Vec<Bytes>> {
        let how = match self.globals.get(Special::Procinfo.slot()) {
            Some(Cell::Array(procinfo)) => {
                procinfo.borrow().get(b"sorted_in").map(|how| how.text(b"%.6g"))
            }
            _ => None,
        };
        match how {
            Some(how) if !how.is_empty() && how.as_ref() != b"@unsorted" => {
                let mut pairs = array.borrow().pairs();
                self.order(&mut pairs, &how)?;
                Ok(pairs.into_iter().map(|(key, _)| key).collect())
            }
            _ => Ok(array.borrow().keys()),
        }
    }

    pub(super) fn asort(&mut self, args: &'p [Expr], indices: bool) -> Done<Value> {
        let name = if indices { "asorti" } else { "asort" };
        let source = match args.first() {
            Some(source) => self.array_argument(source)?,
            None => None,
        };
        let Some(source) = source else {
            return self.fatal(format!("{name}: first argument is not an array"));
        };
        let target = match args.get(1) {
            Some(target) => match self.array_argument(target)? {
                Some(target) => target,
                None => return self.fatal(format!("{name}: second argument is not an array")),
            },
            None => source.clone(),
        };
        let how = match args.get(2) {
            Some(how) => self.text(how)?,
            None if indices => Bytes::from_static(b"@ind_str_asc"),
            None => Bytes::from_static(b"@val_type_asc"),
        };
        let mut pairs = source.borrow().pairs();
        self.order(&mut pairs, &how)?;
        let values = pairs.into_iter().map(|(key, value)| match indices {
            true => Value::Text(key),
            false => value,
        });
        let count = target.borrow_mut().fill(values.collect::<Vec<_>>());
        Ok(Value::Number(count as f64))
    }

    fn order(&mut self, pairs: &mut [Pair], how: &Bytes) -> Done<()> {
        let compare: fn(&Pair, &Pair) -> Ordering = match how.as_ref() {
            b"@ind_str_asc" => |one, two| one.0.cmp(&two.0),
            b"@ind_str_desc" => |one, two| two.0.cmp(&one.0),
            b"@ind_num_asc" => by_index_number,
            b"@ind_num_desc" => |one, two| by_index_number(two, one),
            b"@val_str_asc" => by_value_text,
            b"@val_str_desc" => |one, two| downwards(by_value_text, one, two),
            b"@val_num_asc" => by_value_number,
            b"@val_num_desc" => |one, two| downwards(by_value_number, one, two),
            b"@val_type_asc" => by_value_type,
            b"@val_type_desc" => |one, two| downwards(by_value_type, one, two),
            b"@unsorted" => return Ok(()),
            name => {
                let program = self.program;
                let Some(function) = program.functions.iter().position(|f| f.name == name) else {
                    let name = String::from_utf8_lossy(name).into_owned();
                    return self.fatal(format!("sort comparison function `{name}' is not defined"));
                };
                return self.order_by(pairs, function);
            }
        };
        pairs.sort_by(compare);
        Ok(())
    }

    fn order_by(&mut self, pairs: &mut [Pair], function: usize) -> Done<()> {
        let mut failed: Option<Stop> = None;
        pairs.sort_by(|one, two| {
            if failed.is_some() {
                return Ordering::Equal;
            }
            let values = [
                Value::Input(one.0.clone()),
                one.1.clone(),
                Value::Input(two.0.clone()),
                two.1.clone(),
            ];
            match self.call_with(function, values) {
                Ok(value) => value.number().partial_cmp(&0.0).unwrap_or(Ordering::Equal),
                Err(stop) => {
                    failed = Some(stop);
                    Ordering::Equal
                }
            }
        });
        failed.map_or(Ok(()), Err)
    }
}

fn numbers(one: f64, two: f64) -> Ordering {
    one.partial_cmp(&two).unwrap_or(Ordering::Equal)
}

fn by_index_number(one: &Pair, two: &Pair) -> Ordering {
    let number = |pair: &Pair| super::super::value::leading_number(&pair.0).0;
    numbers(number(one), number(two)).then_with(|| one.0.cmp(&two.0))
}

fn texts(one: &Pair, two: &Pair) -> Ordering {
    one.1.text(b"%.6g").cmp(&two.1.text(b"%.6g"))
}

/// Of equal values, numbers come in the order of their subscripts, and so do texts.
fn by_key(one: &Pair, two: &Pair) -> Ordering {
    by_number_of_key(one, two).unwrap_or_else(|| one.0.cmp(&two.0))
}

/// Where both subscripts are whole numbers.
fn by_number_of_key(one: &Pair, two: &Pair) -> Option<Ordering> {
    let whole = |pair: &Pair| pair.0.iter().all(u8::is_ascii_digit);
    (whole(one) && whole(two)).then(|| by_index_number(one, two))
}

/// The order turned round, but not that of numbered elements with equal values.
fn downwards(order: fn(&Pair, &Pair) -> Ordering, one: &Pair, two: &Pair) -> Ordering {
    let same = one.1.text(b"%.6g") == two.1.text(b"%.6g");
    by_number_of_key(one, two).filter(|_| same).unwrap_or_else(|| order(two, one))
}

fn by_value_text(one: &Pair, two: &Pair) -> Ordering {
    texts(one, two).then_with(|| by_key(one, two))
}

fn by_value_number(one: &Pair, two: &Pair) -> Ordering {
    numbers(one.1.number(), two.1.number()).then_with(|| by_value_text(one, two))
}

/// Numbers before texts, and arrays last.
fn by_value_type(one: &Pair, two: &Pair) -> Ordering {
    let array = |pair: &Pair| matches!(pair.1, Value::Array(_));
    match (one.1.is_numeric(), two.1.is_numeric()) {
        (true, true) => by_value_number(one, two),
        (true, false) => Ordering::Less,
        (false, true) => Ordering::Greater,
        (false, false) => array(one).cmp(&array(two)).then_with(|| by_value_text(one, two)),
    }
}
