//! A server on another host: asked by TLS and in no other way, if it can show who it is.

use std::{
    io::{Read as _, Write as _},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        mpsc::{Receiver, sync_channel},
    },
    thread,
};

use rustls::ServerConnection;
use serde_json::{Value, json};

use super::{Shop, check_failed, given};
use crate::life_harness::BOUND;

/// What a client sends that wants TLS.
const WANTS_TLS: &[u8] = &[0, 0, 0, 8, 4, 210, 22, 47];
/// And what it goes on with: the first byte of a handshake.
const BEGINS_TLS: &[u8] = &[0, 0, 0, 8, 4, 210, 22, 47, 22];

/// Stands at `localhost`, between gates and the server, and knows how each connection began.
struct Front {
    port: u16,
    began: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Front {
    fn new(shop: &Shop) -> Self {
        let (listener, port) = listen();
        let server = shop.cluster.address;
        let began = Arc::<Mutex<Vec<Vec<u8>>>>::default();
        let notes = Arc::clone(&began);
        thread::spawn(move || {
            for gate in listener.incoming() {
                let (gate, server) = (gate.unwrap(), TcpStream::connect(server).unwrap());
                let back = (server.try_clone().unwrap(), gate.try_clone().unwrap());
                thread::spawn(move || pass(back.0, back.1, |_| {}));
                let number = {
                    let mut notes = notes.lock().unwrap();
                    notes.push(Vec::new());
                    notes.len() - 1
                };
                let notes = Arc::clone(&notes);
                let note = move |bytes: &[u8]| {
                    let began = &mut notes.lock().unwrap()[number];
                    let room = BEGINS_TLS.len() - began.len();
                    began.extend(bytes.iter().take(room));
                };
                thread::spawn(move || pass(gate, server, note));
            }
        });
        Self { port, began }
    }

    /// How many connections there were: each by TLS, as far as it got.
    #[track_caller]
    fn all_by_tls(&self) -> usize {
        let began = self.began.lock().unwrap();
        for one in &*began {
            assert!(BEGINS_TLS.starts_with(one), "{one:?}");
        }
        let whole = began.iter().filter(|one| *one == BEGINS_TLS);
        whole.count()
    }
}

fn listen() -> (TcpListener, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

fn pass(mut from: TcpStream, mut to: TcpStream, mut note: impl FnMut(&[u8])) {
    let mut bytes = [0; 4096];
    while let Ok(many @ 1..) = from.read(&mut bytes) {
        note(&bytes[..many]);
        if to.write_all(&bytes[..many]).is_err() {
            break;
        }
    }
    for side in [from, to] {
        let _gone = side.shutdown(Shutdown::Both);
    }
}

/// Answers whoever wants TLS as somebody who has it, under another name than `localhost`.
fn impostor() -> u16 {
    let (listener, port) = listen();
    let pem = include_bytes!("../data/tls/elsewhere.pem");
    let config = crate::peer::tls_config(pem);
    thread::spawn(move || {
        for gate in listener.incoming() {
            let mut gate = gate.unwrap();
            gate.read_exact(&mut [0; WANTS_TLS.len()]).unwrap();
            gate.write_all(b"S").unwrap();
            let mut session = ServerConnection::new(Arc::clone(&config)).unwrap();
            // The gate ends it.
            while session.is_handshaking() && session.complete_io(&mut gate).is_ok() {}
        }
    });
    port
}

/// Answers as somebody who has no TLS, and tells what each connection sent in all.
fn without_tls() -> (u16, Receiver<Vec<u8>>) {
    let (listener, port) = listen();
    let (tell, told) = sync_channel(8);
    thread::spawn(move || {
        for gate in listener.incoming() {
            let (mut gate, tell) = (gate.unwrap(), tell.clone());
            thread::spawn(move || {
                let mut sent = vec![0; WANTS_TLS.len()];
                gate.read_exact(&mut sent).unwrap();
                gate.write_all(b"N").unwrap();
                gate.read_to_end(&mut sent).unwrap();
                tell.send(sent).unwrap();
            });
        }
    });
    (port, told)
}

fn certificates(name: &str) -> String {
    let path = crate::root().join("tests/data/tls").join(name);
    path.to_str().unwrap().to_owned()
}

/// Puts the server at `localhost`, which is no address of this machine but a name.
fn elsewhere(shop: &Shop, port: u16, more: &Value) {
    let mut server = json!({
        "host": "localhost", "port": port, "private": true,
        "password": "${secret:env:SHOP_PASSWORD}",
    });
    let more = more.as_object().unwrap().clone();
    server.as_object_mut().unwrap().extend(more);
    shop.configure(&server);
}

fn trusted() -> Value {
    json!({"ca": certificates("root.pem")})
}

#[test]
fn a_server_on_another_host_is_asked_by_tls() {
    let Some(shop) = Shop::new("") else { return };
    let front = Front::new(&shop);
    shop.query(
        "how",
        "select ssl, usename from pg_stat_ssl join pg_stat_activity using (pid)
         where pid = pg_backend_pid()",
    );
    // One of the two proves its password.
    for user in ["gate", "strict"] {
        let more = json!({"ca": certificates("root.pem"), "user": user});
        elsewhere(&shop, front.port, &more);
        let answer = shop.call("how", json!({}));
        let expected = json!([{"ssl": true, "usename": user}]);
        assert_eq!(given(&answer)["rows"], expected);
    }
    assert!(front.all_by_tls() >= 2);
}

#[test]
fn a_server_on_another_host_is_told_to_stop_by_tls_too() {
    let Some(shop) = Shop::new("CREATE TABLE t (id int)") else {
        return;
    };
    let front = Front::new(&shop);
    elsewhere(&shop, front.port, &trusted());
    let (mut server, id, mut root) = super::bounds::query_that_waits(&shop);
    let before = front.all_by_tls();
    server.cancel(id);
    shop.until(super::bounds::RUNNING, 0);
    root.batch_execute("ROLLBACK").unwrap();
    assert_eq!(server.finish(), (0, Vec::new()));
    assert!(front.all_by_tls() > before);
    let row = &shop.home.log()[1];
    assert_eq!(crate::life_harness::outcome(row), "cancelled", "{row}");
    assert_eq!(row["end"]["stage"], "sql", "{row}");
}

/// What the ledger says of the last call, for the operator.
fn status(shop: &Shop) -> String {
    let rows = shop.home.log();
    let status = &rows.last().unwrap()["end"]["backend_status"];
    status.as_str().unwrap().to_owned()
}

/// That nothing is sent to whoever answers there, and that the operator hears `why` and `way_out`.
#[track_caller]
fn check_untrusted(shop: &Shop, why: &str, way_out: &str) {
    let answer = shop.call("put", json!({}));
    let problem = check_failed(&answer, "BACKEND_UNAVAILABLE", "none");
    assert_eq!(problem["retry"]["advice"], "ask_operator", "{problem}");
    let status = status(shop);
    assert!(status.starts_with("postgres: tls: "), "{status}");
    assert!(status.contains(why) && status.contains(way_out), "{status}");
}

#[test]
fn who_cannot_show_to_be_the_server_is_sent_nothing() {
    let Some(shop) = Shop::new("CREATE TABLE t (id int)") else {
        return;
    };
    let put = json!({"statement": "insert into t values (1)"});
    shop.define("put", "write", put, json!({}));
    let front = Front::new(&shop);
    let other = json!({"ca": certificates("other-root.pem")});
    // Without `ca` there is no root but Mozilla's, of which none vouches for the server either.
    for roots in [json!({}), other.clone()] {
        elsewhere(&shop, front.port, &roots);
        check_untrusted(&shop, "UnknownIssuer", "as `ca`");
    }
    assert!(front.all_by_tls() > 0);
    elsewhere(&shop, impostor(), &other);
    check_untrusted(&shop, "elsewhere.example", "as `host`");
    elsewhere(&shop, super::lost::between(&shop, false), &trusted());
    check_untrusted(&shop, "the server speaks no TLS", "set `ssl = on` there");
    assert_eq!(shop.number("SELECT count(*) FROM t"), 0);
}

#[test]
fn whoever_has_no_tls_hears_nothing_in_the_clear() {
    let Some(shop) = Shop::new("") else { return };
    shop.query("one", "select 1 as one");
    let (port, sent) = without_tls();
    elsewhere(&shop, port, &trusted());
    let answer = shop.call("one", json!({}));
    check_failed(&answer, "BACKEND_UNAVAILABLE", "none");
    assert_eq!(sent.recv_timeout(BOUND).unwrap(), WANTS_TLS);
    // The definition was held against it, too.
    for more in sent.try_iter() {
        assert_eq!(more, WANTS_TLS);
    }
}

#[test]
fn v27_where_the_name_of_a_server_leads_is_judged() {
    let Some(shop) = Shop::new("") else { return };
    shop.query("one", "select 1 as one");
    let front = Front::new(&shop);
    let more = json!({"ca": certificates("root.pem"), "private": false});
    elsewhere(&shop, front.port, &more);
    let answer = shop.call("one", json!({}));
    let problem = check_failed(&answer, "BACKEND_FAILED", "none");
    assert_eq!(problem["retry"]["advice"], "ask_operator", "{problem}");
    let status = status(&shop);
    assert!(
        status.starts_with("postgres: the name leads to "),
        "{status}"
    );
    assert_eq!(front.all_by_tls(), 0);
    assert_eq!(*front.began.lock().unwrap(), Vec::<Vec<u8>>::new());
}
