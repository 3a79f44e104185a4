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
    /// Whether the last line ended where nothing goes on: what comes next stands apart.
    gap: bool,
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
    /// The change, its lines, and the bends below it, which stand beside its lines as far as these go.
    pub fn draw(&mut self, drawn: &Drawn<'_>) -> String {
        let at = self.column_of(drawn.oid);
        let mut rows = Vec::new();
        let ends = drawn.parents.is_empty();
        let mut width = self.columns.len();
        let mut out = String::new();
        if std::mem::take(&mut self.gap) {
            let beside = self.row(|column| (column == at).then_some(" "));
            out = format!("{}\n", beside.trim_end());
        }
        rows.push(self.row(|column| (column == at).then_some(drawn.mark)));
        if !ends {
            self.follow(&mut rows, at, &drawn.parents);
            width = width.max(self.columns.len());
        }
        while rows.len() < drawn.lines.len() {
            let below = if ends && !drawn.elided { " " } else { "│" };
            rows.push(self.row(|column| (ends && column == at).then_some(below)));
        }
        if ends && drawn.elided {
            rows.push(self.row(|column| (column == at).then_some("~")));
            self.gap = true;
        }
        if ends {
            self.set(at, None);
        }
        while self.columns.last().is_some_and(Option::is_none) {
            self.columns.pop();
        }
        for (number, row) in rows.iter().enumerate() {
            let text = drawn.lines.get(number).map_or("", String::as_str);
            // A mark may be coloured, and takes one column all the same.
            let drawn_columns = match number {
                0 => row.chars().count() - drawn.mark.chars().count() + 1,
                _ => row.chars().count(),
            };
            let pad = (2 * width).saturating_sub(1 + drawn_columns);
            out.push_str(format!("{row}{:pad$}  {text}", "").trim_end());
            out.push('\n');
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
    fn follow(&mut self, rows: &mut Vec<String>, at: usize, parents: &[&CommitOid]) {
        let Some((first, others)) = parents.split_first() else { return };
        // The change itself is drawn: what stands in its column from here on is its first parent.
        self.set(at, Some((*first).clone()));
        for other in others {
            let to = match self.find_beside(other, at) {
                Some(to) => {
                    rows.push(self.bend(at, to, if to > at { ["├", "┤"] } else { ["┤", "├"] }));
                    continue;
                }
                None => {
                    let free = self.columns.iter().skip(at + 1).position(Option::is_none);
                    free.map_or(self.columns.len(), |free| at + 1 + free)
                }
            };
            rows.push(self.bend(at, to, ["├", "╮"]));
            self.set(to, Some((*other).clone()));
        }
        if let Some(to) = self.find_beside(first, at) {
            // The line that stands further right bends to the other.
            let (low, high) = (at.min(to), at.max(to));
            rows.push(self.bend(high, low, ["╯", "├"]));
            self.set(high, None);
        }
    }

    fn find_beside(&self, oid: &CommitOid, at: usize) -> Option<usize> {
        let mut columns = self.columns.iter().enumerate();
        columns.find(|(here, column)| *here != at && column.as_ref() == Some(oid)).map(|(to, _)| to)
    }

    /// A row with a line from column `from` to column `to`.
    fn bend(&self, from: usize, to: usize, [start, end]: [&str; 2]) -> String {
        let mut out = String::new();
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
        out.truncate(out.trim_end_matches(' ').len());
        out
    }

    /// The columns as they stand, but for those that `cell` has something for.
    fn row<'a>(&self, cell: impl Fn(usize) -> Option<&'a str>) -> String {
        let mut out = String::new();
        for (at, column) in self.columns.iter().enumerate() {
            if at > 0 {
                out.push(' ');
            }
            out.push_str(cell(at).unwrap_or(if column.is_some() { "│" } else { " " }));
        }
        out
    }
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
        assert_eq!(drawn(&["ba", "a~"]), "○  b\n│  text\n○  a\n│  text\n~\n");
        assert_eq!(drawn(&["b~", "a"]), "○  b\n│  text\n~\n\n○  a\n   text\n");
        let fork = drawn(&["cba", "xa", "ba", "a"]);
        let wanted = "○    c\n├─╮  text\n│ │ ○  x\n│ ├─╯  text\n○ │  b\n├─╯  text\n○  a\n   text\n";
        assert_eq!(fork, wanted);
    }
}
