//! The stream of events of a session: from its beginning to its end, over every connection it takes.

use std::sync::{Arc, Weak};
use std::time::Duration;

use mesa_protocol::{ErrorBody, FRAME_BYTES_MAX, Frame, code, decode};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::link::pause;
use crate::session::Session;

/// A server that says nothing for so long is gone.
const SILENCE: Duration = Duration::from_secs(30);

/// Begins to listen; it goes on until the session is closed, refused, or dropped.
pub(crate) fn start(session: &Arc<Session>) {
    session.link.spawn(listen(Arc::downgrade(session)));
}

/// Why a connection ended.
enum Ended {
    /// It may be made again.
    Cut,
    /// The session is gone on the server.
    Lost(u64),
    /// There is nobody to listen for.
    Over,
}

async fn listen(session: Weak<Session>) {
    let (mut attempt, mut connected) = (0, false);
    loop {
        match connection(&session, &mut connected, &mut attempt).await {
            Ended::Over => return,
            Ended::Cut => {
                if let Some(session) = session.upgrade() {
                    session.link.set_cut(true);
                }
            }
            Ended::Lost(generation) => {
                let session = session.clone();
                let reopened = tokio::task::spawn_blocking(move || {
                    let Some(session) = session.upgrade() else { return };
                    if let Err(error) = session.reopen(generation)
                        && error.code != code::UNREACHABLE
                    {
                        tracing::warn!(code = %error.code, repo = %session.repo, "a mount was lost");
                    }
                });
                let _ended = reopened.await;
            }
        }
        attempt += 1;
        tokio::time::sleep(pause(attempt)).await;
    }
}

/// Listens on one connection until it ends.
async fn connection(session: &Weak<Session>, connected: &mut bool, attempt: &mut u32) -> Ended {
    let Some(held) = session.upgrade().filter(|session| !session.is_over()) else {
        return Ended::Over;
    };
    let (id, generation) = held.present();
    let (link, token) = (Arc::clone(&held.link), held.token.clone());
    drop(held);
    let mut stream = match link.events(&token, id).await {
        Ok(stream) => stream,
        Err(error) => return refused(session, generation, &error),
    };
    drop(link);
    let mut first = true;
    loop {
        let mut len = [0; 4];
        let read = tokio::time::timeout(SILENCE, stream.read_exact(&mut len)).await;
        let len = u32::from_le_bytes(len) as usize;
        if !matches!(read, Ok(Ok(_))) || len > FRAME_BYTES_MAX {
            return Ended::Cut;
        }
        let mut frame = vec![0; len];
        if !matches!(tokio::time::timeout(SILENCE, stream.read_exact(&mut frame)).await, Ok(Ok(_)))
        {
            return Ended::Cut;
        }
        let Ok(frame) = decode::<Frame>(&frame) else { return Ended::Cut };
        let Some(session) = session.upgrade().filter(|session| !session.is_over()) else {
            return Ended::Over;
        };
        match frame {
            Frame::State { seq, root, events, listings } => {
                let before = session.present_pin();
                session.show(generation, &root, listings);
                let missed = first && (*connected || before != session.present_pin());
                if missed {
                    session.tell_everything();
                } else {
                    session.tell(events);
                }
                session.stream_begins();
                session.link.set_cut(false);
                (first, *connected, *attempt) = (false, true, 0);
                drop(session);
                if stream.write_all(&seq.to_le_bytes()).await.is_err() {
                    return Ended::Cut;
                }
            }
            Frame::Alive => {}
            Frame::Refused(why) => {
                session.refuse(why);
                return Ended::Over;
            }
            Frame::Closing => return Ended::Cut,
        }
    }
}

fn refused(session: &Weak<Session>, generation: u64, error: &ErrorBody) -> Ended {
    match &*error.code {
        code::NO_SESSION => Ended::Lost(generation),
        code::UNAUTHORIZED => {
            if let Some(session) = session.upgrade() {
                session.refuse(error.message.to_string());
            }
            Ended::Over
        }
        _ => Ended::Cut,
    }
}
