//! `show`: one task as the kernel holds it.

mod boxes;
mod canvas;
#[cfg(test)]
mod tests;

use boxes::Boxes;

use super::Style;
use crate::event::Detail;
use crate::model::{TaskId, World};

/// Appends the drawing of one task: `task_struct`, `struct pid` with its upids and lists,
/// `signal_struct`, `cred` and `nsproxy`, with the pointers between them; at most 100 columns.
///
/// `detail` has the members that no event carries; without it they are left out.
pub fn show(world: &World, task: TaskId, detail: Option<&Detail>, style: Style, out: &mut String) {
    let mut boxes = Boxes::new(world, task, detail, style);
    boxes.task_struct();
    boxes.struct_pid();
    boxes.signal_struct();
    boxes.cred();
    boxes.nsproxy();
    boxes.canvas.write(style, out);
}
