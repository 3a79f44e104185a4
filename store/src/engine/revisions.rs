//! jj's language for naming revisions.

use std::collections::HashMap;
use std::path::PathBuf;

use futures_util::TryStreamExt as _;
use jj_lib::fileset::FilesetAliasesMap;
use jj_lib::object_id::ObjectId as _;
use jj_lib::ref_name::WorkspaceName;
use jj_lib::repo::Repo as _;
use jj_lib::revset::{
    self, RevsetAliasesMap, RevsetDiagnostics, RevsetExtensions, RevsetParseContext,
    RevsetParseError, RevsetWorkspaceContext, SymbolResolver, SymbolResolverExtension,
};
use jj_lib::time_util::DatePatternContext;
use jj_lib::ui_path::RepoPathUiConverter;
use mesafs::name::CommitOid;
use pollster::FutureExt as _;

use super::error::{Chain, Doing, EngineError, EngineResult};
use super::ids;
use super::repository::Repository;
use super::settings;
use super::types::Author;

impl Repository {
    /// jj's names for what is immutable here, and for the default bookmark.
    fn aliases(&self) -> Result<RevsetAliasesMap, RevsetParseError> {
        let history = self.history();
        let tips = history.immutable.iter().map(|id| id.hex());
        let tips: Vec<String> = tips.chain(["root()".to_owned()]).collect();
        let trunk = format!("present({}) | root()", quoted(self.default_bookmark().as_str()));
        let mut aliases = RevsetAliasesMap::new();
        aliases.insert("immutable_heads()", tips.join(" | "), None)?;
        aliases.insert("immutable()", "::immutable_heads()", None)?;
        aliases.insert("mutable()", "~::immutable_heads()", None)?;
        aliases.insert("trunk()", format!("latest({trunk})"), None)?;
        Ok(aliases)
    }

    /// The commits that a revset names, children before parents; `limit` 0 means all. `here` is
    /// what `@` stands for, `user` whom `mine()` asks for.
    ///
    /// # Errors
    /// `Revision` if it cannot be parsed, or names what isn't there.
    pub fn revisions(
        &self,
        text: &str,
        here: Option<&CommitOid>,
        user: &Author,
        limit: usize,
    ) -> EngineResult<Vec<CommitOid>> {
        let history = self.history();
        // jj knows `@` as a workspace's commit, which it has for as long as it is asked.
        let mut draft = history.repo.start_transaction();
        let name = WorkspaceName::DEFAULT.to_owned();
        match here.map(ids::commit_id).transpose()? {
            // The root can be open, to be read; `set_wc_commit` refuses it.
            Some(root) if root == *history.repo.store().root_commit_id() => {
                let mut view = draft.repo().view().store_view().clone();
                view.wc_commit_ids.insert(name, root);
                draft.repo_mut().set_view(view);
            }
            Some(here) => {
                let set = draft.repo_mut().set_wc_commit(name, here);
                set.doing("evaluating revisions")?;
            }
            None => {}
        }
        let repo = draft.repo();
        let wrong = |error: Chain| EngineError::Revision {
            text: text.to_owned(),
            reason: error.into_text(),
        };
        let aliases_map = self.aliases().map_err(|error| wrong(error.into()))?;
        let fileset_aliases_map = FilesetAliasesMap::new();
        let extensions = RevsetExtensions::new();
        let path_converter = RepoPathUiConverter::Fs { cwd: PathBuf::from("/"), base: "/".into() };
        let workspace = RevsetWorkspaceContext {
            path_converter: &path_converter,
            workspace_name: WorkspaceName::DEFAULT,
        };
        let now = settings::signature(user).timestamp.to_datetime();
        let context = RevsetParseContext {
            aliases_map: &aliases_map,
            local_variables: HashMap::new(),
            user_email: &user.email,
            date_pattern_context: DatePatternContext::from(now.doing("evaluating revisions")?),
            default_ignored_remote: None,
            fileset_aliases_map: &fileset_aliases_map,
            extensions: &extensions,
            workspace: Some(workspace),
        };
        let parsed = revset::parse(&mut RevsetDiagnostics::new(), text, &context)
            .map_err(|error| wrong(error.into()))?;
        let resolver = SymbolResolver::new(repo, &[] as &[Box<dyn SymbolResolverExtension>]);
        let resolved =
            parsed.resolve_user_expression(repo, &resolver).map_err(|error| wrong(error.into()))?;
        let found = resolved.evaluate(repo).map_err(|error| wrong(error.into()))?;
        let mut stream = found.stream();
        let mut commits = Vec::new();
        while let Some(id) = stream.try_next().block_on().map_err(|error| wrong(error.into()))? {
            commits.push(ids::commit_oid(&id)?);
            if commits.len() == limit {
                break;
            }
        }
        Ok(commits)
    }
}

/// A name as a string of jj's language.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\""))
}
