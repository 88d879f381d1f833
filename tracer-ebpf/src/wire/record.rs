//! How a record is declared: once, for the writer, the reader and the recording's schema.

/// A value that crosses the wire as its own little-endian bytes.
pub trait Wire: Copy {
    /// Bytes on the wire.
    const SIZE: usize;
    /// Name of the type in a recording's schema.
    const NAME: &'static str;
    /// Reads the value from the front of `bytes`; `None` if they are too few.
    fn read(bytes: &[u8]) -> Option<Self>;
    /// Writes the value to the front of `bytes`; `None`, and nothing of use written, if they are
    /// too few.
    fn write(&self, bytes: &mut [u8]) -> Option<()>;
}

/// One field of a record, as a recording's schema states it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// Name of the field.
    pub name: &'static str,
    /// Bytes from the start of the record.
    pub offset: usize,
    /// Name of its type.
    pub ty: &'static str,
}

macro_rules! integer {
    ($($ty:ident)*) => {$(
        impl Wire for $ty {
            const SIZE: usize = size_of::<$ty>();
            const NAME: &'static str = stringify!($ty);
            #[inline]
            fn read(bytes: &[u8]) -> Option<Self> {
                Some($ty::from_le_bytes(*bytes.first_chunk()?))
            }
            #[inline]
            fn write(&self, bytes: &mut [u8]) -> Option<()> {
                *bytes.first_chunk_mut()? = self.to_le_bytes();
                Some(())
            }
        }
    )*};
}
integer!(u8 u16 u32 i32 u64 i64);

impl<T: Wire + Default, const N: usize> Wire for [T; N] {
    const SIZE: usize = T::SIZE * N;
    const NAME: &'static str = "array";
    #[inline]
    fn read(bytes: &[u8]) -> Option<Self> {
        let mut all = [T::default(); N];
        for (slot, bytes) in all.iter_mut().zip(bytes.get(..Self::SIZE)?.chunks_exact(T::SIZE)) {
            *slot = T::read(bytes)?;
        }
        Some(all)
    }
    #[inline]
    fn write(&self, bytes: &mut [u8]) -> Option<()> {
        let bytes = bytes.get_mut(..Self::SIZE)?;
        self.iter().zip(bytes.chunks_exact_mut(T::SIZE)).try_for_each(|(one, at)| one.write(at))
    }
}

/// Declares a record: a `repr(C)` struct without padding, its reader, and its schema.
macro_rules! record {
    ($(#[$doc:meta])* $name:ident { $($(#[$fdoc:meta])* $field:ident: $ty:ty,)* }) => {
        $(#[$doc])*
        #[repr(C)]
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct $name { $($(#[$fdoc])* pub $field: $ty,)* }

        const _: () = assert!(
            size_of::<$name>() == 0 $(+ size_of::<$ty>())*,
            "a record has no implicit padding"
        );

        impl $name {
            /// The fields, for a recording's schema.
            pub const FIELDS: &'static [$crate::wire::Field] = &[$($crate::wire::Field {
                name: stringify!($field),
                offset: core::mem::offset_of!($name, $field),
                ty: stringify!($ty),
            },)*];
        }

        impl $crate::wire::Wire for $name {
            const SIZE: usize = size_of::<$name>();
            const NAME: &'static str = stringify!($name);
            #[inline]
            fn read(bytes: &[u8]) -> Option<Self> {
                let bytes = bytes.get(..Self::SIZE)?;
                Some($name { $($field: <$ty as $crate::wire::Wire>::read(
                    bytes.get(core::mem::offset_of!($name, $field)..)?
                )?,)* })
            }
            #[inline]
            fn write(&self, bytes: &mut [u8]) -> Option<()> {
                let bytes = bytes.get_mut(..Self::SIZE)?;
                $(self.$field.write(bytes.get_mut(core::mem::offset_of!($name, $field)..)?)?;)*
                Some(())
            }
        }
    };
}
