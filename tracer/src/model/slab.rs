//! The store behind every table: values in chunks, named by handles that outlive them safely.

use std::marker::PhantomData;
use std::num::NonZeroU32;

/// A slot and the generation of its content: the handle of an evicted value never finds the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Handle {
    slot: u32,
    generation: NonZeroU32,
}

impl Handle {
    /// Names nothing.
    pub(super) const NONE: Self = Self { slot: u32::MAX, generation: NonZeroU32::MAX };

    /// The handle of this content of this slot; there is no generation 0.
    pub(super) fn new(slot: u32, generation: u32) -> Option<Self> {
        Some(Self { slot, generation: NonZeroU32::new(generation)? })
    }

    /// The slot, which is unique among the values that are stored now.
    pub(super) fn slot(self) -> u32 {
        self.slot
    }

    /// Which content of the slot.
    pub(super) fn generation(self) -> u32 {
        self.generation.get()
    }
}

/// Slots in a chunk: a growing table never copies what it has.
const CHUNK: usize = 1024;

#[derive(Clone, Debug)]
struct Entry<T> {
    generation: NonZeroU32,
    value: Option<T>,
}

/// Values of one table.
#[derive(Clone, Debug)]
pub(super) struct Slab<K, T> {
    chunks: Vec<Vec<Entry<T>>>,
    free: Vec<u32>,
    len: usize,
    key: PhantomData<K>,
}

impl<K, T> Default for Slab<K, T> {
    fn default() -> Self {
        Self { chunks: Vec::new(), free: Vec::new(), len: 0, key: PhantomData }
    }
}

impl<K: Copy + From<Handle> + Into<Handle>, T> Slab<K, T> {
    #[inline]
    fn entry(&self, slot: u32) -> Option<&Entry<T>> {
        self.chunks.get(slot as usize / CHUNK)?.get(slot as usize % CHUNK)
    }

    #[inline]
    fn entry_mut(&mut self, slot: u32) -> Option<&mut Entry<T>> {
        self.chunks.get_mut(slot as usize / CHUNK)?.get_mut(slot as usize % CHUNK)
    }

    /// The value, unless it was evicted.
    #[inline]
    pub(super) fn get(&self, id: K) -> Option<&T> {
        let handle: Handle = id.into();
        let entry = self.entry(handle.slot)?;
        if entry.generation == handle.generation { entry.value.as_ref() } else { None }
    }

    /// The value, to be changed, unless it was evicted.
    #[inline]
    pub(super) fn get_mut(&mut self, id: K) -> Option<&mut T> {
        let handle: Handle = id.into();
        let entry = self.entry_mut(handle.slot)?;
        if entry.generation == handle.generation { entry.value.as_mut() } else { None }
    }

    /// Stores a value, in the slot that was vacated last.
    pub(super) fn insert(&mut self, value: T) -> K {
        self.len += 1;
        if let Some(slot) = self.free.pop()
            && let Some(entry) = self.entry_mut(slot)
        {
            entry.value = Some(value);
            return Handle { slot, generation: entry.generation }.into();
        }
        if self.chunks.last().is_none_or(|chunk| chunk.len() == CHUNK) {
            self.chunks.push(Vec::with_capacity(CHUNK));
        }
        let before = (self.chunks.len() - 1) * CHUNK;
        let generation = NonZeroU32::MIN;
        let Some(chunk) = self.chunks.last_mut() else { return Handle::NONE.into() };
        let slot = (before + chunk.len()) as u32;
        chunk.push(Entry { generation, value: Some(value) });
        Handle { slot, generation }.into()
    }

    /// Drops a value; its handle finds nothing from here on.
    pub(super) fn remove(&mut self, id: K) {
        let handle: Handle = id.into();
        let Some(entry) = self.entry_mut(handle.slot) else { return };
        if entry.generation != handle.generation || entry.value.is_none() {
            return;
        }
        entry.value = None;
        entry.generation = entry.generation.checked_add(1).unwrap_or(NonZeroU32::MIN);
        self.free.push(handle.slot);
        self.len -= 1;
    }

    /// Every value, in the order of the slots.
    pub(super) fn iter(&self) -> impl Iterator<Item = (K, &T)> + '_ {
        let entries = self.chunks.iter().flatten();
        entries.enumerate().filter_map(|(slot, entry)| {
            let handle = Handle { slot: slot as u32, generation: entry.generation };
            Some((handle.into(), entry.value.as_ref()?))
        })
    }

    /// How many values are stored.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// The generation of each slot.
    pub(super) fn generations(&self) -> impl Iterator<Item = u32> + '_ {
        self.chunks.iter().flatten().map(|entry| entry.generation.get())
    }

    /// The vacant slots; the last one is taken first.
    pub(super) fn free(&self) -> &[u32] {
        &self.free
    }

    /// Appends a vacant slot, and does not list it as free.
    pub(super) fn reserve(&mut self, generation: u32) {
        let Some(generation) = NonZeroU32::new(generation) else { return };
        if self.chunks.last().is_none_or(|chunk| chunk.len() == CHUNK) {
            self.chunks.push(Vec::with_capacity(CHUNK));
        }
        if let Some(chunk) = self.chunks.last_mut() {
            chunk.push(Entry { generation, value: None });
        }
    }

    /// Lists the vacant slots.
    pub(super) fn set_free(&mut self, free: Vec<u32>) {
        self.free = free;
    }

    /// Stores a value in a slot that was reserved for it.
    pub(super) fn fill(&mut self, slot: u32, value: T) {
        if let Some(entry) = self.entry_mut(slot)
            && entry.value.replace(value).is_none()
        {
            self.len += 1;
        }
    }
}

/// Declares a typed handle.
macro_rules! handle {
    ($(#[$doc:meta])* $vis:vis $name:ident) => {
        $(#[$doc])*
        ///
        /// It stays safe after the entry has been evicted from the bounded history: it then finds
        /// nothing, never another entry.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        $vis struct $name(pub(in crate::model) $crate::model::slab::Handle);

        impl From<$crate::model::slab::Handle> for $name {
            fn from(handle: $crate::model::slab::Handle) -> Self {
                Self(handle)
            }
        }

        impl From<$name> for $crate::model::slab::Handle {
            fn from(id: $name) -> Self {
                id.0
            }
        }
    };
}
pub(super) use handle;
