//! The schema describes the records, and survives its own bytes.

use tracer_ebpf::wire;

use super::{Schema, bytes, check, current};

#[test]
fn the_current_schema_keeps_its_own_rules() {
    check::check(&current::declare()).unwrap();
}

#[test]
fn a_schema_comes_back_from_its_bytes() {
    let schema = Schema::current();
    let mut out = vec![];
    schema.write(&mut out);
    println!("{} bytes", out.len());
    assert_eq!(bytes::read(&out).unwrap(), current::declare());
    let read = Schema::read(&out).unwrap();
    assert_eq!(read, schema);
    assert_eq!(read.version(), wire::VERSION);
    assert!(read.adapter().is_none());
}
