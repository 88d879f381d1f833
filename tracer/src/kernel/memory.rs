//! Giving memory back to the system.

/// Loading the programs needs some 60 MB for a moment, most of it for the kernel's types; the
/// allocator keeps what is freed unless it is told that nobody will want it again.
pub(super) fn give_back() {
    #[cfg(target_env = "gnu")]
    // SAFETY: the call has no preconditions.
    unsafe {
        libc::malloc_trim(0);
    }
}
