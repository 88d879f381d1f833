//! The report for programs: one object on one line.

use std::fmt::{Display, Write};

use tracer::{
    coverage::Hook,
    kernel::{Probe, Refused},
    view::escape,
};

use super::facts::Facts;

/// Writes the report.
pub(super) fn write(
    facts: &Facts,
    daemon: &[(&str, String)],
    found: Result<&Probe, &Refused>,
    out: &mut String,
) {
    let mut object = Object::begin(out);
    object.text("type", "doctor");
    object.plain("possible", found.is_ok());
    object.text("kernel", &facts.release);
    object.plain("btf", facts.btf.is_ok());
    if let Err(why) = &facts.btf {
        object.text("btf_reason", why);
    }
    object.text("lockdown", &facts.lockdown);
    object.plain("pid_ns_initial", facts.initial);
    object.nested("capabilities", |object| {
        for (cap, has) in &facts.capabilities {
            object.plain(cap, has);
        }
    });
    match found {
        Ok(probe) => tracing(probe, &mut object),
        Err(Refused::Unable { what, why, help }) => {
            object.text("what", what);
            object.text("reason", why);
            object.text("help", help);
        }
        Err(Refused::Runtime(error)) => object.text("reason", &format!("{error:#}")),
    }
    object.nested("daemon", |object| {
        for (name, told) in daemon {
            object.text(name, told);
        }
    });
    object.end();
    out.push('\n');
}

/// What only tracing tells.
fn tracing(probe: &Probe, object: &mut Object<'_>) {
    let Probe { host, coverage, iterator, .. } = probe;
    object.text("host", &host.name);
    object.text("boot_id", &host.boot_id);
    object.plain("cpus", host.cpus);
    object.plain("pid_max", host.pid_max);
    object.text("plan", coverage.plan().name());
    object.nested("plans", |plans| {
        for (plan, refused) in &probe.plans {
            plans.nested(plan.name(), |object| {
                object.plain("possible", refused.is_none());
                if let Some(why) = refused {
                    object.text("reason", why);
                }
            });
        }
    });
    object.list("hooks", &coverage.hooks, hook);
    object.list("lost", &coverage.gaps(), |gap, object| {
        object.text("fact", gap.fact.name());
        object.text("cost", gap.cost);
    });
    object.plain("ring", probe.ring);
    object.nested("iterator", |object| {
        object.plain("shown", iterator.shown);
        object.plain("proc", iterator.proc);
        object.list("hidden", &iterator.hidden, |(tid, comm), object| {
            object.plain("tid", tid);
            object.text("comm", comm);
        });
    });
    object.plain("start_ms", probe.start_ms);
}

/// What came of one hook.
fn hook(hook: &Hook, object: &mut Object<'_>) {
    object.text("fact", hook.fact.name());
    object.text("hook", &hook.place);
    object.text("plan", hook.plan.name());
    object.plain("attached", hook.refused.is_none());
    if let Some(why) = &hook.refused {
        object.text("reason", why);
    }
}

/// An object as it grows.
struct Object<'o> {
    out: &'o mut String,
    empty: bool,
}

impl<'o> Object<'o> {
    /// Opens it.
    fn begin(out: &'o mut String) -> Self {
        out.push('{');
        Self { out, empty: true }
    }

    /// Closes it.
    fn end(self) {
        self.out.push('}');
    }

    /// A member's name.
    fn key(&mut self, name: &str) {
        if !self.empty {
            self.out.push(',');
        }
        self.empty = false;
        let _infallible = write!(self.out, "\"{name}\":");
    }

    /// A member that is text.
    fn text(&mut self, name: &str, text: &str) {
        self.key(name);
        self.out.push('"');
        escape::json(text.as_bytes(), self.out);
        self.out.push('"');
    }

    /// A member that is a number or a truth value.
    fn plain(&mut self, name: &str, value: impl Display) {
        self.key(name);
        let _infallible = write!(self.out, "{value}");
    }

    /// A member that is an object.
    fn nested(&mut self, name: &str, body: impl FnOnce(&mut Object<'_>)) {
        self.key(name);
        let mut object = Object::begin(self.out);
        body(&mut object);
        object.end();
    }

    /// A member that is a list of objects.
    fn list<T>(&mut self, name: &str, items: &[T], body: impl Fn(&T, &mut Object<'_>)) {
        self.key(name);
        self.out.push('[');
        for (i, item) in items.iter().enumerate() {
            if i > 0 {
                self.out.push(',');
            }
            let mut object = Object::begin(self.out);
            body(item, &mut object);
            object.end();
        }
        self.out.push(']');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_escaped_and_separated() {
        let mut out = String::new();
        let mut object = Object::begin(&mut out);
        object.text("a", "6.1 \"x\"");
        object.nested("b", |object| object.plain("c", true));
        object.list("d", &[1, 2], |item, object| object.plain("e", item));
        object.text("f", "\x1b[0m");
        object.end();
        assert_eq!(
            out,
            r#"{"a":"6.1 \"x\"","b":{"c":true},"d":[{"e":1},{"e":2}],"f":"\u001b[0m"}"#
        );
    }
}
