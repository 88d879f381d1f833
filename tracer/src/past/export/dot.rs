//! A Graphviz digraph: every process that was selected, who made it, and who took it in.
//!
//! Nodes are processes, in a cluster for each PID namespace; a solid edge leads from who called
//! clone, a dotted one from the parent of a process that was there already, a dashed one from who
//! took in an orphan. `dot -Tsvg` draws it.

mod write;

use std::collections::{BTreeMap, HashMap};

use super::super::facts::Numbers;
use super::Exporter;
use crate::coverage::Coverage;
use crate::host::Host;
use crate::model::{NsId, ReparentReason, TaskId, TaskState, World};
use crate::view::{Report, Summary, What};

/// Processes in a graph: more are left out, as nobody can look at them.
const MOST: usize = 2000;
/// Edges of orphans.
const MOST_EDGES: usize = 4 * MOST;

/// Collects the graph, which is written at the end.
#[derive(Clone, Debug)]
pub struct Dot {
    most: usize,
    nodes: Vec<Node>,
    /// Node of each task that leads or led a process.
    index: HashMap<TaskId, usize>,
    /// The last node with each level-0 number.
    last: HashMap<i32, usize>,
    edges: Vec<Edge>,
    spaces: BTreeMap<NsId, SpaceNode>,
    left_out: u64,
    title: String,
}

#[derive(Clone, Debug)]
struct Node {
    numbers: Numbers,
    comm: [u8; 16],
    kernel: bool,
    /// It was not selected itself, only named by one that was.
    outside: bool,
    space: Option<NsId>,
    fate: Fate,
}

/// What became of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Alive,
    Ended(Option<i32>),
    Zombie(Option<i32>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Edge {
    from: usize,
    to: usize,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Made,
    Parent,
    TakenIn(ReparentReason),
}

#[derive(Clone, Copy, Debug)]
struct SpaceNode {
    inum: u32,
    level: u32,
    parent: Option<NsId>,
}

impl Default for Dot {
    fn default() -> Self {
        Self {
            most: MOST,
            nodes: Vec::new(),
            index: HashMap::new(),
            last: HashMap::new(),
            edges: Vec::new(),
            spaces: BTreeMap::new(),
            left_out: 0,
            title: String::new(),
        }
    }
}

impl Dot {
    /// At most so many processes are drawn, instead of 2000.
    #[must_use]
    pub fn at_most(mut self, most: usize) -> Self {
        self.most = most;
        self
    }

    /// The node of a task's process; a new one if there is room.
    fn node(&mut self, world: &World, id: TaskId, outside: bool) -> Option<usize> {
        let leader = world.task(id).leader.unwrap_or(id);
        if let Some(&at) = self.index.get(&leader) {
            return Some(at);
        }
        let task = world.task(leader);
        if task.tid == 0 {
            return None;
        }
        // an exec by a thread made it the leader of a process that is here already
        let alive = |&at: &usize| self.nodes.get(at).is_some_and(|node| node.fate == Fate::Alive);
        let renewed = task.birth_tid != task.tid;
        if let Some(at) = self.last.get(&task.tgid).copied().filter(|at| renewed && alive(at)) {
            self.index.insert(leader, at);
            return Some(at);
        }
        if self.nodes.len() >= self.most {
            return None;
        }
        let at = self.nodes.len();
        let space = world.task_active_pid_ns(leader);
        self.nodes.push(Node {
            numbers: Numbers::of_task(world, leader),
            comm: task.comm,
            kernel: task.kernel,
            outside,
            space,
            fate: Fate::Alive,
        });
        self.index.insert(leader, at);
        self.last.insert(task.tgid, at);
        self.meet(world, space);
        Some(at)
    }

    /// Notes a namespace and those around it.
    fn meet(&mut self, world: &World, space: Option<NsId>) {
        let mut next = space;
        while let Some(id) = next.filter(|id| !self.spaces.contains_key(id)) {
            let ns = world.ns(id);
            let parent = ns.pid.as_ref().and_then(|pid| pid.parent);
            // a level up at each step, so that wrong input cannot make a circle
            let parent = parent.filter(|&parent| world.ns(parent).level() < ns.level());
            self.spaces.insert(id, SpaceNode { inum: ns.inum, level: ns.level(), parent });
            next = parent;
        }
    }

    fn edge(&mut self, from: Option<usize>, to: Option<usize>, kind: Kind) {
        if let (Some(from), Some(to)) = (from, to)
            && from != to
            && self.edges.len() < MOST_EDGES.max(4 * self.most)
        {
            self.edges.push(Edge { from, to, kind });
        }
    }

    /// A process was made or found.
    fn begin(&mut self, world: &World, id: TaskId, kind: Kind) {
        if !world.task(id).is_leader() {
            return;
        }
        let fresh = !self.index.contains_key(&id);
        let Some(at) = self.node(world, id, false) else {
            self.left_out += 1;
            return;
        };
        if let Some(node) = self.nodes.get_mut(at) {
            node.outside = false;
        }
        let task = world.task(id);
        let from = if kind == Kind::Made { task.creator } else { task.real_parent };
        if fresh && let Some(from) = from {
            let from = self.node(world, from, true);
            self.edge(from, Some(at), kind);
        }
    }

    fn update(&mut self, world: &World, id: TaskId, what: &What) {
        let leader = world.task(id).leader.unwrap_or(id);
        let at = match self.index.get(&leader) {
            Some(&at) => Some(at),
            // the process of a thread that an exec made its leader
            None => self.node(world, id, false),
        };
        let Some(node) = at.and_then(|at| self.nodes.get_mut(at)) else { return };
        match what {
            What::Exit { code, group_dead, .. }
                if group_dead.unwrap_or(world.task(id).is_leader()) =>
            {
                node.fate = Fate::Zombie(*code);
            }
            What::Release { .. } if id == leader => {
                node.fate = match node.fate {
                    Fate::Zombie(code) | Fate::Ended(code) => Fate::Ended(code),
                    Fate::Alive => Fate::Ended(None),
                };
            }
            _ if world.task(id).is_leader() => node.comm = world.task(id).comm,
            _ => (),
        }
    }
}

impl Exporter for Dot {
    fn begin(&mut self, host: &Host, _: &Coverage, _: &mut Vec<u8>) {
        self.title.clone_from(&host.name);
    }

    fn event(&mut self, world: &World, report: &Report, _: &mut Vec<u8>) {
        let Some(id) = report.task else { return };
        match &report.what {
            What::Fork { .. } => self.begin(world, id, Kind::Made),
            What::Snapshot => {
                self.begin(world, id, Kind::Parent);
                if world.task(id).state == TaskState::Zombie {
                    let zombie =
                        What::Exit { code: None, inferred: true, group_dead: None, lived: None };
                    self.update(world, id, &zombie);
                }
            }
            What::Reparent(change) => {
                let child = self.node(world, id, false);
                let to = change.to.and_then(|to| self.node(world, to, true));
                self.edge(to, child, Kind::TakenIn(change.why));
            }
            What::Exec { .. } | What::Rename { .. } | What::Exit { .. } | What::Release { .. } => {
                self.update(world, id, &report.what);
            }
            _ => (),
        }
    }

    fn end(&mut self, _: &World, summary: &Summary, out: &mut Vec<u8>) {
        out.extend_from_slice(self.graph(summary.lost()).as_bytes());
    }
}
