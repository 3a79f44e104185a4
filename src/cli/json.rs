//! `--json`: the result of a run as one object.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bstr::ByteSlice;
use serde_json::{Map, Value};

use crate::eval::{Ended, EndedBy};

/// One line: `exit_code`, `ended_by`, and `stdout` and `stderr` as text, or, where they are no UTF-8,
/// as `stdout_base64` and `stderr_base64`.
pub fn result(stdout: &[u8], stderr: &[u8], ended: &Ended) -> Vec<u8> {
    let mut fields = Map::new();
    for (name, data) in [("stdout", stdout), ("stderr", stderr)] {
        match data.to_str() {
            Ok(text) => fields.insert(name.into(), text.into()),
            Err(_) => fields.insert(format!("{name}_base64"), STANDARD.encode(data).into()),
        };
    }
    fields.insert("exit_code".into(), ended.status.into());
    fields.insert("ended_by".into(), ended_by(ended.by).into());
    let mut line = Value::Object(fields).to_string().into_bytes();
    line.push(b'\n');
    line
}

fn ended_by(by: EndedBy) -> &'static str {
    match by {
        EndedBy::Exit => "exit",
        EndedBy::Timeout => "timeout",
        EndedBy::Cancelled => "cancelled",
        EndedBy::Limit(_) => "limit",
        EndedBy::Signal(_) => "signal",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_are_no_text_are_encoded() {
        let ended = Ended { status: 3, by: EndedBy::Exit };
        let line = result(b"a\n", b"\xff", &ended);
        let wanted = "{\"ended_by\":\"exit\",\"exit_code\":3,\"stderr_base64\":\"/w==\",\"stdout\":\"a\\n\"}\n";
        assert_eq!(line.to_str_lossy(), wanted);
    }
}
