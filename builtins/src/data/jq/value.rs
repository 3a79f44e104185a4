//! Values: JSON's, shared by reference count and copied only when one of several owners writes.
//!
//! Strings are UTF-8. Nesting has no bound here, so nothing in this file recurses, not even `Drop`.

use std::borrow::Borrow;
use std::hash::{Hash, Hasher};
use std::rc::Rc;

use super::meter;
use super::number::Literal;
use super::object::Object;

#[derive(Clone, Debug, Default)]
pub(crate) enum Value {
    #[default]
    Null,
    Bool(bool),
    Number(f64),
    /// A number whose text says more than an `f64` prints.
    Literal(Rc<Literal>),
    String(Text),
    Array(Array),
    Object(Object),
}

/// A string.
#[derive(Clone, Debug)]
pub(crate) struct Text(Rc<TextNode>);

#[derive(Debug)]
struct TextNode {
    text: String,
    charged: usize,
}

const NODE_BYTES: usize = 56;

impl TextNode {
    fn new(text: String) -> Self {
        let charged = NODE_BYTES + text.capacity();
        meter::change(0, charged);
        Self { text, charged }
    }
}

impl Drop for TextNode {
    fn drop(&mut self) {
        meter::change(self.charged, 0);
    }
}

impl Text {
    pub fn as_str(&self) -> &str {
        &self.0.text
    }

    /// Adds at the end, in place if nobody else holds the string.
    pub fn push_str(&mut self, more: &str) {
        if let Some(node) = Rc::get_mut(&mut self.0) {
            node.text.push_str(more);
            let charged = NODE_BYTES + node.text.capacity();
            meter::change(node.charged, charged);
            node.charged = charged;
        } else {
            let mut text = String::with_capacity((self.0.text.len() + more.len()) * 3 / 2);
            text.push_str(&self.0.text);
            text.push_str(more);
            *self = text.into();
        }
    }

    fn same(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self(Rc::new(TextNode::new(text)))
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self::from(text.to_owned())
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        self.same(other) || self.as_str() == other.as_str()
    }
}

impl Eq for Text {}

impl Hash for Text {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl Borrow<str> for Text {
    fn borrow(&self) -> &str {
        self.as_str()
    }
}

/// A list of values.
#[derive(Clone, Debug, Default)]
pub(crate) struct Array(Rc<ArrayNode>);

#[derive(Debug, Default)]
struct ArrayNode {
    items: Vec<Value>,
    charged: usize,
}

impl ArrayNode {
    fn settle(&mut self) {
        let charged = NODE_BYTES + self.items.capacity() * size_of::<Value>();
        meter::change(self.charged, charged);
        self.charged = charged;
    }
}

impl Clone for ArrayNode {
    fn clone(&self) -> Self {
        let mut node = Self { items: self.items.clone(), charged: 0 };
        node.settle();
        node
    }
}

impl Drop for ArrayNode {
    fn drop(&mut self) {
        meter::change(self.charged, 0);
        unravel(&mut self.items);
    }
}

impl Array {
    pub fn as_slice(&self) -> &[Value] {
        &self.0.items
    }

    pub fn len(&self) -> usize {
        self.0.items.len()
    }

    pub fn get(&self, at: usize) -> Option<&Value> {
        self.0.items.get(at)
    }

    /// Changes the items, of a copy if somebody else holds the list too.
    pub fn edit<T>(&mut self, change: impl FnOnce(&mut Vec<Value>) -> T) -> T {
        let node = Rc::make_mut(&mut self.0);
        let result = change(&mut node.items);
        node.settle();
        result
    }

    pub fn push(&mut self, value: Value) {
        let node = Rc::make_mut(&mut self.0);
        let before = node.items.capacity();
        node.items.push(value);
        if node.items.capacity() != before {
            node.settle();
        }
    }

    /// The items, without a copy if nobody else holds the list.
    pub fn into_vec(mut self) -> Vec<Value> {
        match Rc::get_mut(&mut self.0) {
            Some(node) => std::mem::take(&mut node.items),
            None => self.0.items.clone(),
        }
    }

    fn same(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }

    fn take_if_last(&mut self) -> Option<Vec<Value>> {
        Rc::get_mut(&mut self.0).map(|node| std::mem::take(&mut node.items))
    }
}

impl From<Vec<Value>> for Array {
    fn from(items: Vec<Value>) -> Self {
        let mut node = ArrayNode { items, charged: 0 };
        node.settle();
        Self(Rc::new(node))
    }
}

impl FromIterator<Value> for Array {
    fn from_iter<I: IntoIterator<Item = Value>>(items: I) -> Self {
        items.into_iter().collect::<Vec<_>>().into()
    }
}

/// Lets go of values without recursion, however deep they are nested.
pub(super) fn unravel(items: &mut Vec<Value>) {
    if !items.iter().any(|item| matches!(item, Value::Array(_) | Value::Object(_))) {
        return;
    }
    let mut pending = std::mem::take(items);
    while let Some(value) = pending.pop() {
        let inner = match value {
            Value::Array(mut array) => array.take_if_last(),
            Value::Object(mut object) => object.take_if_last(),
            _ => None,
        };
        pending.extend(inner.into_iter().flatten());
    }
}

impl From<bool> for Value {
    fn from(truth: bool) -> Self {
        Self::Bool(truth)
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}

impl From<usize> for Value {
    fn from(count: usize) -> Self {
        Self::Number(count as f64)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::String(text.into())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::String(text.into())
    }
}

impl From<Vec<Value>> for Value {
    fn from(items: Vec<Value>) -> Self {
        Self::Array(items.into())
    }
}

impl From<Object> for Value {
    fn from(object: Object) -> Self {
        Self::Object(object)
    }
}

impl Value {
    /// What `type` says.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "boolean",
            Self::Number(_) | Self::Literal(_) => "number",
            Self::String(_) => "string",
            Self::Array(_) => "array",
            Self::Object(_) => "object",
        }
    }

    /// All but `null` and `false`.
    pub fn truth(&self) -> bool {
        !matches!(self, Self::Null | Self::Bool(false))
    }

    pub fn number(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Literal(literal) => Some(literal.number),
            _ => None,
        }
    }

    pub fn text(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text.as_str()),
            _ => None,
        }
    }

    /// The very same value: scalars by value, the others by identity. What tells whether a value
    /// still is what a path led to.
    pub fn identical(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Bool(one), Self::Bool(two)) => one == two,
            (Self::Number(one), Self::Number(two)) => one.to_bits() == two.to_bits(),
            (Self::Literal(one), Self::Literal(two)) => Rc::ptr_eq(one, two),
            (Self::String(one), Self::String(two)) => one.same(two),
            (Self::Array(one), Self::Array(two)) => one.same(two),
            (Self::Object(one), Self::Object(two)) => one.same(two),
            _ => false,
        }
    }
}
