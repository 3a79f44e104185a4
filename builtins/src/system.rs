//! Commands about the shell's surroundings: environment, time, identity.

mod date;
mod echo;
mod env;
mod false_;
mod printf;
mod pwd;
mod sleep;
mod test_;
mod true_;
mod which;

use crate::command::Command;

pub(crate) const COMMANDS: &[&Command] = &[
    &date::DATE,
    &echo::ECHO,
    &env::ENV,
    &false_::FALSE,
    &printf::PRINTF,
    &pwd::PWD,
    &sleep::SLEEP,
    &test_::BRACKET,
    &test_::TEST,
    &true_::TRUE,
    &which::WHICH,
];
