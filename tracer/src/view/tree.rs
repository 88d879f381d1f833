//! `tree`: who descends from whom.

use std::collections::{HashMap, HashSet};

use super::table::{comm, origin};
use super::{Paint, Style, text};
use crate::model::{NsId, TaskId, TaskState, World};

/// Appends the tree of these tasks: an edge for each real parent that is among them, and a root for
/// each task whose parent is not. Threads that are among them hang below their leader as `{comm}`.
///
/// Each task stands there once, whatever the tables say about parents.
pub fn tree(world: &World, tasks: &[TaskId], style: Style, out: &mut String) {
    let forest = Forest::new(tasks, |id| above(world, id));
    forest.walk(style, out, |id, out| label(world, id, style, out));
}

/// The task below which a task hangs.
fn above(world: &World, id: TaskId) -> Option<TaskId> {
    let task = world.task(id);
    if task.is_leader() {
        let parent = task.real_parent?;
        world.task(parent).leader.or(Some(parent))
    } else {
        task.leader
    }
}

fn label(world: &World, id: TaskId, style: Style, out: &mut String) {
    let task = world.task(id);
    let zombie = task.state == TaskState::Zombie;
    style.painted(if zombie { Paint::End } else { Paint::Plain }, out, |out| {
        text::task_vector(world, id, out);
        out.push(' ');
        comm(world, id, out);
        out.push_str(if zombie { " zombie" } else { "" });
    });
    out.push_str(origin(task.certainty));
    if let Some(tracer) = task.tracer {
        out.push_str(" traced by ");
        text::process(world, tracer, out);
    }
    let own = world.task_active_pid_ns(id);
    let outer = above(world, id).and_then(|parent| world.task_active_pid_ns(parent));
    if let Some(own) = own.filter(|&own| Some(own) != outer && world.ns(own).level() > 0) {
        out.push(' ');
        style.painted(Paint::Space, out, |out| text::namespace(world, own, out));
    }
    waits(world, id, own, style, out);
}

/// Where a task's children will be born, if not where it is itself.
fn waits(world: &World, id: TaskId, own: Option<NsId>, style: Style, out: &mut String) {
    let next = world.task(id).for_children.filter(|&next| own.is_some_and(|own| own != next));
    if let Some(next) = next {
        out.push_str(" children: ");
        style.painted(Paint::Space, out, |out| text::namespace(world, next, out));
    }
}

/// Trees to be drawn; of each node it is known what it hangs below.
pub(super) struct Forest<N> {
    nodes: Vec<N>,
    roots: Vec<N>,
    below: HashMap<N, Vec<N>>,
}

impl<N: Copy + Eq + std::hash::Hash> Forest<N> {
    /// The forest of these nodes; siblings and roots keep their order.
    pub(super) fn new(nodes: &[N], above: impl Fn(N) -> Option<N>) -> Self {
        let all: HashSet<N> = nodes.iter().copied().collect();
        let mut forest = Self { nodes: nodes.to_vec(), roots: Vec::new(), below: HashMap::new() };
        for &node in nodes {
            match above(node).filter(|parent| *parent != node && all.contains(parent)) {
                Some(parent) => forest.below.entry(parent).or_default().push(node),
                None => forest.roots.push(node),
            }
        }
        forest
    }

    /// Appends every node once, the roots' trees first; what hangs in a ring comes last.
    pub(super) fn walk(&self, style: Style, out: &mut String, label: impl Fn(N, &mut String)) {
        let mut seen = HashSet::new();
        for &root in self.roots.iter().chain(&self.nodes) {
            self.walk_from(root, style, &mut seen, out, &label);
        }
    }

    fn walk_from(
        &self,
        root: N,
        style: Style,
        seen: &mut HashSet<N>,
        out: &mut String,
        label: &impl Fn(N, &mut String),
    ) {
        let [branch, last, trunk, none] = style.branches();
        // What is still to draw: a node, how deep it is, whether it is the last of its siblings.
        let mut stack = vec![(root, 0_usize, true)];
        // For each depth above, whether more siblings follow there.
        let mut more: Vec<bool> = Vec::new();
        while let Some((node, depth, is_last)) = stack.pop() {
            if !seen.insert(node) {
                continue;
            }
            more.truncate(depth.saturating_sub(1));
            if depth > 0 {
                for &follows in &more {
                    out.push_str(if follows { trunk } else { none });
                }
                out.push_str(if is_last { last } else { branch });
                more.push(!is_last);
            }
            label(node, out);
            out.push('\n');
            let children = self.below.get(&node).map(Vec::as_slice).unwrap_or_default();
            let fresh = children.iter().filter(|child| !seen.contains(child));
            let next = fresh.rev().enumerate();
            stack.extend(next.map(|(index, &child)| (child, depth + 1, index == 0)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(edges: &[(u32, u32)]) -> String {
        let nodes: Vec<u32> = edges.iter().map(|&(node, _)| node).collect();
        let above = |node| edges.iter().find(|&&(n, _)| n == node).map(|&(_, parent)| parent);
        let mut out = String::new();
        Forest::new(&nodes, above).walk(Style { ascii: true, color: false }, &mut out, |n, out| {
            out.push_str(&n.to_string());
        });
        out
    }

    #[test]
    fn branches_end_with_the_last_sibling() {
        let edges = [(1, 0), (2, 1), (3, 2), (4, 2), (5, 1), (6, 5), (7, 0)];
        assert_eq!(drawn(&edges), "1\n|- 2\n|  |- 3\n|  `- 4\n`- 5\n   `- 6\n7\n");
    }

    #[test]
    fn rings_and_own_parents_do_not_loop() {
        assert_eq!(drawn(&[(1, 1), (2, 3), (3, 2)]), "1\n2\n`- 3\n");
    }

    #[test]
    fn deep_trees_need_no_deep_stack() {
        let edges: Vec<(u32, u32)> = (1..2000).map(|n| (n, n - 1)).collect();
        assert_eq!(drawn(&edges).lines().count(), 1999);
    }
}
