//! JSON lines, as `replay --json` writes them.

use super::Exporter;
use crate::coverage::Coverage;
use crate::host::Host;
use crate::model::World;
use crate::view::{Json, Report, Summary};

/// Writes the JSON lines of a recording.
#[derive(Clone, Debug)]
pub struct JsonLines {
    json: Json,
    line: String,
}

impl Default for JsonLines {
    fn default() -> Self {
        Self { json: Json::new(&Host::default()), line: String::new() }
    }
}

impl JsonLines {
    fn flush(&mut self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.line.as_bytes());
        self.line.clear();
    }
}

impl Exporter for JsonLines {
    fn begin(&mut self, host: &Host, coverage: &Coverage, out: &mut Vec<u8>) {
        self.json = Json::new(host);
        self.json.header(coverage, &mut self.line);
        self.flush(out);
    }

    fn event(&mut self, world: &World, report: &Report, out: &mut Vec<u8>) {
        self.json.event(world, report, &mut self.line);
        self.flush(out);
    }

    fn end(&mut self, world: &World, summary: &Summary, out: &mut Vec<u8>) {
        self.json.summary(world, summary, &mut self.line);
        self.flush(out);
    }
}
