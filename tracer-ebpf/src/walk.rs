//! One hop along a kernel pointer, in the two ways that programs may read kernel memory.

use aya_ebpf::{Global, helpers::generated::bpf_probe_read_kernel};

use crate::field::{SECRET0, SECRET1};

/// A kernel address, typed or not as far as the verifier is concerned.
pub(crate) type Ptr = *const u8;

/// Types for which all zeroes is a value: what a NULL pointer or a fault reads as.
///
/// # Safety
/// Every bit pattern must be a value of the type.
pub(crate) unsafe trait Plain: Copy {}
// SAFETY: integers, arrays of them and raw pointers have no invalid bit patterns.
unsafe impl Plain for u8 {}
// SAFETY: as above.
unsafe impl Plain for u32 {}
// SAFETY: as above.
unsafe impl Plain for i32 {}
// SAFETY: as above.
unsafe impl Plain for u64 {}
// SAFETY: as above.
unsafe impl Plain for Ptr {}
// SAFETY: as above.
unsafe impl Plain for [u8; 16] {}
// SAFETY: as above.
unsafe impl Plain for [u64; 2] {}

/// A way to read kernel memory.
pub(crate) trait Read {
    /// The value at `base + off`; zero if `base` is NULL or the address cannot be read.
    fn at<T: Plain>(base: Ptr, off: u32) -> T;
}

/// Plain loads along pointers whose types the verifier knows: about 1 ns a hop.
pub(crate) struct Typed;

/// The helper, for pointers that are mere numbers to the verifier: about 13 ns a hop.
pub(crate) struct Probed;

impl Read for Typed {
    #[inline(always)]
    fn at<T: Plain>(base: Ptr, off: u32) -> T {
        if base.is_null() {
            // SAFETY: `T` is plain.
            return unsafe { core::mem::zeroed() };
        }
        // SAFETY: the verifier checks the base's type against the constant offset; a fault reads 0.
        unsafe { core::ptr::read_volatile(base.add(off as usize).cast::<T>()) }
    }
}

impl Read for Probed {
    #[inline(always)]
    fn at<T: Plain>(base: Ptr, off: u32) -> T {
        if base.is_null() {
            // SAFETY: `T` is plain.
            return unsafe { core::mem::zeroed() };
        }
        let mut value = core::mem::MaybeUninit::<T>::uninit();
        // SAFETY: the helper writes `size_of::<T>()` bytes to our own stack: zeroes on a fault.
        unsafe {
            bpf_probe_read_kernel(
                value.as_mut_ptr().cast(),
                size_of::<T>() as u32,
                base.wrapping_add(off as usize).cast(),
            );
            value.assume_init()
        }
    }
}

/// [`Read::at`] a frozen offset.
#[inline(always)]
pub(crate) fn get<R: Read, T: Plain>(base: Ptr, off: &Global<u32>) -> T {
    R::at(base, off.load())
}

/// The bit at a frozen bit offset.
#[inline(always)]
pub(crate) fn bit<R: Read>(base: Ptr, bit: &Global<u32>) -> bool {
    if !crate::field::has(bit) {
        return false;
    }
    let bit = bit.load();
    R::at::<u8>(base, bit >> 3) >> (bit & 7) & 1 == 1
}

/// The opaque key of a kernel object: its address, mixed with the secrets of the run. NULL is 0.
///
/// Swapping the bytes comes first: it is an operation that turns a typed pointer into a number for
/// the verifier without a detour through memory.
#[inline(always)]
pub(crate) fn cookie(ptr: Ptr) -> u64 {
    if ptr.is_null() {
        return 0;
    }
    let mixed = (ptr as u64).swap_bytes().wrapping_mul(SECRET1.load()) ^ SECRET0.load();
    (mixed ^ (mixed >> 32)).wrapping_mul(SECRET1.load())
}

/// A pointer as a mere number, for arithmetic that the verifier allows with numbers only. Swapped
/// twice, and hidden in between from a compiler that knows that this changes nothing.
#[inline(always)]
pub(crate) fn number(ptr: Ptr) -> u64 {
    core::hint::black_box((ptr as u64).swap_bytes()).swap_bytes()
}
