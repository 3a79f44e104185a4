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

/// Of who has none.
const EMAIL: &str = "mesash@localhost";

pub(super) fn user_settings() -> EngineResult<UserSettings> {
    UserSettings::from_config(built_in()?).doing("configuring jj")
}

/// For the calls that let jj name the committer: `signature` in every commit.
pub(super) fn settings_of(signature: &Signature) -> EngineResult<UserSettings> {
    let doing = "configuring jj";
    let when = signature.timestamp.to_datetime().doing(doing)?.to_rfc3339();
    let mut layer = ConfigLayer::empty(ConfigSource::User);
    layer.set_value("user.name", signature.name.as_str()).doing(doing)?;
    layer.set_value("user.email", signature.email.as_str()).doing(doing)?;
    layer.set_value("debug.commit-timestamp", when.as_str()).doing(doing)?;
    let mut config = built_in()?;
    config.add_layer(layer);
    UserSettings::from_config(config).doing(doing)
}

fn built_in() -> EngineResult<StackedConfig> {
    let mut config = StackedConfig::with_defaults();
    config.add_layer(ConfigLayer::parse(ConfigSource::Default, BUILT_IN).doing("configuring jj")?);
    Ok(config)
}

/// The author as of now, in UTC and to the second, which is what git keeps.
pub(super) fn signature(author: &Author) -> Signature {
    let now = Timestamp::now().timestamp.0;
    Signature {
        name: plain(&author.name),
        email: match plain(&author.email) {
            // jj would give an author some email with the next snapshot, and write a stand-in for the
            // committer's, which whoever reads the git repository sees.
            email if email.is_empty() => EMAIL.to_owned(),
            email => email,
        },
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
