//! A JSON object that is written as its fields come.

use super::super::digits::Integer;
use super::super::escape;

/// An object that is open; [`Object::close`] ends it.
pub(super) struct Object<'o> {
    out: &'o mut String,
    first: bool,
}

impl<'o> Object<'o> {
    /// Starts a line.
    pub(super) fn line(ty: &str, out: &'o mut String) -> Self {
        out.push_str("{\"type\":\"");
        out.push_str(ty);
        out.push('"');
        Self { out, first: false }
    }

    /// Starts an object in an array.
    pub(super) fn item(out: &'o mut String) -> Self {
        out.push('{');
        Self { out, first: true }
    }

    fn key(&mut self, key: &str) {
        self.out.push_str(if self.first { "\"" } else { ",\"" });
        self.first = false;
        self.out.push_str(key);
        self.out.push_str("\":");
    }

    /// A field whose value is JSON already.
    pub(super) fn raw(&mut self, key: &str, json: &str) {
        self.key(key);
        self.out.push_str(json);
    }

    /// A number.
    pub(super) fn number(&mut self, key: &str, number: impl Integer) {
        self.key(key);
        number.push(self.out);
    }

    /// A number that is unknown when it is 0.
    pub(super) fn known<N: Integer>(&mut self, key: &str, number: N) {
        if number != N::default() {
            self.number(key, number);
        }
    }

    /// A 64-bit id as a string; unknown when it is 0.
    pub(super) fn id(&mut self, key: &str, id: u64) {
        if id != 0 {
            self.quoted(key, |out| id.push(out));
        }
    }

    /// Yes or no.
    pub(super) fn flag(&mut self, key: &str, yes: bool) {
        self.raw(key, if yes { "true" } else { "false" });
    }

    /// A string of our own, which needs no escapes.
    pub(super) fn str(&mut self, key: &str, text: &str) {
        self.quoted(key, |out| out.push_str(text));
    }

    /// A string that needs no escapes.
    pub(super) fn quoted(&mut self, key: &str, write: impl FnOnce(&mut String)) {
        self.key(key);
        self.out.push('"');
        write(self.out);
        self.out.push('"');
    }

    /// Text of any origin, and its bytes in hex beside it if it is none.
    pub(super) fn text(&mut self, key: &str, text: &[u8]) {
        let mut whole = true;
        self.quoted(key, |out| whole = escape::json(text, out));
        if !whole {
            self.key_hex(key);
            self.out.push('"');
            escape::hex(text, self.out);
            self.out.push('"');
        }
    }

    /// Texts of any origin, and all their bytes in hex beside them if one is none.
    pub(super) fn texts<T: AsRef<[u8]>>(&mut self, key: &str, texts: &[T]) {
        let mut whole = true;
        self.array(key, texts, |text, out| {
            out.push('"');
            whole &= escape::json(text.as_ref(), out);
            out.push('"');
        });
        if !whole {
            self.key_hex(key);
            list(self.out, texts, |text, out| {
                out.push('"');
                escape::hex(text.as_ref(), out);
                out.push('"');
            });
        }
    }

    fn key_hex(&mut self, key: &str) {
        self.out.push_str(",\"");
        self.out.push_str(key);
        self.out.push_str("_hex\":");
    }

    /// An array, of items that `write` writes.
    pub(super) fn array<T>(
        &mut self,
        key: &str,
        items: impl IntoIterator<Item = T>,
        write: impl FnMut(T, &mut String),
    ) {
        self.key(key);
        list(self.out, items, write);
    }

    /// An array of numbers.
    pub(super) fn numbers<N: Integer>(&mut self, key: &str, numbers: impl IntoIterator<Item = N>) {
        self.array(key, numbers, Integer::push);
    }

    /// An object inside this one.
    pub(super) fn object(&mut self, key: &str) -> Object<'_> {
        self.key(key);
        Object::item(self.out)
    }

    /// Ends the object.
    pub(super) fn close(self) {
        self.out.push('}');
    }

    /// Ends the object and its line.
    pub(super) fn end(self) {
        self.out.push_str("}\n");
    }
}

fn list<T>(
    out: &mut String,
    items: impl IntoIterator<Item = T>,
    mut write: impl FnMut(T, &mut String),
) {
    out.push('[');
    for (index, item) in items.into_iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        write(item, out);
    }
    out.push(']');
}
