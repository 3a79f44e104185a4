//! Signals for the programs that a test starts.

use std::sync::Arc;
use std::sync::Once;
use std::sync::atomic::AtomicBool;

use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use signal_hook::flag::register_conditional_default;

/// Has them take signals as at a terminal. Whoever starts the tests may ignore some, as a shell does
/// for what it starts with `&`, and children inherit that; what is handled is the default again in
/// them. Here each signal does what it does by default.
pub fn usual_for_children() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        for signal in [SIGINT, SIGQUIT, SIGTERM, SIGHUP] {
            let always = Arc::new(AtomicBool::new(true));
            if let Err(error) = register_conditional_default(signal, always) {
                panic!("signal {signal}: {error}");
            }
        }
    });
}
