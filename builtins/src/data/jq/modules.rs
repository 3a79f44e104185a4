//! Where `import` finds files.

use super::ast::Module;
use super::compile::{Library, constant};
use super::object::Object;
use super::value::{Array, Value};
use crate::prelude::*;

/// The search path of one run.
pub(super) struct Modules<'a, 'c> {
    pub ctx: &'a Context<'c>,
    /// From `-L`; the default if empty.
    pub dirs: &'a [String],
}

impl Modules<'_, '_> {
    /// The search path as it was given.
    fn listed(&self) -> Vec<String> {
        if !self.dirs.is_empty() {
            return self.dirs.to_vec();
        }
        ["~/.jq", "$ORIGIN/../lib/jq", "$ORIGIN/lib"].map(str::to_owned).into()
    }

    fn dirs(&self) -> Vec<String> {
        let home = self.ctx.var("HOME").map(|home| String::from_utf8_lossy(home).into_owned());
        let expanded = |dir: &String| match (dir.strip_prefix('~'), &home) {
            (Some(rest), Some(home)) => format!("{home}{rest}"),
            _ => dir.replace("$ORIGIN", "/usr/bin"),
        };
        self.listed().iter().map(expanded).collect()
    }

    fn text(&self, file: &str) -> Option<String> {
        let bytes = self.ctx.open(file).and_then(|mut input| input.rest()).ok()?;
        Some(String::from_utf8_lossy(&bytes).into_owned())
    }
}

impl Library for Modules<'_, '_> {
    fn load(
        &mut self,
        path: &str,
        search: Option<&str>,
        from: Option<&str>,
        data: bool,
    ) -> Result<(String, String), String> {
        let beside = from.and_then(|file| file.rsplit_once('/')).map_or(".", |(dir, _)| dir);
        let mut dirs = Vec::new();
        if let Some(search) = search {
            let absolute = search.starts_with('/');
            dirs.push(if absolute { search.to_owned() } else { format!("{beside}/{search}") });
        } else {
            // What names no place of its own is looked for beside the importing file first.
            dirs.push(beside.to_owned());
        }
        dirs.extend(self.dirs());
        let extension = if data { "json" } else { "jq" };
        let last = path.rsplit('/').next().unwrap_or(path);
        for dir in dirs {
            for file in [
                format!("{dir}/{path}.{extension}"),
                format!("{dir}/{path}/{last}.{extension}"),
                format!("{dir}/{path}/jq/main.{extension}"),
            ] {
                if let Some(text) = self.text(&file) {
                    return Ok((text, file));
                }
            }
        }
        Err(format!("module not found: {path}\n"))
    }

    fn search_list(&self) -> Value {
        self.listed().iter().map(|dir| Value::from(dir.as_str())).collect::<Array>().into()
    }
}

/// What `modulemeta` tells: the module's own data, what it imports and what it defines.
pub(super) fn describe(module: &Module) -> Value {
    let mut object = match module.meta.as_ref().and_then(constant) {
        Some(Value::Object(object)) => object,
        _ => Object::new(),
    };
    let mut deps = Vec::new();
    for import in &module.imports {
        let mut dep = match import.meta.as_ref().and_then(constant) {
            Some(Value::Object(object)) => object,
            _ => Object::new(),
        };
        if let Some(name) = &import.name {
            dep.insert("as".into(), Value::from(name.as_str()));
        }
        dep.insert("is_data".into(), Value::Bool(import.data));
        dep.insert("relpath".into(), Value::from(import.path.as_str()));
        deps.push(Value::Object(dep));
    }
    object.insert("deps".into(), Value::from(deps));
    let defs = module.defs.iter();
    let defs: Array =
        defs.map(|def| Value::from(format!("{}/{}", def.name, def.params.len()))).collect();
    object.insert("defs".into(), Value::Array(defs));
    Value::Object(object)
}
