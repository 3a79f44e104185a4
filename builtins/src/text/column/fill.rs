//! Lists in columns, filled down or across, with tabs between.

use super::options::Rules;
use super::{Line, width};
use crate::prelude::*;

const TAB: usize = 8;

pub(super) fn print(
    ctx: &mut Context<'_>,
    rules: &Rules,
    lines: &[Line],
) -> Result<(), CommandError> {
    let longest = lines.iter().map(|line| width::of(&line.text)).max().unwrap_or(0);
    if longest >= rules.width {
        for line in lines {
            ctx.stdout.put(&line.text)?;
            ctx.stdout.put(b"\n")?;
        }
        return Ok(());
    }
    // Columns begin at tab stops.
    let step = (longest + TAB) / TAB * TAB;
    let columns = (rules.width / step).max(1);
    let rows = lines.len().div_ceil(columns);
    for row in 0..rows {
        let mut at = 0;
        for column in 0..columns {
            let index = if rules.across() { row * columns + column } else { column * rows + row };
            let Some(line) = lines.get(index) else { break };
            ctx.stdout.put(&line.text)?;
            at += width::of(&line.text);
            let next = if rules.across() { index + 1 } else { index + rows };
            let last = column + 1 == columns || next >= lines.len();
            if last {
                break;
            }
            while at < (column + 1) * step {
                ctx.stdout.put(b"\t")?;
                at = (at + TAB) / TAB * TAB;
            }
        }
        ctx.stdout.put(b"\n")?;
    }
    Ok(())
}
