//! What a name with or without a subscript leads to.

use super::error::{ExpandError, Expanded};
use super::lists::Got;
use super::{Expander, number};
use crate::state::{Attrs, Circular, Str, Target, Value, VarError, Variable};
use crate::syntax::ast::{Subscript, SubscriptIndex, SubscriptKind, Word};
use crate::syntax::symbol::Symbol;
use crate::syntax::word::{parse_reference, parse_subscript};

/// A variable or an element, namerefs followed and the subscript evaluated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    Whole(Symbol),
    /// May be negative: then it counts from the end.
    Index(Symbol, i64),
    Key(Symbol, Str),
    /// A nameref that leads nowhere yet: assigning to it binds it.
    Unbound(Symbol),
    /// Namerefs in a circle, which was complained about.
    Nothing,
}

/// An element of an associative array.
#[derive(Debug, Clone)]
pub struct Element {
    pub symbol: Symbol,
    pub key: Str,
    /// Nothing in it parts the word where words are split.
    pub whole: bool,
}

impl Place {
    pub fn symbol(&self) -> Option<Symbol> {
        match self {
            Self::Whole(symbol) | Self::Index(symbol, _) | Self::Key(symbol, _) => Some(*symbol),
            Self::Unbound(symbol) => Some(*symbol),
            Self::Nothing => None,
        }
    }
}

impl Expander<'_> {
    /// What `name` or `name[subscript]` means.
    pub(super) fn place(
        &mut self,
        symbol: Symbol,
        subscript: Option<&Subscript>,
    ) -> Expanded<Place> {
        let reference = self.shell.vars.get(symbol).is_some_and(|v| v.attrs.has(Attrs::NAMEREF));
        if !reference {
            return match subscript {
                None => Ok(Place::Whole(symbol)),
                Some(subscript) => self.element(symbol, subscript),
            };
        }
        match (self.shell.resolve(symbol), subscript) {
            (Ok(Target::Variable(target)), None) => Ok(Place::Whole(target)),
            (Ok(Target::Variable(target)), Some(subscript)) => self.element(target, subscript),
            (Ok(Target::Element(target, text)), None) => {
                let env = self.parse_env();
                let subscript = parse_subscript(&text, env, &self.shell.interner)?;
                self.element(target, &subscript)
            }
            (Ok(Target::Element(target, text)), Some(_)) => {
                let name = self.shell.name(target);
                let shown = [name.as_ref(), b"[".as_slice(), &text, b"]"].concat();
                Err(VarError::NotIdentifier(Str::from(shown)).into())
            }
            (Ok(Target::Unbound(target)), None) => Ok(Place::Unbound(target)),
            (Ok(Target::Unbound(target)), Some(subscript)) => self.element(target, subscript),
            (Err(Circular(at)), _) => {
                self.tell_circle(at);
                Ok(Place::Nothing)
            }
        }
    }

    fn tell_circle(&mut self, symbol: Symbol) {
        let name = self.shell.name(symbol);
        let message =
            [b"warning: ".as_slice(), name.as_ref(), b": circular name reference"].concat();
        self.run.complain(self.shell, &message);
    }

    /// Whether `symbol` is a function's nameref that leads back to itself: bash then takes the global
    /// variable of that name.
    pub(super) fn means_global(&self, symbol: Symbol) -> bool {
        self.shell.vars.get(symbol).is_some_and(|v| v.attrs.has(Attrs::NAMEREF) && v.scope > 0)
            && self.shell.resolve(symbol).is_err()
    }

    /// Does `work` while the global variable stands in the place of the nameref.
    pub(super) fn in_global<T>(&mut self, symbol: Symbol, work: impl FnOnce(&mut Self) -> T) -> T {
        self.tell_circle(symbol);
        self.shell.vars.swap_with_global(symbol);
        let done = work(self);
        self.shell.vars.swap_with_global(symbol);
        done
    }

    /// The array that `name[@]` is about.
    pub(super) fn array_symbol(&mut self, symbol: Symbol) -> Expanded<Option<Symbol>> {
        Ok(match self.place(symbol, None)? {
            Place::Whole(target) | Place::Index(target, _) | Place::Key(target, _) => Some(target),
            Place::Unbound(_) | Place::Nothing => None,
        })
    }

    /// As [`Expander::place`]; a bad subscript is complained about and leads to nothing.
    pub(super) fn place_to_read(
        &mut self,
        symbol: Symbol,
        subscript: &Subscript,
    ) -> Expanded<Place> {
        let place = match self.place(symbol, Some(subscript)) {
            // A key that is nothing once it is expanded.
            Err(ExpandError::Variable(VarError::BadSubscript(_))) if !subscript.text.is_empty() => {
                return Ok(self.nothing_there(symbol));
            }
            place => place?,
        };
        if let Place::Index(target, index) = place
            && index < 0
            && self.shell.absolute_index(target, index).is_none()
        {
            return Ok(self.nothing_there(target));
        }
        Ok(place)
    }

    fn nothing_there(&mut self, symbol: Symbol) -> Place {
        let name = self.shell.name(symbol);
        let message = [name.as_ref(), b": bad array subscript".as_slice()].concat();
        self.run.complain(self.shell, &message);
        Place::Nothing
    }

    pub(super) fn is_assoc(&self, symbol: Symbol) -> bool {
        self.shell.vars.get(symbol).is_some_and(Variable::is_assoc)
    }

    fn element(&mut self, symbol: Symbol, subscript: &Subscript) -> Expanded<Place> {
        if self.is_assoc(symbol) {
            let key = match subscript.kind {
                SubscriptKind::Key => self.single(&subscript.word)?,
                SubscriptKind::At => Str::from("@"),
                SubscriptKind::Star => Str::from("*"),
            };
            if key.is_empty() {
                return Err(self.bad_subscript(symbol, &subscript.text));
            }
            return Ok(Place::Key(symbol, key));
        }
        if subscript.kind != SubscriptKind::Key || subscript.text.is_empty() {
            return Err(self.bad_subscript(symbol, &subscript.text));
        }
        Ok(Place::Index(symbol, self.index(subscript)?))
    }

    pub(super) fn bad_subscript(&self, symbol: Symbol, text: &[u8]) -> ExpandError {
        let shown = [self.shell.name(symbol).as_ref(), b"[".as_slice(), text, b"]"].concat();
        VarError::BadSubscript(Str::from(shown)).into()
    }

    /// The subscript of an indexed array.
    pub(super) fn index(&mut self, subscript: &Subscript) -> Expanded<i64> {
        self.index_value(subscript).map_err(ExpandError::ending)
    }

    /// The subscript of an element in a list, where quotes go away.
    pub(super) fn element_key(&mut self, subscript: &Subscript) -> Expanded<i64> {
        if let SubscriptIndex::Quoted(_) = subscript.index {
            let text = self.single(&subscript.word)?;
            return self.arith_text(&text).map_err(ExpandError::ending);
        }
        self.index(subscript)
    }

    fn index_value(&mut self, subscript: &Subscript) -> Expanded<i64> {
        match &subscript.index {
            SubscriptIndex::Static(tree) => self.arith_tree(tree, &subscript.text),
            SubscriptIndex::Operand(name) => {
                let value = match self.parameter(*name)? {
                    Got::One(value) => value,
                    _ => self.variable_value(*name)?.unwrap_or_default(),
                };
                match number::decimal(&value) {
                    Some(index) => Ok(index),
                    None => self.arith_text(&value),
                }
            }
            SubscriptIndex::Quoted(expression) => self.arith(expression),
            SubscriptIndex::Dynamic => {
                let text = self.single(&subscript.word)?;
                self.arith_text(&text)
            }
        }
    }

    /// The value at a place.
    pub(super) fn place_value(&mut self, place: &Place) -> Option<Str> {
        match place {
            Place::Whole(symbol) => {
                self.shell.draw(*symbol);
                match self.shell.vars.get(*symbol).map(|variable| &variable.value) {
                    Some(Value::Scalar(text)) => Some(text.clone()),
                    _ => match self.shell.value(*symbol) {
                        Value::Scalar(text) => Some(text),
                        Value::Indexed(array) => array.get(0).cloned(),
                        Value::Assoc(array) => array.get(b"0").cloned(),
                        Value::Unset | Value::Dynamic(_) => None,
                    },
                }
            }
            Place::Index(symbol, index) => {
                // Without copying the array of an ordinary variable.
                if let Some(Value::Indexed(array)) =
                    self.shell.vars.get(*symbol).map(|variable| &variable.value)
                    && *index >= 0
                {
                    return array.get(*index).cloned();
                }
                let index = self.shell.absolute_index(*symbol, *index)?;
                match self.shell.value(*symbol) {
                    Value::Scalar(text) if index == 0 => Some(text),
                    Value::Indexed(array) => array.get(index).cloned(),
                    _ => None,
                }
            }
            Place::Key(symbol, key) => {
                if let Some(Value::Assoc(array)) =
                    self.shell.vars.get(*symbol).map(|variable| &variable.value)
                {
                    return array.get(key).cloned();
                }
                self.shell.assoc(*symbol)?.get(key).cloned()
            }
            Place::Unbound(_) | Place::Nothing => None,
        }
    }

    /// What `name` or `name[subscript]`, given as text, means; `None` if it is neither.
    pub(super) fn named(
        &mut self,
        text: &[u8],
    ) -> Expanded<Option<(Symbol, Option<Box<Subscript>>)>> {
        Ok(parse_reference(text, self.parse_env(), &self.shell.interner)?)
    }

    pub(super) fn name_is_set(&mut self, text: &[u8]) -> Expanded<bool> {
        if let Some(n) = number::decimal(text).filter(|_| text.iter().all(u8::is_ascii_digit)) {
            return Ok(n == 0 || usize::try_from(n).is_ok_and(|n| n <= self.shell.positional.len()));
        }
        let named = match self.named(text) {
            // Quotes that don't pair name nothing.
            Err(ExpandError::Syntax(_)) => return Ok(false),
            named => named?,
        };
        let Some((symbol, subscript)) = named else { return Ok(false) };
        if let Some(subscript) = &subscript
            && subscript.kind != SubscriptKind::Key
            && !self.array_symbol(symbol)?.is_some_and(|target| self.is_assoc(target))
        {
            return Ok(!self.values_of(symbol)?.is_empty());
        }
        let place = match &subscript {
            Some(subscript) => self.place_to_read(symbol, subscript)?,
            None => self.place(symbol, None)?,
        };
        Ok(self.place_value(&place).is_some())
    }

    /// The element of an associative array that a word names as it stands (`m["$k"]`): its key is
    /// expanded once, whatever is in it, where a text that comes to such a name would be expanded again.
    pub(super) fn element_named(&mut self, word: &Word) -> Expanded<Option<Element>> {
        let source = crate::syntax::print::text_of(&word.text);
        let Some(open) = memchr::memchr(b'[', &source) else { return Ok(None) };
        let known = source.get(..open).and_then(|name| self.shell.interner.get(name));
        if !known.is_some_and(|symbol| self.is_assoc(symbol)) {
            return Ok(None);
        }
        let Some((symbol, Some(subscript))) = self.named(&source)? else { return Ok(None) };
        if subscript.kind != SubscriptKind::Key {
            return Ok(None);
        }
        let key = self.single(&subscript.word)?;
        if key.is_empty() {
            return Err(self.bad_subscript(symbol, &subscript.text));
        }
        let quoted = subscript.text.iter().any(|byte| matches!(byte, b'"' | b'\'' | b'\\'));
        let whole = quoted || !key.iter().any(u8::is_ascii_whitespace);
        Ok(Some(Element { symbol, key, whole }))
    }

    pub(super) fn element_is_set(&self, element: &Element) -> bool {
        let array = self.shell.assoc(element.symbol);
        array.is_some_and(|array| array.get(&element.key).is_some())
    }

    pub(super) fn name_value(&mut self, text: &[u8]) -> Expanded<Option<Str>> {
        let Some((symbol, subscript)) = self.named(text)? else { return Ok(None) };
        let place = match &subscript {
            Some(subscript) => self.place_to_read(symbol, subscript)?,
            None => self.place(symbol, None)?,
        };
        Ok(self.place_value(&place))
    }

    pub(super) fn unset_name(&mut self, text: &[u8]) -> Expanded<()> {
        // What can't be read is the name of no variable: there is nothing to unset.
        let read = parse_reference(text, self.parse_env(), &self.shell.interner);
        let Ok(Some((symbol, subscript))) = read else { return Ok(()) };
        let Some(subscript) = subscript else {
            return match self.place(symbol, None)? {
                Place::Whole(target) => Ok(self.shell.unset(target)?),
                Place::Index(target, index) => Ok(self.shell.unset_index(target, index)?),
                Place::Key(target, key) => Ok(self.shell.unset_key(target, &key)?),
                Place::Unbound(target) => Ok(self.shell.unset(target)?),
                Place::Nothing => Ok(self.shell.unset(symbol)?),
            };
        };
        let Some(target) = self.array_symbol(symbol)? else { return Ok(()) };
        let Some(variable) = self.shell.vars.get(target) else { return Ok(()) };
        if !variable.is_array() && variable.is_set() && subscript.kind != SubscriptKind::Key {
            return Err(VarError::NotAnArray(Str::new(&self.shell.name(target))).into());
        }
        if subscript.kind != SubscriptKind::Key && !self.is_assoc(target) {
            // All elements go; the variable stays an array.
            return Ok(self.shell.set_array(target, crate::state::IndexedArray::default())?);
        }
        if !variable.is_array() && variable.is_set() {
            let index = self.index(&subscript)?;
            if index != 0 {
                return Err(VarError::NotAnArray(Str::new(&self.shell.name(target))).into());
            }
        }
        match self.element(target, &subscript)? {
            Place::Index(target, index) => Ok(self.shell.unset_index(target, index)?),
            Place::Key(target, key) => Ok(self.shell.unset_key(target, &key)?),
            _ => Ok(()),
        }
    }
}
