//! Calls of the program's own functions.

use std::rc::Rc;

use bytes::Bytes;

use super::super::array::ArrayRef;
use super::super::ast::{Expr, Function, Var};
use super::super::value::Value;
use super::{Cell, Done, Flow, Machine};
use crate::budget::Resource;

/// How deep calls may nest, whatever the budget says: each takes host stack.
const CALLS_MAX: u64 = 4000;

impl<'p> Machine<'p, '_, '_, '_, '_> {
    /// Scalars are passed by value, arrays by reference; a name that is neither yet becomes what
    /// the function makes of it.
    pub(super) fn call(&mut self, index: usize, args: &'p [Expr]) -> Done<Value> {
        let program = self.program;
        let Some(function) = program.functions.get(index) else { return Ok(Value::Uninit) };
        let mut cells = Vec::with_capacity(args.len());
        let mut undecided = Vec::new();
        let mut elements = Vec::new();
        for (at, arg) in args.iter().enumerate() {
            cells.push(match arg {
                Expr::Var(var) => match self.cell_mut(*var) {
                    Some(Cell::Array(array)) => Cell::Array(Rc::clone(array)),
                    Some(Cell::Untyped) => {
                        undecided.push((at, *var));
                        Cell::Untyped
                    }
                    _ => Cell::Value(self.var(*var)?),
                },
                Expr::Element(place, subscripts) => {
                    let key = self.subscript(subscripts)?;
                    let array = self.place(place)?;
                    let value = array.borrow().get(&key).cloned();
                    match value {
                        Some(Value::Array(inner)) => Cell::Array(inner),
                        Some(Value::Uninit) | None => {
                            array.borrow_mut().insert(&key, Value::Uninit);
                            elements.push((at, array, key));
                            Cell::Untyped
                        }
                        Some(value) => Cell::Value(value),
                    }
                }
                other => Cell::Value(self.eval(other)?),
            });
        }
        // What is more than declared, which parsing has warned of, is dropped.
        cells.resize(function.parameters.len(), Cell::Untyped);
        undecided.retain(|(at, _)| *at < function.parameters.len());
        self.run_function(function, cells, &undecided, elements)
    }

    /// Calls a function by index with values, as sorting does.
    pub(super) fn call_with(&mut self, index: usize, values: [Value; 4]) -> Done<Value> {
        let program = self.program;
        let Some(function) = program.functions.get(index) else { return Ok(Value::Uninit) };
        let mut cells: Vec<Cell> = values.into_iter().map(Cell::Value).collect();
        cells.resize(function.parameters.len(), Cell::Untyped);
        self.run_function(function, cells, &[], Vec::new())
    }

    fn run_function(
        &mut self,
        function: &'p Function,
        cells: Vec<Cell>,
        undecided: &[(usize, Var)],
        elements: Vec<(usize, ArrayRef, Bytes)>,
    ) -> Done<Value> {
        self.turn()?;
        if self.calls >= CALLS_MAX {
            return self.fatal(format!("function calls are nested too deeply ({CALLS_MAX})"));
        }
        self.ctx.budget.charge(Resource::Depth, 1)?;
        self.calls += 1;
        let frame = std::mem::replace(&mut self.frame, self.locals.len());
        self.locals.extend(cells);
        let line = self.at_line;
        let outer = self.function.replace(function);
        self.frames.push((outer, frame));
        let left = self.statement(&function.body);
        if left.is_ok() {
            self.at_line = line;
        }
        self.function = outer;
        self.frames.pop();
        let mut cells = self.locals.split_off(self.frame);
        self.frame = frame;
        self.calls -= 1;
        self.ctx.budget.release(Resource::Depth, 1);
        for (at, var) in undecided {
            // The function used the name as an array: the caller's name is that array now.
            if let Some(Cell::Array(array)) = cells.get_mut(*at)
                && let Some(cell @ Cell::Untyped) = self.cell_mut(*var)
            {
                *cell = Cell::Array(Rc::clone(array));
            }
        }
        for (at, array, key) in elements {
            if let Some(Cell::Array(inner)) = cells.get(at) {
                array.borrow_mut().insert(&key, Value::Array(Rc::clone(inner)));
            }
        }
        match left? {
            Flow::Return(value) => Ok(value),
            _ => Ok(Value::Uninit),
        }
    }
}
