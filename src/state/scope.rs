//! Variables in slots, and the dynamic scopes that shadow them.
//!
//! The binding that counts stands in the slot of its symbol, so a look-up never walks scopes. What
//! a scope shadows it keeps, and puts back when it ends. Always true: the bindings of one symbol
//! form a chain, innermost in the slot, each older one kept by the scope that shadowed it, and the
//! scopes' numbers along it only go down.

use super::ledger::{self, Ledger};
use super::variable::{Attrs, Variable};
use crate::syntax::symbol::Symbol;
use mesash_builtins::budget::{Budget, LimitReached};
use std::collections::HashSet;
use std::sync::Arc;

/// What a scope was pushed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScopeKind {
    /// A function: `local` makes variables in it. Its temporary environment is in it too.
    Function,
    /// The assignments before a builtin.
    Temporary,
}

#[derive(Clone, Debug)]
struct Scope {
    kind: ScopeKind,
    /// What each symbol that this scope binds was bound to outside of it.
    shadowed: Vec<(Symbol, Option<Variable>)>,
    /// The symbols in `shadowed`, once they are many.
    index: HashSet<Symbol>,
    ledger: Ledger,
}

/// Up to how many symbols of a scope are looked through one by one.
const FEW: usize = 32;

impl Scope {
    fn knows(&mut self, symbol: Symbol) -> bool {
        if self.shadowed.len() <= FEW {
            return self.shadowed.iter().any(|(known, _)| *known == symbol);
        }
        if self.index.len() != self.shadowed.len() {
            self.index = self.shadowed.iter().map(|(known, _)| *known).collect();
        }
        self.index.contains(&symbol)
    }

    fn keep(&mut self, symbol: Symbol, outer: Option<Variable>) {
        if !self.index.is_empty() {
            self.index.insert(symbol);
        }
        self.shadowed.push((symbol, outer));
    }
}

/// The variables of a shell; copied at no cost until one of the copies changes.
#[derive(Clone, Debug, Default)]
pub struct Variables {
    slots: Arc<Vec<Option<Variable>>>,
    scopes: Arc<Vec<Scope>>,
}

impl Variables {
    pub fn get(&self, symbol: Symbol) -> Option<&Variable> {
        self.slots.get(symbol.index())?.as_ref()
    }

    pub fn get_mut(&mut self, symbol: Symbol) -> Option<&mut Variable> {
        Arc::make_mut(&mut self.slots).get_mut(symbol.index())?.as_mut()
    }

    /// The binding of `symbol`, made in the global scope if there is none.
    pub fn entry(&mut self, symbol: Symbol) -> &mut Variable {
        self.slot(symbol).get_or_insert_default()
    }

    fn slot(&mut self, symbol: Symbol) -> &mut Option<Variable> {
        let slots = Arc::make_mut(&mut self.slots);
        let at = symbol.index();
        if at >= slots.len() {
            slots.resize_with(at + 1, || None);
        }
        #[expect(clippy::indexing_slicing, reason = "the vector was made long enough")]
        &mut slots[at]
    }

    /// All bindings that count, in the order of their symbols.
    pub fn iter(&self) -> impl Iterator<Item = (Symbol, &Variable)> {
        let slots = self.slots.iter().enumerate();
        slots.filter_map(|(at, slot)| Some((Symbol(at as u32), slot.as_ref()?)))
    }

    /// How many scopes are open; the number of the innermost one.
    pub fn depth(&self) -> u32 {
        self.scopes.len() as u32
    }

    /// The innermost function's scope.
    pub fn function_scope(&self) -> Option<u32> {
        let at = self.scopes.iter().rposition(|scope| scope.kind == ScopeKind::Function)?;
        Some(at as u32 + 1)
    }

    pub fn push(&mut self, kind: ScopeKind) {
        Arc::make_mut(&mut self.scopes).push(Scope {
            kind,
            shadowed: Vec::new(),
            index: HashSet::new(),
            ledger: Ledger::default(),
        });
    }

    /// Ends the innermost scope. Gives the bindings that it had, innermost first, for those who
    /// want to keep them (`x=1 export x`).
    pub fn pop(&mut self) -> Vec<(Symbol, Variable)> {
        let Some(scope) = Arc::make_mut(&mut self.scopes).pop() else { return Vec::new() };
        let mut ended = Vec::with_capacity(scope.shadowed.len());
        for (symbol, outer) in scope.shadowed.into_iter().rev() {
            if let Some(inner) = std::mem::replace(self.slot(symbol), outer) {
                ended.push((symbol, inner));
            }
        }
        ended
    }

    /// Charges what the open scope `scope` keeps of those outside of it.
    ///
    /// # Errors
    /// [`LimitReached`] if the run may not hold so much.
    pub fn account(&mut self, scope: u32, budget: &Budget) -> Result<(), LimitReached> {
        const EACH: usize = size_of::<(Symbol, Option<Variable>)>();
        let Some(at) = scope.checked_sub(1).map(|at| at as usize) else { return Ok(()) };
        let few = |scope: &Scope| scope.shadowed.len() * EACH <= ledger::FREE_BYTES as usize;
        if self.scopes.get(at).is_none_or(few) {
            return Ok(());
        }
        match Arc::make_mut(&mut self.scopes).get_mut(at) {
            Some(scope) => scope.ledger.account(scope.shadowed.len(), EACH, budget),
            None => Ok(()),
        }
    }

    /// What a copy takes once it is written to.
    pub fn bytes(&self) -> usize {
        self.slots.len() * size_of::<Option<Variable>>()
    }

    /// Binds `symbol` anew in the open scope `scope` (or the global one, 0), unless it is bound
    /// there, and returns that binding.
    pub fn bind(&mut self, symbol: Symbol, scope: u32) -> &mut Variable {
        let now = self.get(symbol).map_or(0, |variable| variable.scope);
        if now > scope {
            return self.bind_below(symbol, scope);
        }
        let fresh = now < scope || self.get(symbol).is_none();
        if fresh {
            let outer = self.slot(symbol).take();
            // A local of an exported name is exported too.
            let exported = outer.as_ref().is_some_and(|outer| outer.attrs.has(Attrs::EXPORT));
            let attrs = if exported { Attrs::EXPORT } else { Attrs::NONE };
            let at = scope.checked_sub(1);
            let scopes = Arc::make_mut(&mut self.scopes);
            if let Some(scope) = at.and_then(|at| scopes.get_mut(at as usize)) {
                // A local that was unset altogether may already be known here.
                if !scope.knows(symbol) {
                    scope.keep(symbol, outer);
                }
            }
            *self.slot(symbol) = Some(Variable { scope, attrs, ..Variable::default() });
        }
        self.entry(symbol)
    }

    /// The same where an inner scope shadows it.
    fn bind_below(&mut self, symbol: Symbol, scope: u32) -> &mut Variable {
        let scopes = Arc::make_mut(&mut self.scopes);
        let inner = scopes.iter_mut().skip(scope as usize).find_map(|inner| {
            inner.shadowed.iter_mut().find(|(known, _)| *known == symbol).map(|(_, outer)| outer)
        });
        let Some(place) = inner else { return self.entry(symbol) };
        let bound = place.as_ref().is_some_and(|variable| variable.scope == scope);
        if !bound {
            let fresh = Variable { scope, ..Variable::default() };
            let outer = place.replace(fresh);
            if let Some(owner) = scope.checked_sub(1).and_then(|at| scopes.get_mut(at as usize)) {
                owner.keep(symbol, outer);
            }
        }
        self.bound_below(symbol, scope)
    }

    fn bound_below(&mut self, symbol: Symbol, scope: u32) -> &mut Variable {
        let is_it = |(known, _): &(Symbol, Option<Variable>)| *known == symbol;
        let places = self.scopes.iter().enumerate().skip(scope as usize);
        let place = places.into_iter().find_map(|(at, inner)| {
            inner.shadowed.iter().position(is_it).map(|within| (at, within))
        });
        let Some((at, within)) = place else { return self.entry(symbol) };
        let scopes = Arc::make_mut(&mut self.scopes);
        let inner = &mut scopes[at];
        inner.shadowed[within].1.get_or_insert_default()
    }

    /// Exchanges the binding that counts with the global one, which may be none. Done twice, all is as
    /// it was; meanwhile no scope may end.
    pub fn swap_with_global(&mut self, symbol: Symbol) {
        let is_it = |(known, _): &(Symbol, Option<Variable>)| *known == symbol;
        let scopes = Arc::make_mut(&mut self.scopes);
        let lowest =
            scopes.iter_mut().find_map(|scope| scope.shadowed.iter_mut().find(|s| is_it(s)));
        let Some((_, place)) = lowest else { return };
        let global = place.take();
        let inner = std::mem::replace(self.slot(symbol), global);
        let scopes = Arc::make_mut(&mut self.scopes);
        let lowest =
            scopes.iter_mut().find_map(|scope| scope.shadowed.iter_mut().find(|s| is_it(s)));
        if let Some((_, place)) = lowest {
            *place = inner;
        }
    }

    /// The binding in the scope `scope` exactly, shadowed or not.
    pub fn bound_in(&self, symbol: Symbol, scope: u32) -> Option<&Variable> {
        let now = self.get(symbol)?;
        if now.scope == scope {
            return Some(now);
        }
        self.scopes.iter().skip(scope as usize).find_map(|inner| {
            let (_, outer) = inner.shadowed.iter().find(|(known, _)| *known == symbol)?;
            outer.as_ref().filter(|variable| variable.scope == scope)
        })
    }

    /// What `symbol` is bound to outside of the scope that binds it now.
    pub fn outer(&self, symbol: Symbol) -> Option<&Variable> {
        let scope = self.get(symbol)?.scope.checked_sub(1)?;
        let scope = self.scopes.get(scope as usize)?;
        scope.shadowed.iter().find(|(known, _)| *known == symbol)?.1.as_ref()
    }

    /// Removes the innermost binding, so that what it shadowed counts again.
    pub fn remove(&mut self, symbol: Symbol) {
        let Some(old) = self.slot(symbol).take() else { return };
        let Some(at) = old.scope.checked_sub(1) else { return };
        let scopes = Arc::make_mut(&mut self.scopes);
        let Some(scope) = scopes.get_mut(at as usize) else { return };
        if let Some(known) = scope.shadowed.iter().position(|(known, _)| *known == symbol) {
            let (_, outer) = scope.shadowed.swap_remove(known);
            scope.index.remove(&symbol);
            *self.slot(symbol) = outer;
        }
    }

    /// The variables of the innermost function's scope: what `local` without names lists.
    pub fn locals(&self) -> Vec<(Symbol, &Variable)> {
        let Some(scope) = self.function_scope() else { return Vec::new() };
        let known = self.scopes.get(scope as usize - 1).map(|scope| &scope.shadowed[..]);
        let known = known.unwrap_or_default().iter();
        known.filter_map(|(symbol, _)| Some((*symbol, self.bound_in(*symbol, scope)?))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::text::Str;
    use super::super::variable::Value;
    use super::*;

    const X: Symbol = Symbol(3);

    fn value(variables: &Variables) -> Option<String> {
        match &variables.get(X)?.value {
            Value::Scalar(text) => Some(text.to_string()),
            _ => None,
        }
    }

    fn set(variable: &mut Variable, text: &str) {
        variable.value = Value::Scalar(Str::from(text));
    }

    #[test]
    fn unsetting_a_callers_local_reveals_what_it_shadowed() {
        let mut variables = Variables::default();
        set(variables.entry(X), "global");
        variables.push(ScopeKind::Function);
        set(variables.bind(X, 1), "k");
        variables.push(ScopeKind::Function);
        set(variables.bind(X, 2), "m");
        variables.push(ScopeKind::Function);
        variables.remove(X);
        assert_eq!(value(&variables).as_deref(), Some("k"));
        variables.remove(X);
        assert_eq!(value(&variables).as_deref(), Some("global"));
        variables.remove(X);
        assert_eq!(value(&variables), None);
        for _ in 0..3 {
            variables.pop();
        }
        assert_eq!(value(&variables), None);
    }

    #[test]
    fn many_locals_are_charged_until_their_scope_ends() {
        use mesash_builtins::budget::{Limits, Resource};
        let budget = Budget::new(Limits { memory_bytes: 1 << 20, ..Limits::STANDARD });
        let mut variables = Variables::default();
        variables.push(ScopeKind::Function);
        let mut filled = Ok(());
        for symbol in 0..100_000 {
            variables.bind(Symbol(symbol), 1);
            filled = variables.account(1, &budget);
            if filled.is_err() {
                break;
            }
            assert_eq!(budget.used(Resource::Memory) == 0, symbol < 341, "{symbol}");
        }
        assert!(filled.is_err());
        variables.pop();
        assert_eq!(budget.used(Resource::Memory), 0);
    }

    #[test]
    fn a_scope_below_can_be_bound() {
        let mut variables = Variables::default();
        set(variables.entry(X), "global");
        variables.push(ScopeKind::Function);
        variables.push(ScopeKind::Temporary);
        set(variables.bind(X, 2), "temporary");
        set(variables.bind(X, 1), "local");
        set(variables.bind(X, 0), "changed");
        let copy = variables.clone();
        assert_eq!(value(&variables).as_deref(), Some("temporary"));
        variables.pop();
        assert_eq!(value(&variables).as_deref(), Some("local"));
        variables.pop();
        assert_eq!(value(&variables).as_deref(), Some("changed"));
        assert_eq!(value(&copy).as_deref(), Some("temporary"));
    }
}
