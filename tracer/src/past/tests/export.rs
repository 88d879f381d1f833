//! `export`: other formats.

use super::{replay, reused};
use crate::coverage::Coverage;
use crate::past::export::{Dot, Exporter, Format};
use crate::view::fixture::{BASH, Stage, Who, host};
use crate::view::{Json, Summary};

fn exported(stage: &Stage, exporter: &mut dyn Exporter) -> String {
    let (mut out, mut summary) = (Vec::new(), Summary::default());
    exporter.begin(&host(), &Coverage::default(), &mut out);
    let world = replay(&stage.events, |world, _, _, reports| {
        for report in reports {
            exporter.event(world, report, &mut out);
            summary.add(world, report);
        }
    });
    exporter.end(&world, &summary, &mut out);
    String::from_utf8(out).unwrap()
}

/// Takes CSV apart as RFC 4180 says.
fn cells(csv: &str) -> Vec<Vec<String>> {
    let mut rows = vec![vec![String::new()]];
    let (mut quoted, mut chars) = (false, csv.chars().peekable());
    while let Some(c) = chars.next() {
        let row = rows.last_mut().unwrap();
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                row.last_mut().unwrap().push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => row.push(String::new()),
            '\r' if !quoted => assert_eq!(chars.peek(), Some(&'\n')),
            '\n' if !quoted => rows.push(vec![String::new()]),
            c => row.last_mut().unwrap().push(c),
        }
    }
    rows.pop();
    rows
}

#[test]
fn every_row_has_every_column() {
    let rows = cells(&exported(&reused(), &mut *Format::Csv.exporter()));
    let column = |name: &str| rows[0].iter().position(|head| head == name).unwrap();
    assert!(rows.iter().all(|row| row.len() == rows[0].len()));
    assert_eq!(rows.len(), 19);
    let row = |ty: &str| rows.iter().rfind(|row| row[column("type")] == ty).unwrap();
    let fork = row("fork");
    let expected = [("pid", "6430"), ("ns_pids", "6430/2"), ("ppid", "6427"), ("creator", "6427")];
    for (name, value) in expected.into_iter().chain([("uid", "1000"), ("pid_ns", "4026532398")]) {
        assert_eq!(fork[column(name)], value, "{name}");
    }
    assert_eq!(row("lost")[column("count")], "7");
    assert_eq!(row("exit")[column("exit_code")], "1");
    assert_eq!(row("free_pid")[column("inferred")], "false");
    assert_eq!(row("rename")[column("comm")], "sl\\x1b[2Jp");
    assert_eq!(row("exec")[column("details")], "/bin/true true");
}

#[test]
fn no_cell_is_a_formula_or_breaks_its_row() {
    let mut stage = Stage::bare();
    let hostile: [&[u8]; 6] = [b"=cmd|x", b"+1", b"-1", b"@SUM(A1)", b"a,\"b\"\r\n", b"\t=1"];
    for name in hostile {
        stage.rename(BASH, name);
    }
    stage.exec(BASH, b"=HYPERLINK(\"x\")", b"=1\x00", 0);
    let rows = cells(&exported(&stage, &mut *Format::Csv.exporter()));
    for row in &rows {
        assert_eq!(row.len(), rows[0].len());
        assert!(
            !row.iter().any(|cell| cell.starts_with(['=', '+', '-', '@', '\t', '\r'])),
            "{row:?}"
        );
    }
    assert!(rows.iter().flatten().any(|cell| cell == "'=cmd|x"));
    assert!(rows.iter().flatten().any(|cell| cell == "a,\"b\"\\x0d\\n"));
}

#[test]
fn a_graph_has_clusters_edges_and_colours() {
    let mut stage = reused();
    stage.fork(BASH, Who(6500, 6500, 6401, 0), b"mid\"dle\\", 0);
    stage.fork(Who(6500, 6500, 6401, 0), Who(6501, 6501, 6500, 0), b"<b>&orphan", 0);
    stage.end(Who(6500, 6500, 6401, 0), 0, BASH);
    let graph = exported(&stage, &mut Dot::default());
    assert!(graph.starts_with("digraph processes {\n") && graph.ends_with("}\n"), "{graph}");
    for part in [
        "label=\"pid:[4026532398] level 1\"; color=purple;",
        "[label=\"6430/2\\nsl\\\\x1b[2Jp\\nsignal 9 (KILL)\", fillcolor=lightcoral]",
        "[label=\"6430/2\\nagain\\ncode 1\\nzombie\", fillcolor=orange]",
        "[label=\"6500\\nmid\\\"dle\\\\\\\\\", fillcolor=lightgray]",
        "[label=\"6501\\n<b>&amp;orphan\", fillcolor=palegreen]",
        "[style=dashed, color=blue, constraint=false, label=\"taken in by init\"];",
        "LOST 7 records",
    ] {
        assert!(graph.contains(part), "{part} is not in {graph}");
    }
    assert_eq!(graph.matches('{').count(), graph.matches('}').count());
}

#[test]
fn a_large_graph_says_what_it_leaves_out() {
    let mut stage = Stage::bare();
    for tid in 7000..7100 {
        stage.fork(BASH, Who(tid, tid, 6401, 0), b"child", 0);
    }
    let graph = exported(&stage, &mut Dot::default().at_most(10));
    assert_eq!(graph.matches("fillcolor=palegreen").count(), 10);
    assert!(graph.contains("92 more processes left out"), "{graph}");
}

#[test]
fn json_is_what_the_json_writer_writes() {
    let stage = reused();
    let text = exported(&stage, &mut *Format::Json.exporter());
    let mut expected = String::new();
    let json = Json::new(&host());
    json.header(&Coverage::default(), &mut expected);
    assert!(text.starts_with(&expected) && text.lines().count() == 20);
}

#[test]
fn formats_have_names() {
    for format in Format::ALL {
        assert_eq!(format.name().parse(), Ok(format));
    }
    assert!("xml".parse::<Format>().unwrap_err().to_string().contains("csv"));
}
