//! Rows as a tree: which row is whose child, and the branches drawn before them.

use std::collections::HashMap;

/// A row in the order it is printed.
#[derive(Debug)]
pub(super) struct Node {
    pub row: usize,
    pub depth: usize,
    /// What is drawn before its cell.
    pub branch: String,
}

/// Rows as they came.
pub(super) fn flat(count: usize) -> Vec<Node> {
    (0..count).map(|row| Node { row, depth: 0, branch: String::new() }).collect()
}

/// Rows below those that their `parent` cell names; the others are roots.
pub(super) fn grow(rows: &[Vec<Vec<u8>>], id: usize, parent: usize) -> Vec<Node> {
    let cell = |row: usize, at: usize| {
        rows.get(row).and_then(|row| row.get(at)).map_or(&b""[..], |cell| cell)
    };
    let mut ids: HashMap<&[u8], usize> = HashMap::new();
    for row in 0..rows.len() {
        ids.entry(cell(row, id)).or_insert(row);
    }
    let mut children: Vec<Vec<usize>> = vec![Vec::new(); rows.len()];
    let mut roots = Vec::new();
    for row in 0..rows.len() {
        match ids.get(cell(row, parent)) {
            Some(&above) if above != row => {
                if let Some(list) = children.get_mut(above) {
                    list.push(row);
                }
            }
            _ => roots.push(row),
        }
    }
    let mut nodes = Vec::new();
    let mut seen = vec![false; rows.len()];
    // What is left to print, the next one last: row, depth, branch, and what its children get.
    let mut open: Vec<(usize, usize, String, String)> =
        roots.into_iter().rev().map(|row| (row, 0, String::new(), String::new())).collect();
    while let Some((row, depth, branch, below)) = open.pop() {
        match seen.get_mut(row) {
            Some(seen) if !*seen => *seen = true,
            _ => continue,
        }
        let own = children.get_mut(row).map(std::mem::take).unwrap_or_default();
        for (nth, &child) in own.iter().enumerate().rev() {
            let last = nth + 1 == own.len();
            let (turn, line) = if last { ("└─", "  ") } else { ("├─", "│ ") };
            open.push((child, depth + 1, format!("{below}{turn}"), format!("{below}{line}")));
        }
        nodes.push(Node { row, depth, branch });
    }
    nodes
}
