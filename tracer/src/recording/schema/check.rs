//! What a schema must keep to, so that whatever follows it stays within its bounds.

use super::{BadSchema, Declared, Field, Form, Guess, Kind, Plan, SlotGuess, Tail, Type};

/// Longest fixed part of a record.
const MAX_SIZE: u32 = 4096;
/// Longest text behind one.
const MAX_TEXT: u32 = 65_536;
/// Most items behind one.
const MAX_ITEMS: u8 = 64;
/// Most columns of all kinds together.
const MAX_COLUMNS: usize = 16_384;

/// The fields that every record starts with, in every version.
pub(crate) const PREFIX: [(&str, Type); 4] = [
    ("header.ts", Type::U64),
    ("header.seq", Type::U32),
    ("header.cpu", Type::U16),
    ("header.kind", Type::U16),
];

type Checked = Result<(), BadSchema>;

fn fail(is: bool, what: impl FnOnce() -> String) -> Checked {
    if is { Err(BadSchema(what())) } else { Ok(()) }
}

pub(super) fn check(declared: &Declared) -> Checked {
    for class in &declared.classes {
        fail(![8, 16].contains(&class.width), || {
            format!("values of the class {} have {} bytes", class.name, class.width)
        })?;
    }
    let classes = declared.classes.len();
    for slot in &declared.slots {
        let bad = usize::from(slot.key) >= classes
            || slot.value.is_some_and(|value| usize::from(value) >= classes);
        fail(bad, || format!("the slot {} has no such class", slot.name))?;
    }
    for (index, slot) in declared.slots.iter().enumerate() {
        let before = declared.slots.get(..index).unwrap_or(&[]);
        let class = |at: u8| before.get(usize::from(at)).map(|slot| (slot.key, slot.value));
        let fits = match slot.guess {
            SlotGuess::Zero | SlotGuess::Previous => true,
            SlotGuess::Same(other) => {
                class(other) == Some((slot.key, slot.value)) && slot.count == 1
            }
            SlotGuess::Through(other, then) => {
                let through = class(other).filter(|(key, _)| *key == slot.key);
                let next = through.and_then(|(_, value)| value);
                slot.count == 1
                    && next.is_some()
                    && class(then) == next.map(|key| (key, slot.value))
            }
        };
        fail(!fits, || format!("the slot {} has a guess that cannot be", slot.name))?;
    }
    declared.forms.iter().try_for_each(form)?;
    let mut columns = 0;
    for (index, kind) in declared.kinds.iter().enumerate() {
        let twice = declared.kinds.iter().take(index).any(|other| other.number == kind.number);
        fail(twice || kind.number == 0, || format!("kind {} is said twice or is 0", kind.number))?;
        columns += Checker::new(declared, index, kind)?.run()?;
        fail(columns > MAX_COLUMNS, || format!("more than {MAX_COLUMNS} columns"))?;
    }
    Ok(())
}

fn form(form: &Form) -> Checked {
    let name = &form.name;
    for (field, (prefix, ty)) in form.fields.iter().zip(PREFIX) {
        fail(field.name != prefix || field.ty != ty || field.count != 1, || {
            format!("{name} has {} where {prefix} must be", field.name)
        })?;
    }
    fail(form.fields.len() < PREFIX.len(), || format!("{name} has no header"))?;
    let size = adjoining(name, &form.fields)?;
    fail(size != form.size || size > MAX_SIZE, || format!("{name} has {} bytes", form.size))?;
    match &form.tail {
        Tail::None => Ok(()),
        Tail::Items { count, size, short, long, fields } => {
            number(form, *count)?;
            fail(short > long || *long > MAX_ITEMS, || format!("{name} has {long} items"))?;
            let bytes = adjoining(name, fields)?;
            let arrays = fields.iter().any(|field| field.count != 1 || field.ty == Type::Text);
            fail(bytes != u32::from(*size) || arrays, || format!("{name} has ill items"))
        }
        Tail::Text { lens, max } => {
            lens.iter().try_for_each(|&field| number(form, field))?;
            fail(*max > MAX_TEXT || lens.is_empty(), || format!("{name} has {max} bytes of text"))
        }
    }
}

/// A field that holds a count or a length.
fn number(form: &Form, field: u8) -> Checked {
    let good = form
        .fields
        .get(usize::from(field))
        .is_some_and(|field| field.ty == Type::U32 && field.count == 1 && field.offset >= 16);
    fail(!good, || format!("{} counts its tail in a field that cannot", form.name))
}

/// Bytes of fields that lie side by side.
fn adjoining(name: &str, fields: &[Field]) -> Result<u32, BadSchema> {
    let mut end = 0;
    for field in fields {
        fail(field.offset != end || field.count == 0, || {
            format!("{name}.{} does not follow the field before it", field.name)
        })?;
        end += field.size();
        fail(end > MAX_SIZE, || format!("{name} is longer than {MAX_SIZE} bytes"))?;
    }
    Ok(end)
}

/// What a field holds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sort {
    /// Nothing that others may look at.
    Prefix,
    Number,
    /// Objects of a class.
    Objects(u8),
}

impl Sort {
    fn of(plan: Plan) -> Self {
        plan.class.map_or(Self::Number, Self::Objects)
    }
}

/// Checks the plans of a kind.
struct Checker<'a> {
    declared: &'a Declared,
    index: usize,
    kind: &'a Kind,
    form: &'a Form,
    /// What each field planned so far holds.
    seen: Vec<Option<Sort>>,
    recent: Option<u16>,
}

impl<'a> Checker<'a> {
    fn new(declared: &'a Declared, index: usize, kind: &'a Kind) -> Result<Self, BadSchema> {
        let form = declared
            .forms
            .get(usize::from(kind.form))
            .ok_or_else(|| BadSchema(format!("kind {} has no form", kind.number)))?;
        let items = match &form.tail {
            Tail::Items { fields, .. } => fields.len(),
            _ => 0,
        };
        let mut seen = vec![None; form.fields.len() + items];
        seen.iter_mut().take(PREFIX.len()).for_each(|seen| *seen = Some(Sort::Prefix));
        Ok(Self { declared, index, kind, form, seen, recent: None })
    }

    /// Answers how many columns the kind has.
    fn run(mut self) -> Result<usize, BadSchema> {
        let long = match &self.form.tail {
            Tail::Items { long, .. } => usize::from(*long),
            _ => 0,
        };
        let mut columns = 0;
        let mut items = false;
        for &plan in &self.kind.plans {
            let is_item = usize::from(plan.field) >= self.form.fields.len();
            fail(items && !is_item, || self.words(plan, "comes behind the items"))?;
            items |= is_item;
            self.plan(plan, is_item)?;
            columns += if is_item { long } else { self.count(plan.field) };
        }
        let missing = self.seen.iter().any(Option::is_none);
        fail(missing, || format!("kind {} leaves fields without a plan", self.kind.number))?;
        Ok(columns)
    }

    fn words(&self, plan: Plan, what: &str) -> String {
        let name = self.form.field(plan.field).map_or("?", |field| &field.name);
        format!("kind {}: {name} {what}", self.kind.number)
    }

    fn count(&self, field: u8) -> usize {
        self.form.field(field).map_or(0, |field| usize::from(field.count))
    }

    fn plan(&mut self, plan: Plan, is_item: bool) -> Checked {
        let twice = self.seen.get(usize::from(plan.field)).is_none_or(Option::is_some);
        fail(twice, || self.words(plan, "is planned twice or does not exist"))?;
        let ty = self.form.field(plan.field).map_or(Type::U8, |field| field.ty);
        let width = plan.class.map(|class| {
            self.declared.classes.get(usize::from(class)).map(|class| u32::from(class.width))
        });
        fail(width.is_some_and(|width| width != Some(ty.width())), || {
            self.words(plan, "does not fit its class")
        })?;
        fail(ty == Type::Text && width.is_none(), || self.words(plan, "is text without a class"))?;
        fail(!self.guess(plan, is_item), || self.words(plan, "has a plan that cannot be"))?;
        if let Some(seen) = self.seen.get_mut(usize::from(plan.field)) {
            *seen = Some(Sort::of(plan));
        }
        Ok(())
    }

    fn guess(&mut self, plan: Plan, is_item: bool) -> bool {
        match plan.guess {
            Guess::Zero | Guess::Previous => true,
            Guess::Same(field) => {
                self.sort(field) == Some(Sort::of(plan)) && (plan.class.is_some() || !is_item)
            }
            Guess::Keyed(field, slot) => {
                let elements = match &self.form.tail {
                    Tail::Items { long, .. } if is_item => *long,
                    _ => self.count(plan.field) as u8,
                };
                self.declared.slots.get(usize::from(slot)).is_some_and(|slot| {
                    self.sort(field) == Some(Sort::Objects(slot.key))
                        && slot.value == plan.class
                        && (slot.count >= elements || slot.count == 1 && is_item)
                })
            }
            Guess::Recent(kind, field) => {
                let first = *self.recent.get_or_insert(kind);
                first == kind
                    && !is_item
                    && plan.class.is_some()
                    && self.sort_of(kind, field) == Some(Sort::of(plan))
            }
        }
    }

    /// What a single field that has been planned holds.
    fn sort(&self, field: u8) -> Option<Sort> {
        let single = self.count(field) == 1;
        self.seen.get(usize::from(field)).copied().flatten().filter(|_| single)
    }

    /// What a single field of the fixed part of an earlier kind holds.
    fn sort_of(&self, kind: u16, field: u8) -> Option<Sort> {
        let from = self.declared.kinds.iter().take(self.index).find(|from| from.number == kind)?;
        let form = self.declared.forms.get(usize::from(from.form))?;
        form.fields.get(usize::from(field)).filter(|field| field.count == 1)?;
        from.plans.iter().find(|plan| plan.field == field).map(|&plan| Sort::of(plan))
    }
}
