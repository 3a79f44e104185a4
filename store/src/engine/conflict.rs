//! Conflicts: as jj stores them, and as text with markers.
