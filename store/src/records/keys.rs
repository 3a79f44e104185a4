//! Registered keys: in the database, and in memory for verification.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use mesafs::name::{OrgName, RepoName};
use mesafs::token::{KeyId, KeyLookup, KeyRepos, PublicKey, RegisteredKey};
use parking_lot::RwLock;
use rusqlite::{Row, params};

use super::{Database, Lasting, malformed};
use crate::error::StoreError;
use crate::store::KeyInfo;

/// The keys of an open store. Verification reads them here and never waits for the database.
#[derive(Debug, Default)]
pub(crate) struct KeyTable {
    keys: RwLock<BTreeMap<KeyId, RegisteredKey>>,
    /// Raised whenever a key changes, so that tokens are checked against it again.
    generation: AtomicU64,
}

impl KeyTable {
    pub fn load(database: &Database) -> Result<Self, StoreError> {
        let keys = database.keys()?.into_iter().map(|info| (info.id, info.key)).collect();
        Ok(Self { keys: RwLock::new(keys), generation: AtomicU64::new(0) })
    }

    pub fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    pub fn put(&self, id: KeyId, key: RegisteredKey) {
        self.keys.write().insert(id, key);
        self.generation.fetch_add(1, Ordering::Release);
    }

    pub fn revoke(&self, id: &KeyId) {
        if let Some(key) = self.keys.write().get_mut(id) {
            key.revoked = true;
        }
        self.generation.fetch_add(1, Ordering::Release);
    }
}

/// The keys of an open store, as a verifier holds them.
#[derive(Debug, Clone)]
pub(crate) struct SharedKeys(pub Arc<KeyTable>);

impl KeyLookup for SharedKeys {
    fn key(&self, id: &KeyId) -> Option<RegisteredKey> {
        self.0.keys.read().get(id).cloned()
    }
}

fn row(row: &Row<'_>) -> rusqlite::Result<KeyInfo> {
    let text = |column| row.get::<_, String>(column);
    let repos: Option<String> = row.get(4)?;
    let repos = match repos {
        None => KeyRepos::All,
        Some(names) => {
            let names: Vec<String> =
                serde_json::from_str(&names).map_err(|_| malformed("repos"))?;
            let named: Result<BTreeSet<_>, _> = names.iter().map(|n| RepoName::new(n)).collect();
            KeyRepos::Some(named.map_err(|_| malformed("repos"))?)
        }
    };
    Ok(KeyInfo {
        id: KeyId::parse(&text(0)?).map_err(|_| malformed("id"))?,
        key: RegisteredKey {
            org: OrgName::new(&text(1)?).map_err(|_| malformed("org"))?,
            public: PublicKey::from_bytes(&row.get::<_, Vec<u8>>(2)?)
                .map_err(|_| malformed("public"))?,
            scope: text(3)?.parse().map_err(|_| malformed("scope"))?,
            repos,
            revoked: row.get(5)?,
        },
        created_ms: row.get(6)?,
    })
}

impl Database {
    /// All keys in the order they were added.
    pub fn keys(&self) -> Result<Vec<KeyInfo>, StoreError> {
        self.read(|db| {
            let sql = "SELECT id, org, public, scope, repos, revoked, created_ms FROM keys
                       ORDER BY added";
            db.prepare_cached(sql)?.query_map([], row)?.collect()
        })
    }

    /// Adds a key, or gives one that is there its new scope and repositories.
    pub fn put_key(&self, info: &KeyInfo) -> Result<(), StoreError> {
        let repos = match &info.key.repos {
            KeyRepos::All => None,
            KeyRepos::Some(names) => {
                let names: Vec<&str> = names.iter().map(RepoName::as_str).collect();
                Some(serde_json::Value::from(names).to_string())
            }
        };
        self.write(Lasting::Power, |db| {
            let sql = "INSERT INTO keys (id, org, public, scope, repos, revoked, created_ms)
                       VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
                       ON CONFLICT (id) DO UPDATE SET org = excluded.org, scope = excluded.scope,
                           repos = excluded.repos, revoked = excluded.revoked";
            let key = &info.key;
            db.execute(
                sql,
                params![
                    info.id.as_str(),
                    key.org.as_str(),
                    key.public.as_bytes(),
                    key.scope.as_str(),
                    repos,
                    key.revoked,
                    info.created_ms
                ],
            )
            .map(drop)
        })
    }

    pub fn revoke_key(&self, id: &KeyId) -> Result<(), StoreError> {
        self.write(Lasting::Power, |db| {
            db.execute("UPDATE keys SET revoked = 1 WHERE id = ?1", [id.as_str()]).map(drop)
        })
    }
}
