//! The documents say what is there.

use std::fs;
use std::path::Path;

fn read(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap_or_default()
}

#[test]
fn the_map_names_every_crate() {
    let manifest: toml::Table = read("Cargo.toml").parse().expect("a manifest");
    let members = manifest["workspace"]["members"].as_array().expect("members");
    let map = read("ARCHITECTURE.md");
    for member in members.iter().filter_map(|member| member.as_str()) {
        let own = Path::new(member).join("Cargo.toml");
        let own: toml::Table = read(own.to_str().expect("a path")).parse().expect("a manifest");
        let name = own["package"]["name"].as_str().expect("a name");
        assert!(map.contains(&format!("`{name}`")) || map.contains(&format!(" {name} ")), "{name}");
        let folder = if member == "." { "src/" } else { member };
        assert!(map.contains(folder), "{folder}");
    }
}

/// Every room of a crate is on the map, but for single files whose crate is.
#[test]
fn the_map_names_every_room_of_the_shell() {
    let map = read("ARCHITECTURE.md");
    let rooms = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).expect("src");
    for room in rooms.flatten().filter(|room| room.path().is_dir()) {
        let name = format!("{}/", room.file_name().to_string_lossy());
        assert!(map.contains(&name), "{name} is missing in ARCHITECTURE.md");
    }
}
