//! Boxes below each other, and pointers from one to the next in lanes beside them.

use super::super::{Paint, Style, style::width};

/// Columns of a box, its frame included.
const BOX: usize = 86;

/// Columns for text in a box.
pub(super) const INSIDE: usize = BOX - 4;

/// Columns from one lane to the next.
const LANE: usize = 3;

/// A drawing under construction.
///
/// Lanes are nested: the pointer that leaves last arrives first, so that no two cross.
#[derive(Default)]
pub(super) struct Canvas {
    rows: Vec<Row>,
}

struct Row {
    text: Text,
    pointer: Option<Pointer>,
}

enum Text {
    Top(String),
    Line(String),
    Bottom,
}

#[derive(Clone, Copy)]
enum Pointer {
    Leaves(usize),
    Arrives(usize),
}

/// The characters of a drawing.
struct Pen {
    corners: [&'static str; 4],
    flat: &'static str,
    upright: &'static str,
    leave: &'static str,
    arrive: &'static str,
    turns: [&'static str; 2],
}

const UNICODE: Pen = Pen {
    corners: ["┌", "┐", "└", "┘"],
    flat: "─",
    upright: "│",
    leave: "┼",
    arrive: "◀",
    turns: ["┐", "┘"],
};

const ASCII: Pen = Pen {
    corners: ["+", "+", "+", "+"],
    flat: "-",
    upright: "|",
    leave: "+",
    arrive: "<",
    turns: ["+", "+"],
};

impl Canvas {
    /// Starts a box; a pointer in a lane may arrive here.
    pub(super) fn top(&mut self, title: &str, lane: Option<usize>) {
        let pointer = lane.map(Pointer::Arrives);
        self.rows.push(Row { text: Text::Top(title.to_owned()), pointer });
    }

    /// A line of the box.
    pub(super) fn line(&mut self, text: impl Into<String>) {
        self.rows.push(Row { text: Text::Line(text.into()), pointer: None });
    }

    /// A line from which a pointer leaves in a lane.
    pub(super) fn pointer(&mut self, text: impl Into<String>, lane: usize) {
        let pointer = Some(Pointer::Leaves(lane));
        self.rows.push(Row { text: Text::Line(text.into()), pointer });
    }

    /// Ends the box.
    pub(super) fn bottom(&mut self) {
        self.rows.push(Row { text: Text::Bottom, pointer: None });
    }

    /// A list behind a label, on as many lines as it needs but at most four; the rest is counted.
    pub(super) fn list(&mut self, label: &str, items: &[String], style: Style) {
        let indent = " ".repeat(width(label));
        let mut line = label.to_owned();
        let mut lines = 1;
        for (index, item) in items.iter().enumerate() {
            let last = index + 1 == items.len();
            let needed = width(&line) + width(item) + 1;
            if needed > INSIDE && width(&line) > width(label) {
                if lines == 4 {
                    let rest = format!("{} and {} more", style.ellipsis(), items.len() - index);
                    self.line(std::mem::take(&mut line));
                    self.line(format!("{indent}{rest}"));
                    return;
                }
                self.line(std::mem::replace(&mut line, indent.clone()).trim_end());
                lines += 1;
            }
            line.push_str(item);
            line.push_str(if last { "" } else { ", " });
        }
        self.line(line);
    }

    /// Appends the drawing.
    pub(super) fn write(&self, style: Style, out: &mut String) {
        let pen = if style.ascii { &ASCII } else { &UNICODE };
        let mut active: Vec<usize> = Vec::new();
        for row in &self.rows {
            let leaves = matches!(row.pointer, Some(Pointer::Leaves(_)));
            match &row.text {
                Text::Top(title) => top(pen, title, style, out),
                Text::Line(text) => line(pen, text, leaves, style, out),
                Text::Bottom => {
                    out.push_str(pen.corners[2]);
                    repeat(pen.flat, BOX - 2, out);
                    out.push_str(pen.corners[3]);
                }
            }
            lanes(pen, row.pointer, &mut active, style, out);
            out.truncate(out.trim_end_matches(' ').len());
            out.push('\n');
        }
    }
}

fn repeat(text: &str, times: usize, out: &mut String) {
    (0..times).for_each(|_| out.push_str(text));
}

fn top(pen: &Pen, title: &str, style: Style, out: &mut String) {
    out.push_str(pen.corners[0]);
    out.push_str(pen.flat);
    out.push(' ');
    style.paint(Paint::Strong, title, out);
    out.push(' ');
    repeat(pen.flat, (BOX - 5).saturating_sub(width(title)), out);
    out.push_str(pen.corners[1]);
}

/// One line in its frame; what is too long is cut, visibly.
fn line(pen: &Pen, text: &str, leaves: bool, style: Style, out: &mut String) {
    out.push_str(pen.upright);
    out.push(' ');
    let columns = width(text);
    if columns > INSIDE {
        let kept = INSIDE - width(style.ellipsis());
        out.extend(text.chars().take(kept));
        out.push_str(style.ellipsis());
    } else {
        out.push_str(text);
    }
    let blanks = INSIDE.saturating_sub(columns);
    if leaves && blanks > 1 {
        out.push(' ');
        style.painted(Paint::Space, out, |out| repeat(pen.flat, blanks, out));
    } else {
        repeat(" ", blanks + 1, out);
    }
    out.push_str(if leaves { pen.leave } else { pen.upright });
}

/// The lanes beside a row.
fn lanes(
    pen: &Pen,
    pointer: Option<Pointer>,
    active: &mut Vec<usize>,
    style: Style,
    out: &mut String,
) {
    if let Some(Pointer::Arrives(lane)) = pointer {
        active.retain(|&other| other != lane);
    }
    let (own, turn) = match pointer {
        Some(Pointer::Leaves(lane)) => (Some(lane), pen.turns[0]),
        Some(Pointer::Arrives(lane)) => (Some(lane), pen.turns[1]),
        None => (None, ""),
    };
    let end = active.iter().copied().chain(own).max().map_or(0, |lane| (lane + 1) * LANE);
    style.painted(if end > 0 { Paint::Space } else { Paint::Plain }, out, |out| {
        for column in 0..end {
            let lane = (column % LANE == LANE - 1).then_some(column / LANE);
            out.push_str(match (own, lane) {
                (Some(own), Some(lane)) if own == lane => turn,
                (Some(own), _) if column < own * LANE + LANE - 1 => match pointer {
                    Some(Pointer::Arrives(_)) if column == 0 => pen.arrive,
                    _ => pen.flat,
                },
                (_, Some(lane)) if active.contains(&lane) => pen.upright,
                _ => " ",
            });
        }
    });
    if let Some(Pointer::Leaves(lane)) = pointer {
        active.push(lane);
    }
}
