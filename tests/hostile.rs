//! Bytes that nobody should have written: the decoder, the BTF reader and the reader of recordings
//! answer every input, in bounded time and memory, without a panic.

mod hostile {
    mod btf;
    mod decode;
    mod memory;
    mod recording;
}
