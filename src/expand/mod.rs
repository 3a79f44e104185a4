//! Expansion: from the words of the tree to the fields that commands get.

pub mod case;
