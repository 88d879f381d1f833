//! From events to text, as `tracer live` goes: tables, reports, filter, summary, lines.

use tracer::{
    coverage::{Coverage, Fact},
    event::Event,
    filter::{Filter, Types},
    kernel::Session,
    model::{Change, Config, Sees, World},
    view::{self, Json, Lines, Report, Style, Summary, TimeFormat},
};

/// Text beyond this is handed on.
const FULL: usize = 64 << 10;

/// How far an event goes.
#[derive(Clone, Debug)]
pub(crate) enum Form {
    /// Into the tables, and no further.
    Tables,
    /// To a line of text.
    Text(Lines),
    /// To a line of JSON.
    Json(Json),
}

/// The tables, and what is written of their changes.
#[derive(Clone, Debug)]
pub(crate) struct Follow {
    world: World,
    form: Form,
    filter: Filter,
    summary: Summary,
    change: Change,
    reports: Vec<Report>,
    text: String,
    /// Bytes written so far.
    pub(crate) written: usize,
}

impl Follow {
    /// Empty tables.
    pub(crate) fn new(coverage: &Coverage) -> Self {
        let sees = Sees {
            release: coverage.sees(Fact::Release),
            free_pid: coverage.sees(Fact::FreePid),
            ns_dying: coverage.sees(Fact::NsDying),
            ns_destroy: coverage.sees(Fact::NsDestroy),
        };
        Self {
            world: World::with(Config { sees, ..Config::default() }),
            form: Form::Tables,
            filter: Filter { types: Some(Types::LIVE), ..Filter::default() },
            summary: Summary::default(),
            change: Change::default(),
            reports: Vec::new(),
            text: String::new(),
            written: 0,
        }
    }

    /// The same tables, and another form.
    pub(crate) fn with(&self, form: Form) -> Self {
        Self { form, ..self.clone() }
    }

    /// Takes one event.
    pub(crate) fn take(&mut self, event: &Event) {
        self.world.apply_to(event, &mut self.change);
        if matches!(self.form, Form::Tables) {
            return;
        }
        self.reports.clear();
        view::reports(&self.world, event, &self.change, &mut self.reports);
        for report in &self.reports {
            if !self.filter.concerns(&self.world, report) {
                continue;
            }
            self.summary.add(&self.world, report);
            if !self.filter.shows(&self.world, report) {
                continue;
            }
            match &self.form {
                Form::Tables => {}
                Form::Text(lines) => lines.line(&self.world, report, &mut self.text),
                Form::Json(json) => json.event(&self.world, report, &mut self.text),
            }
        }
        if self.text.len() >= FULL {
            // Where it goes is not ours to pay for: a file, a pipe and a terminal differ.
            self.written += self.text.len();
            self.text.clear();
        }
    }
}

/// Lines as they look in a file.
pub(crate) fn text(session: &Session) -> Form {
    let style = Style { color: false, ascii: false };
    Form::Text(Lines::new(style, TimeFormat::Relative, session.host(), 0))
}

/// JSON lines.
pub(crate) fn json(session: &Session) -> Form {
    Form::Json(Json::new(session.host()))
}
