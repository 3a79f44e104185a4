//! Laying names out in columns, in lines, or between commas.

use super::options::{Format, Options};

/// How wide a column is at least.
const COLUMN_MIN: usize = 3;

/// Lays out cells of which the bytes and the width on a terminal are known.
pub(super) fn lay_out(cells: &[(Vec<u8>, usize)], options: &Options, out: &mut Vec<u8>) {
    if options.format == Format::Commas {
        return commas(cells, options, out);
    }
    if options.width == 0 {
        return endless(cells, options, out);
    }
    let across = options.format == Format::Across;
    let widths = column_widths(cells, options.width, across);
    let columns = widths.len().max(1);
    let rows = cells.len().div_ceil(columns);
    for row in 0..rows {
        let mut at = 0;
        let mut start = 0;
        for (column, width) in widths.iter().enumerate() {
            let index = if across { row * columns + column } else { column * rows + row };
            let Some((text, length)) = cells.get(index) else { break };
            if column > 0 {
                indent(at, start, options.tab, out);
            }
            out.extend_from_slice(text);
            at = start + length;
            start += width;
        }
        out.push(options.line_end);
    }
}

/// The widths of as many columns as fit.
fn column_widths(cells: &[(Vec<u8>, usize)], width: usize, across: bool) -> Vec<usize> {
    let most = width.div_ceil(COLUMN_MIN).min(cells.len()).max(1);
    for columns in (1..=most).rev() {
        let rows = cells.len().div_ceil(columns);
        let mut widths = vec![COLUMN_MIN; columns];
        for (index, (_, length)) in cells.iter().enumerate() {
            let column = if across { index % columns } else { index / rows };
            let gap = if column + 1 == columns { 0 } else { 2 };
            if let Some(width) = widths.get_mut(column) {
                *width = (*width).max(length + gap);
            }
        }
        if columns == 1 || widths.iter().sum::<usize>() < width {
            return widths;
        }
    }
    vec![COLUMN_MIN]
}

/// Blanks from one column to another, by tabs where they reach.
fn indent(mut from: usize, to: usize, tab: usize, out: &mut Vec<u8>) {
    while from < to {
        if tab != 0 && to / tab > (from + 1) / tab {
            out.push(b'\t');
            from += tab - from % tab;
        } else {
            out.push(b' ');
            from += 1;
        }
    }
}

fn commas(cells: &[(Vec<u8>, usize)], options: &Options, out: &mut Vec<u8>) {
    let mut at = 0;
    for (index, (text, length)) in cells.iter().enumerate() {
        if index > 0 {
            let fits = options.width == 0 || at + length + 2 < options.width;
            out.extend_from_slice(if fits { b", " } else { b",\n" });
            at = if fits { at + 2 } else { 0 };
        }
        out.extend_from_slice(text);
        at += length;
    }
    if !cells.is_empty() {
        out.push(options.line_end);
    }
}

/// One line without a bound.
fn endless(cells: &[(Vec<u8>, usize)], options: &Options, out: &mut Vec<u8>) {
    for (index, (text, _)) in cells.iter().enumerate() {
        if index > 0 {
            out.extend_from_slice(b"  ");
        }
        out.extend_from_slice(text);
    }
    if !cells.is_empty() {
        out.push(options.line_end);
    }
}
