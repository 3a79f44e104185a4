//! Shell values: byte strings that are cheap to copy, small ones without an allocation.
//!
//! Always true: a text of up to [`INLINE_BYTES`] bytes owns no memory; a longer one is shared
//! between all its copies until one of them is appended to, and what it holds is charged to the
//! run's budget once, for as long as any copy lives.

use bstr::{BStr, BString, ByteSlice};
use mesash_builtins::budget::{Budget, Held, LimitReached, Resource};
use std::borrow::{Borrow, Cow};
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::sync::Arc;

/// The longest text that is kept in place.
pub const INLINE_BYTES: usize = 22;

/// The value of a variable, an element, a parameter or a field.
#[derive(Clone)]
pub struct Str(Repr);

#[derive(Clone)]
enum Repr {
    Inline { len: u8, bytes: [u8; INLINE_BYTES] },
    Shared(Arc<Shared>),
}

struct Shared {
    bytes: Vec<u8>,
    /// What the budget was charged for `bytes`; none for the shell's own texts.
    held: Option<Held>,
}

impl Str {
    pub const EMPTY: Self = Self(Repr::Inline { len: 0, bytes: [0; INLINE_BYTES] });

    /// A text that is not charged: short, or bounded by something else.
    pub fn new(bytes: &[u8]) -> Self {
        match Self::inline(bytes) {
            Some(text) => text,
            None => Self(Repr::Shared(Arc::new(Shared { bytes: bytes.to_vec(), held: None }))),
        }
    }

    /// A text that a script made.
    ///
    /// # Errors
    /// [`LimitReached`] if the run may not hold so much.
    pub fn charged(bytes: impl Into<Vec<u8>>, budget: &Budget) -> Result<Self, LimitReached> {
        let bytes = bytes.into();
        if let Some(text) = Self::inline(&bytes) {
            return Ok(text);
        }
        let held = hold(bytes.capacity(), budget)?;
        Ok(Self(Repr::Shared(Arc::new(Shared { bytes, held: Some(held) }))))
    }

    /// As [`Str::charged`], copying what does not fit in place.
    ///
    /// # Errors
    /// [`LimitReached`] if the run may not hold so much.
    pub fn copied(bytes: &[u8], budget: &Budget) -> Result<Self, LimitReached> {
        match Self::inline(bytes) {
            Some(text) => Ok(text),
            None => Self::charged(bytes, budget),
        }
    }

    fn inline(from: &[u8]) -> Option<Self> {
        if from.len() > INLINE_BYTES {
            return None;
        }
        let mut bytes = [0; INLINE_BYTES];
        bytes.get_mut(..from.len())?.copy_from_slice(from);
        Some(Self(Repr::Inline { len: from.len() as u8, bytes }))
    }

    /// The decimal form of `number`.
    pub fn number(number: i64) -> Self {
        let mut buffer = [0u8; INLINE_BYTES];
        let mut at = buffer.len();
        let mut rest = number.unsigned_abs();
        loop {
            at -= 1;
            if let Some(digit) = buffer.get_mut(at) {
                *digit = b'0' + (rest % 10) as u8;
            }
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        if number < 0 {
            at -= 1;
            if let Some(sign) = buffer.get_mut(at) {
                *sign = b'-';
            }
        }
        Self::new(buffer.get(at..).unwrap_or_default())
    }

    pub fn as_bytes(&self) -> &[u8] {
        match &self.0 {
            Repr::Inline { len, bytes } => bytes.get(..usize::from(*len)).unwrap_or_default(),
            Repr::Shared(shared) => &shared.bytes,
        }
    }

    /// Adds `more` at the end: in place, with room to grow, if this is the only copy.
    ///
    /// # Errors
    /// [`LimitReached`] if the run may not hold so much; the text is then as before.
    pub fn append(&mut self, more: &[u8], budget: &Budget) -> Result<(), LimitReached> {
        if let Repr::Inline { len, bytes } = &mut self.0 {
            let start = usize::from(*len);
            if let Some(room) = bytes.get_mut(start..start + more.len()) {
                room.copy_from_slice(more);
                *len += more.len() as u8;
                return Ok(());
            }
        }
        if let Repr::Shared(shared) = &mut self.0
            && let Some(only) = Arc::get_mut(shared)
        {
            return only.append(more, budget);
        }
        let old = self.as_bytes();
        let mut bytes = Vec::with_capacity((old.len() + more.len()).max(2 * INLINE_BYTES));
        bytes.extend_from_slice(old);
        bytes.extend_from_slice(more);
        *self = Self::charged(bytes, budget)?;
        Ok(())
    }
}

/// What a text takes beside its bytes: counts, lengths and the heads of two allocations.
const SHARED_BYTES: usize = size_of::<Shared>() + 6 * size_of::<usize>();

fn hold(capacity: usize, budget: &Budget) -> Result<Held, LimitReached> {
    budget.hold(Resource::Memory, (capacity + SHARED_BYTES) as u64)
}

impl Shared {
    fn append(&mut self, more: &[u8], budget: &Budget) -> Result<(), LimitReached> {
        let needed = self.bytes.len() + more.len();
        if needed > self.bytes.capacity() {
            let capacity = needed.max(self.bytes.capacity() * 2);
            match &mut self.held {
                Some(held) => held.grow((capacity - self.bytes.capacity()) as u64)?,
                None => self.held = Some(hold(capacity, budget)?),
            }
            self.bytes.reserve_exact(capacity - self.bytes.len());
        }
        self.bytes.extend_from_slice(more);
        Ok(())
    }
}

impl Default for Str {
    fn default() -> Self {
        Self::EMPTY
    }
}

impl Deref for Str {
    type Target = BStr;

    fn deref(&self) -> &BStr {
        self.as_bytes().as_bstr()
    }
}

impl AsRef<[u8]> for Str {
    fn as_ref(&self) -> &[u8] {
        self.as_bytes()
    }
}

impl Borrow<[u8]> for Str {
    fn borrow(&self) -> &[u8] {
        self.as_bytes()
    }
}

impl fmt::Debug for Str {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_bytes().as_bstr(), f)
    }
}

impl fmt::Display for Str {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self.as_bytes().as_bstr(), f)
    }
}

impl PartialEq for Str {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Repr::Shared(one), Repr::Shared(two)) if Arc::ptr_eq(one, two) => true,
            _ => self.as_bytes() == other.as_bytes(),
        }
    }
}

impl Eq for Str {}

impl PartialEq<[u8]> for Str {
    fn eq(&self, other: &[u8]) -> bool {
        self.as_bytes() == other
    }
}

impl PartialEq<&str> for Str {
    fn eq(&self, other: &&str) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl PartialOrd for Str {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Str {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_bytes().cmp(other.as_bytes())
    }
}

impl Hash for Str {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_bytes().hash(state);
    }
}

/// Not charged: see [`Str::new`].
impl From<&[u8]> for Str {
    fn from(bytes: &[u8]) -> Self {
        Self::new(bytes)
    }
}

/// Not charged: see [`Str::new`].
impl From<&str> for Str {
    fn from(text: &str) -> Self {
        Self::new(text.as_bytes())
    }
}

/// Not charged: see [`Str::new`].
impl From<BString> for Str {
    fn from(bytes: BString) -> Self {
        Self::from(Vec::from(bytes))
    }
}

/// Not charged: see [`Str::new`].
impl From<Vec<u8>> for Str {
    fn from(bytes: Vec<u8>) -> Self {
        match Self::inline(&bytes) {
            Some(text) => text,
            None => Self(Repr::Shared(Arc::new(Shared { bytes, held: None }))),
        }
    }
}

impl From<Cow<'_, [u8]>> for Str {
    fn from(bytes: Cow<'_, [u8]>) -> Self {
        match bytes {
            Cow::Borrowed(bytes) => Self::new(bytes),
            Cow::Owned(bytes) => Self::from(bytes),
        }
    }
}

impl From<&Str> for BString {
    fn from(text: &Str) -> Self {
        Self::from(text.as_bytes())
    }
}

impl From<Str> for BString {
    fn from(text: Str) -> Self {
        match text.0 {
            Repr::Inline { .. } => Self::from(text.as_bytes()),
            Repr::Shared(shared) => match Arc::try_unwrap(shared) {
                Ok(only) => Self::from(only.bytes),
                Err(shared) => Self::from(&shared.bytes[..]),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mesash_builtins::budget::Limits;

    #[test]
    fn appending_keeps_copies_and_the_budget_right() -> Result<(), LimitReached> {
        let budget = Budget::new(Limits { memory_bytes: 1000, ..Limits::STANDARD });
        let mut text = Str::new(b"abc");
        for _ in 0..50 {
            text.append(b"0123456789", &budget)?;
        }
        assert_eq!(text.len(), 503);
        assert!(budget.used(Resource::Memory) >= 503);
        let copy = text.clone();
        assert!(text.append(b"x", &budget).is_err());
        assert_eq!(text, copy);
        drop(copy);
        drop(text);
        assert_eq!(budget.used(Resource::Memory), 0);
        Ok(())
    }

    #[test]
    fn numbers_are_decimal() {
        for number in [0, 7, -1, i64::MAX, i64::MIN] {
            assert_eq!(Str::number(number).to_string(), number.to_string());
        }
    }

    #[test]
    fn a_text_takes_three_words() {
        assert_eq!(size_of::<Option<Str>>(), 24);
    }
}
