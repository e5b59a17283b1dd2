//! Bodies of requests, within bounds: each comes whole in time, none is too large, and all together fit into memory.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt;
use futures_util::stream::try_unfold;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout_at};

use super::{Code, Problem};

/// The largest body that is taken, in bytes: room for events far above the usual size.
pub const LARGEST: usize = 64 << 20;
/// Bytes of all bodies that are held at a time.
const ALL: usize = 256 << 20;
/// Bytes that are counted as one.
const UNIT: usize = 1 << 10;
/// How long a body may take to come.
const SENDING: Duration = Duration::from_secs(60);
/// Room for bodies.
pub type Room = Arc<Semaphore>;

/// Room for as many as there may be.
pub fn room() -> Room {
    Arc::new(Semaphore::new(ALL / UNIT))
}

/// What has come of a body.
#[derive(Default)]
struct Arrived {
    /// The room that it takes, until the request is answered.
    room: Option<OwnedSemaphorePermit>,
    /// Why no more of it is taken.
    refused: Option<Code>,
}

/// Lets a request through whose body is within bounds.
pub async fn limit(State(room): State<Room>, request: Request, next: Next) -> Response {
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    if let Some(length) = stated(request.headers()).filter(|length| *length > LARGEST) {
        let detail = format!("the body has {length} bytes, and at most {LARGEST} may be");
        return Problem::new(Code::TooLarge, detail).into_response();
    }
    let arrived = Arc::new(Mutex::new(Arrived::default()));
    let deadline = Instant::now() + SENDING;
    let answer = next.run(request.map(|body| within(body, deadline, room, arrived.clone()))).await;
    match lock(&arrived).refused {
        Some(code) => Problem::new(code, "the body was not taken to its end").into_response(),
        None => answer,
    }
}

fn stated(headers: &HeaderMap) -> Option<usize> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// The same body, which fails where it has not come by then, or there is no room for it. What is only announced takes none.
fn within(body: Body, deadline: Instant, room: Room, arrived: Arc<Mutex<Arrived>>) -> Body {
    Body::from_stream(try_unfold(body.into_data_stream(), move |mut data| {
        let (room, arrived) = (room.clone(), arrived.clone());
        async move {
            let Ok(next) = timeout_at(deadline, data.next()).await else { return Err(refuse(&arrived, Code::TooSlowRequest)) };
            let Some(bytes) = next.transpose().map_err(io::Error::other)? else { return Ok(None) };
            let units = u32::try_from(bytes.len().div_ceil(UNIT)).unwrap_or(u32::MAX);
            let Ok(taken) = room.try_acquire_many_owned(units) else { return Err(refuse(&arrived, Code::Overloaded)) };
            match &mut lock(&arrived).room {
                Some(room) => room.merge(taken),
                none => *none = Some(taken),
            }
            Ok(Some((bytes, data)))
        }
    }))
}

fn refuse(arrived: &Mutex<Arrived>, code: Code) -> io::Error {
    lock(arrived).refused = Some(code);
    io::Error::other(code.word())
}

fn lock(arrived: &Mutex<Arrived>) -> MutexGuard<'_, Arrived> {
    arrived.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;
    use futures_util::stream;

    use super::*;

    /// What a body comes to, and why it was refused if it was.
    async fn read(body: Body, deadline: Instant, room: &Room) -> (Option<usize>, Option<Code>) {
        let arrived = Arc::new(Mutex::new(Arrived::default()));
        let read = to_bytes(within(body, deadline, room.clone(), arrived.clone()), LARGEST).await;
        let refused = lock(&arrived).refused;
        (read.ok().map(|bytes| bytes.len()), refused)
    }

    #[tokio::test]
    async fn a_body_comes_whole_in_time_and_where_there_is_room() {
        let (soon, room) = (Instant::now() + SENDING, Arc::new(Semaphore::new(2)));
        assert_eq!(read(Body::from(vec![0; 2 * UNIT]), soon, &room).await, (Some(2 * UNIT), None));
        assert_eq!(room.available_permits(), 2, "it is given back");
        assert_eq!(read(Body::from(vec![0; 2 * UNIT + 1]), soon, &room).await, (None, Some(Code::Overloaded)));
        let never = Body::from_stream(stream::pending::<io::Result<Vec<u8>>>());
        assert_eq!(read(never, Instant::now(), &room).await, (None, Some(Code::TooSlowRequest)));
    }
}
