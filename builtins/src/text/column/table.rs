//! Tables, in columns or as JSON.

use super::options::Rules;
use super::{Line, tree, width};
use crate::prelude::*;

/// A column of the table, in the order of the input.
#[derive(Debug)]
struct Column {
    name: Option<BString>,
    hidden: bool,
    right: bool,
    truncate: bool,
    wrap: bool,
    width: usize,
}

pub(super) fn print(
    ctx: &mut Context<'_>,
    rules: &Rules,
    lines: &[Line],
) -> Result<(), CommandError> {
    let mut rows: Vec<Vec<Vec<u8>>> = lines.iter().map(|line| cells(rules, &line.text)).collect();
    let count = rows.iter().map(Vec::len).max().unwrap_or(0).max(rules.names.len());
    if rules.json
        && let Some(row) = rows.iter().position(|cells| cells.len() > rules.names.len())
    {
        // column has read past the line when it says so.
        let row = lines.get(row).map_or(row, |line| line.number) + 1;
        let column = rules.names.len() + 1;
        return Err(failure(format!(
            "line {row}: for JSON the name of the column {column} is required"
        )));
    }
    for row in &mut rows {
        row.resize(count, Vec::new());
    }
    let mut columns: Vec<Column> = (0..count)
        .map(|at| Column {
            name: rules.names.get(at).cloned(),
            hidden: false,
            right: false,
            truncate: false,
            wrap: false,
            width: 0,
        })
        .collect();
    mark(rules, &mut columns, &rules.right, |column| column.right = true)?;
    mark(rules, &mut columns, &rules.truncate, |column| column.truncate = true)?;
    mark(rules, &mut columns, &rules.wrap, |column| column.wrap = true)?;
    mark(rules, &mut columns, &rules.no_extreme, |_| ())?;
    mark(rules, &mut columns, &rules.hide, |column| column.hidden = true)?;
    let order = order(rules, &columns)?;
    let mut nodes = match &rules.tree {
        None => tree::flat(rows.len()),
        Some([_, id, parent]) => {
            let id = find(&columns, id)?;
            let parent = find(&columns, parent)?;
            tree::grow(&rows, id, parent)
        }
    };
    if rules.json {
        return json(ctx, rules, &columns, &order, &rows, &nodes);
    }
    if let Some([column, ..]) = &rules.tree {
        let column = find(&columns, column)?;
        for node in &mut nodes {
            if let Some(cell) = rows.get_mut(node.row).and_then(|row| row.get_mut(column)) {
                let mut text = node.branch.clone().into_bytes();
                text.append(cell);
                *cell = text;
            }
        }
    }
    for (at, column) in columns.iter_mut().enumerate() {
        let heading = column.name.as_ref().filter(|_| rules.heading);
        let cells = rows.iter().filter_map(|row| row.get(at)).map(|cell| width::of(cell));
        column.width = cells.chain(heading.map(|name| width::of(name))).max().unwrap_or(0);
    }
    shrink(rules, &mut columns, &order);
    if rules.heading {
        let names: Vec<Vec<u8>> =
            columns.iter().map(|column| column.name.clone().unwrap_or_default().to_vec()).collect();
        row(ctx, rules, &columns, &order, &names)?;
    }
    for node in &nodes {
        if let Some(cells) = rows.get(node.row) {
            row(ctx, rules, &columns, &order, cells)?;
        }
    }
    Ok(())
}

/// Takes a line apart.
fn cells(rules: &Rules, line: &[u8]) -> Vec<Vec<u8>> {
    let mut cells = Vec::new();
    let mut rest = line;
    let separates = |byte: &u8| match &rules.separators {
        Some(separators) => separators.contains(byte),
        None => matches!(byte, b' ' | b'\t'),
    };
    let greedy = rules.separators.is_none();
    loop {
        if greedy {
            let lead = rest.iter().take_while(|byte| separates(byte)).count();
            rest = rest.get(lead..).unwrap_or_default();
            if rest.is_empty() {
                return cells;
            }
        }
        if rules.limit.is_some_and(|limit| cells.len() + 1 >= limit) {
            cells.push(rest.to_vec());
            return cells;
        }
        match rest.iter().position(separates) {
            None => {
                cells.push(rest.to_vec());
                return cells;
            }
            Some(at) => {
                let (cell, tail) = rest.split_at(at);
                cells.push(cell.to_vec());
                rest = tail.get(1..).unwrap_or_default();
            }
        }
    }
}

/// A column by its name or its number.
fn find(columns: &[Column], name: &BString) -> Result<usize, CommandError> {
    let named = columns.iter().position(|column| column.name.as_ref() == Some(name));
    let numbered = || {
        let number: usize = name.to_str().ok()?.parse().ok()?;
        number.checked_sub(1).filter(|at| *at < columns.len())
    };
    named.or_else(numbered).ok_or_else(|| failure(format!("undefined column name '{name}'")))
}

/// Applies an option to its columns: `0` is all of them, `-` those without a name.
fn mark(
    rules: &Rules,
    columns: &mut [Column],
    names: &[BString],
    set: impl Fn(&mut Column),
) -> Result<(), CommandError> {
    for name in names {
        if name == "0" {
            columns.iter_mut().for_each(&set);
        } else if name == "-" && !rules.names.is_empty() {
            columns.iter_mut().filter(|column| column.name.is_none()).for_each(&set);
        } else {
            let at = find(columns, name)?;
            if let Some(column) = columns.get_mut(at) {
                set(column);
            }
        }
    }
    Ok(())
}

/// The columns that are shown, in their order.
fn order(rules: &Rules, columns: &[Column]) -> Result<Vec<usize>, CommandError> {
    let mut order = Vec::new();
    for name in &rules.order {
        let at = find(columns, name)?;
        if !order.contains(&at) {
            order.push(at);
        }
    }
    let rest: Vec<usize> = (0..columns.len()).filter(|at| !order.contains(at)).collect();
    order.extend(rest);
    order.retain(|&at| columns.get(at).is_some_and(|column| !column.hidden));
    Ok(order)
}

/// Takes width from the columns that may be cut or wrapped until the table fits.
fn shrink(rules: &Rules, columns: &mut [Column], order: &[usize]) {
    if rules.width == 0 {
        return;
    }
    let gaps = order.len().saturating_sub(1) * width::of(&rules.between);
    loop {
        let sum: usize = order.iter().filter_map(|&at| columns.get(at)).map(|c| c.width).sum();
        if sum + gaps <= rules.width {
            return;
        }
        let flexible = |column: &&mut Column| {
            (column.truncate || column.wrap) && !column.hidden && column.width > 1
        };
        match columns.iter_mut().filter(flexible).max_by_key(|column| column.width) {
            Some(column) => column.width -= 1,
            None => return,
        }
    }
}

/// Prints a row; wrapped cells take several lines.
fn row(
    ctx: &mut Context<'_>,
    rules: &Rules,
    columns: &[Column],
    order: &[usize],
    cells: &[Vec<u8>],
) -> Result<(), CommandError> {
    let mut rest: Vec<&[u8]> = cells.iter().map(|cell| &cell[..]).collect();
    loop {
        let mut out = Vec::new();
        let mut more = false;
        for (nth, &at) in order.iter().enumerate() {
            let (Some(column), Some(cell)) = (columns.get(at), rest.get_mut(at)) else { continue };
            let (shown, tail) = match column.truncate || column.wrap {
                true => fit(cell, column.width),
                false => (*cell, &b""[..]),
            };
            let missing = column.width.saturating_sub(width::of(shown));
            let pad = std::iter::repeat_n(b' ', missing);
            let last = nth + 1 == order.len();
            if last && shown.is_empty() {
                // Nothing follows that would have to be reached.
            } else if column.right {
                out.extend(pad);
                out.extend_from_slice(shown);
            } else {
                out.extend_from_slice(shown);
                if !last {
                    out.extend(pad);
                }
            }
            if !last {
                out.extend_from_slice(&rules.between);
            }
            *cell = if column.wrap { tail } else { b"" };
            more |= !cell.is_empty();
        }
        out.push(b'\n');
        ctx.stdout.put(&out)?;
        if !more {
            return Ok(());
        }
    }
}

/// As much of a cell as fits, and the rest.
fn fit(cell: &[u8], columns: usize) -> (&[u8], &[u8]) {
    let mut used = 0;
    for (start, _, letter) in cell.char_indices() {
        used += width::of_char(letter);
        if used > columns {
            return cell.split_at(start);
        }
    }
    (cell, b"")
}

fn json(
    ctx: &mut Context<'_>,
    rules: &Rules,
    columns: &[Column],
    order: &[usize],
    rows: &[Vec<Vec<u8>>],
    nodes: &[tree::Node],
) -> Result<(), CommandError> {
    let mut out = b"{\n   ".to_vec();
    quote(&rules.table_name, &mut out);
    out.extend_from_slice(b": [\n");
    // Depths of the rows whose children are being written.
    let mut open: Vec<usize> = Vec::new();
    let indent = |depth: usize, extra: usize| vec![b' '; 3 * (2 + 2 * depth + extra)];
    for (nth, node) in nodes.iter().enumerate() {
        while open.last().is_some_and(|depth| *depth > node.depth) {
            let depth = open.pop().unwrap_or(0);
            close(&mut out, &indent, depth);
        }
        if open.last() == Some(&node.depth) {
            out.extend(indent(node.depth, 0));
            out.extend_from_slice(b"},{\n");
        } else {
            out.extend(indent(node.depth, 0));
            out.extend_from_slice(b"{\n");
            open.push(node.depth);
        }
        let parent = nodes.get(nth + 1).is_some_and(|next| next.depth > node.depth);
        for (place, &at) in order.iter().enumerate() {
            let name = columns.get(at).and_then(|column| column.name.clone()).unwrap_or_default();
            let cell = rows.get(node.row).and_then(|row| row.get(at)).map_or(&b""[..], |c| c);
            out.extend(indent(node.depth, 1));
            quote(&name.to_ascii_lowercase(), &mut out);
            out.extend_from_slice(b": ");
            match cell {
                b"" => out.extend_from_slice(b"null"),
                cell => quote(cell, &mut out),
            }
            let last = place + 1 == order.len() && !parent;
            out.extend_from_slice(if last { b"\n" } else { b",\n" });
        }
        if parent {
            out.extend(indent(node.depth, 1));
            out.extend_from_slice(b"\"children\": [\n");
        }
        ctx.stdout.put(&out)?;
        out.clear();
    }
    while let Some(depth) = open.pop() {
        close(&mut out, &indent, depth);
    }
    out.extend_from_slice(b"}\n");
    Ok(ctx.stdout.put(&out)?)
}

/// Ends the list of the rows at `depth`.
fn close(out: &mut Vec<u8>, indent: &impl Fn(usize, usize) -> Vec<u8>, depth: usize) {
    out.extend(indent(depth, 0));
    out.extend_from_slice(b"}\n");
    out.extend(indent(depth, 0).get(3..).unwrap_or_default());
    out.extend_from_slice(b"]\n");
}

fn quote(text: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    for &byte in text {
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
            8 => out.extend_from_slice(b"\\b"),
            b'\t' => out.extend_from_slice(b"\\t"),
            b'\n' => out.extend_from_slice(b"\\n"),
            12 => out.extend_from_slice(b"\\f"),
            b'\r' => out.extend_from_slice(b"\\r"),
            0..0x20 => out.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
            byte => out.push(byte),
        }
    }
    out.push(b'"');
}
