//! Giving memory back to the system.

/// Gives back to the system what is freed. Loading the programs needs some 60 MB for a moment, most of it for the kernel's types; the
/// allocator keeps what is freed unless it is told that nobody will want it again.
pub fn give_back() {
    #[cfg(target_env = "gnu")]
    // SAFETY: the call has no preconditions.
    unsafe {
        libc::malloc_trim(0);
    }
}
