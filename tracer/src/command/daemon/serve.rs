//! The server: HTTP on a Unix socket, and on loopback TCP where that is asked for.
//!
//! It has a thread of its own and never touches the tables: it hands questions to the thread that
//! has them, rings the bell, and waits for the answer. Whatever a client does or does not do costs a
//! bounded amount of memory and time here, and nothing there.

mod events;
mod link;

use std::{
    convert::Infallible,
    future::poll_fn,
    io,
    net::SocketAddr,
    os::unix::net::UnixListener as StdUnixListener,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
        mpsc::{Receiver, Sender, channel},
    },
    task::Poll,
    thread,
    time::Duration,
};

use http_body_util::{Either, Full};
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
    archive::Archive,
    confine,
    feed::Queue,
    question::{Asked, Form, Listen, Question, Refusal, question},
    token::Token,
};
use events::Events;
use link::Link;

/// Connections at a time. One more is closed at once: who waits in line cannot tell it from a hang.
const CONNECTIONS: usize = 256;

/// How long an answer may take.
const THOUGHT: Duration = Duration::from_secs(10);

/// Bytes of a request's head at most.
const HEAD: usize = 16 * 1024;

/// What can be asked, and how it is answered.
const DESCRIPTION: &str = include_str!("openapi.json");

/// A question for the thread that has the tables, and where its answer goes. The client may have left.
pub(super) enum Ask {
    /// Of the tables.
    Tables(Asked, Form, oneshot::Sender<Answer>),
    /// To be told what happens.
    Listen(Box<Listen>, Form, oneshot::Sender<Result<Arc<Queue>, Answer>>),
}

/// What goes out.
type Reply = Response<Either<Full<Bytes>, Events>>;

/// Where clients come from.
pub(super) struct Doors {
    /// The Unix socket.
    pub(super) unix: StdUnixListener,
    /// A group whose members may ask too.
    pub(super) group: Option<u32>,
    /// The TCP socket, and the token that its clients show.
    pub(super) tcp: Option<(std::net::TcpListener, Token)>,
    /// What was recorded, if anything is.
    pub(super) archive: Option<Archive>,
    /// How long a client may take for the head of a request, be idle between two, and take nothing of
    /// what waits for it.
    pub(super) patience: Duration,
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
    patience: Duration,
    /// What was recorded, if anything is.
    archive: Option<Archive>,
}

impl Server {
    /// Starts it.
    pub(super) fn start(doors: Doors, bell: Bell) -> io::Result<Self> {
        let (sender, asks) = channel();
        let seats = Arc::new(Semaphore::new(CONNECTIONS));
        let (archive, patience) = (doors.archive, doors.patience);
        let waiting = AtomicUsize::new(0);
        let desk = Arc::new(Desk { asks: sender, bell, seats, waiting, patience, archive });
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
    let link = Link::new(Arc::clone(&desk));
    let service = service_fn(|request: Request<Incoming>| {
        let (desk, link, token) = (Arc::clone(&desk), Arc::clone(&link), token.clone());
        async move {
            let reply = match refusal(&request, known, token.as_ref()) {
                Some(refused) => refused,
                None => reply(&request, &desk, &link).await,
            };
            link.answer();
            Ok::<_, Infallible>(reply)
        }
    });
    let serving = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(desk.patience)
        .max_buf_size(HEAD)
        .serve_connection(
            TokioIo::new(link::Bytes { stream, link: Arc::clone(&link), reader: None }),
            service,
        );
    // A client that breaks off, is too slow, or speaks no HTTP: nobody to tell.
    let (mut serving, mut over) = (pin!(serving), pin!(link.over()));
    poll_fn(|cx| {
        let ended = serving.as_mut().poll(cx).is_ready() || over.as_mut().poll(cx).is_ready();
        if ended { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    drop(seat);
}

/// Why a request is not even read.
fn refusal(request: &Request<Incoming>, known: bool, token: Option<&Token>) -> Option<Reply> {
    if !known {
        return Some(refuse(StatusCode::FORBIDDEN, "this user may not ask", "see --group"));
    }
    if token.is_some_and(|token| !has_token(request.headers(), token)) {
        let help = "Authorization: Bearer TOKEN";
        let mut refused = refuse(StatusCode::UNAUTHORIZED, "a token is needed", help);
        let scheme = header::HeaderValue::from_static("Bearer");
        refused.headers_mut().insert(header::WWW_AUTHENTICATE, scheme);
        return Some(refused);
    }
    if request.method() != Method::GET {
        let mut refused = refuse(StatusCode::METHOD_NOT_ALLOWED, "only GET is answered", "");
        refused.headers_mut().insert(header::ALLOW, header::HeaderValue::from_static("GET"));
        return Some(refused);
    }
    let has_body = request.body().size_hint().lower() > 0;
    has_body.then(|| refuse(StatusCode::PAYLOAD_TOO_LARGE, "a request has no body here", ""))
}

/// What a request is answered.
async fn reply(request: &Request<Incoming>, desk: &Desk, link: &Link) -> Reply {
    let (path, query) = (request.uri().path(), request.uri().query().unwrap_or_default());
    let last = request.headers().get("last-event-id").map(|it| it.to_str().unwrap_or("?"));
    let (question, form) = match question(path, query, last) {
        Ok(asked) => asked,
        Err(Refusal::Unknown) => {
            return refuse(StatusCode::NOT_FOUND, "there is no such path", "see /openapi.json");
        }
        Err(Refusal::Bad(why)) => return refuse(StatusCode::BAD_REQUEST, &why, ""),
    };
    match question {
        Question::Tables(asked) => {
            link.ask();
            match desk.ask(|reply| Ask::Tables(asked, form, reply)).await {
                Ok(answer) => answered(answer),
                Err(none) => none,
            }
        }
        Question::Events(listen) => {
            match desk.ask(|reply| Ask::Listen(listen, form, reply)).await {
                Ok(Ok(queue)) => stream(queue, link),
                Ok(Err(answer)) => answered(answer),
                Err(none) => none,
            }
        }
        Question::History(history) => match &desk.archive {
            Some(archive) => answered(archive.answer(history, form).await),
            None => refuse(
                StatusCode::NOT_FOUND,
                "nothing is recorded here",
                "start the daemon with --dir DIRECTORY, or name a recording: tracer history FILE PID",
            ),
        },
        Question::Description => {
            let mut response = Response::new(Either::Left(Full::new(DESCRIPTION.into())));
            typed(&mut response, JSON);
            response
        }
    }
}

impl Desk {
    /// Asks the thread that has the tables.
    async fn ask<T>(&self, ask: impl FnOnce(oneshot::Sender<T>) -> Ask) -> Result<T, Reply> {
        let (reply, answer) = oneshot::channel();
        let none = |what| refuse(StatusCode::SERVICE_UNAVAILABLE, what, "ask again");
        self.waiting.fetch_add(1, Relaxed);
        self.asks.send(ask(reply)).map_err(|_over| none("the daemon is ending"))?;
        self.bell.ring();
        match timeout(THOUGHT, answer).await {
            Ok(Ok(answer)) => Ok(answer),
            _ => Err(none("no answer came in time")),
        }
    }
}

/// A stream of events; the connection serves nothing else from here on.
fn stream(queue: Arc<Queue>, link: &Link) -> Reply {
    link.listen(&queue);
    let mut response = Response::new(Either::Right(Events::new(queue)));
    typed(&mut response, "text/event-stream");
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-store"));
    headers.insert(header::CONNECTION, header::HeaderValue::from_static("close"));
    response
}

/// Whether a request shows the token.
fn has_token(headers: &HeaderMap, token: &Token) -> bool {
    let shown = headers.get(header::AUTHORIZATION).and_then(|it| it.to_str().ok());
    let (scheme, shown) = shown.and_then(|it| it.split_once(' ')).unwrap_or_default();
    scheme.eq_ignore_ascii_case("Bearer") && token.is(shown)
}

fn answered(answer: Answer) -> Reply {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = Response::new(Either::Left(Full::new(Bytes::from(answer.body))));
    *response.status_mut() = status;
    typed(&mut response, answer.media);
    let headers = response.headers_mut();
    if let Some(event) = answer.event {
        headers.insert("tracer-event", event.into());
    }
    headers.insert("tracer-time-ns", answer.ts.into());
    let certain = if answer.certain { "yes" } else { "no" };
    headers.insert("tracer-certain", header::HeaderValue::from_static(certain));
    response
}

fn typed(response: &mut Reply, media: &'static str) {
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static(media));
    // What a browser shows is what it is said to be: a name may look like a page.
    let plain = header::HeaderValue::from_static("nosniff");
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, plain);
}

fn refuse(status: StatusCode, what: &str, help: &str) -> Reply {
    let body = Bytes::from(answer::error(what, help));
    let mut response = Response::new(Either::Left(Full::new(body)));
    *response.status_mut() = status;
    typed(&mut response, JSON);
    response
}
