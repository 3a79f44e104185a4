//! Commands that pack and unpack.

mod bytes;
mod gzip;
mod seek;
mod tar;
mod unzip;
mod zip;

use crate::command::Command;

pub(crate) const COMMANDS: &[&Command] =
    &[&gzip::GUNZIP, &gzip::GZIP, &gzip::ZCAT, &tar::TAR, &unzip::UNZIP, &zip::ZIP];
