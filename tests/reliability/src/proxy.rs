//! A way to the API server that can be cut: what an operator has of a control plane that is out of reach.

use std::net::SocketAddr;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// A TCP proxy. TLS goes through it end to end.
pub struct Proxy {
    address: SocketAddr,
    open: watch::Sender<bool>,
}

impl Proxy {
    /// A proxy to a server, such as `https://127.0.0.1:6443`.
    pub async fn to(server: &str) -> Self {
        let target: SocketAddr =
            server.trim_start_matches("https://").trim_end_matches('/').parse().expect("an address");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (open, is_open) = watch::channel(true);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(serve(client, target, is_open.clone()));
            }
        });
        Self { address, open }
    }

    /// Where operators connect to.
    pub fn uri(&self) -> http::Uri {
        format!("https://{}", self.address).parse().expect("a URI")
    }

    /// Cuts all connections; new ones are closed at once, until [`Proxy::mend`].
    pub fn cut(&self) {
        self.open.send_replace(false);
    }

    /// Lets connections through again.
    pub fn mend(&self) {
        self.open.send_replace(true);
    }

    /// Whether it is cut.
    pub fn is_cut(&self) -> bool {
        !*self.open.borrow()
    }
}

async fn serve(mut client: TcpStream, target: SocketAddr, mut open: watch::Receiver<bool>) {
    if !*open.borrow() {
        return;
    }
    let Ok(mut server) = TcpStream::connect(target).await else { return };
    let _ = client.set_nodelay(true);
    let _ = server.set_nodelay(true);
    tokio::select! {
        _ = copy_bidirectional(&mut client, &mut server) => {}
        _ = open.wait_for(|open| !open) => {}
    }
}
