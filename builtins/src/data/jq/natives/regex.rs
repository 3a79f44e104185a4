//! Regular expressions: the shell's engine in Perl's dialect, which Oniguruma's is close to.

use std::rc::Rc;

use super::{Native, arg, native};
use crate::data::jq::error::{Error, fail, fail_for};
use crate::data::jq::object::Object;
use crate::data::jq::runtime::Runtime;
use crate::data::jq::value::{Array, Text, Value};
use crate::regex::{Captures, Flags, MatchError, Regex};

pub(super) const TABLE: &[Native] =
    &[native("_match", 3, find), native("_named", 0, named), native("_splice", 2, splice)];

/// A compiled pattern with the names of its groups.
#[derive(Debug)]
pub(in crate::data::jq) struct Pattern {
    regex: Regex,
    names: Vec<Option<Text>>,
    global: bool,
    /// Matches of nothing do not count.
    nonempty: bool,
}

/// Matches of the input as an array, or whether there is one. A pattern may be an array of pattern
/// and flags.
fn find(runtime: &mut Runtime<'_>, input: Value, args: &[Value]) -> Result<Value, Error> {
    let Some(text) = input.text() else {
        return fail_for(&input, "cannot be matched, as it is not a string");
    };
    let (pattern, flags) = match (arg(args, 0), arg(args, 1)) {
        (Value::Array(pair), Value::Null) => {
            (pair.get(0).cloned().unwrap_or_default(), pair.get(1).cloned().unwrap_or_default())
        }
        (pattern, flags) => (pattern.clone(), flags.clone()),
    };
    let Some(pattern) = pattern.text() else {
        return match arg(args, 0) {
            Value::Array(_) => fail_for(&pattern, "cannot be matched, as it is not a string"),
            other => fail(format!("{} not a string or array", other.kind())),
        };
    };
    let flags = match &flags {
        Value::Null => "",
        Value::String(flags) => flags.as_str(),
        other => return fail_for(other, "is not a string"),
    };
    let compiled = compiled(runtime, pattern, flags)?;
    let test = arg(args, 2).truth();
    let found = matches(runtime, &compiled, text, test)?;
    Ok(if test { Value::Bool(found.len() > 0) } else { Value::Array(found) })
}

/// How many patterns are kept compiled.
const PATTERNS_MAX: usize = 64;

fn compiled(runtime: &mut Runtime<'_>, pattern: &str, flags: &str) -> Result<Rc<Pattern>, Error> {
    let key = (pattern.to_owned(), flags.to_owned());
    if let Some(known) = runtime.patterns.get(&key) {
        return Ok(Rc::clone(known));
    }
    let (mut global, mut nonempty, mut ignore_case) = (false, false, false);
    let mut modes = String::new();
    for flag in flags.chars() {
        match flag {
            'g' => global = true,
            'n' => nonempty = true,
            'i' => ignore_case = true,
            'x' => modes.push('x'),
            'p' => modes.push('s'),
            's' | 'l' => {}
            _ => return fail(format!("{flags} is not a valid modifier string")),
        }
    }
    let text = if modes.is_empty() { pattern.to_owned() } else { format!("(?{modes}){pattern}") };
    let regex = Regex::perl(
        text.as_bytes(),
        Flags { ignore_case, nested_repeats: true, ..Flags::default() },
    );
    let regex = match regex {
        Ok(regex) => regex,
        Err(error) => {
            return fail(format!(
                "{pattern} (at offset 0) is not a valid regex: {}",
                reason(&error)
            ));
        }
    };
    let names = names(pattern.as_bytes(), regex.groups());
    let made = Rc::new(Pattern { regex, names, global, nonempty });
    if runtime.patterns.len() >= PATTERNS_MAX {
        runtime.patterns.clear();
    }
    runtime.patterns.insert(key, Rc::clone(&made));
    Ok(made)
}

/// In Oniguruma's words where ours mean the same.
fn reason(error: &crate::regex::RegexError) -> String {
    let text = error.to_string();
    match text.as_str() {
        "missing closing parenthesis" => "end pattern with unmatched parenthesis".into(),
        "unmatched closing parenthesis" => "unmatched close parenthesis".into(),
        "missing terminating ] for character class" => "premature end of char-class".into(),
        "quantifier does not follow a repeatable item" => {
            "target of repeat operator is not specified".into()
        }
        _ => text,
    }
}

/// The names of the groups in the order that they open.
fn names(pattern: &[u8], groups: usize) -> Vec<Option<Text>> {
    let mut names = Vec::with_capacity(groups);
    let mut in_class = false;
    let mut at = 0;
    while let Some(byte) = pattern.get(at) {
        let rest = pattern.get(at + 1..).unwrap_or_default();
        match byte {
            b'\\' => at += 1,
            b'[' => in_class = true,
            b']' => in_class = false,
            b'(' if !in_class => {
                let name = rest.strip_prefix(b"?P<").or_else(|| rest.strip_prefix(b"?<"));
                match name {
                    Some([b'=' | b'!', ..]) => {}
                    Some(name) => {
                        let length = memchr::memchr(b'>', name).unwrap_or(name.len());
                        let name = name.get(..length).unwrap_or_default();
                        names.push(Some(String::from_utf8_lossy(name).into_owned().into()));
                    }
                    None if rest.first() != Some(&b'?') => names.push(None),
                    None => {}
                }
            }
            _ => {}
        }
        at += 1;
    }
    names.resize(groups, None);
    names
}

fn failed(error: MatchError) -> Error {
    match error {
        MatchError::TooManySteps => {
            Error::Value(Value::from("regular expression takes too many steps"))
        }
        error => Error::Command(error.into()),
    }
}

fn matches(
    runtime: &mut Runtime<'_>,
    pattern: &Pattern,
    text: &str,
    test: bool,
) -> Result<Array, Error> {
    let mut found = Array::default();
    let mut captures = Captures::new();
    let mut counter = Counter { text, ascii: text.is_ascii(), at: 0, letters: 0 };
    let mut at = 0;
    let cancel = runtime.cancel.clone();
    let mut rounds = 0u32;
    while at <= text.len() {
        rounds += 1;
        if rounds.is_multiple_of(64) {
            runtime.check()?;
        }
        let matched = pattern.regex.captures_at(text.as_bytes(), at, &cancel, &mut captures);
        if !matched.map_err(failed)? {
            break;
        }
        let Some(whole) = captures.get(0) else { break };
        let next = text.get(whole.end..).and_then(|rest| rest.chars().next());
        at = if whole.is_empty() { whole.end + next.map_or(1, char::len_utf8) } else { whole.end };
        if whole.is_empty() && pattern.nonempty {
            continue;
        }
        if test {
            found.push(Value::Bool(true));
            break;
        }
        found.push(described(pattern, text, &captures, &mut counter));
        if !pattern.global {
            break;
        }
    }
    Ok(found)
}

/// Turns places in bytes into counts of characters; quick for places in rising order.
struct Counter<'a> {
    text: &'a str,
    ascii: bool,
    at: usize,
    letters: usize,
}

impl Counter<'_> {
    fn letters(&mut self, place: usize) -> usize {
        if self.ascii {
            return place;
        }
        if place < self.at {
            return self.text.get(..place).unwrap_or_default().chars().count();
        }
        self.letters += self.text.get(self.at..place).unwrap_or_default().chars().count();
        self.at = place;
        self.letters
    }
}

fn described(
    pattern: &Pattern,
    text: &str,
    captures: &Captures,
    counter: &mut Counter<'_>,
) -> Value {
    let mut span = |group: usize, name: Option<&Option<Text>>| {
        let mut object = Object::new();
        match captures.get(group) {
            Some(range) => {
                let part = text.get(range.clone()).unwrap_or_default();
                object.insert("offset".into(), Value::from(counter.letters(range.start)));
                object.insert("length".into(), Value::from(part.chars().count()));
                object.insert("string".into(), Value::from(part));
            }
            None => {
                object.insert("offset".into(), Value::Number(-1.0));
                object.insert("string".into(), Value::Null);
                object.insert("length".into(), Value::from(0usize));
            }
        }
        if let Some(name) = name {
            let name = name.clone().map_or(Value::Null, Value::String);
            object.insert("name".into(), name);
        }
        object
    };
    let mut whole = span(0, None);
    let groups = pattern.names.iter().enumerate();
    let groups: Array = groups.map(|(at, name)| span(at + 1, Some(name)).into()).collect();
    whole.insert("captures".into(), Value::Array(groups));
    Value::Object(whole)
}

fn field<'a>(of: &'a Value, name: &str) -> Option<&'a Value> {
    match of {
        Value::Object(object) => object.get(name),
        _ => None,
    }
}

/// The object of a match's named groups.
fn named(_: &mut Runtime<'_>, input: Value, _: &[Value]) -> Result<Value, Error> {
    let mut object = Object::new();
    if let Some(Value::Array(groups)) = field(&input, "captures") {
        for group in groups.as_slice() {
            if let Some(Value::String(name)) = field(group, "name") {
                object.insert(name.clone(), field(group, "string").cloned().unwrap_or_default());
            }
        }
    }
    Ok(Value::Object(object))
}

/// Puts texts where matches are: `texts` has for each match what each of the results has there.
fn splice(runtime: &mut Runtime<'_>, input: Value, args: &[Value]) -> Result<Value, Error> {
    let (Some(text), Value::Array(found), Value::Array(texts)) =
        (input.text(), arg(args, 0), arg(args, 1))
    else {
        return Ok(Value::from(vec![input]));
    };
    let mut results: Vec<String> = Vec::new();
    // In bytes and characters.
    let (mut at, mut letters) = (0, 0);
    for (place, inserts) in found.as_slice().iter().zip(texts.as_slice()) {
        let count = |name| field(place, name).and_then(Value::number).unwrap_or(0.0) as usize;
        let (start, length) = (count("offset"), count("length"));
        let rest = text.get(at..).unwrap_or_default();
        let gap = prefix(rest, start - letters);
        let matched = prefix(rest.get(gap.len()..).unwrap_or_default(), length);
        let Value::Array(inserts) = inserts else { continue };
        for (which, insert) in inserts.as_slice().iter().enumerate() {
            let Some(insert) = insert.text() else {
                let shown = crate::data::jq::print::excerpt(insert, 14);
                let gap = crate::data::jq::print::excerpt(&Value::from(gap), 14);
                return fail(format!(
                    "string ({gap}) and {} ({shown}) cannot be added",
                    insert.kind()
                ));
            };
            if results.len() <= which {
                results.resize(which + 1, String::new());
            }
            if let Some(result) = results.get_mut(which) {
                result.push_str(gap);
                result.push_str(insert);
                if result.len() > 1 << 20 {
                    runtime.meter.room(result.len() as u64)?;
                }
            }
        }
        at += gap.len() + matched.len();
        letters = start + length;
    }
    if results.is_empty() {
        return Ok(Value::from(vec![input.clone()]));
    }
    let tail = text.get(at..).unwrap_or_default();
    Ok(results.into_iter().map(|result| Value::from(result + tail)).collect::<Array>().into())
}

/// The first `count` characters.
fn prefix(text: &str, count: usize) -> &str {
    let end = text.char_indices().nth(count).map_or(text.len(), |(at, _)| at);
    text.get(..end).unwrap_or_default()
}
