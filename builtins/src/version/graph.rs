//! The graph beside a log: one column for each line of descent, drawn as jj draws it.
//!
//! Changes come children before parents. A change stands in the column of the child that was first
//! to name it; every other child's line bends to that column.

use mesafs::CommitOid;

/// The columns as they go on below what was drawn.
#[derive(Debug, Default)]
pub(super) struct Graph {
    /// The change that each leads to.
    columns: Vec<Option<CommitOid>>,
}

/// One change to be drawn.
#[derive(Debug)]
pub(super) struct Drawn<'a> {
    pub oid: &'a CommitOid,
    /// Those of its parents that will be drawn.
    pub parents: Vec<&'a CommitOid>,
    /// Whether it has others, too.
    pub elided: bool,
    pub mark: &'a str,
    pub lines: &'a [String],
}

impl Graph {
    /// The change, its lines, and the bends below it.
    pub fn draw(&mut self, drawn: &Drawn<'_>) -> String {
        let at = self.column_of(drawn.oid);
        let mut out = String::new();
        let ends = drawn.parents.is_empty();
        for (row, line) in drawn.lines.iter().enumerate() {
            let own = match (row, ends) {
                (0, _) => drawn.mark,
                (_, true) => " ",
                (_, false) => "│",
            };
            self.row(&mut out, |column| if column == at { Some(own) } else { None });
            let indented = format!("{}  {line}", out_end(&mut out));
            out.push_str(indented.trim_end());
            out.push('\n');
        }
        if ends {
            if drawn.elided {
                self.row(&mut out, |column| (column == at).then_some("~"));
                end_row(&mut out);
            }
            self.set(at, None);
        } else {
            self.follow(&mut out, at, &drawn.parents);
        }
        while self.columns.last().is_some_and(Option::is_none) {
            self.columns.pop();
        }
        out
    }

    fn column_of(&mut self, oid: &CommitOid) -> usize {
        let known = self.find(oid).or_else(|| self.columns.iter().position(Option::is_none));
        let at = known.unwrap_or(self.columns.len());
        self.set(at, Some(oid.clone()));
        at
    }

    fn find(&self, oid: &CommitOid) -> Option<usize> {
        self.columns.iter().position(|column| column.as_ref() == Some(oid))
    }

    fn set(&mut self, at: usize, to: Option<CommitOid>) {
        if at >= self.columns.len() {
            self.columns.resize(at + 1, None);
        }
        if let Some(column) = self.columns.get_mut(at) {
            *column = to;
        }
    }

    /// Leads the line at `at` on to the parents of its change.
    fn follow(&mut self, out: &mut String, at: usize, parents: &[&CommitOid]) {
        let Some((first, others)) = parents.split_first() else { return };
        // The change itself is drawn: what stands in its column from here on is its first parent.
        self.set(at, Some((*first).clone()));
        for other in others {
            let to = match self.find_beside(other, at) {
                Some(to) => {
                    self.bend(out, at, to, if to > at { ["├", "┤"] } else { ["┤", "├"] });
                    continue;
                }
                None => {
                    let free = self.columns.iter().skip(at + 1).position(Option::is_none);
                    free.map_or(self.columns.len(), |free| at + 1 + free)
                }
            };
            self.bend(out, at, to, ["├", "╮"]);
            self.set(to, Some((*other).clone()));
        }
        if let Some(to) = self.find_beside(first, at) {
            // The line that stands further right bends to the other.
            let (low, high) = (at.min(to), at.max(to));
            self.bend(out, high, low, ["╯", "├"]);
            self.set(high, None);
        }
    }

    fn find_beside(&self, oid: &CommitOid, at: usize) -> Option<usize> {
        let mut columns = self.columns.iter().enumerate();
        columns.find(|(here, column)| *here != at && column.as_ref() == Some(oid)).map(|(to, _)| to)
    }

    /// A row with a line from column `from` to column `to`.
    fn bend(&mut self, out: &mut String, from: usize, to: usize, [start, end]: [&str; 2]) {
        let (low, high) = (from.min(to), from.max(to));
        let width = self.columns.len().max(high + 1);
        for column in 0..width {
            let stands = self.columns.get(column).is_some_and(Option::is_some);
            let cell = match column {
                _ if column == from => start,
                _ if column == to => end,
                _ if low < column && column < high => {
                    if stands {
                        "┼"
                    } else {
                        "─"
                    }
                }
                _ if stands => "│",
                _ => " ",
            };
            out.push_str(cell);
            out.push_str(if low <= column && column < high { "─" } else { " " });
        }
        end_row(out);
    }

    /// The columns, without an end of the line.
    fn row<'a>(&self, out: &mut String, cell: impl Fn(usize) -> Option<&'a str>) {
        for (at, column) in self.columns.iter().enumerate() {
            if at > 0 {
                out.push(' ');
            }
            out.push_str(cell(at).unwrap_or(if column.is_some() { "│" } else { " " }));
        }
    }
}

fn end_row(out: &mut String) {
    let kept = out.trim_end_matches(' ').len();
    out.truncate(kept);
    out.push('\n');
}

/// Takes the row that is being written away from the end of `out`.
fn out_end(out: &mut String) -> String {
    let start = out.rfind('\n').map_or(0, |at| at + 1);
    out.split_off(start)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Draws changes given as a letter and its parents' letters.
    fn drawn(changes: &[&str]) -> String {
        let oid = |letter: char| CommitOid::new(&format!("{:040x}", u32::from(letter))).unwrap();
        let mut graph = Graph::default();
        let mut out = String::new();
        for change in changes {
            let mut letters = change.chars();
            let own = letters.next().unwrap();
            let parents: Vec<CommitOid> = letters.clone().filter(|l| *l != '~').map(oid).collect();
            let lines = [own.to_string(), "text".to_owned()];
            out += &graph.draw(&Drawn {
                oid: &oid(own),
                parents: parents.iter().collect(),
                elided: letters.any(|letter| letter == '~'),
                mark: "○",
                lines: &lines,
            });
        }
        out
    }

    #[test]
    fn lines_go_straight_and_bend_where_they_meet() {
        assert_eq!(drawn(&["ba", "a~"]), "○  b\n│  text\n○  a\n   text\n~\n");
        let fork = drawn(&["cba", "xa", "ba", "a"]);
        let wanted = "○  c\n│  text\n├─╮\n│ │ ○  x\n│ │ │  text\n│ ├─╯\n○ │  b\n│ │  text\n├─╯\n○  a\n   text\n";
        assert_eq!(fork, wanted);
    }
}
