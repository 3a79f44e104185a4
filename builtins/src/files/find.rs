//! `find`: search for files in a directory hierarchy.

mod action;
mod expression;
mod parse;
mod printf;
mod test;
mod walk;

use crate::prelude::*;

pub const FIND: Command = Command {
    name: "find",
    synopsis: "find [-H] [-L] [-P] [-Olevel] [-D debugopts] [path...] [expression]",
    summary: "Search each path for files and evaluate the expression on them.\n\nDefault path is the current directory; default expression is -print.",
    options: &[],
    words: &[
        "( EXPR )  ! EXPR  -not EXPR  EXPR -a EXPR  EXPR -and EXPR  EXPR -o EXPR  EXPR -or EXPR  EXPR , EXPR",
        "-daystart  -depth  -d  -files0-from FILE  -follow  -ignore_readdir_race  -maxdepth LEVELS",
        "-mindepth LEVELS  -mount  -noignore_readdir_race  -noleaf  -nowarn  -regextype TYPE  -warn  -xdev",
        "-amin N  -anewer FILE  -atime N  -cmin N  -cnewer FILE  -ctime N  -empty  -executable  -false",
        "-fstype TYPE  -gid N  -group NAME  -ilname PATTERN  -iname PATTERN  -inum N  -ipath PATTERN",
        "-iregex PATTERN  -iwholename PATTERN  -links N  -lname PATTERN  -mmin N  -mtime N",
        "-name PATTERN  -newer FILE  -newerXY REFERENCE  -nogroup  -nouser  -path PATTERN",
        "-perm [-/]MODE  -readable  -regex PATTERN  -samefile FILE  -size N[bcwkMG]  -true",
        "-type [bcdpfls]  -uid N  -used N  -user NAME  -wholename PATTERN  -writable  -xtype [bcdpfls]",
        "-delete  -exec COMMAND ;  -exec COMMAND {} +  -execdir COMMAND ;  -execdir COMMAND {} +",
        "-fls FILE  -fprint FILE  -fprint0 FILE  -fprintf FILE FORMAT  -ls  -ok COMMAND ;",
        "-okdir COMMAND ;  -print  -print0  -printf FORMAT  -prune  -quit",
    ],
    examples: &[
        Example {
            about: "Regular files by name.",
            script: "mkdir -p /tmp/f/d; cd /tmp/f; touch d/a.rs d/b.txt; find . -type f -name '*.rs'",
            prints: "./d/a.rs\n",
        },
        Example {
            about: "Run a command on all of them at once.",
            script: "mkdir /tmp/g; cd /tmp/g; touch a b; find . -type f -exec echo {} +",
            prints: "./a ./b\n",
        },
    ],
    order: Order::Raw,
    run: walk::find,
    ..Command::BASE
};
