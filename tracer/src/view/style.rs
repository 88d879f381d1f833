//! How text is decorated: colours, and lines drawn with or without Unicode.

/// How text for humans looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Style {
    /// ANSI colours.
    pub color: bool,
    /// Only ASCII for lines, arrows and ellipses (text from processes is not changed by it).
    pub ascii: bool,
}

/// A colour with a meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paint {
    /// No colour.
    Plain,
    /// Something is born.
    Birth,
    /// Something is done.
    Act,
    /// Something ends well.
    End,
    /// Something fails, or is lost.
    Alarm,
    /// Namespaces.
    Space,
    /// What matters less.
    Dim,
    /// Headings.
    Strong,
}

impl Paint {
    /// The escape sequence that starts it.
    fn start(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Birth => "\x1b[32m",
            Self::Act => "\x1b[36m",
            Self::End => "\x1b[33m",
            Self::Alarm => "\x1b[1;31m",
            Self::Space => "\x1b[35m",
            Self::Dim => "\x1b[2m",
            Self::Strong => "\x1b[1m",
        }
    }
}

impl Style {
    /// Appends text in a colour, if colours are on. The text must be harmless already.
    pub fn paint(self, paint: Paint, text: &str, out: &mut String) {
        self.painted(paint, out, |out| out.push_str(text));
    }

    /// Appends what `write` writes in a colour, if colours are on.
    pub fn painted(self, paint: Paint, out: &mut String, write: impl FnOnce(&mut String)) {
        let colored = self.color && paint != Paint::Plain;
        if colored {
            out.push_str(paint.start());
        }
        write(out);
        if colored {
            out.push_str("\x1b[0m");
        }
    }

    /// An arrow to the right.
    pub fn arrow(self) -> &'static str {
        if self.ascii { "->" } else { "→" }
    }

    /// What stands for something left out.
    pub fn ellipsis(self) -> &'static str {
        if self.ascii { "..." } else { "…" }
    }

    /// The four pieces of a tree: a branch, the last branch, a trunk that goes on, and none.
    pub fn branches(self) -> [&'static str; 4] {
        if self.ascii {
            ["|- ", "`- ", "|  ", "   "]
        } else {
            ["├─ ", "└─ ", "│  ", "   "]
        }
    }
}

/// Characters of a text; what aligns columns.
pub(super) fn width(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.chars().count() }
}

/// Appends spaces until what was written since `from` is `columns` wide; one at the least.
pub(super) fn pad(out: &mut String, from: usize, columns: usize) {
    let written = width(out.get(from..).unwrap_or_default());
    blanks(columns.saturating_sub(written).max(1), out);
}

/// Appends spaces.
pub(super) fn blanks(count: usize, out: &mut String) {
    const BLANKS: &str = "                                ";
    let mut left = count;
    while left > 0 {
        let some = left.min(BLANKS.len());
        out.push_str(BLANKS.get(..some).unwrap_or_default());
        left -= some;
    }
}

/// A table under construction: columns are as wide as their widest cell, nothing is cut.
#[derive(Clone, Debug)]
pub struct Grid {
    heads: &'static [(&'static str, Align)],
    rows: Vec<Vec<String>>,
    paints: Vec<Paint>,
}

/// On which side a column is aligned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    /// Text.
    Left,
    /// Numbers.
    Right,
}

impl Grid {
    /// A table with these headings.
    pub fn new(heads: &'static [(&'static str, Align)]) -> Self {
        Self { heads, rows: Vec::new(), paints: Vec::new() }
    }

    /// Adds a row, in a colour.
    pub fn row(&mut self, paint: Paint, cells: Vec<String>) {
        self.rows.push(cells);
        self.paints.push(paint);
    }

    /// Appends the table.
    pub fn write(&self, style: Style, out: &mut String) {
        let widths: Vec<usize> = self
            .heads
            .iter()
            .enumerate()
            .map(|(i, (head, _))| {
                let cells = self.rows.iter().filter_map(|row| row.get(i));
                cells.map(|cell| width(cell)).chain([width(head)]).max().unwrap_or(0)
            })
            .collect();
        let heads = self.heads.iter().map(|(head, _)| *head);
        style.painted(Paint::Strong, out, |out| self.line(heads, &widths, out));
        out.push('\n');
        for (row, &paint) in self.rows.iter().zip(&self.paints) {
            style.painted(paint, out, |out| self.line(row.iter(), &widths, out));
            out.push('\n');
        }
    }

    /// Appends one line without its newline, and without blanks at its end.
    fn line<C: AsRef<str>>(
        &self,
        cells: impl Iterator<Item = C>,
        widths: &[usize],
        out: &mut String,
    ) {
        let start = out.len();
        for ((cell, &columns), (_, align)) in cells.zip(widths).zip(self.heads) {
            let cell = cell.as_ref();
            let short = columns - width(cell).min(columns);
            if *align == Align::Right {
                blanks(short, out);
            }
            out.push_str(cell);
            if *align == Align::Left {
                blanks(short, out);
            }
            out.push_str("  ");
        }
        let end = out.trim_end_matches(' ').len();
        out.truncate(end.max(start));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_cells() {
        let mut grid = Grid::new(&[("A", Align::Left), ("N", Align::Right), ("C", Align::Left)]);
        grid.row(Paint::Plain, vec!["größe".into(), "7".into(), String::new()]);
        grid.row(Paint::Alarm, vec!["x".into(), "1000".into(), "end".into()]);
        let mut out = String::new();
        grid.write(Style::default(), &mut out);
        assert_eq!(out, "A         N  C\ngröße     7\nx      1000  end\n");
        out.clear();
        grid.write(Style { color: true, ascii: false }, &mut out);
        assert!(out.ends_with("\x1b[1;31mx      1000  end\x1b[0m\n"), "{out:?}");
    }
}
