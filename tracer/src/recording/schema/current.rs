//! The schema of this version, from the records' own declarations.

use tracer_ebpf::wire::{self, CGROUP_PATH, EXEC_TEXT, MAX_UPIDS, Record, SCHEMA, SHORT_UPIDS};

use super::{Declared, Field, Form, Kind, Tail, Type, plan};

pub(super) fn declare() -> Declared {
    let records: Vec<&Record> = SCHEMA.iter().filter(|record| !record.kinds.is_empty()).collect();
    let forms: Vec<Form> = records.iter().map(|record| form(record)).collect();
    let mut kinds = Vec::new();
    let all = records.iter().flat_map(|record| record.kinds.iter().copied());
    for kind in plan::FIRST.iter().copied().chain(all) {
        let done = kinds.iter().any(|known: &Kind| known.number == kind);
        let index = records.iter().position(|record| record.kinds.contains(&kind));
        if let (false, Some(index)) = (done, index)
            && let Some(form) = forms.get(index)
        {
            let plans = plan::plans(kind, form, &|other| {
                let index = records.iter().position(|record| record.kinds.contains(&other))?;
                forms.get(index)
            });
            kinds.push(Kind { number: kind, form: index as u8, plans });
        }
    }
    Declared {
        version: wire::VERSION,
        classes: plan::classes(),
        slots: plan::slots(),
        forms,
        kinds,
    }
}

fn form(record: &Record) -> Form {
    let mut fields = Vec::new();
    flatten(record, "", 0, &mut fields);
    let find = |name: &str| fields.iter().position(|field| field.name == name).unwrap_or(0) as u8;
    let tail = match record.name {
        "TaskRecord" => items(find("task.level")),
        "PidRecord" => items(find("level")),
        "Exec" => {
            Tail::Text { lens: vec![find("filename_len"), find("args_len")], max: EXEC_TEXT as u32 }
        }
        "Cgroup" => Tail::Text { lens: vec![find("path_len")], max: CGROUP_PATH as u32 },
        _ => Tail::None,
    };
    Form { name: record.name.to_owned(), size: record.size as u32, fields, tail }
}

/// A tail of upids, counted by a level.
fn items(count: u8) -> Tail {
    let mut fields = Vec::new();
    let upid = part("Upid");
    if let Some(upid) = upid {
        flatten(upid, "upid.", 0, &mut fields);
    }
    Tail::Items {
        count,
        size: upid.map_or(0, |upid| upid.size as u8),
        short: SHORT_UPIDS as u8,
        long: MAX_UPIDS as u8,
        fields,
    }
}

fn part(name: &str) -> Option<&'static Record> {
    SCHEMA.iter().find(|record| record.name == name)
}

/// Appends the fields of a record, those of its parts by their path.
fn flatten(record: &Record, path: &str, base: usize, out: &mut Vec<Field>) {
    let ends = record.fields.iter().skip(1).map(|field| field.offset).chain([record.size]);
    for (field, end) in record.fields.iter().zip(ends) {
        let name = format!("{path}{}", field.name);
        let offset = base + field.offset;
        if let Some(part) = part(field.ty) {
            flatten(part, &format!("{name}."), offset, out);
            continue;
        }
        let element = field.ty.trim_start_matches('[').split(';').next().unwrap_or("").trim();
        let size = end - field.offset;
        let ty = match element {
            "u8" if size == 16 => Type::Text,
            "u8" => Type::U8,
            "u16" => Type::U16,
            "u32" => Type::U32,
            "u64" => Type::U64,
            "i32" => Type::I32,
            // A test compares the sizes: a type that is new here is found out.
            _ => Type::I64,
        };
        let count = (size as u32 / ty.width()) as u8;
        out.push(Field { name, offset: offset as u32, ty, count });
    }
}
