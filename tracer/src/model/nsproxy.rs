//! Combinations of namespaces that tasks share: `struct nsproxy`.

use super::{NsId, NsKind};

/// One combination.
#[derive(Clone, Debug, Default)]
pub(super) struct NsProxy {
    /// The namespaces, in the order of the kinds; of kind `pid` the active one.
    pub(super) kinds: [Option<NsId>; 8],
    /// Their inode numbers, to recognise a combination without a look-up.
    pub(super) inums: [u32; 8],
    /// Looks that have it.
    pub(super) looks: u32,
}

impl NsProxy {
    /// Whether a task with these inode numbers (0: not read) and this active PID namespace has
    /// this combination.
    pub(super) fn is(&self, inums: &[u32; 8], active: Option<NsId>) -> bool {
        let pid = NsKind::Pid.index();
        let same = |(kind, (known, read)): (usize, (&u32, &u32))| {
            kind == pid || *read == 0 || known == read
        };
        self.inums.iter().zip(inums).enumerate().all(same)
            && self.kinds.get(pid).copied().flatten() == active
    }
}
