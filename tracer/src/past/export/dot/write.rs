//! The graph in the DOT language.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::{Dot, Fate, Kind, Node};
use crate::model::{NsId, ReparentReason};
use crate::view::names::Ended;
use crate::view::{escape, text};

impl Dot {
    /// The whole graph.
    pub(super) fn graph(&self, lost: u64) -> String {
        let mut out = String::from(
            "digraph processes {\n  rankdir=LR;\n  node [shape=box, style=filled, \
             fillcolor=white, fontname=\"sans-serif\", fontsize=10];\n  \
             edge [fontname=\"sans-serif\", fontsize=8];\n",
        );
        let title = self.title(lost);
        if !title.is_empty() {
            let _ = writeln!(out, "  label={};\n  labelloc=t;", quoted(&title));
        }
        let mut members: BTreeMap<Option<NsId>, Vec<usize>> = BTreeMap::new();
        for (at, node) in self.nodes.iter().enumerate() {
            members.entry(node.space).or_default().push(at);
        }
        let mut below: BTreeMap<Option<NsId>, Vec<NsId>> = BTreeMap::new();
        for (&id, space) in &self.spaces {
            below.entry(space.parent).or_default().push(id);
        }
        self.inside(None, &members, &below, 1, &mut out);
        for edge in &self.edges {
            let _ = write!(out, "  p{} -> p{}", edge.from, edge.to);
            let _ = match edge.kind {
                Kind::Made => writeln!(out, ";"),
                Kind::Parent => writeln!(out, " [style=dotted, color=gray40];"),
                Kind::TakenIn(why) => writeln!(
                    out,
                    " [style=dashed, color=blue, constraint=false, label={}];",
                    quoted(taken_in(why))
                ),
            };
        }
        out.push_str("}\n");
        out
    }

    fn title(&self, lost: u64) -> String {
        let mut title = Vec::new();
        if !self.title.is_empty() {
            title.push(text::made(|out| escape::terminal(self.title.as_bytes(), out)));
        }
        if self.left_out > 0 {
            title.push(format!("{} more processes left out", self.left_out));
        }
        if lost > 0 {
            title.push(format!("LOST {lost} records: the graph is incomplete"));
        }
        title.join(", ")
    }

    /// The members of a namespace and, nested, those of its children. No deeper than levels go.
    fn inside(
        &self,
        space: Option<NsId>,
        members: &BTreeMap<Option<NsId>, Vec<usize>>,
        below: &BTreeMap<Option<NsId>, Vec<NsId>>,
        depth: usize,
        out: &mut String,
    ) {
        let indent = "  ".repeat(depth);
        for &at in members.get(&space).into_iter().flatten() {
            if let Some(node) = self.nodes.get(at) {
                let _ = writeln!(out, "{indent}p{at} [{}];", attributes(node));
            }
        }
        for id in below.get(&space).into_iter().flatten() {
            let Some(it) = self.spaces.get(id) else { continue };
            let cluster = text::made(|out| {
                text::space(crate::model::NsKind::Pid, it.inum, out);
                let _ = write!(out, " level {}", it.level);
            });
            let number = self.spaces.range(..id).count();
            let _ = writeln!(out, "{indent}subgraph cluster_{number} {{");
            let _ = writeln!(out, "{indent}  label={}; color=purple;", quoted(&cluster));
            self.inside(Some(*id), members, below, depth + 1, out);
            let _ = writeln!(out, "{indent}}}");
        }
    }
}

fn taken_in(why: ReparentReason) -> &'static str {
    match why {
        ReparentReason::Sibling => "taken in by a thread",
        ReparentReason::Subreaper => "taken in by a subreaper",
        ReparentReason::NamespaceInit => "taken in by init",
        ReparentReason::Unseen => "taken in",
    }
}

/// Its label, and colours for how it ended.
fn attributes(node: &Node) -> String {
    let mut label = text::made(|out| {
        for (level, number) in node.numbers.iter().enumerate() {
            let _ = write!(out, "{}{}", if level == 0 { "" } else { "/" }, number.nr);
        }
        out.push('\n');
        escape::terminal(escape::name(&node.comm), out);
    });
    let (code, zombie) = match node.fate {
        Fate::Alive => (None, false),
        Fate::Ended(code) => (code, false),
        Fate::Zombie(code) => (code, true),
    };
    let ended = code.map(Ended::from_wait);
    if let Some(ended) = ended.filter(|ended| *ended != Ended::Code(0)) {
        label.push('\n');
        ended.write(&mut label);
    }
    label.push_str(if zombie { "\nzombie" } else { "" });
    let color = match (node.fate, ended) {
        _ if node.outside => "gray90",
        (_, Some(Ended::Signal { .. })) => "lightcoral",
        (_, Some(Ended::Code(1..))) => "orange",
        (Fate::Zombie(_), _) => "plum",
        (Fate::Alive, _) => "palegreen",
        _ => "lightgray",
    };
    let shape = if node.kernel { ", shape=ellipse" } else { "" };
    let dim = if node.outside { ", style=\"filled,dashed\", fontcolor=gray40" } else { "" };
    format!("label={}, fillcolor={color}{shape}{dim}", quoted(&label))
}

/// A quoted string. In labels a backslash begins an escape and an ampersand an entity.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '&' => out.push_str("&amp;"),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
