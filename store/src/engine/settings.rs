//! The configuration that jj is run with: built in, and nothing else.

use jj_lib::backend::{MillisSinceEpoch, Signature, Timestamp};
use jj_lib::config::{ConfigLayer, ConfigSource, StackedConfig};
use jj_lib::settings::UserSettings;

use super::error::{Doing, EngineResult};
use super::types::Author;

/// Who is named where jj acts by itself, in merging operations that it made at the same time as we.
const BUILT_IN: &str = r#"
user.name = "mesash"
user.email = "mesash@localhost"
operation.username = "mesash"
"#;

pub(super) fn user_settings() -> EngineResult<UserSettings> {
    let mut config = StackedConfig::with_defaults();
    config.add_layer(ConfigLayer::parse(ConfigSource::Default, BUILT_IN).doing("configuring jj")?);
    UserSettings::from_config(config).doing("configuring jj")
}

/// The author as of now, in UTC and to the second, which is what git keeps.
pub(super) fn signature(author: &Author) -> Signature {
    let now = Timestamp::now().timestamp.0;
    Signature {
        name: plain(&author.name),
        email: plain(&author.email),
        timestamp: Timestamp {
            timestamp: MillisSinceEpoch(now.div_euclid(1000) * 1000),
            tz_offset: 0,
        },
    }
}

/// Without what git's headers cannot hold, which git itself leaves out too.
fn plain(text: &str) -> String {
    let held: String =
        text.chars().filter(|c| !matches!(c, '<' | '>') && !c.is_control()).collect();
    held.trim().to_owned()
}
