//! Assignments: of scalars, elements and whole arrays.

use super::Expander;
use super::error::{ExpandError, Expanded};
use super::place::Place;
use crate::state::names::is_identifier;
use crate::state::{Attrs, IndexedArray, Str, Value, VarError};
use crate::syntax::ast::{
    ArrayElement, AssignValue, Assignment, Subscript, SubscriptKind, WordFlags,
};
use crate::syntax::symbol::Symbol;
use crate::syntax::word::parse_array;

impl Expander<'_> {
    pub(crate) fn assign(&mut self, assignment: &Assignment) -> Expanded<()> {
        if self.means_global(assignment.name) {
            return self.in_global(assignment.name, |expander| expander.assign(assignment));
        }
        let subscript = assignment.subscript.as_deref();
        let word = match &assignment.value {
            AssignValue::Scalar(word) => word,
            AssignValue::Array(_) if subscript.is_some() => {
                let text = subscript.map(|subscript| &*subscript.text);
                let name = self.shell.name(assignment.name);
                let text = text.map(|text| text.to_vec()).unwrap_or_default();
                let shown = [name.as_ref(), b"[".as_slice(), &text, b"]"].concat();
                return Err(ExpandError::ListToMember(Str::from(shown)));
            }
            AssignValue::Array(elements) => {
                let Some(target) = self.array_target(assignment.name)? else { return Ok(()) };
                return self.assign_array(target, elements, assignment.append);
            }
        };
        // The value comes first, then the subscript.
        let value = self.single(word)?;
        if subscript.is_some() {
            self.shell.check_writable(assignment.name)?;
        }
        let place = self.place(assignment.name, subscript)?;
        self.assign_place(&place, value, assignment.append)
    }

    /// What an array assignment to `name` fills: a nameref's target.
    fn array_target(&mut self, name: Symbol) -> Expanded<Option<Symbol>> {
        match self.place(name, None)? {
            Place::Whole(target) | Place::Unbound(target) => Ok(Some(target)),
            Place::Index(..) | Place::Key(..) => {
                let text = self.shell.text(name).map(Str::from).unwrap_or_default();
                Err(VarError::NotIdentifier(text).into())
            }
            Place::Nothing => Ok(None),
        }
    }

    /// Assigns or appends, by the attributes that the variable has.
    pub(super) fn assign_place(&mut self, place: &Place, value: Str, append: bool) -> Expanded<()> {
        let Some(symbol) = place.symbol() else { return Err(ExpandError::Interrupted) };
        let attrs = self.shell.vars.get(symbol).map_or(Attrs::NONE, |variable| variable.attrs);
        if attrs.has(Attrs::INTEGER) && !matches!(place, Place::Unbound(_)) {
            self.shell.check_writable(symbol)?;
            let mut sum = self.arith_text(&value).map_err(ExpandError::in_integer)?;
            if append {
                let before = self.place_value(place).unwrap_or_default();
                let before = self.arith_text(&before).map_err(ExpandError::in_integer)?;
                sum = sum.wrapping_add(before);
            }
            return self.store(place, Str::number(sum));
        }
        if !append {
            return self.store(place, value);
        }
        match place {
            Place::Whole(symbol) => Ok(self.shell.append(*symbol, &value)?),
            place => {
                let mut whole = self.place_value(place).unwrap_or_default();
                whole.append(&value, &self.shell.budget)?;
                self.store(place, whole)
            }
        }
    }

    /// Stores a finished value.
    pub(super) fn store(&mut self, place: &Place, value: Str) -> Expanded<()> {
        match place {
            Place::Whole(symbol) => Ok(self.shell.set(*symbol, value)?),
            Place::Index(symbol, index) => Ok(self.shell.set_index(*symbol, *index, value)?),
            Place::Key(symbol, key) => Ok(self.shell.set_key(*symbol, key.clone(), value)?),
            Place::Unbound(symbol) => self.bind_nameref(*symbol, value),
            Place::Nothing => Err(ExpandError::Interrupted),
        }
    }

    /// The first assignment to a nameref says what it refers to.
    fn bind_nameref(&mut self, symbol: Symbol, value: Str) -> Expanded<()> {
        let name = value.split(|&byte| byte == b'[').next().unwrap_or_default();
        if !is_identifier(name) {
            return Err(VarError::NotIdentifier(value).into());
        }
        self.shell.check_writable(symbol)?;
        self.shell.vars.entry(symbol).value = Value::Scalar(value);
        Ok(())
    }

    pub(crate) fn assign_name(&mut self, text: &[u8], value: Str, append: bool) -> Expanded<()> {
        let Some((symbol, subscript)) = self.named(text)? else {
            return Err(VarError::NotIdentifier(Str::new(text)).into());
        };
        let store = |expander: &mut Self| {
            let place = expander.place(symbol, subscript.as_deref())?;
            expander.assign_place(&place, value, append)
        };
        if self.means_global(symbol) {
            return self.in_global(symbol, store);
        }
        store(self)
    }

    pub(crate) fn assign_temporary(&mut self, assignment: &Assignment) -> Expanded<()> {
        let value = match &assignment.value {
            AssignValue::Scalar(word) => self.single(word)?,
            // Bash takes the text of a list that can't be exported.
            AssignValue::Array(_) => Str::new(&crate::syntax::print::text_of(&assignment.text)),
        };
        if assignment.subscript.is_some() {
            let place = self.place(assignment.name, assignment.subscript.as_deref())?;
            return self.assign_place(&place, value, assignment.append);
        }
        let name = match self.place(assignment.name, None)? {
            Place::Whole(target) => target,
            _ => assignment.name,
        };
        self.shell.check_writable(name)?;
        let old = self.shell.vars.get(name).map_or(Attrs::NONE, |variable| variable.attrs);
        let before = assignment.append.then(|| self.shell.scalar(name)).flatten();
        // Its attributes don't count, but for what `+=` adds to.
        let kept = if assignment.append { Attrs(old.0 & Attrs::INTEGER.0) } else { Attrs::NONE };
        let depth = self.shell.vars.depth();
        self.shell.vars.account(depth, &self.shell.budget)?;
        let variable = self.shell.vars.bind(name, depth);
        variable.attrs |= Attrs::EXPORT | Attrs::TEMPORARY | kept;
        if let Some(before) = before {
            variable.value = Value::Scalar(before);
        }
        let assigned = self.assign_place(&Place::Whole(name), value, assignment.append);
        let variable = self.shell.vars.bind(name, depth);
        variable.attrs = variable.attrs.without(Attrs::INTEGER);
        assigned
    }

    pub(crate) fn assign_array_text(
        &mut self,
        name: Symbol,
        text: &[u8],
        append: bool,
    ) -> Expanded<()> {
        let line = self.shell.line.max(1);
        let elements = parse_array(text, line, self.parse_env(), &self.shell.interner)?;
        let Some(target) = self.array_target(name)? else { return Ok(()) };
        self.assign_array(target, &elements, append)
    }

    /// `name=(…)` and `name+=(…)`.
    fn assign_array(
        &mut self,
        symbol: Symbol,
        elements: &[ArrayElement],
        append: bool,
    ) -> Expanded<()> {
        self.shell.check_writable(symbol)?;
        if self.is_assoc(symbol) {
            self.assign_assoc(symbol, elements, append)
        } else {
            self.assign_indexed(symbol, elements, append)
        }
    }

    fn assign_indexed(
        &mut self,
        symbol: Symbol,
        elements: &[ArrayElement],
        append: bool,
    ) -> Expanded<()> {
        // All words are expanded before the old value goes.
        let mut items: Vec<(Option<&ArrayElement>, Str)> = Vec::with_capacity(elements.len());
        let mut fields = Vec::new();
        for element in elements {
            match (&element.key, &element.braces) {
                (Some(_), None) => items.push((Some(element), self.single(&element.value)?)),
                (_, braces) => {
                    self.fields(braces.as_deref().unwrap_or(&element.value), &mut fields)?;
                    items.extend(fields.drain(..).map(|value| (None, value)));
                }
            }
        }
        let attrs = self.shell.vars.get(symbol).map_or(Attrs::NONE, |variable| variable.attrs);
        if attrs.0 & !(Attrs::INDEXED.0 | Attrs::EXPORT.0 | Attrs::TRACE.0) == 0
            && items.iter().all(|(key, _)| key.is_none())
        {
            return self.plain_elements(symbol, items, append);
        }
        if !append {
            self.shell.set_array(symbol, IndexedArray::default())?;
        }
        let mut next = self.shell.indexed_mut(symbol)?.next_index();
        for (element, value) in items {
            if let Some(element) = element
                && let Some(key) = &element.key
            {
                let Some(index) = self.element_index(symbol, key, &value)? else { continue };
                next = index;
                let place = Place::Index(symbol, next);
                self.assign_place(&place, value, element.append)?;
            } else {
                self.assign_place(&Place::Index(symbol, next), value, false)?;
            }
            next = next.wrapping_add(1);
        }
        Ok(())
    }

    /// Where `[key]=value` goes; `None`, with a complaint, before the start.
    fn element_index(
        &mut self,
        symbol: Symbol,
        key: &Subscript,
        value: &[u8],
    ) -> Expanded<Option<i64>> {
        if key.kind == SubscriptKind::Key && !key.text.is_empty() {
            let index = self.element_key(key)?;
            if let Some(index) = self.shell.absolute_index(symbol, index) {
                return Ok(Some(index));
            }
        }
        let shown = [b"[".as_slice(), &key.text, b"]=", value, b": bad array subscript"].concat();
        self.run.complain(self.shell, &shown);
        Ok(None)
    }

    /// Elements one after the other, of an array without `-i` and the like.
    fn plain_elements(
        &mut self,
        symbol: Symbol,
        items: Vec<(Option<&ArrayElement>, Str)>,
        append: bool,
    ) -> Expanded<()> {
        let values = items.into_iter().map(|(_, value)| value);
        let array = self.shell.indexed_mut(symbol);
        match array {
            Ok(array) if append => values.for_each(|value| array.push(value)),
            Ok(array) => *array = values.collect(),
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    fn assign_assoc(
        &mut self,
        symbol: Symbol,
        elements: &[ArrayElement],
        append: bool,
    ) -> Expanded<()> {
        let mut items: Vec<(Str, Str, bool)> = Vec::with_capacity(elements.len());
        // Without keys, words are keys and values in turn.
        // A word that begins with a bracket is at least meant to be one, and the first tells of all.
        let keyed = elements.first().is_some_and(|element| {
            element.key.is_some() || crate::syntax::print::text_of(&element.text).starts_with(b"[")
        });
        if keyed {
            for element in elements {
                let Some(key) = &element.key else {
                    let text = crate::syntax::print::text_of(&element.text);
                    let name = Str::new(&self.shell.name(symbol));
                    let message = [
                        name.as_bytes(),
                        b": ",
                        &text,
                        b": must use subscript when assigning associative array",
                    ];
                    self.run.complain(self.shell, &message.concat());
                    continue;
                };
                let name = match key.kind {
                    SubscriptKind::Key => self.single(&key.word)?,
                    SubscriptKind::At => Str::from("@"),
                    SubscriptKind::Star => Str::from("*"),
                };
                if name.is_empty() {
                    let shown = match self.declares {
                        // A declaration sees what was expanded and quoted again.
                        true => {
                            let value = self.single(&element.value)?;
                            [b"['']=".as_slice(), &super::quote_reusable(&value)].concat()
                        }
                        false => crate::syntax::print::text_of(&element.text).to_vec(),
                    };
                    let shown = [&shown, b": bad array subscript".as_slice()].concat();
                    self.run.complain(self.shell, &shown);
                    continue;
                }
                items.push((name, self.single(&element.value)?, element.append));
            }
        } else {
            let mut words = Vec::with_capacity(elements.len());
            for element in elements {
                words.push(self.pair_word(element)?);
            }
            let mut words = words.into_iter();
            while let Some(key) = words.next() {
                if key.is_empty() {
                    return Err(self.bad_element_key(b""));
                }
                items.push((key, words.next().unwrap_or_default(), false));
            }
        }
        if !append {
            self.shell.assoc_mut(symbol)?.clear();
        } else {
            self.shell.assoc_mut(symbol)?;
        }
        for (key, value, append) in items {
            self.assign_place(&Place::Key(symbol, key), value, append)?;
        }
        Ok(())
    }

    fn bad_element_key(&self, text: &[u8]) -> ExpandError {
        let shown = [b"[", text, b"]"].concat();
        VarError::BadSubscript(Str::from(shown)).into()
    }

    /// A key or value without brackets: not split, but braces are text too.
    fn pair_word(&mut self, element: &ArrayElement) -> Expanded<Str> {
        let word = &element.value;
        if let Some(key) = &element.key {
            let sign: &[u8] = if element.append { b"]+=" } else { b"]=" };
            let (key, value) = (self.single(&key.word)?, self.single(word)?);
            return Ok(Str::from([b"[".as_slice(), &key, sign, &value].concat()));
        }
        if !word.flags.has(WordFlags::BRACE) {
            return self.single(word);
        }
        let mut fields = Vec::new();
        self.fields(word, &mut fields)?;
        Ok(Str::from(bstr::join(" ", &fields)))
    }
}
