//! The schema describes the records, and survives its own bytes.

use tracer_ebpf::wire::{self, SCHEMA, kind};

use super::{Declared, Schema, Tail, Type, bytes, check, current, program};

fn written(declared: &Declared) -> Vec<u8> {
    let mut out = vec![];
    bytes::write(declared, &mut out);
    out
}

#[test]
fn the_current_schema_keeps_its_own_rules() {
    check::check(&current::declare()).unwrap();
}

#[test]
fn the_current_schema_has_every_kind_and_every_byte() {
    let declared = current::declare();
    for record in SCHEMA.iter().filter(|record| !record.kinds.is_empty()) {
        let form = declared.forms.iter().find(|form| form.name == record.name).unwrap();
        assert_eq!(form.size as usize, record.size);
        for kind in record.kinds {
            let known = declared.kinds.iter().find(|known| known.number == *kind).unwrap();
            assert_eq!(declared.forms[usize::from(known.form)].name, record.name);
        }
    }
    let field = |form: &str, name: &str| {
        let form = declared.forms.iter().find(|of| of.name == form).unwrap();
        let field = form.fields.iter().find(|field| field.name == name).unwrap();
        (field.ty, field.count)
    };
    assert_eq!(field("TaskRecord", "task.comm"), (Type::Text, 1));
    assert_eq!(field("TaskRecord", "task.ns"), (Type::U32, 8));
    assert_eq!(field("Syscall", "ret"), (Type::I64, 1));
    assert_eq!(field("Detail", "rlim_cur"), (Type::U64, 16));
}

#[test]
fn a_schema_comes_back_from_its_bytes() {
    let schema = Schema::current();
    let mut out = vec![];
    schema.write(&mut out);
    assert!(out.len() < 8192, "{} bytes", out.len());
    assert_eq!(bytes::read(&out).unwrap(), current::declare());
    let read = Schema::read(&out).unwrap();
    assert_eq!(read, schema);
    assert_eq!(read.version(), wire::VERSION);
    assert!(read.adapter().is_none());
}

#[test]
fn a_cut_or_damaged_schema_gives_an_answer() {
    let bytes = written(&current::declare());
    for len in 0..bytes.len() {
        let why = Schema::read(&bytes[..len]).unwrap_err();
        assert!(why.to_string().starts_with("the schema is wrong: "));
    }
    for at in 0..bytes.len() {
        for flip in [1, 0x80, 0xff] {
            let mut damaged = bytes.clone();
            damaged[at] ^= flip;
            _ = Schema::read(&damaged);
        }
    }
}

#[test]
fn a_schema_that_counts_what_cannot_be_is_refused() {
    let refused = |change: &dyn Fn(&mut Declared)| {
        let mut declared = current::declare();
        change(&mut declared);
        Schema::read(&written(&declared)).unwrap_err().to_string()
    };
    let why = refused(&|declared| declared.forms[0].size += 1);
    assert!(why.contains("bytes"), "{why}");
    let why = refused(&|declared| declared.kinds.reverse());
    assert!(why.contains("a plan that cannot be"), "{why}");
    let why = refused(&|declared| declared.classes[0].width = 9);
    assert!(why.contains("the class task"), "{why}");
    let why = refused(&|declared| declared.slots.reverse());
    assert!(why.contains("cannot be"), "{why}");
    let why = refused(&|declared| _ = declared.kinds[0].plans.pop());
    assert!(why.contains("without a plan"), "{why}");
}

/// An older version of the records: Exit without its last two fields, Rename with its numbers
/// before its cookies, and Upid without its inode number.
fn older() -> Declared {
    let mut old = current::declare();
    old.version = 0;
    for form in &mut old.forms {
        let keep = match form.name.as_str() {
            "Exit" => form.fields.len() - 2,
            _ => form.fields.len(),
        };
        form.fields.truncate(keep);
        if form.name == "Rename" {
            form.fields.swap(7, 9);
        }
        let mut end = 0;
        for field in &mut form.fields {
            field.offset = end;
            end += field.size();
        }
        form.size = end;
        if let Tail::Items { size, fields, .. } = &mut form.tail {
            fields.pop();
            *size = 12;
        }
    }
    for kind in &mut old.kinds {
        let form = &old.forms[usize::from(kind.form)];
        let items = if let Tail::Items { fields, .. } = &form.tail { fields.len() } else { 0 };
        kind.plans.retain(|plan| usize::from(plan.field) < form.fields.len() + items);
        if form.name == "Rename" {
            kind.plans.iter_mut().for_each(|plan| {
                plan.guess = super::Guess::Zero;
                plan.class = plan.class.filter(|_| [4, 8, 11].contains(&plan.field));
            });
        }
    }
    old
}

#[test]
fn records_of_an_older_version_are_adapted() {
    let schema = Schema::read(&written(&older())).unwrap();
    let adapter = schema.adapter().unwrap();
    let mut out = vec![];
    let record = |kind: u16, len: usize| {
        let mut record: Vec<u8> = (0..len).map(|at| at as u8 + 1).collect();
        record[14..16].copy_from_slice(&kind.to_le_bytes());
        record
    };

    let exit = record(kind::EXIT, 88);
    adapter.adapt(&exit, &mut out);
    assert_eq!(out.len(), 96);
    assert_eq!(out[..88], exit);
    assert_eq!(out[88..], [0; 8], "fields that the file does not have are zero");

    let rename = record(kind::RENAME, 72);
    adapter.adapt(&rename, &mut out);
    assert_eq!(out.len(), 72);
    assert_ne!(out, rename);
    assert_eq!(out[56..], rename[56..], "the comm stays where it is");

    let alloc = record(kind::ALLOC_PID, 56 + 4 * 12);
    adapter.adapt(&alloc, &mut out);
    assert_eq!(out.len(), 56 + 4 * 16);
    assert_eq!(out[72..84], alloc[68..80], "the second item");

    for same in [record(kind::RELEASE, 72), record(99, 30), record(kind::EXIT, 50), vec![1; 3]] {
        adapter.adapt(&same, &mut out);
        assert_eq!(out, same);
    }
}

#[test]
fn blocks_of_an_older_version_are_decoded_by_their_own_schema() {
    use crate::recording::{block::Block, codec::Codec, sample::Random};
    let schema = program::compile(older());
    let mut random = Random(8);
    let mut encoder = crate::recording::block::Encoder::with_schema(Codec::Zstd, schema.clone());
    let mut records = vec![];
    for program in schema.programs() {
        let mut record: Vec<u8> = (0..program.row_len(1)).map(|_| random.below(3) as u8).collect();
        record[14..16].copy_from_slice(&program.kind.to_le_bytes());
        encoder.push(&record).unwrap();
        records.push(record);
    }
    let mut payload = vec![];
    let packed = encoder.finish(&mut payload);
    let mut block = Block::new();
    block.decode(&schema, Codec::Zstd, &payload, packed.raw_len, packed.events).unwrap();
    assert!(block.records().eq(records.iter().map(Vec::as_slice)));
}
