//! Records of another version, brought into the layout of this one.

use super::{Declared, Field, Form, Tail};

/// Moves the fields of a file's records to where this version has them.
#[derive(Clone, Debug)]
pub struct Adapter {
    /// By kind; none where both versions agree or the kind is not known to both.
    kinds: Vec<Option<Moves>>,
}

/// How the records of one kind are rewritten.
#[derive(Clone, Debug)]
struct Moves {
    /// Bytes of the fixed part in the file.
    from: usize,
    /// Bytes of it in this version.
    to: usize,
    fields: Vec<Move>,
    /// The same for an item of the tail.
    item: Option<(usize, usize, Vec<Move>)>,
}

/// Bytes to copy.
#[derive(Clone, Copy, Debug)]
struct Move {
    from: usize,
    to: usize,
    len: usize,
}

impl Adapter {
    pub(super) fn new(file: &Declared, own: &Declared) -> Option<Self> {
        let mut kinds = Vec::new();
        for kind in &file.kinds {
            let at = usize::from(kind.number);
            if kinds.len() <= at {
                kinds.resize(at + 1, None);
            }
            let old = file.forms.get(usize::from(kind.form));
            let new = own.kinds.iter().find(|own| own.number == kind.number);
            let new = new.and_then(|new| own.forms.get(usize::from(new.form)));
            if let (Some(old), Some(new)) = (old, new)
                && (old.fields != new.fields || old.size != new.size || old.tail != new.tail)
                && let Some(cell) = kinds.get_mut(at)
            {
                *cell = Some(Moves::new(old, new));
            }
        }
        kinds.iter().any(Option::is_some).then_some(Self { kinds })
    }

    /// A record in this version's layout: adapted into `out` where there is something to adapt.
    pub fn present<'a>(adapter: Option<&Self>, record: &'a [u8], out: &'a mut Vec<u8>) -> &'a [u8] {
        match adapter {
            None => record,
            Some(adapter) => {
                adapter.adapt(record, out);
                out
            }
        }
    }

    /// Replaces `out` with the record in this version's layout. What is no record of its kind stays
    /// as it is.
    pub fn adapt(&self, record: &[u8], out: &mut Vec<u8>) {
        out.clear();
        let kind = record.get(14..16).and_then(|bytes| bytes.try_into().ok());
        let moves = kind
            .and_then(|bytes| self.kinds.get(usize::from(u16::from_le_bytes(bytes))))
            .and_then(Option::as_ref);
        match moves.and_then(|moves| Some((moves, record.split_at_checked(moves.from)?))) {
            Some((moves, (fixed, tail))) => moves.apply(fixed, tail, out),
            None => out.extend_from_slice(record),
        }
    }
}

impl Moves {
    fn new(old: &Form, new: &Form) -> Self {
        let item = match (&old.tail, &new.tail) {
            (Tail::Items { size, fields, .. }, Tail::Items { size: own_size, fields: own, .. })
                if fields != own && *size > 0 =>
            {
                Some((usize::from(*size), usize::from(*own_size), matches(fields, own)))
            }
            _ => None,
        };
        Self {
            from: old.size as usize,
            to: new.size as usize,
            fields: matches(&old.fields, &new.fields),
            item,
        }
    }

    fn apply(&self, fixed: &[u8], tail: &[u8], out: &mut Vec<u8>) {
        place(&self.fields, fixed, self.to, out);
        match &self.item {
            None => out.extend_from_slice(tail),
            Some((from, to, fields)) => {
                tail.chunks_exact(*from).for_each(|item| place(fields, item, *to, out));
            }
        }
    }
}

/// Appends `to` bytes with the fields at their new places.
fn place(fields: &[Move], old: &[u8], to: usize, out: &mut Vec<u8>) {
    let base = out.len();
    out.resize(base + to, 0);
    for field in fields {
        let source = old.get(field.from..field.from + field.len);
        let place = out.get_mut(base + field.to..base + field.to + field.len);
        if let (Some(source), Some(place)) = (source, place) {
            place.copy_from_slice(source);
        }
    }
}

/// The fields that both have, by name.
fn matches(old: &[Field], new: &[Field]) -> Vec<Move> {
    let mut moves = Vec::new();
    for field in old {
        let Some(own) = new.iter().find(|own| own.name == field.name) else { continue };
        let (width, own_width) = (field.ty.width() as usize, own.ty.width() as usize);
        for element in 0..usize::from(field.count.min(own.count)) {
            moves.push(Move {
                from: field.offset as usize + element * width,
                to: own.offset as usize + element * own_width,
                len: width.min(own_width),
            });
        }
    }
    moves
}
