//! One fault as the report names it, for a look at what the checks say.

use super::{History, field, history::header};

/// A history with a fault: `drop AT`, `swap AT TO`, or `FIELD AT OLD NEW`, as in `task.tid 20 7 8`.
pub fn named(history: &History, words: &[String]) -> Option<Vec<Vec<u8>>> {
    let mut records = history.records.clone();
    let number = |at: usize| words.get(at)?.parse::<u64>().ok();
    let at = usize::try_from(number(1)?).ok()?;
    match words.first()?.as_str() {
        "drop" => {
            records.remove(at);
        }
        "swap" => records.swap(at, usize::try_from(number(2)?).ok()?),
        name => {
            let (old, new) = (number(2)?, number(3)?);
            let record = records.get_mut(at)?;
            let fields = field::fields(header(record).kind, record);
            let is = |it: &&field::Field| {
                it.name == name && field::value(record, it.offset, it.size) == old
            };
            let found = fields.iter().find(is)?.clone();
            field::set(record, found.offset, found.size, new);
        }
    }
    super::fault::renumber_all(&mut records);
    Some(records)
}
