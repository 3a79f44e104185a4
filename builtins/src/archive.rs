//! Commands that pack and unpack.

mod bytes;
mod gzip;
mod tar;

use crate::command::Command;

pub(crate) const COMMANDS: &[&Command] = &[&gzip::GUNZIP, &gzip::GZIP, &gzip::ZCAT, &tar::TAR];
