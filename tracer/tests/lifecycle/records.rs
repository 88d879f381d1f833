//! Records as the kernel side writes them.

/// Bytes of a record, little-endian, field by field.
#[derive(Default)]
pub(crate) struct Record(pub(crate) Vec<u8>);

impl Record {
    pub(crate) fn u64s(&mut self, values: &[u64]) -> &mut Self {
        self.0.extend(values.iter().flat_map(|value| value.to_le_bytes()));
        self
    }

    pub(crate) fn u32s(&mut self, values: &[u32]) -> &mut Self {
        self.0.extend(values.iter().flat_map(|value| value.to_le_bytes()));
        self
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.0.extend_from_slice(bytes);
        self
    }

    /// The header; `actor` is the key and the number of the acting process.
    pub(crate) fn header(ts: u64, kind: u16, actor: (u64, u32)) -> Self {
        let mut record = Self::default();
        record.u64s(&[ts]).u32s(&[0, u32::from(kind) << 16]);
        record.u64s(&[actor.0]).u32s(&[actor.1, actor.1]);
        record
    }
}
