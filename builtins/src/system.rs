//! Commands about the shell's surroundings: environment, time, identity.

mod cal;
mod clear;
mod date;
mod echo;
mod env;
mod false_;
mod getopt;
mod identity;
mod kill;
mod man;
mod nproc;
mod printenv;
mod printf;
mod ps;
mod pwd;
mod sleep;
mod test_;
mod timeout;
mod true_;
mod uname;
mod watch;
mod which;
mod xargs;

use crate::command::Command;

pub(crate) const COMMANDS: &[&Command] = &[
    &clear::CLEAR,
    &cal::CAL,
    &date::DATE,
    &man::MAN,
    &watch::WATCH,
    &echo::ECHO,
    &env::ENV,
    &getopt::GETOPT,
    &false_::FALSE,
    &printf::PRINTF,
    &kill::KILL,
    &ps::PS,
    &pwd::PWD,
    &sleep::SLEEP,
    &test_::BRACKET,
    &test_::TEST,
    &true_::TRUE,
    &which::WHICH,
    &identity::GROUPS,
    &identity::HOSTNAME,
    &identity::ID,
    &identity::LOGNAME,
    &identity::WHOAMI,
    &nproc::NPROC,
    &nproc::TTY,
    &printenv::PRINTENV,
    &timeout::TIMEOUT,
    &uname::ARCH,
    &uname::UNAME,
    &xargs::XARGS,
];
