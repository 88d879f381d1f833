//! The store behind every table: values in chunks, named by handles that outlive them safely.

use std::marker::PhantomData;
use std::num::NonZeroU32;

/// A slot and which content of it: the handle of an evicted value never finds the next.
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
    #[inline]
    pub(super) fn slot(self) -> u32 {
        self.slot
    }

    /// Which content of the slot.
    pub(super) fn generation(self) -> u32 {
        self.generation.get()
    }
}

/// A link to a value that is certainly stored: a slot alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Link(u32);

impl Link {
    /// To nothing.
    pub(super) const NONE: Self = Self(0);

    /// To a value.
    #[inline]
    pub(super) fn to(id: impl Into<Handle>) -> Self {
        Self(id.into().slot.wrapping_add(1))
    }

    /// To a value, or to nothing.
    #[inline]
    pub(super) fn of<K: Into<Handle>>(id: Option<K>) -> Self {
        id.map_or(Self::NONE, Self::to)
    }

    /// The slot.
    #[inline]
    pub(super) fn slot(self) -> Option<u32> {
        self.0.checked_sub(1)
    }

    #[inline]
    pub(super) fn is_none(self) -> bool {
        self.0 == 0
    }
}

/// Slots in a chunk: a growing table never copies what it has.
const CHUNK: usize = 1024;

#[derive(Clone, Debug, Default)]
struct Entry<T> {
    /// 0 where nothing is stored.
    generation: u32,
    value: T,
}

/// Values of one table.
#[derive(Clone, Debug)]
pub(super) struct Slab<K, T> {
    chunks: Vec<Box<[Entry<T>; CHUNK]>>,
    /// Slots that were ever taken.
    slots: u32,
    free: Vec<u32>,
    len: usize,
    /// The generation of the value that was stored last: they count all values of the table, so
    /// the elder of two has the lower one.
    newest: u32,
    key: PhantomData<K>,
}

impl<K, T> Default for Slab<K, T> {
    fn default() -> Self {
        Self { chunks: Vec::new(), slots: 0, free: Vec::new(), len: 0, newest: 0, key: PhantomData }
    }
}

impl<K: Copy + From<Handle> + Into<Handle>, T: Default> Slab<K, T> {
    #[inline]
    fn entry(&self, slot: u32) -> Option<&Entry<T>> {
        self.chunks.get(slot as usize / CHUNK)?.get(slot as usize % CHUNK) // always there
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
        (entry.generation == handle.generation.get()).then_some(&entry.value)
    }

    /// The value, to be changed, unless it was evicted.
    #[inline]
    pub(super) fn get_mut(&mut self, id: K) -> Option<&mut T> {
        let handle: Handle = id.into();
        let entry = self.entry_mut(handle.slot)?;
        (entry.generation == handle.generation.get()).then_some(&mut entry.value)
    }

    /// The handle of what is stored in a slot.
    #[inline]
    pub(super) fn id(&self, slot: u32) -> Option<K> {
        Handle::new(slot, self.entry(slot)?.generation).map(K::from)
    }

    /// The handle behind a link.
    #[inline]
    pub(super) fn follow(&self, link: Link) -> Option<K> {
        self.id(link.slot()?)
    }

    /// What is stored in a slot, of which the caller knows that something is.
    #[inline]
    pub(super) fn at(&self, slot: u32) -> Option<&T> {
        Some(&self.entry(slot)?.value)
    }

    /// The same, to be changed.
    #[inline]
    pub(super) fn at_mut(&mut self, slot: u32) -> Option<&mut T> {
        Some(&mut self.entry_mut(slot)?.value)
    }

    /// Stores a value, in the slot that was vacated last.
    pub(super) fn insert(&mut self, value: T) -> K {
        self.len += 1;
        self.newest = self.newest.checked_add(1).unwrap_or(1);
        let generation = NonZeroU32::new(self.newest).unwrap_or(NonZeroU32::MIN);
        let entry = Entry { generation: generation.get(), value };
        if let Some(slot) = self.free.pop()
            && let Some(place) = self.entry_mut(slot)
        {
            *place = entry;
            return Handle { slot, generation }.into();
        }
        let slot = self.push(entry);
        Handle { slot, generation }.into()
    }

    fn push(&mut self, entry: Entry<T>) -> u32 {
        let slot = self.slots;
        if slot as usize == self.chunks.len() * CHUNK {
            let chunk: Vec<_> = std::iter::repeat_with(Entry::default).take(CHUNK).collect();
            self.chunks.extend(chunk.into_boxed_slice().try_into().ok());
        }
        if let Some(place) = self.entry_mut(slot) {
            *place = entry;
            self.slots += 1;
        }
        slot
    }

    /// Drops a value; its handle finds nothing from here on.
    pub(super) fn remove(&mut self, id: K) -> Option<T> {
        let handle: Handle = id.into();
        let entry = self.entry_mut(handle.slot)?;
        if entry.generation != handle.generation.get() {
            return None;
        }
        entry.generation = 0;
        let value = std::mem::take(&mut entry.value);
        self.free.push(handle.slot);
        self.len -= 1;
        Some(value)
    }

    fn entries(&self) -> impl Iterator<Item = &Entry<T>> {
        self.chunks.iter().flat_map(|chunk| chunk.iter()).take(self.slots as usize)
    }

    /// The next value has the first generation again.
    pub(super) fn is_worn(&self) -> bool {
        self.newest == u32::MAX
    }

    /// Every value, in the order of the slots.
    pub(super) fn iter(&self) -> impl Iterator<Item = (K, &T)> + '_ {
        self.entries().enumerate().filter_map(|(slot, entry)| {
            Some((Handle::new(slot as u32, entry.generation)?.into(), &entry.value))
        })
    }

    /// How many values are stored.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// How many slots there are, vacant ones too.
    pub(super) fn slots(&self) -> usize {
        self.slots as usize
    }

    /// What each slot holds: a generation, 0 for nothing.
    pub(super) fn generations(&self) -> impl Iterator<Item = u32> + '_ {
        self.entries().map(|entry| entry.generation)
    }

    /// The vacant slots, of which the last one is taken first, and the newest generation.
    pub(super) fn spare(&self) -> (&[u32], u32) {
        (&self.free, self.newest)
    }

    /// Appends a slot that holds an empty value; generation 0 for a vacant one.
    pub(super) fn reserve(&mut self, generation: u32) {
        self.len += usize::from(generation != 0);
        self.push(Entry { generation, value: T::default() });
    }

    /// Sets what [`Slab::spare`] answers.
    pub(super) fn set_spare(&mut self, free: Vec<u32>, newest: u32) {
        (self.free, self.newest) = (free, newest);
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
            #[inline]
            fn from(handle: $crate::model::slab::Handle) -> Self {
                Self(handle)
            }
        }

        impl From<$name> for $crate::model::slab::Handle {
            #[inline]
            fn from(id: $name) -> Self {
                id.0
            }
        }
    };
}
pub(super) use handle;
