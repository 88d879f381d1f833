//! Records in memory, one behind the other.

/// Records one behind the other.
#[derive(Debug, Default)]
pub(crate) struct Records {
    bytes: Vec<u8>,
    /// Where each ends.
    ends: Vec<usize>,
}

impl Records {
    /// Adds one.
    pub(crate) fn push(&mut self, record: &[u8]) {
        self.bytes.extend_from_slice(record);
        self.ends.push(self.bytes.len());
    }

    /// How many.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// Each record.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let starts = [0].into_iter().chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, &end)| &self.bytes[start..end])
    }

    /// Hands each record to a function that may change it.
    pub(crate) fn each_mut(&mut self, mut take: impl FnMut(&mut [u8])) {
        let mut start = 0;
        for &end in &self.ends {
            take(&mut self.bytes[start..end]);
            start = end;
        }
    }
}
