//! S7: a file comes from where it is allowed, whole, in time, and in no more memory than it may have.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use adops_platforms::allow::AllowList;
use adops_platforms::media::fetch::{FetchError, Fetched, Fetcher, Opened};
use adops_platforms::resolve::Lookup;
use async_trait::async_trait;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::files::png;

/// A server on a free port that gives everybody the same answer, and keeps what it was asked.
struct Server {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Server {
    async fn start(answer: Vec<u8>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self { address: listener.local_addr().unwrap(), requests: Arc::default() };
        let requests = server.requests.clone();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let (answer, requests) = (answer.clone(), requests.clone());
                tokio::spawn(async move {
                    let mut head = vec![0; 4096];
                    let read = stream.read(&mut head).await.unwrap_or(0);
                    requests.lock().unwrap().push(String::from_utf8_lossy(&head[..read]).to_lowercase());
                    let _ = stream.write_all(&answer).await;
                });
            }
        });
        server
    }

    fn url(&self) -> String {
        format!("http://{}/spring.png?key=secret", self.address)
    }

    fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

fn answer(status: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 {status}\r\nconnection: close\r\n{headers}\r\n");
    [head.as_bytes(), body].concat()
}

fn file(body: &[u8]) -> Vec<u8> {
    answer("200 OK", &format!("content-length: {}\r\netag: \"v1\"\r\n", body.len()), body)
}

fn fetcher(allowed: &[&str]) -> Fetcher {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let allowed: Vec<String> = allowed.iter().map(|origin| (*origin).to_owned()).collect();
    Fetcher::new(AllowList::new(&allowed).unwrap()).unwrap()
}

async fn fetch(fetcher: &Fetcher, url: &str, limit: u64) -> Result<Fetched, FetchError> {
    match fetcher.open(url, None).await? {
        Opened::Body(body) => body.read(limit).await,
        Opened::Unchanged => panic!("nothing was known"),
    }
}

#[tokio::test]
async fn a_file_is_read_whole_and_not_again_while_its_version_stays() {
    let image = png(600, 600);
    let server = Server::start(file(&image)).await;
    let fetcher = fetcher(&["http://127.0.0.1"]);
    let fetched = fetch(&fetcher, &server.url(), 10_000).await.unwrap();
    assert_eq!(fetched.content, image);
    assert_eq!(fetched.probe().unwrap().width, 600);
    assert!(!server.requests()[0].contains("authorization") && !server.requests()[0].contains("cookie"));

    let unchanged = Server::start(answer("304 Not Modified", "", b"")).await;
    let opened = fetcher.open(&unchanged.url(), fetched.version.as_ref()).await.unwrap();
    assert!(matches!(opened, Opened::Unchanged));
    assert!(unchanged.requests()[0].contains("if-none-match: \"v1\""));
}

#[tokio::test]
async fn a_tag_that_is_weak_tells_of_no_version() {
    let server = Server::start(answer("200 OK", "content-length: 1\r\netag: W/\"v1\"\r\n", b"x")).await;
    let fetched = fetch(&fetcher(&["http://127.0.0.1"]), &server.url(), 10).await.unwrap();
    assert_eq!(fetched.version, None);
}

#[tokio::test]
async fn no_more_is_read_than_may_be_whatever_the_server_says_of_it() {
    let fetcher = fetcher(&["http://127.0.0.1"]);
    for body in [
        file(&[7; 1_001]),
        answer("200 OK", "", &[7; 1_001]),
        answer(
            "200 OK",
            "transfer-encoding: chunked\r\n",
            format!("3e9\r\n{}\r\n0\r\n\r\n", "x".repeat(1_001)).as_bytes(),
        ),
    ] {
        let server = Server::start(body).await;
        let error = fetch(&fetcher, &server.url(), 1_000).await.unwrap_err();
        assert_eq!(error, FetchError::TooLarge { limit: 1_000 });
    }
}

#[tokio::test]
async fn what_is_not_there_is_told_without_the_key_in_its_url() {
    let fetcher = fetcher(&["http://127.0.0.1"]);
    for (status, headers, error, passing) in [
        ("302 Found", "location: http://127.0.0.1/\r\n", FetchError::Redirect(302), false),
        ("404 Not Found", "", FetchError::Status(404), false),
        ("403 Forbidden", "", FetchError::Status(403), false),
        ("503 Unavailable", "", FetchError::Status(503), true),
        ("304 Not Modified", "", FetchError::Redirect(304), false),
    ] {
        let server = Server::start(answer(status, headers, b"")).await;
        let told = fetch(&fetcher, &server.url(), 1_000).await.unwrap_err();
        assert_eq!((&told, told.is_passing()), (&error, passing));
        assert_eq!(server.requests().len(), 1, "a redirect is not followed");
    }
    // Cut off in the middle.
    let server = Server::start(answer("200 OK", "content-length: 1000\r\n", b"half")).await;
    let error = fetch(&fetcher, &server.url(), 1_000).await.unwrap_err();
    assert!(matches!(error, FetchError::NoAnswer(_)) && error.is_passing(), "{error}");
    let gone = fetch(&fetcher, "http://127.0.0.1:9/spring.png?key=secret", 1_000).await.unwrap_err();
    assert!(gone.is_passing() && !gone.to_string().contains("secret"), "{gone}");
}

/// A name that resolves to what it is told to.
struct Points(SocketAddr, AtomicUsize);

#[async_trait]
impl Lookup for Points {
    async fn lookup(&self, _: &str) -> std::io::Result<Vec<SocketAddr>> {
        self.1.fetch_add(1, Ordering::SeqCst);
        Ok(vec![self.0])
    }
}

#[tokio::test]
async fn a_public_name_that_points_inside_is_connected_to_by_nobody() {
    let server = Server::start(file(&png(1, 1))).await;
    let lookup = Arc::new(Points(server.address, AtomicUsize::default()));
    let _ = rustls::crypto::ring::default_provider().install_default();
    let allow = AllowList::new(&["http://cdn.example.com".to_owned()]).unwrap().with_lookup(lookup.clone());
    let url = format!("http://cdn.example.com:{}/spring.png", server.address.port());
    let error = fetch(&Fetcher::new(allow).unwrap(), &url, 1_000).await.unwrap_err();
    assert!(error.to_string().contains("no public address"), "{error}");
    assert_eq!((server.requests().len(), lookup.1.load(Ordering::SeqCst)), (0, 1));
}

#[tokio::test]
async fn what_is_not_allowed_is_not_asked() {
    let server = Server::start(file(&png(1, 1))).await;
    let error = fetch(&fetcher(&[]), &server.url(), 1_000).await.unwrap_err();
    assert!(matches!(&error, FetchError::NotAllowed(url) if !url.contains("secret")), "{error}");
    assert_eq!(server.requests().len(), 0);
}
