//! `tr`: translate, squeeze, and/or delete characters. Bytes, as GNU's.
mod set;

use crate::prelude::*;
use set::Set;

pub const TR: Command = Command {
    name: "tr",
    synopsis: "tr [OPTION]... STRING1 [STRING2]",
    summary: "Translate, squeeze, and/or delete characters from standard input,\nwriting to standard output.",
    options: &[
        flag('c', "complement", "use the complement of ARRAY1"),
        short('C', "same as -c"),
        flag('d', "delete", "delete characters in ARRAY1, do not translate"),
        flag(
            's',
            "squeeze-repeats",
            "replace each sequence of a repeated character that is listed in the last specified ARRAY, with a single occurrence of that character",
        ),
        flag('t', "truncate-set1", "first truncate ARRAY1 to length of ARRAY2"),
    ],
    examples: &[Example {
        about: "Upper case.",
        script: "echo hello | tr a-z A-Z",
        prints: "HELLO\n",
    }],
    order: Order::First,
    run: tr,
    ..Command::BASE
};

/// What becomes of each byte.
#[derive(Debug)]
struct Table {
    map: [u8; 256],
    delete: [bool; 256],
    squeeze: [bool; 256],
}

fn tr(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    let table = table(ctx, args)?;
    let squeezes = table.squeeze.iter().any(|&squeeze| squeeze);
    let deletes = table.delete.iter().any(|&delete| delete);
    // The byte before, or what is none.
    let mut last = u16::MAX;
    loop {
        let chunk = match ctx.stdin.chunk() {
            Ok(chunk) => chunk,
            Err(error) if error.errno() == Errno::Canceled => return Err(error.into()),
            Err(error) => return Err(failure(format!("read error: {error}"))),
        };
        if chunk.is_empty() {
            return Ok(ExitStatus::SUCCESS);
        }
        let mut out = Vec::with_capacity(chunk.len());
        if squeezes || deletes {
            // Without a branch that the data decides: each byte is put down, and stays if it is to.
            out.resize(chunk.len(), 0);
            let mut kept = 0;
            for &byte in &chunk {
                let new = table.map[usize::from(byte)];
                let deleted = table.delete[usize::from(byte)];
                let repeated = table.squeeze[usize::from(new)] & (last == u16::from(new));
                out[kept] = new;
                kept += usize::from(!deleted & !repeated);
                last = if deleted { last } else { u16::from(new) };
            }
            out.truncate(kept);
        } else {
            out.extend(chunk.iter().map(|&byte| table.map[usize::from(byte)]));
        }
        ctx.stdout.put_bytes(out.into())?;
    }
}

fn table(ctx: &mut Context<'_>, args: &Args) -> Result<Table, CommandError> {
    let (delete, squeeze) = (args.has('d'), args.has('s'));
    let complement = args.has('c') || args.has('C');
    let operands = args.operands();
    let (least, most) = match (delete, squeeze) {
        (true, false) => (1, 1),
        (false, true) => (1, 2),
        (true, true) | (false, false) => (2, 2),
    };
    if operands.len() < least {
        let Some(last) = operands.last() else { return Err(usage("missing operand")) };
        let why = if squeeze {
            "Two strings must be given when both deleting and squeezing repeats."
        } else {
            "Two strings must be given when translating."
        };
        return Err(usage(format!("missing operand after {}\n{why}", marked(last))));
    }
    if let Some(extra) = operands.get(most) {
        let why = if most == 1 && operands.len() == 2 {
            "\nOnly one string may be given when deleting without squeezing repeats."
        } else {
            ""
        };
        return Err(usage(format!("extra operand {}{why}", marked(extra))));
    }
    for operand in operands {
        for warning in set::warnings(operand) {
            ctx.complain_bytes(&[b"warning: ", warning.as_slice()].concat())?;
        }
    }
    let first = Set::parse(&operands[0]).map_err(failure)?;
    let second = match operands.get(1) {
        Some(text) => Some(Set::parse(text).map_err(failure)?),
        None => None,
    };
    if first.has_fill() {
        return Err(failure("the [c*] repeat construct may not appear in string1"));
    }
    let translating = second.is_some() && !delete;
    if translating && second.as_ref().is_some_and(Set::has_equivalence) {
        return Err(failure("[=c=] expressions may not appear in string2 when translating"));
    }
    let one = first.members(0);
    let one = if complement { complemented(&one) } else { one };
    let mut table = Table {
        map: std::array::from_fn(|n| u8::try_from(n).unwrap_or(0)),
        delete: [false; 256],
        squeeze: [false; 256],
    };
    if delete {
        one.iter().for_each(|&byte| table.delete[usize::from(byte)] = true);
    }
    if squeeze {
        let set = match &second {
            Some(second) => second.members(one.len()),
            None => one.clone(),
        };
        set.iter().for_each(|&byte| table.squeeze[usize::from(byte)] = true);
    }
    if let (true, Some(second)) = (translating, &second) {
        translate(&mut table, &first, &one, second, args.has('t'), complement)?;
    }
    Ok(table)
}

fn translate(
    table: &mut Table,
    first: &Set,
    one: &[u8],
    second: &Set,
    truncate: bool,
    complement: bool,
) -> Result<(), CommandError> {
    second.check_classes(first, complement).map_err(failure)?;
    let two = second.members(one.len());
    let Some(&last) = two.last() else {
        if truncate {
            return Ok(());
        }
        return Err(failure("when not truncating set1, string2 must be non-empty"));
    };
    if two.len() < one.len() && !truncate && second.ends_in_class() {
        return Err(failure(
            "when translating with string1 longer than string2,\nthe latter string must not end with a character class",
        ));
    }
    for (nth, &byte) in one.iter().enumerate() {
        match two.get(nth) {
            Some(&new) => table.map[usize::from(byte)] = new,
            None if truncate => break,
            None => table.map[usize::from(byte)] = last,
        }
    }
    Ok(())
}

fn complemented(members: &[u8]) -> Vec<u8> {
    let mut has = [false; 256];
    members.iter().for_each(|&byte| has[usize::from(byte)] = true);
    (0..=255).filter(|&byte: &u8| !has[usize::from(byte)]).collect()
}
