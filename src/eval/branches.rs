//! `if`, `case`, `[[ … ]]` and `(( … ))`.

use super::{Eval, Step, expand};
use crate::state::PipeStatus;
use crate::syntax::ast::{ArithExpr, Case, CaseEnd, If, List};

/// Runs a list whose failure is an answer, not an error.
pub fn tested(eval: &mut Eval, list: &List) -> Step {
    let before = std::mem::replace(&mut eval.rt.errexit_ignored, true);
    let step = eval.list(list);
    eval.rt.errexit_ignored = before;
    step
}

pub fn if_(eval: &mut Eval, node: &If) -> Step {
    for (condition, body) in &node.branches {
        if tested(eval, condition)? == 0 {
            return eval.list(body);
        }
    }
    match &node.otherwise {
        Some(body) => eval.list(body),
        None => Ok(0),
    }
}

pub fn case(eval: &mut Eval, node: &Case) -> Step {
    if eval.wants_tracing() {
        eval.trace_case(node);
    }
    let subject = expand::assigned(&mut eval.shell, &mut eval.rt, &node.word);
    let subject = subject.map_err(|error| eval.expand_failed(error))?;
    let mut status = 0;
    let mut clauses = node.clauses.iter();
    while let Some(clause) = clauses.next() {
        let mut found = false;
        for pattern in &clause.patterns {
            let matches = expand::case_matches(&mut eval.shell, &mut eval.rt, pattern, &subject);
            if matches.map_err(|error| eval.expand_failed(error))? {
                found = true;
                break;
            }
        }
        if !found {
            continue;
        }
        let mut clause = clause;
        loop {
            status = if clause.body.items.is_empty() { 0 } else { eval.list(&clause.body)? };
            match clause.end {
                CaseEnd::Break => return Ok(status),
                CaseEnd::TestNext => break,
                CaseEnd::FallThrough => match clauses.next() {
                    Some(next) => clause = next,
                    None => return Ok(status),
                },
            }
        }
    }
    Ok(status)
}

pub fn arith(eval: &mut Eval, expr: &ArithExpr) -> Step {
    let status = match eval.arith(expr) {
        Ok(value) => u8::from(value == 0),
        Err(error) => {
            eval.arith_failed(b"((", error)?;
            1
        }
    };
    eval.shell.pipe_status = PipeStatus::One(status);
    eval.finish(status)
}
