//! A schema's plans, resolved: which bytes of which kind are computed from what.

use super::{
    Declared, Field, Form, Guess, Kind, Plan, Schema, SlotGuess, Table, TableGuess,
    Tail as DeclaredTail, Type,
};

/// How the records of a kind are encoded and decoded.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    pub(crate) kind: u16,
    /// Bytes of the fixed part.
    pub(crate) size: usize,
    /// The columns in the order of decoding: those of the fixed part, then those of each item.
    pub(crate) columns: Vec<Column>,
    /// Columns of the fixed part.
    pub(crate) fixed: usize,
    /// Columns of an item.
    pub(crate) per_item: usize,
    pub(crate) tail: Tail,
    /// The program whose last row on the same CPU some column looks at.
    pub(crate) recent: Option<usize>,
}

/// What follows the fixed part.
#[derive(Clone, Debug)]
pub(crate) enum Tail {
    None,
    /// `at`: where the number is that is one less than the items.
    Items {
        at: usize,
        size: usize,
        short: usize,
        long: usize,
    },
    /// `lens`: where the lengths are.
    Text {
        lens: Vec<usize>,
        max: usize,
    },
}

/// One element of a field.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Column {
    /// Bytes from the start of the record; for an item's column of the first item.
    pub(crate) offset: usize,
    pub(crate) ty: Type,
    pub(crate) class: Option<usize>,
    pub(crate) birth: bool,
    /// Which item it belongs to.
    pub(crate) item: Option<usize>,
    pub(crate) op: Op,
}

/// [`Guess`], resolved.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Op {
    Zero,
    Previous,
    /// The object in another column.
    SameObject(usize),
    /// The number at an offset.
    SameNumber(usize, Type),
    /// Column of the key, and the table.
    Keyed(usize, usize),
    /// Column of the other kind.
    Recent(usize),
}

impl Program {
    /// Bytes of the longest row: the fixed part, and behind it `items` items or `text` bytes.
    pub(crate) fn row_len(&self, extent: usize) -> usize {
        self.size
            + match &self.tail {
                Tail::None => 0,
                Tail::Items { size, short, long, .. } => {
                    size * if extent <= *short { *short } else { *long }
                }
                Tail::Text { .. } => extent,
            }
    }

    /// Columns of a block whose longest vector has `extent` items.
    pub(crate) fn column_count(&self, extent: usize) -> usize {
        match self.tail {
            Tail::Items { .. } => self.fixed + self.per_item * extent,
            _ => self.fixed,
        }
    }
}

pub(super) fn compile(declared: Declared) -> Schema {
    let mut first = Vec::with_capacity(declared.slots.len());
    let mut tables = Vec::new();
    for slot in &declared.slots {
        first.push(tables.len());
        let of = |slot: u8| first.get(usize::from(slot)).copied().unwrap_or(0);
        let guess = match slot.guess {
            SlotGuess::Zero => TableGuess::Zero,
            SlotGuess::Previous => TableGuess::Previous,
            SlotGuess::Same(slot) => TableGuess::Same(of(slot)),
            SlotGuess::Through(slot, then) => TableGuess::Through(of(slot), of(then)),
        };
        let table = Table { class: usize::from(slot.key), guess };
        tables.extend(std::iter::repeat_n(table, usize::from(slot.count)));
    }
    let mut programs: Vec<Program> = Vec::with_capacity(declared.kinds.len());
    for kind in &declared.kinds {
        let Some(form) = declared.forms.get(usize::from(kind.form)) else { continue };
        let program = Compiler { declared: &declared, form, kind, tables: &first }.run();
        programs.push(program);
    }
    Schema { declared, programs, tables }
}

/// The column of a field; of its item `item`, if it is an item's.
fn position(form: &Form, kind: &Kind, field: u8, item: usize) -> Option<usize> {
    let mut at = 0;
    let mut fixed = 0;
    let mut found = None;
    for plan in &kind.plans {
        let Some(of) = form.field(plan.field) else { continue };
        if usize::from(plan.field) < form.fields.len() {
            if plan.field == field {
                return Some(at);
            }
            at += usize::from(of.count);
            fixed = at;
        } else {
            if plan.field == field {
                found = Some(at - fixed);
            }
            at += 1;
        }
    }
    found.map(|within| fixed + item * (at - fixed) + within)
}

impl Form {
    /// A field of the fixed part or of an item.
    pub(crate) fn field(&self, index: u8) -> Option<&Field> {
        let index = usize::from(index);
        self.fields.get(index).or_else(|| match &self.tail {
            DeclaredTail::Items { fields, .. } => fields.get(index - self.fields.len()),
            _ => None,
        })
    }

    fn offset(&self, index: u8) -> usize {
        self.field(index).map_or(0, |field| field.offset as usize)
    }
}

struct Compiler<'a> {
    declared: &'a Declared,
    form: &'a Form,
    kind: &'a Kind,
    tables: &'a [usize],
}

impl Compiler<'_> {
    fn run(&self) -> Program {
        let size = self.form.size as usize;
        let is_fixed = |plan: &&Plan| usize::from(plan.field) < self.form.fields.len();
        let mut columns = Vec::new();
        for plan in self.kind.plans.iter().filter(is_fixed) {
            let Some(field) = self.form.field(plan.field) else { continue };
            for element in 0..usize::from(field.count) {
                let offset = field.offset as usize + element * field.ty.width() as usize;
                columns.push(self.column(*plan, field.ty, offset, element, None));
            }
        }
        let fixed = columns.len();
        let tail = self.tail();
        let mut per_item = 0;
        if let Tail::Items { size: item_size, long, .. } = tail {
            let items: Vec<&Plan> = self.kind.plans.iter().filter(|plan| !is_fixed(plan)).collect();
            per_item = items.len();
            for item in 0..long {
                for plan in &items {
                    let Some(field) = self.form.field(plan.field) else { continue };
                    let offset = size + item * item_size + field.offset as usize;
                    columns.push(self.column(**plan, field.ty, offset, item, Some(item)));
                }
            }
        }
        Program {
            kind: self.kind.number,
            size,
            columns,
            fixed,
            per_item,
            tail,
            recent: self.recent(),
        }
    }

    fn tail(&self) -> Tail {
        match &self.form.tail {
            DeclaredTail::None => Tail::None,
            DeclaredTail::Items { count, size, short, long, .. } => Tail::Items {
                at: self.form.offset(*count),
                size: usize::from(*size),
                short: usize::from(*short),
                long: usize::from(*long),
            },
            DeclaredTail::Text { lens, max } => Tail::Text {
                lens: lens.iter().map(|&field| self.form.offset(field)).collect(),
                max: *max as usize,
            },
        }
    }

    fn column(
        &self,
        plan: Plan,
        ty: Type,
        offset: usize,
        element: usize,
        item: Option<usize>,
    ) -> Column {
        let find = |field| position(self.form, self.kind, field, item.unwrap_or(0));
        let op = match plan.guess {
            Guess::Zero => Some(Op::Zero),
            Guess::Previous => Some(Op::Previous),
            Guess::Same(field) if plan.class.is_some() => find(field).map(Op::SameObject),
            Guess::Same(field) => self
                .form
                .field(field)
                .map(|source| Op::SameNumber(source.offset as usize, source.ty)),
            Guess::Keyed(field, slot) => {
                find(field).zip(self.table(slot, element)).map(|(key, table)| Op::Keyed(key, table))
            }
            Guess::Recent(kind, field) => self.recent_column(kind, field).map(Op::Recent),
        };
        Column {
            offset,
            ty,
            class: plan.class.map(usize::from),
            birth: plan.birth,
            item,
            op: op.unwrap_or(Op::Zero),
        }
    }

    /// The table of an element; a slot with one table has it for all items.
    fn table(&self, slot: u8, element: usize) -> Option<usize> {
        let slot = usize::from(slot);
        let is_alone = self.declared.slots.get(slot)?.count == 1;
        self.tables.get(slot).map(|first| first + if is_alone { 0 } else { element })
    }

    fn recent_column(&self, from: u16, field: u8) -> Option<usize> {
        let kind = self.declared.kinds.iter().find(|kind| kind.number == from)?;
        position(self.declared.forms.get(usize::from(kind.form))?, kind, field, 0)
    }

    fn recent(&self) -> Option<usize> {
        self.kind.plans.iter().find_map(|plan| match plan.guess {
            Guess::Recent(from, _) => {
                self.declared.kinds.iter().position(|kind| kind.number == from)
            }
            _ => None,
        })
    }
}
