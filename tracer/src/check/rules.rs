//! All rules, by number.

use super::{Rule, audit, group, life, namespace, order, pid, stream, task};

/// How many there are.
pub(super) const COUNT: usize = 68;

/// Every rule, by number.
pub static ALL: [&Rule; COUNT] = [
    &pid::level_bound::RULE,
    &pid::upid_level::RULE,
    &pid::parent_chain::RULE,
    &pid::number_range::RULE,
    &task::cached_numbers::RULE,
    &pid::unique_number::RULE,
    &pid::publish_once::RULE,
    &pid::unused_at_free::RULE,
    &pid::first_number::RULE,
    &pid::init_number::RULE,
    &pid::cyclic_order::RULE,
    &pid::last_pid::RULE,
    &pid::reserved_numbers::RULE,
    &pid::set_tid::RULE,
    &pid::visibility::RULE,
    &pid::immutable_numbers::RULE,
    &pid::ino_order::RULE,
    &task::one_pid_one_task::RULE,
    &task::leader_shape::RULE,
    &task::tgid_of_leader::RULE,
    &task::leader_outlives_threads::RULE,
    &task::threads_together::RULE,
    &task::levels_of_parents::RULE,
    &task::parent_alive::RULE,
    &task::rooted::RULE,
    &task::orphan_rule::RULE,
    &task::tracer_is_parent::RULE,
    &group::session_of_group::RULE,
    &group::session_leader::RULE,
    &group::group_pid_alive::RULE,
    &group::session_namespace::RULE,
    &group::group_namespace::RULE,
    &namespace::allocated_count::RULE,
    &namespace::adding_flag::RULE,
    &namespace::namespace_tree::RULE,
    &namespace::populated_has_init::RULE,
    &namespace::for_children::RULE,
    &namespace::nsproxy_lifetime::RULE,
    &task::kernel_threads::RULE,
    &task::user_workers::RULE,
    &life::empty_zombie::RULE,
    &task::idle_unlisted::RULE,
    &order::birth_order::RULE,
    &order::newtask_namespace::RULE,
    &order::newpid_flag::RULE,
    &order::thread_flag::RULE,
    &order::inheritance::RULE,
    &namespace::no_fork_into_dead::RULE,
    &life::exit_release_free::RULE,
    &life::once_each::RULE,
    &life::delayed_leader::RULE,
    &life::silent_after_exit::RULE,
    &life::silent_after_release::RULE,
    &life::who_reaps::RULE,
    &life::autoreap::RULE,
    &life::exec::RULE,
    &life::tid_change::RULE,
    &group::setsid_setpgid::RULE,
    &life::reuse_after_free::RULE,
    &namespace::init_death::RULE,
    &namespace::namespace_end::RULE,
    &namespace::setns_unshare::RULE,
    &order::failed_fork::RULE,
    &order::limit_reason::RULE,
    &stream::stream_sequence::RULE,
    &stream::stream_clock::RULE,
    &audit::RULE,
    &stream::sweep_form::RULE,
];

/// The rule of this name or number.
pub fn find(name: &str) -> Option<&'static Rule> {
    let number = name.parse::<u8>().ok();
    ALL.into_iter().find(|rule| rule.id == name || number == Some(rule.number))
}
