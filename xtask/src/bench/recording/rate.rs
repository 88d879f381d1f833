//! Events a second: to pack, to unpack, to replay into the tables.

use anyhow::Result;

use super::{
    super::{
        Bench,
        report::{Report, Target},
    },
    File,
};

const UNIT: &str = "M events/s";

pub(super) fn measure(bench: &Bench, report: &mut Report, file: &File) -> Result<()> {
    let rounds = bench.rounds(7, 3).to_string();
    let found = file.gauge(bench, "rates", &[&rounds])?;
    let of = |what: &str| format!("{}: {what}", file.what);
    let aims = [
        ("write", "written (1 M of them)", 5.0),
        ("decode", "decoded", 22.0),
        ("tables", "decoded and applied, one thread", 12.0),
    ];
    for (name, what, limit) in aims {
        let what = of(&format!("{what}, CPU time"));
        report.aim(&what, UNIT, &found.named(name), Target::AtLeast(limit));
    }
    // Of wall time the best: every other guest of the machine makes it worse, nobody better.
    let ahead = file.gauge(bench, "ahead", &[&rounds])?.named("ahead");
    let best = ahead.iter().copied().fold(0.0, f64::max);
    let what = of("decoded ahead by a second thread, wall time");
    report.add(&what, UNIT, &ahead);
    let what = format!("{what}, best of {rounds}");
    report.aim(&what, UNIT, &[best], Target::AtLeast(20.0));
    Ok(())
}

/// Of a recording with texts, for which nothing was promised.
pub(super) fn of_texts(bench: &Bench, report: &mut Report, file: &File) -> Result<()> {
    let found = file.gauge(bench, "rates", &[&bench.rounds(21, 7).to_string()])?;
    for (name, what) in
        [("write", "written"), ("decode", "decoded"), ("tables", "decoded and applied")]
    {
        report.add(&format!("{}: {what}, CPU time", file.what), UNIT, &found.named(name));
    }
    Ok(())
}
