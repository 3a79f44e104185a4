//! `import` and `include`: modules and data from files.

use super::{Compiler, Entry, located};
use crate::data::jq::ast::{Ast, Import};
use crate::data::jq::value::Value;

/// Where modules come from.
pub(in crate::data::jq) trait Library {
    /// The text of module `path`, looked for as jq looks (`search` from the import's metadata first,
    /// seen from `from`, the importing file), with the name of the file. `data` is for `.json`.
    ///
    /// # Errors
    /// What to say.
    fn load(
        &mut self,
        path: &str,
        search: Option<&str>,
        from: Option<&str>,
        data: bool,
    ) -> Result<(String, String), String>;

    fn search_list(&self) -> Value;
}

impl Compiler<'_> {
    pub(super) fn import_all(&mut self, imports: &[Import], from: Option<&str>) {
        for import in imports {
            if let Err(message) = self.import(import, from) {
                self.messages.push(message);
            }
        }
    }

    fn import(&mut self, import: &Import, from: Option<&str>) -> Result<(), String> {
        let meta = import.meta.as_ref().and_then(constant);
        let search = match &meta {
            Some(Value::Object(meta)) => {
                meta.get("search").and_then(Value::text).map(str::to_owned)
            }
            _ => None,
        };
        let (text, file) = self.library.load(&import.path, search.as_deref(), from, import.data)?;
        if import.data {
            let values = read_all(&text).map_err(|error| format!("error: {error}"))?;
            let name = import.name.clone().unwrap_or_default();
            let qualified = format!("{name}::{name}");
            self.push(Entry::Constant(name, Value::from(values.clone())));
            self.push(Entry::Constant(qualified, Value::from(values)));
            return Ok(());
        }
        let entries = self.module(text, file)?;
        for entry in entries {
            let Entry::Func(name, arity, id, depth) = entry else { continue };
            let name = match &import.name {
                Some(alias) => format!("{alias}::{name}"),
                None => name,
            };
            self.push(Entry::Func(name, arity, id, depth));
        }
        Ok(())
    }

    /// The functions that a module's file defines.
    fn module(&mut self, text: String, file: String) -> Result<Vec<Entry>, String> {
        if let Some(entries) = self.modules.get(&file) {
            return Ok(entries.clone());
        }
        if self.loading.contains(&file) {
            return Err(format!("error: module {file} imports itself\n"));
        }
        let module = super::super::parse::parse(&text)
            .map_err(|fault| located(&fault, &text, &file).join("\njq: error: "))?;
        if module.body.is_some() {
            return Err(
                "error: library should only have function definitions, not a main expression\n"
                    .into(),
            );
        }
        self.loading.push(file.clone());
        let scope = std::mem::take(&mut self.scope);
        let depth = std::mem::replace(&mut self.depth, 0);
        let faults = std::mem::take(&mut self.faults);
        self.import_all(&module.imports, Some(&file));
        let own = self.scope.len();
        for def in &module.defs {
            self.define(def);
        }
        let entries: Vec<Entry> = self.scope.split_off(own);
        self.scope = scope;
        self.depth = depth;
        let own_faults = std::mem::replace(&mut self.faults, faults);
        self.loading.pop();
        for fault in &own_faults {
            self.messages.extend(located(fault, &text, &file));
        }
        self.modules.insert(file, entries.clone());
        Ok(entries)
    }
}

/// All values of a JSON file.
fn read_all(text: &str) -> Result<Vec<Value>, String> {
    let mut reader = super::super::read::Reader::new();
    let mut input = text.as_bytes();
    let mut values = Vec::new();
    while let Some(value) = reader.feed(&mut input)? {
        values.push(value);
    }
    values.extend(reader.finish()?);
    Ok(values)
}

/// The value of an expression without inputs, as metadata are.
pub(in crate::data::jq) fn constant(ast: &Ast) -> Option<Value> {
    match ast {
        Ast::Literal(value) => Some(value.clone()),
        Ast::Array(None) => Some(Value::from(Vec::new())),
        Ast::Array(Some(of)) => match &**of {
            Ast::Comma(items) => {
                Some(Value::from(items.iter().map(constant).collect::<Option<Vec<_>>>()?))
            }
            one => Some(Value::from(vec![constant(one)?])),
        },
        Ast::Object(entries) => {
            let mut object = crate::data::jq::object::Object::new();
            for (key, value, _) in entries {
                let Value::String(key) = constant(key)? else { return None };
                object.insert(key, constant(value)?);
            }
            Some(object.into())
        }
        Ast::Negate(of) => Some(Value::Number(-constant(of)?.number()?)),
        Ast::Call(name, args, _) if args.is_empty() => match name.as_str() {
            "null" => Some(Value::Null),
            "true" => Some(Value::Bool(true)),
            "false" => Some(Value::Bool(false)),
            _ => None,
        },
        _ => None,
    }
}
