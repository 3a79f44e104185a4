//! Simple commands: assignments, words and redirections; and functions that begin like one.

use crate::syntax::ast::{
    AssignValue, Assignment, Command, CommandKind, Redirect, Simple, Word, WordFlags, WordPart,
    WordText,
};
use crate::syntax::error::ParseError;
use crate::syntax::grammar::function::is_quoted;
use crate::syntax::reader::{Parsed, Reader, word_text};
use crate::syntax::scan::RawWord;
use crate::syntax::token::{Op, Place, Token};
use crate::syntax::word::WordRole;

/// Commands whose arguments may be assignments of arrays.
const DECLARATIONS: [&[u8]; 8] =
    [b"alias", b"declare", b"eval", b"export", b"let", b"local", b"readonly", b"typeset"];

#[derive(Default)]
struct Building {
    assignments: Vec<Assignment>,
    words: Vec<Word>,
    redirects: Vec<Redirect>,
    /// The command name is one of [`DECLARATIONS`].
    declares: bool,
}

impl Reader<'_, '_> {
    pub fn simple(&mut self) -> Parsed<Command> {
        let mut building = Building::default();
        if let Token::Word(_) = self.peek(Place::Command)?
            && let Token::Word(raw) = self.take(Place::Command)?
        {
            return self.simple_after(raw);
        }
        building.redirects.push(self.redirect()?);
        let line = self.input.number;
        self.finish_simple(building, line)
    }

    /// A simple command, or a function, whose first word is `raw`.
    pub fn simple_after(&mut self, raw: RawWord) -> Parsed<Command> {
        let mut building = Building::default();
        let first_line = self.input.last_line_number();
        self.command_line = first_line;
        if let Some(assignment) = self.any_assignment(&raw)? {
            building.assignments.push(assignment);
            let _ = self.peek(Place::Prefix)?;
        } else {
            building.declares = raw.plain && DECLARATIONS.contains(&&*raw.text);
            let is_open = self.peek(building.place())?.is_op(Op::Open);
            if is_open {
                let name = raw.printed();
                self.ahead = None;
                self.expect_op(Op::Close, Place::Argument)?;
                self.check_function_name(&name)?;
                return self.function_body(name, is_quoted(&raw), first_line);
            }
            building.words.push(self.word(&raw, WordRole::Argument)?);
        }
        // Bash knows that a command begins once it has read the token after its first word.
        let line = match self.ahead {
            // Lines may have been continued before the end of this one.
            Some(Token::Newline) => self.input.last_line_number(),
            Some(Token::End) => first_line,
            _ => self.input.last_line_number(),
        };
        self.finish_simple(building, line)
    }

    fn finish_simple(&mut self, mut building: Building, line: u32) -> Parsed<Command> {
        self.command_line = line;
        loop {
            let place = building.place();
            let token = self.peek(place)?;
            if token.is_redirect() {
                building.redirects.push(self.redirect()?);
                continue;
            }
            if !matches!(token, Token::Word(_)) {
                break;
            }
            let Token::Word(raw) = self.take(place)? else { break };
            self.add_word(&mut building, &raw)?;
        }
        let name = match building.words.first().and_then(Word::constant) {
            Some(name) => Some(self.symbol(&name)?),
            None => None,
        };
        let simple =
            Simple { assignments: building.assignments.into(), words: building.words.into(), name };
        let kind = CommandKind::Simple(Box::new(simple));
        Ok(Command { kind, redirects: building.redirects.into(), line })
    }

    fn add_word(&mut self, building: &mut Building, raw: &RawWord) -> Parsed<()> {
        if building.words.is_empty() {
            if let Some(assignment) = self.any_assignment(raw)? {
                building.assignments.push(assignment);
                return Ok(());
            }
            building.declares = raw.plain && DECLARATIONS.contains(&&*raw.text);
        } else if building.declares
            && let Some(array) = self.array_assignment(raw)?
        {
            let text = array.text.clone();
            let part = WordPart::Array(Box::new(array));
            building.words.push(Word {
                parts: Box::new([part]),
                flags: WordFlags::ASSIGNMENT,
                text,
            });
            return Ok(());
        }
        building.words.push(self.word(raw, WordRole::Argument)?);
        Ok(())
    }

    fn any_assignment(&mut self, raw: &RawWord) -> Parsed<Option<Assignment>> {
        match self.array_assignment(raw)? {
            Some(array) => Ok(Some(array)),
            None => self.assignment(raw),
        }
    }

    /// `name=(…)`, whose first half `raw` is, if a parenthesis comes right after it.
    fn array_assignment(&mut self, raw: &RawWord) -> Parsed<Option<Assignment>> {
        if self.ahead.is_some()
            || raw.text.last() != Some(&b'=')
            || self.input.peek_joined() != Some(b'(')
        {
            return Ok(None);
        }
        let Some(name_end) = raw.assignment_name_len() else { return Ok(None) };
        let append = raw.text.get(name_end) == Some(&b'+');
        if name_end + if append { 2 } else { 1 } != raw.text.len() {
            return Ok(None);
        }
        self.input.bump();
        let (name, subscript) = self.reference(raw, 0..name_end)?;
        let list = self.nested(|reader| reader.elements());
        let (elements, text) = list.map_err(|error| ParseError { in_array: true, ..error })?;
        let mut all = RawWord { text: raw.text.clone(), marks: raw.marks.clone(), plain: false };
        all.append(text);
        let text: WordText = word_text(&all);
        Ok(Some(Assignment { name, subscript, append, value: AssignValue::Array(elements), text }))
    }
}

impl Building {
    /// How the next word is read.
    fn place(&self) -> Place {
        match (self.words.is_empty(), self.assignments.is_empty() && self.redirects.is_empty()) {
            (true, false) => Place::Prefix,
            (true, true) => Place::Argument,
            (false, _) if self.declares => Place::Declaration,
            (false, _) => Place::Argument,
        }
    }
}
