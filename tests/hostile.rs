//! Bytes that nobody should have written: the decoder and the BTF reader answer every input, in
//! bounded time and memory, without a panic.

mod hostile {
    mod btf;
    mod decode;
    mod memory;
    mod random;
}
