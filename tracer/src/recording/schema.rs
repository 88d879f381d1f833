//! What a file says about its records: their layout, and how a block encodes each field.
//!
//! The bytes are described with the block's, in [`block`](super::block).

mod adapter;
mod bytes;
mod check;
mod current;
mod plan;
mod program;
#[cfg(test)]
mod tests;

use std::fmt;

pub use adapter::Adapter;
pub(crate) use program::{Column, Op, Program, Tail as ProgramTail};

/// Layout of every record kind and the plan of its encoding.
#[derive(Clone, Debug)]
pub struct Schema {
    declared: Declared,
    /// Derived from what is declared.
    programs: Vec<Program>,
    /// The slot of each table.
    tables: Vec<Table>,
}

/// One element of a slot.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Table {
    /// Class of its objects.
    pub(crate) class: usize,
    pub(crate) guess: TableGuess,
}

/// [`SlotGuess`], by tables.
#[derive(Clone, Copy, Debug)]
pub(crate) enum TableGuess {
    Zero,
    Previous,
    Same(usize),
    Through(usize, usize),
}

/// What a file carries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Declared {
    pub(crate) version: u16,
    pub(crate) classes: Vec<Class>,
    pub(crate) slots: Vec<Slot>,
    pub(crate) forms: Vec<Form>,
    pub(crate) kinds: Vec<Kind>,
}

/// Values that a block keeps once: cookies of one sort of object, or names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Class {
    pub(crate) name: String,
    /// Bytes of a value: 8 or 16.
    pub(crate) width: u8,
}

/// An attribute of the objects of a class; a block has at most one table for each element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Slot {
    pub(crate) name: String,
    /// Class of the objects that have it.
    pub(crate) key: u8,
    /// Class of its values; none for numbers.
    pub(crate) value: Option<u8>,
    /// Elements.
    pub(crate) count: u8,
    pub(crate) guess: SlotGuess,
}

/// What a value of a table is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SlotGuess {
    /// Zero.
    Zero,
    /// The value of the object before.
    Previous,
    /// What another slot says about the object.
    Same(u8),
    /// What the second slot says about the object that the first slot names.
    Through(u8, u8),
}

/// The form of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Form {
    pub(crate) name: String,
    /// Bytes of the fixed part.
    pub(crate) size: u32,
    pub(crate) fields: Vec<Field>,
    pub(crate) tail: Tail,
}

/// A field or an array of equal fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Field {
    /// Its path, such as `task.uid`.
    pub(crate) name: String,
    pub(crate) offset: u32,
    pub(crate) ty: Type,
    pub(crate) count: u8,
}

impl Field {
    pub(crate) fn size(&self) -> u32 {
        self.ty.width() * u32::from(self.count)
    }
}

/// Type of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Type {
    U8,
    U16,
    U32,
    U64,
    I32,
    I64,
    /// 16 bytes of text.
    Text,
}

impl Type {
    pub(crate) const ALL: [Self; 7] =
        [Self::U8, Self::U16, Self::U32, Self::U64, Self::I32, Self::I64, Self::Text];

    pub(crate) fn width(self) -> u32 {
        match self {
            Self::U8 => 1,
            Self::U16 => 2,
            Self::U32 | Self::I32 => 4,
            Self::U64 | Self::I64 => 8,
            Self::Text => 16,
        }
    }
}

/// What follows the fixed part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Tail {
    None,
    /// One more item than the field `count` says, in room for `short` items if they fit, else for
    /// `long`; the rest is zero.
    Items {
        count: u8,
        size: u8,
        short: u8,
        long: u8,
        fields: Vec<Field>,
    },
    /// As many bytes as the fields `lens` say together, at most `max`.
    Text {
        lens: Vec<u8>,
        max: u32,
    },
}

/// A record kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Kind {
    pub(crate) number: u16,
    /// Index of its form.
    pub(crate) form: u8,
    /// The fields in the order of their decoding; a plan refers only to fields before it.
    pub(crate) plans: Vec<Plan>,
}

/// How one field is encoded. Fields are counted over the fixed part, then over an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    pub(crate) field: u8,
    /// Its values are objects of this class.
    pub(crate) class: Option<u8>,
    /// Each value is a new object, even where an old one had the same value.
    pub(crate) birth: bool,
    pub(crate) guess: Guess,
}

/// What a value is compared with; a block stores the difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Guess {
    /// Zero.
    Zero,
    /// The value of the previous record of the kind.
    Previous,
    /// Another field of the record.
    Same(u8),
    /// What the table of a slot says about the object in another field.
    Keyed(u8, u8),
    /// A field of the last record of another kind on the same CPU.
    Recent(u16, u8),
}

/// Why bytes are no schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadSchema(pub(crate) String);

impl fmt::Display for BadSchema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the schema is wrong: {}", self.0)
    }
}

impl std::error::Error for BadSchema {}

impl PartialEq for Schema {
    fn eq(&self, other: &Self) -> bool {
        self.declared == other.declared
    }
}

impl Schema {
    /// The schema of this version's records.
    pub fn current() -> Self {
        let declared = current::declare();
        // A test compiles it with its checks; without them nothing can fail.
        program::compile(declared)
    }

    /// Appends its bytes.
    pub fn write(&self, out: &mut Vec<u8>) {
        bytes::write(&self.declared, out);
    }

    /// Reads and checks a schema.
    pub fn read(bytes: &[u8]) -> Result<Self, BadSchema> {
        let declared = bytes::read(bytes)?;
        check::check(&declared)?;
        Ok(program::compile(declared))
    }

    /// Version of the records (`wire::VERSION`).
    pub fn version(&self) -> u16 {
        self.declared.version
    }

    /// What brings records of this schema into the current layout; `None` if it is the same.
    pub fn adapter(&self) -> Option<Adapter> {
        Adapter::new(&self.declared, &current::declare())
    }

    pub(crate) fn programs(&self) -> &[Program] {
        &self.programs
    }

    pub(crate) fn classes(&self) -> &[Class] {
        &self.declared.classes
    }

    /// The tables that a block can have.
    pub(crate) fn tables(&self) -> &[Table] {
        &self.tables
    }
}
