//! A server behind an address of this machine, and a connection that is lost when the commit was
//! sent: it was done, and nobody was told.

use std::{
    io::{Read as _, Write as _},
    net::{Shutdown, TcpListener, TcpStream},
    os::unix::net::UnixStream,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use serde_json::{Value, json};

use super::{Shop, check_failed, given};

/// As it is sent, its end included: `READ COMMITTED` is none.
const COMMIT: &[u8] = b"COMMIT\0";

/// Stands between gates and the server. What it passes on is everything, but for the answer to the
/// first commit where `cuts` says so: then both sides lose each other.
pub(super) fn between(shop: &Shop, cuts: bool) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let socket = format!(".s.PGSQL.{}", shop.cluster.address.port());
    let socket = shop.cluster.folder.join(socket);
    let will_cut = Arc::new(AtomicBool::new(cuts));
    thread::spawn(move || {
        for gate in listener.incoming() {
            let server = UnixStream::connect(&socket).unwrap();
            pass(gate.unwrap(), server, Arc::clone(&will_cut));
        }
    });
    port
}

fn pass(mut gate: TcpStream, mut server: UnixStream, will_cut: Arc<AtomicBool>) {
    let is_cut = Arc::new(AtomicBool::new(false));
    let (mut to_gate, mut from_server) = (gate.try_clone().unwrap(), server.try_clone().unwrap());
    let cut = Arc::clone(&is_cut);
    thread::spawn(move || {
        let mut bytes = [0; 4096];
        while let Ok(many @ 1..) = from_server.read(&mut bytes) {
            // What comes after the commit has gone is its answer.
            if cut.load(Ordering::SeqCst) || to_gate.write_all(&bytes[..many]).is_err() {
                break;
            }
        }
        let _gone = to_gate.shutdown(Shutdown::Both);
    });
    thread::spawn(move || {
        let mut bytes = [0; 4096];
        while let Ok(many @ 1..) = gate.read(&mut bytes) {
            let sent = &bytes[..many];
            let commits = sent.windows(COMMIT.len()).any(|part| part == COMMIT);
            if commits && will_cut.swap(false, Ordering::SeqCst) {
                is_cut.store(true, Ordering::SeqCst);
            }
            if server.write_all(sent).is_err() {
                break;
            }
        }
        let _gone = server.shutdown(Shutdown::Both);
    });
}

/// A shop whose gate goes by an address, and where a commit may be cut off.
fn shop(marker: bool, cuts: bool) -> Option<Shop> {
    let shop = Shop::new("CREATE TABLE t (id int)")?;
    let address = json!({
        "host": "127.0.0.1", "port": between(&shop, cuts),
        "password": "${secret:env:SHOP_PASSWORD}",
    });
    shop.configure(&address);
    let sql = json!({"statement": "insert into t values (:a)", "marker": marker});
    shop.define("put", "write", sql, json!({"idempotency": {"key": "/a"}}));
    Some(shop)
}

const ROWS: &str = "SELECT count(*) FROM t";

#[test]
fn a_server_is_reached_by_an_address_of_this_machine_too() {
    let Some(shop) = shop(true, false) else {
        return;
    };
    assert_eq!(given(&shop.call("put", json!({"a": 1})))["row_count"], 1);
    assert_eq!(shop.number(ROWS), 1);
}

#[test]
fn x21_a_commit_whose_answer_is_lost_is_found_by_its_mark() {
    let Some(shop) = shop(true, true) else { return };
    let answer = shop.call("put", json!({"a": 1}));
    assert_eq!(given(&answer)["row_count"], 1);
    let replayed: &Value = &answer["result"]["_meta"]["tollgate/replayed"];
    assert!(replayed.is_null(), "{answer}");
    assert_eq!(shop.number(ROWS), 1);
}

#[test]
fn x21_a_commit_whose_answer_is_lost_is_unknown_without_a_mark_and_not_made_again() {
    let Some(shop) = shop(false, true) else {
        return;
    };
    check_failed(
        &shop.call("put", json!({"a": 1})),
        "OUTCOME_UNKNOWN",
        "unknown",
    );
    let again = shop.call("put", json!({"a": 1}));
    let problem: &Value = crate::life_harness::problem(&again);
    assert_eq!(problem["effects"], "unknown", "{again}");
    assert_eq!(shop.number(ROWS), 1);
}
