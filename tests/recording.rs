//! The format of recordings: what it says is what an independent reader reads, and what it said
//! once is still read.

mod recording {
    mod fixtures;
    mod keyframes;
    mod reader;
}
