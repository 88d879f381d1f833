//! The server: HTTP on a Unix socket, and on loopback TCP where that is asked for.
//!
//! It has a thread of its own and never touches the tables: it hands questions to the thread that
//! has them, rings the bell, and waits for the answer. Whatever a client does or does not do costs a
//! bounded amount of memory and time here, and nothing there.

use std::{
    convert::Infallible,
    io,
    net::SocketAddr,
    os::unix::net::UnixListener as StdUnixListener,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
        mpsc::{Receiver, Sender, channel},
    },
    thread,
    time::Duration,
};

use http_body_util::Full;
use hyper::{
    HeaderMap, Method, Request, Response, StatusCode,
    body::{Body as _, Bytes, Incoming},
    header,
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, UnixListener, UnixStream},
    sync::{OwnedSemaphorePermit, Semaphore, oneshot},
    time::{sleep, timeout},
};
use tracer::kernel::Bell;

use super::{
    answer::{self, Answer, JSON},
    confine,
    question::{Form, Question, Refusal, question},
    token::Token,
};

/// Connections at a time. One more is closed at once: who waits in line cannot tell it from a hang.
const CONNECTIONS: usize = 256;

/// How long a client may take for the head of a request, and be idle between two.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long a connection may last in all, however slowly it reads.
const LIFETIME: Duration = Duration::from_mins(2);

/// How long an answer may take.
const THOUGHT: Duration = Duration::from_secs(10);

/// Bytes of a request's head at most.
const HEAD: usize = 16 * 1024;

/// A question, and where its answer goes.
pub(super) struct Ask {
    /// What is asked.
    pub(super) question: Question,
    /// In which form.
    pub(super) form: Form,
    /// Where the answer goes. The client may have left.
    pub(super) reply: oneshot::Sender<Answer>,
}

/// Where clients come from.
pub(super) struct Doors {
    /// The Unix socket.
    pub(super) unix: StdUnixListener,
    /// A group whose members may ask too.
    pub(super) group: Option<u32>,
    /// The TCP socket, and the token that its clients show.
    pub(super) tcp: Option<(std::net::TcpListener, Token)>,
    /// The server's thread is to give up what it does not need.
    pub(super) confined: bool,
}

/// The server's thread.
pub(super) struct Server {
    asks: Receiver<Ask>,
    desk: Arc<Desk>,
}

/// What every connection needs.
struct Desk {
    asks: Sender<Ask>,
    bell: Bell,
    seats: Arc<Semaphore>,
    /// Questions that wait.
    waiting: AtomicUsize,
}

impl Server {
    /// Starts it.
    pub(super) fn start(doors: Doors, bell: Bell) -> io::Result<Self> {
        let (sender, asks) = channel();
        let seats = Arc::new(Semaphore::new(CONNECTIONS));
        let desk = Arc::new(Desk { asks: sender, bell, seats, waiting: AtomicUsize::new(0) });
        let ours = Arc::clone(&desk);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let listen = {
            let _inside = runtime.enter();
            doors.unix.set_nonblocking(true)?;
            let unix = UnixListener::from_std(doors.unix)?;
            let tcp = match doors.tcp {
                Some((listener, token)) => {
                    listener.set_nonblocking(true)?;
                    Some((TcpListener::from_std(listener)?, token))
                }
                None => None,
            };
            (unix, tcp)
        };
        let (group, confined) = (doors.group, doors.confined);
        thread::Builder::new().name("server".into()).spawn(move || {
            if confined {
                confine::clerk();
            }
            runtime.block_on(async move {
                let (unix, tcp) = listen;
                if let Some((tcp, token)) = tcp {
                    tokio::spawn(by_tcp(tcp, token, Arc::clone(&desk)));
                }
                by_unix(unix, group, desk).await;
            });
        })?;
        Ok(Self { asks, desk: ours })
    }

    /// The next question, if one waits.
    pub(super) fn next(&self) -> Option<Ask> {
        let ask = self.asks.try_recv().ok()?;
        self.desk.waiting.fetch_sub(1, Relaxed);
        Some(ask)
    }

    /// Connections, and questions that wait.
    pub(super) fn load(&self) -> (usize, usize) {
        let free = self.desk.seats.available_permits();
        (CONNECTIONS.saturating_sub(free), self.desk.waiting.load(Relaxed))
    }
}

/// Accepts what comes by the Unix socket.
async fn by_unix(listener: UnixListener, group: Option<u32>, desk: Arc<Desk>) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                let Ok(seat) = Arc::clone(&desk.seats).try_acquire_owned() else { continue };
                let known = is_known(&stream, group);
                tokio::spawn(connection(stream, seat, known, None, Arc::clone(&desk)));
            }
            Err(_out_of_files) => sleep(Duration::from_millis(100)).await,
        }
    }
}

/// Whether whoever is at the other end may ask: root, whom we run as, and the group that the socket
/// belongs to, whose other members the socket's mode keeps out or lets in.
fn is_known(stream: &UnixStream, group: Option<u32>) -> bool {
    let me = rustix::process::geteuid().as_raw();
    stream.peer_cred().is_ok_and(|peer| peer.uid() == 0 || peer.uid() == me || group.is_some())
}

/// Accepts what comes by TCP.
async fn by_tcp(listener: TcpListener, token: Token, desk: Arc<Desk>) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                let Ok(seat) = Arc::clone(&desk.seats).try_acquire_owned() else { continue };
                let (known, token) = (is_loopback(peer), Some(token.clone()));
                tokio::spawn(connection(stream, seat, known, token, Arc::clone(&desk)));
            }
            Err(_out_of_files) => sleep(Duration::from_millis(100)).await,
        }
    }
}

fn is_loopback(peer: SocketAddr) -> bool {
    peer.ip().to_canonical().is_loopback()
}

/// One connection, to its end.
async fn connection<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    seat: OwnedSemaphorePermit,
    known: bool,
    token: Option<Token>,
    desk: Arc<Desk>,
) {
    let service = service_fn(|request: Request<Incoming>| {
        let (desk, token) = (Arc::clone(&desk), token.clone());
        async move { Ok::<_, Infallible>(reply(request, known, token.as_ref(), &desk).await) }
    });
    let serving = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(PATIENCE)
        .max_buf_size(HEAD)
        .serve_connection(TokioIo::new(stream), service);
    // A client that breaks off, is too slow, or speaks no HTTP: nobody to tell.
    let _ended = timeout(LIFETIME, serving).await;
    drop(seat);
}

/// What a request is answered.
async fn reply(
    request: Request<Incoming>,
    known: bool,
    token: Option<&Token>,
    desk: &Desk,
) -> Response<Full<Bytes>> {
    if !known {
        return refuse(StatusCode::FORBIDDEN, "this user may not ask", "see --group");
    }
    if token.is_some_and(|token| !has_token(request.headers(), token)) {
        return refuse(
            StatusCode::UNAUTHORIZED,
            "a token is needed",
            "Authorization: Bearer TOKEN",
        );
    }
    if request.method() != Method::GET {
        return refuse(StatusCode::METHOD_NOT_ALLOWED, "only GET is answered", "");
    }
    if request.body().size_hint().lower() > 0 {
        return refuse(StatusCode::PAYLOAD_TOO_LARGE, "a request has no body here", "");
    }
    let (path, query) = (request.uri().path(), request.uri().query().unwrap_or_default());
    let (question, form) = match question(path, query) {
        Ok(asked) => asked,
        Err(Refusal::Unknown) => {
            return refuse(StatusCode::NOT_FOUND, "there is no such path", "see /openapi.json");
        }
        Err(Refusal::Bad(why)) => return refuse(StatusCode::BAD_REQUEST, &why, ""),
    };
    let (reply, answer) = oneshot::channel();
    desk.waiting.fetch_add(1, Relaxed);
    if desk.asks.send(Ask { question, form, reply }).is_err() {
        return refuse(StatusCode::SERVICE_UNAVAILABLE, "the daemon is ending", "");
    }
    desk.bell.ring();
    match timeout(THOUGHT, answer).await {
        Ok(Ok(answer)) => answered(answer),
        _ => refuse(StatusCode::SERVICE_UNAVAILABLE, "no answer came in time", "ask again"),
    }
}

/// Whether a request shows the token.
fn has_token(headers: &HeaderMap, token: &Token) -> bool {
    let shown = headers.get(header::AUTHORIZATION).and_then(|it| it.to_str().ok());
    shown.and_then(|it| it.strip_prefix("Bearer ")).is_some_and(|shown| token.is(shown))
}

fn answered(answer: Answer) -> Response<Full<Bytes>> {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = Response::new(Full::new(Bytes::from(answer.body)));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static(answer.media));
    headers.insert("tracer-event", answer.event.into());
    headers.insert("tracer-time-ns", answer.ts.into());
    let certain = if answer.certain { "yes" } else { "no" };
    headers.insert("tracer-certain", header::HeaderValue::from_static(certain));
    response
}

fn refuse(status: StatusCode, what: &str, help: &str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(answer::error(what, help))));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static(JSON));
    response
}
