//! A schema's bytes.

use super::{
    BadSchema, Class, Declared, Field, Form, Guess, Kind, Plan, Slot, SlotGuess, Tail, Type,
};
use crate::recording::block::varint::{self, Cursor};

/// Version of the encoding of schemas and blocks.
const ENCODING: u8 = 1;
/// Stands for "no class".
const NONE: u8 = 255;
/// Bit of a plan's operation: its values are new objects.
const BIRTH: u8 = 0x80;

pub(super) fn write(declared: &Declared, out: &mut Vec<u8>) {
    out.push(ENCODING);
    out.extend(declared.version.to_le_bytes());
    out.push(declared.classes.len() as u8);
    for class in &declared.classes {
        text(out, &class.name);
        out.push(class.width);
    }
    out.push(declared.slots.len() as u8);
    for slot in &declared.slots {
        text(out, &slot.name);
        out.extend([slot.key, slot.value.unwrap_or(NONE), slot.count]);
        match slot.guess {
            SlotGuess::Zero => out.push(0),
            SlotGuess::Previous => out.push(1),
            SlotGuess::Same(other) => out.extend([2, other]),
            SlotGuess::Through(other, then) => out.extend([3, other, then]),
        }
    }
    out.push(declared.forms.len() as u8);
    declared.forms.iter().for_each(|form| write_form(form, out));
    out.push(declared.kinds.len() as u8);
    for kind in &declared.kinds {
        out.extend(kind.number.to_le_bytes());
        out.extend([kind.form, kind.plans.len() as u8]);
        kind.plans.iter().for_each(|&plan| write_plan(plan, out));
    }
}

fn text(out: &mut Vec<u8>, name: &str) {
    out.push(name.len() as u8);
    out.extend(name.bytes().take(usize::from(u8::MAX)));
}

fn write_form(form: &Form, out: &mut Vec<u8>) {
    text(out, &form.name);
    varint::put(out, u64::from(form.size));
    write_fields(&form.fields, out);
    match &form.tail {
        Tail::None => out.push(0),
        Tail::Items { count, size, short, long, fields } => {
            out.extend([1, *count, *size, *short, *long]);
            write_fields(fields, out);
        }
        Tail::Text { lens, max } => {
            out.extend([2, lens.len() as u8]);
            out.extend(lens);
            varint::put(out, u64::from(*max));
        }
    }
}

fn write_fields(fields: &[Field], out: &mut Vec<u8>) {
    out.push(fields.len() as u8);
    for field in fields {
        text(out, &field.name);
        varint::put(out, u64::from(field.offset));
        out.extend([field.ty as u8, field.count]);
    }
}

fn write_plan(plan: Plan, out: &mut Vec<u8>) {
    let birth = if plan.birth { BIRTH } else { 0 };
    out.extend([plan.field, plan.class.unwrap_or(NONE)]);
    match plan.guess {
        Guess::Zero => out.push(birth),
        Guess::Previous => out.push(birth | 1),
        Guess::Same(field) => out.extend([birth | 2, field]),
        Guess::Keyed(field, slot) => out.extend([birth | 3, field, slot]),
        Guess::Recent(kind, field) => {
            out.push(birth | 4);
            out.extend(kind.to_le_bytes());
            out.push(field);
        }
    }
}

type Read<T> = Result<T, BadSchema>;

fn bad(what: &str) -> BadSchema {
    BadSchema(what.to_owned())
}

pub(super) fn read(bytes: &[u8]) -> Read<Declared> {
    let mut reader = Reader(Cursor::new(bytes));
    if reader.byte()? != ENCODING {
        return Err(bad("its encoding is of another version"));
    }
    let declared = Declared {
        version: reader.short()?,
        classes: reader.list(|reader| Ok(Class { name: reader.text()?, width: reader.byte()? }))?,
        slots: reader.list(Reader::slot)?,
        forms: reader.list(Reader::form)?,
        kinds: reader.list(Reader::kind)?,
    };
    if reader.0.is_empty() { Ok(declared) } else { Err(bad("bytes follow its end")) }
}

struct Reader<'a>(Cursor<'a>);

impl Reader<'_> {
    fn byte(&mut self) -> Read<u8> {
        self.0.byte().ok_or_else(|| bad("it is cut"))
    }

    fn short(&mut self) -> Read<u16> {
        Ok(u16::from_le_bytes([self.byte()?, self.byte()?]))
    }

    fn number(&mut self) -> Read<u32> {
        let value = self.0.varint().ok_or_else(|| bad("a number is cut or too long"))?;
        u32::try_from(value).map_err(|error| bad(&error.to_string()))
    }

    fn class(&mut self) -> Read<Option<u8>> {
        Ok(Some(self.byte()?).filter(|&class| class != NONE))
    }

    /// A name; only of characters that can be shown anywhere.
    fn text(&mut self) -> Read<String> {
        let len = self.byte()?;
        let bytes = self.0.take(usize::from(len)).ok_or_else(|| bad("a name is cut"))?;
        let fine = |byte: &u8| byte.is_ascii_alphanumeric() || b"._".contains(byte);
        if bytes.iter().all(fine) {
            Ok(bytes.iter().map(|&byte| char::from(byte)).collect())
        } else {
            Err(bad("a name has characters that no name has"))
        }
    }

    fn list<T>(&mut self, one: impl Fn(&mut Self) -> Read<T>) -> Read<Vec<T>> {
        let len = self.byte()?;
        (0..len).map(|_| one(self)).collect()
    }

    fn slot(&mut self) -> Read<Slot> {
        Ok(Slot {
            name: self.text()?,
            key: self.byte()?,
            value: self.class()?,
            count: self.byte()?,
            guess: match self.byte()? {
                0 => SlotGuess::Zero,
                1 => SlotGuess::Previous,
                2 => SlotGuess::Same(self.byte()?),
                3 => SlotGuess::Through(self.byte()?, self.byte()?),
                _ => return Err(bad("a slot's guess is not known")),
            },
        })
    }

    fn form(&mut self) -> Read<Form> {
        Ok(Form {
            name: self.text()?,
            size: self.number()?,
            fields: self.list(Self::field)?,
            tail: self.tail()?,
        })
    }

    fn field(&mut self) -> Read<Field> {
        let name = self.text()?;
        let offset = self.number()?;
        let ty = self.byte()?;
        let ty = Type::ALL.get(usize::from(ty)).ok_or_else(|| bad("a type is not known"))?;
        Ok(Field { name, offset, ty: *ty, count: self.byte()? })
    }

    fn tail(&mut self) -> Read<Tail> {
        Ok(match self.byte()? {
            0 => Tail::None,
            1 => Tail::Items {
                count: self.byte()?,
                size: self.byte()?,
                short: self.byte()?,
                long: self.byte()?,
                fields: self.list(Self::field)?,
            },
            2 => Tail::Text { lens: self.list(Self::byte)?, max: self.number()? },
            _ => return Err(bad("a tail is not known")),
        })
    }

    fn kind(&mut self) -> Read<Kind> {
        Ok(Kind { number: self.short()?, form: self.byte()?, plans: self.list(Self::plan)? })
    }

    fn plan(&mut self) -> Read<Plan> {
        let field = self.byte()?;
        let class = self.class()?;
        let op = self.byte()?;
        let guess = match op & !BIRTH {
            0 => Guess::Zero,
            1 => Guess::Previous,
            2 => Guess::Same(self.byte()?),
            3 => Guess::Keyed(self.byte()?, self.byte()?),
            4 => Guess::Recent(self.short()?, self.byte()?),
            _ => return Err(bad("an operation is not known")),
        };
        Ok(Plan { field, class, birth: op & BIRTH != 0, guess })
    }
}
