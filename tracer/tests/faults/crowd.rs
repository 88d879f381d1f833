//! A thousand clients at once.

use std::{
    io::{Read as _, Write as _},
    os::unix::net::UnixStream,
};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::{
    house::House,
    run::{can_trace, wait},
    tables::own_memory,
};

const CLIENTS: usize = 1000;

#[test]
fn a_thousand_clients_at_once_are_all_answered_in_the_end() {
    if !can_trace() {
        return;
    }
    // Each is a descriptor of ours.
    let files = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: files.maximum, ..files }).unwrap();
    let house = House::new("crowd", &[]);
    let before = own_memory(house.pid());
    let path = format!("/v1/pid/{}", std::process::id());
    let request = format!("GET {path} HTTP/1.0\r\nHost: x\r\n\r\n");
    let ask = || {
        let mut stream = UnixStream::connect(house.path("socket")).unwrap();
        // Those that are one too many are hung up on, perhaps before they have spoken.
        let _hung_up = stream.write_all(request.as_bytes());
        stream
    };
    let mut waiting: Vec<UnixStream> = (0..CLIENTS).map(|_| ask()).collect();
    let (mut served, mut sent_away) = (0, 0);
    wait("every client is served", || {
        for mut stream in std::mem::take(&mut waiting) {
            let mut answer = String::new();
            let _hung_up = stream.read_to_string(&mut answer);
            if answer.starts_with("HTTP/1.0 200") || answer.starts_with("HTTP/1.1 200") {
                assert!(answer.contains("tracer-certain: yes"), "{answer}");
                served += 1;
            } else {
                assert!(answer.is_empty(), "{answer}");
                sent_away += 1;
                waiting.push(ask());
            }
        }
        waiting.is_empty()
    });
    assert_eq!(served, CLIENTS);
    println!("{sent_away} were sent away, and came again");
    assert_eq!(house.ask("/healthz").unwrap().status, 200);
    let after = own_memory(house.pid());
    assert!(after < before + (32 << 20), "{before} bytes became {after}");
}
