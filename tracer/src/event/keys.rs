//! The keys of live kernel objects inside one run.

macro_rules! key {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        ///
        /// The object's address mixed with a secret of the run; 0 means none. The kernel reuses
        /// addresses, so a key identifies an object only together with its birth in ring order.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub u64);

        impl $name {
            /// The key, or `None` where the kernel's pointer was NULL or is unknown.
            pub fn known(self) -> Option<Self> {
                (self.0 != 0).then_some(self)
            }
        }
    };
}

key! {
    /// A `task_struct`.
    TaskKey
}
key! {
    /// A `struct pid`.
    PidKey
}
key! {
    /// A `pid_namespace`.
    NsKey
}
