//! A way to the API server that can be cut: for an operator that is alive and alone.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// What the way is like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// Bytes pass.
    Open,
    /// Connections are closed at once.
    Cut,
    /// Connections stay open, and nothing passes.
    Silent,
}

/// A proxy for TCP.
pub struct Proxy {
    way: Arc<watch::Sender<Way>>,
    /// A kubeconfig that leads through the proxy.
    pub kubeconfig: PathBuf,
}

impl Proxy {
    /// A proxy before the server that a kubeconfig names; the new kubeconfig is written beside it.
    pub async fn start(kubeconfig: &Path) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let text = std::fs::read_to_string(kubeconfig).expect("a kubeconfig");
        let server = text.lines().find_map(|line| line.trim().strip_prefix("server: https://")).expect("a server");
        let server = server.trim().to_owned();
        let through = kubeconfig.with_file_name(format!("through-{port}.kubeconfig"));
        std::fs::write(&through, text.replace(&server, &format!("127.0.0.1:{port}"))).expect("a kubeconfig");
        let way = Arc::new(watch::Sender::new(Way::Open));
        let (ways, to) = (way.clone(), server);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(pass(stream, to.clone(), ways.subscribe()));
            }
        });
        Self { way, kubeconfig: through }
    }

    /// Closes all connections, and every new one.
    pub fn cut(&self) {
        self.way.send_replace(Way::Cut);
    }

    /// Nothing passes any more, and nobody is told.
    pub fn silence(&self) {
        self.way.send_replace(Way::Silent);
    }

    /// New connections work again.
    pub fn restore(&self) {
        self.way.send_replace(Way::Open);
    }
}

async fn pass(mut client: TcpStream, server: String, mut way: watch::Receiver<Way>) {
    let first = *way.borrow_and_update();
    if first == Way::Open
        && let Ok(mut server) = TcpStream::connect(&server).await
    {
        tokio::select! {
            _ = copy_bidirectional(&mut client, &mut server) => return,
            _ = way.changed() => {}
        }
    }
    // Silence: the connection is kept, its bytes are not read. It ends with the next change.
    if *way.borrow_and_update() == Way::Silent {
        let _ = way.changed().await;
    }
}
