//! Recordings: the kernel's records in a file, seekable, and safe against crashes.
#![doc = ""]
#![doc = include_str!("recording/FORMAT.md")]

mod ahead;
pub mod block;
pub mod codec;
mod coverage;
mod end;
mod file;
pub mod frame;
mod frames;
mod header;
mod index;
mod keyframe;
mod note;
mod pack;
mod reader;
mod recorder;
pub mod redact;
mod replay;
#[doc(hidden)]
pub mod sample;
pub mod schema;
mod seek;
mod text;
mod window;
mod writer;

pub use ahead::{Ahead, Source};
pub use block::{BadBlock, Block, Encoder, Packed};
pub use codec::Codec;
pub use coverage::{read_coverage, write_coverage};
pub use end::{End, Ending};
pub use file::{Files, Output, Sync};
pub use frame::Head;
pub use frames::{Damage, Flaw};
pub use header::{BadHeader, HEADER, Header, MAGIC, VERSION};
pub use index::{Entry, Index};
pub use keyframe::Keyframe;
pub use note::Note;
pub use reader::{Item, Reader, Unreadable};
pub use recorder::{Failure, Progress, Recorder, Settings};
pub use replay::{Replay, Visitor, config, config_of, sees};
pub use schema::{Adapter, BadSchema, Schema};
pub use seek::at;
pub use writer::Writer;
