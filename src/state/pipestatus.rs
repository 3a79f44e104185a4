//! `$PIPESTATUS`.

use std::sync::Arc;

/// The status of each stage of the last pipeline; one of a single stage takes no memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PipeStatus {
    One(u8),
    Many(Arc<[u8]>),
}

impl Default for PipeStatus {
    fn default() -> Self {
        Self::One(0)
    }
}

impl PipeStatus {
    pub fn as_slice(&self) -> &[u8] {
        match self {
            Self::One(status) => std::slice::from_ref(status),
            Self::Many(all) => all,
        }
    }
}

impl From<&[u8]> for PipeStatus {
    fn from(all: &[u8]) -> Self {
        match all {
            [one] => Self::One(*one),
            all => Self::Many(all.into()),
        }
    }
}
