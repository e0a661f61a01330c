//! Images by URL: not ready, unreachable, of another content under the same URL.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};

use adops_e2e::given;
use adops_e2e::world::World;
use adsim::config::MetaAccountConfig;
use jiff::SignedDuration;
use serde_json::{Value, json};

/// A server of one image, or of none.
struct Server {
    address: SocketAddr,
    pixels: Arc<Mutex<Option<u32>>>,
}

impl Server {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = Self { address: listener.local_addr().unwrap(), pixels: Arc::default() };
        let pixels = server.pixels.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { return };
                let _ = stream.read(&mut [0; 4096]);
                let pixels = *pixels.lock().unwrap();
                let answer = pixels.map_or_else(
                    || b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".to_vec(),
                    |pixels| {
                        let image = png(pixels);
                        let head =
                            format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", image.len());
                        [head.as_bytes(), &image].concat()
                    },
                );
                let _ = stream.write_all(&answer);
            }
        });
        server
    }

    fn has(&self, pixels: Option<u32>) {
        *self.pixels.lock().unwrap() = pixels;
    }
}

/// A square PNG, as far as its head goes.
fn png(pixels: u32) -> Vec<u8> {
    let pixels = pixels.to_be_bytes();
    [&b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"[..], &pixels, &pixels, b"\x08\x02\0\0\0\0\0\0\0"].concat()
}

/// A world with an AdAccount on Meta, in euros.
async fn world() -> Option<World> {
    let world = given::world_with(|config| {
        config.meta.accounts = vec![MetaAccountConfig {
            currency: "EUR".into(),
            timezone_name: "Europe/Berlin".into(),
            ..MetaAccountConfig::default()
        }];
        config.meta.quota.mutations_per_second = None;
    })
    .await?;
    let account = json!({
        "apiVersion": "adops.dev/v1alpha1", "kind": "AdAccount", "metadata": {"name": "meta-global"},
        "spec": {
            "platform": "Meta", "accountId": "act_2345678901", "endpoint": world.sim.meta_url(),
            "credentialsSecretRef": {"name": "meta"}, "ceiling": {"daily": "20000.00", "currency": "EUR"},
            "meta": {"pageId": "900000000000001", "pixelId": "600000000000001"},
        },
    });
    let secret = json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "meta"},
        "stringData": {
            "access_token": "adsim-meta-token", "app_id": "700000000000001", "app_secret": "adsim-app-secret",
        },
    });
    world.apply(&secret.to_string()).await.unwrap();
    world.apply(&account.to_string()).await.unwrap();
    Some(world)
}

fn on_meta(server: &Server) -> Value {
    json!({
        "accounts": ["meta-global"],
        "google": null,
        "meta": {"beneficiary": "Example Ltd"},
        "ads": given::ad(json!({"media": [format!("http://{}/spring.png?key=secret", server.address)]})),
    })
}

fn images(world: &World) -> usize {
    world.sim.meta_account("2345678901").images.len()
}

fn lines(world: &World) -> usize {
    world.sim.meta_account("2345678901").present().count()
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_created_before_its_image_is_there_which_is_uploaded_once_and_swapped_when_it_changes() {
    let Some(mut world) = world().await else { return };
    let server = Server::start();
    world.start_operator().await;
    world.apply(&given::campaign("spring", on_meta(&server))).await.unwrap();
    world.until_condition("spring", "Stalled", "True", "MediaUnreachable").await;
    let message = world.message("spring", "Stalled").await;
    assert!(message.contains("404") && !message.contains("secret"), "{message}");
    assert_eq!((lines(&world), images(&world)), (0, 0));

    server.has(Some(1_080));
    world.until_ready("spring").await;
    assert_eq!((lines(&world), images(&world)), (2, 1), "two lines, one image");

    // Another operator asks the library, and sends nothing again.
    world.poll().await;
    world.sim.reset_ledger();
    world.kill_operator();
    world.start_operator().await;
    world.poll().await;
    world.until_ready("spring").await;
    assert_eq!((world.changes().len(), images(&world)), (0, 1));

    server.has(Some(600));
    world.pass(SignedDuration::from_hours(7)).await;
    world.until_ready("spring").await;
    assert_eq!((lines(&world), images(&world)), (2, 2), "new creatives on the same lines");
    let notes = world.notes("spring", "Applied").await;
    assert!(notes.iter().any(|note| note.contains("another content lies under")), "{notes:?}");
    world.sim.reset_ledger();
    world.pass(SignedDuration::from_hours(7)).await;
    assert_eq!(world.changes().len(), 0, "and it rests");
}
