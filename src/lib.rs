//! mesash: a shell for versioned repositories.
