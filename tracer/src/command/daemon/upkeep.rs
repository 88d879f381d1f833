//! What the daemon does about itself: privileges, settings, memory.

use std::time::Instant;

use sd_notify::NotifyState;
use tracer::{kernel, model};

use super::{
    Running,
    answer::{self, Answer},
    config::Setting,
    confine::{self, Places},
    log::Log,
    memory::Need,
    own,
    question::{Asked, Form},
    reload,
    serve::Ask,
    token::Token,
};
use crate::cli::Daemon;

/// What a reload needs.
pub(super) struct Renewal {
    /// The words of the command line, which names the file.
    pub(super) words: Vec<String>,
    /// The settings as they are.
    pub(super) settings: Vec<Setting>,
    /// What clients of the TCP socket show, if there is one.
    pub(super) token: Option<Token>,
}

impl Running {
    /// Gives up what is not needed any more. Everything is attached, and the other threads have done
    /// so themselves.
    pub(super) fn confine(&mut self) {
        let Daemon { dir, socket, config, token_file, .. } = &self.args;
        if self.args.no_sandbox {
            return self.log.warn("--no-sandbox: the daemon keeps all its privileges");
        }
        let places = Places {
            dir: dir.clone(),
            socket: socket.clone(),
            settings: config.iter().chain(token_file).cloned().collect(),
        };
        let confined = confine::keeper(&places, self.trace.coverage().hidden_tasks > 0);
        self.log.info(&format!("kept: {}", confined.text()));
        self.seen.confined = Some(confined);
    }

    /// Reads the settings anew. What is wrong in them changes nothing.
    pub(super) fn renew(&mut self, now: &mut Renewal) {
        let mut state = vec![NotifyState::Reloading];
        state.extend(NotifyState::monotonic_usec_now());
        self.notify(&state);
        match reload::read(&now.words) {
            Err(fault) => {
                let why = fault.text();
                self.log.error(&format!("the settings stay as they are: {why}"));
            }
            Ok(anew) => {
                let changes = anew.apply(&mut self.args, &mut now.settings, now.token.as_ref());
                for name in &changes.ignored {
                    let what = "cannot change while the daemon runs: start it again";
                    self.log.warn(&format!("{name} {what}"));
                }
                self.log = Log::new(self.args.log_format);
                self.trace.audit_every(self.args.audit_interval);
                self.trace.rotate_every(self.args.rotate);
                self.memory.set(self.args.max_memory);
                self.trace.remember(model::Config::default().history);
                let made = if changes.made.is_empty() {
                    "nothing has changed".into()
                } else {
                    changes.made.join(", ")
                };
                self.log.info(&format!("settings were read anew: {made}"));
                self.prune();
            }
        }
        self.notify(&[NotifyState::Ready]);
    }

    /// Keeps below the limit, as well as that can be done without harm to what lives.
    pub(super) fn watch_memory(&mut self) {
        let now = Instant::now();
        if self.memory.is_due(now) {
            self.mind_memory(now);
        }
    }

    fn mind_memory(&mut self, now: Instant) {
        let resident = own::resident();
        match self.memory.look(resident, now) {
            Need::Nothing => {}
            Need::Resume => {
                self.trace.remember(model::Config::default().history);
            }
            Need::Shed => {
                self.memory.shed.history += self.trace.remember(0) as u64;
                self.memory.shed.backlog += self.feed.forget();
                kernel::give_back();
                if self.memory.tells(now) {
                    let (used, most) = (resident >> 20, self.memory.limit() >> 20);
                    self.log.warn(&format!(
                        "{used} MiB of {most} (--max-memory) are used: no history is kept, and no \
                         large answers are given; what lives is all there"
                    ));
                }
            }
        }
        self.seen.shed = self.memory.shed;
    }

    /// Gives back what a busy time has left, once it is over.
    pub(super) fn settle(&mut self) {
        if self.calm.look(self.seen.events) {
            kernel::give_back();
        }
    }

    /// Answers a question, unless memory is too short for its answer. A client that has left is no
    /// trouble.
    pub(super) fn answer(&mut self, ask: Ask) {
        self.calm.answers();
        match ask {
            Ask::Tables(asked, form, reply) => {
                let _left = reply.send(self.say(&asked, form));
            }
            Ask::Listen(listen, form, reply) => {
                let Self { trace, seen, feed, .. } = self;
                let heard = feed.subscribe(&answer::moment(trace, seen), &listen, form);
                let _left = reply.send(heard.map_err(|why| answer::unheard(trace, seen, why)));
            }
        }
    }

    fn say(&mut self, asked: &Asked, form: Form) -> Answer {
        if asked.is_large() && self.memory.limit() > 0 {
            self.mind_memory(Instant::now());
        }
        if self.memory.is_short() && asked.is_large() {
            self.memory.shed.answers += 1;
            return answer::unavailable(
                &self.seen,
                "memory is short",
                "ask for less, or later; see --max-memory",
            );
        }
        answer::answer(&mut self.trace, &self.seen, asked, form)
    }
}
