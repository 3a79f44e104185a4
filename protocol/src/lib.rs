//! What a mount and a server say to each other: docs/protocol.md in types.
//!
//! A call is a [`Request`] in MessagePack, posted to [`CALL_PATH`] under the mount's token; its answer
//! is a [`Reply`], or an [`ErrorBody`] in JSON with a status of its own. Events come as [`Frame`]s on a
//! connection that a GET of [`EVENTS_PATH`] has upgraded. Bodies are bytes within both, never text. Whatever is read here came
//! over a wire: it ends in an error, never in a panic or an allocation that its sender chose.

mod admin;
mod batch;
mod error;
mod ids;
mod message;
mod token;

use serde::Serialize;
use serde::de::DeserializeOwned;

pub use admin::{
    Admin, AdminAnswer, AdminCall, Author, Collected, Exported, Folder, Imported, KeyTold,
    RepoTold, Skipped, Synced,
};
pub use batch::{
    Batch, Body, How, Item, Node, Op, Part, PartApplied, Piece, Step, Stepped, Target, TreeNode,
};
pub use error::{ErrorBody, code};
pub use ids::{BodyKey, DirKey, Hash32, SessionId};
pub use message::{
    Answer, Call, Content, Entry, EntryKind, Event, Frame, HeldFile, Listing, Name, Opened, Place,
    ReadRange, Reply, Request, RootInfo, Since,
};

pub use token::{Claims, claims};

/// Where calls are posted to.
pub const CALL_PATH: &str = "/v1/call";
/// Where a mount gets its events: `?session=` and 32 hexadecimal digits.
pub const EVENTS_PATH: &str = "/v1/events";
/// What the connection for events is upgraded to.
pub const EVENTS_PROTOCOL: &str = "mesa-events-v1";
/// Whether the server is there.
pub const HEALTH_PATH: &str = "/healthz";
pub const CONTENT_TYPE: &str = "application/vnd.mesa.v1+msgpack";

/// The longest body of a call, and of an answer.
pub const MESSAGE_BYTES_MAX: usize = 256 << 20;
/// The longest frame of an event stream.
pub const FRAME_BYTES_MAX: usize = 4 << 20;
/// How many ops one batch may have.
pub const OPS_MAX: usize = 100_000;
/// How many bytes one call reads.
pub const READ_BYTES_MAX: u64 = 8 << 20;
/// How many paths one call asks about.
pub const PATHS_MAX: usize = 1024;
/// How many entries one listing call answers.
pub const ENTRIES_MAX: usize = 20_000;

/// What came cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Malformed(String);

/// Writes a message.
///
/// # Errors
/// [`Malformed`] for what MessagePack cannot hold, which no message of ours is.
pub fn encode<T: Serialize>(message: &T) -> Result<Vec<u8>, Malformed> {
    rmp_serde::to_vec(message).map_err(|error| Malformed(error.to_string()))
}

/// Reads a message.
///
/// # Errors
/// [`Malformed`] if it is none.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Malformed> {
    rmp_serde::from_slice(bytes).map_err(|error| Malformed(error.to_string()))
}

#[cfg(test)]
mod tests {
    use mesafs::backend::ChangeError;
    use mesafs::{Errno, FsError, Operation, RepoPath};

    use super::*;

    #[test]
    fn messages_read_back_and_what_is_cut_does_not() {
        let path = RepoPath::new("d/f").unwrap();
        let data = bytes::Bytes::from_static(b"\xff\0x");
        let op = Op::Append { target: Target::Path(path.clone()), data };
        let batch = Batch { id: u128::MAX, now_ns: -5, ops: vec![op] };
        let part = Part { session: SessionId(7), batch, version: 9 };
        let line = Some("echo \u{fc}".into());
        let request = Request::Apply { how: How::Plain, line, parts: vec![part] };
        let whole = encode(&request).unwrap();
        assert_eq!(decode::<Request>(&whole).unwrap(), request);
        for len in 0..whole.len() {
            assert!(decode::<Request>(&whole[..len]).is_err(), "{len}");
        }
    }

    #[test]
    fn a_path_or_name_that_breaks_its_rule_does_not_come_in() {
        let told = encode(&("../x", 1)).unwrap();
        assert!(decode::<(RepoPath, u8)>(&told).is_err());
        let told = encode(&("acme", "a.git")).unwrap();
        assert!(decode::<mesafs::RepoId>(&told).is_err());
    }

    #[test]
    fn failures_are_themselves_again() {
        let error = FsError::new(Errno::RoFs, Operation::Write, "a").with_detail("why");
        assert_eq!(ErrorBody::from(&error).to_fs(Operation::Read), error);
        for path in [&b"d/\xc3\xa9"[..], b"d/\xff\"\\\n"] {
            let error = ErrorBody::from(FsError::new(Errno::NoEnt, Operation::Open, path));
            let json = serde_json::to_vec(&error).unwrap();
            assert_eq!(serde_json::from_slice::<ErrorBody>(&json).unwrap(), error);
        }
        for error in [
            ChangeError::NotOnBookmark,
            ChangeError::MoveRefused { name: "m".into(), direction: "backwards" },
            ChangeError::Divergent { change: "k".into(), commits: vec!["1".into(), "2".into()] },
        ] {
            let json = serde_json::to_vec(&ErrorBody::from(error.clone())).unwrap();
            let told: ErrorBody = serde_json::from_slice(&json).unwrap();
            assert_eq!(told.to_change(Operation::Change), error);
        }
    }
}
