//! What a legal program is. Run before a program is planned, and on whatever a transformation made.

use std::collections::HashSet;

use crate::diagnostic::Diagnostic;
use crate::ir::{Program, Role, Stmt};
use crate::ops::Op;

/// Every fault of the program and of the graph it was built in.
pub fn check(program: &Program) -> Vec<Diagnostic> {
    let g = &program.graph;
    let mut faults = g.faults().to_vec();
    for (_, writes) in program.ticks() {
        let mut written = HashSet::new();
        for &(slot, value) in writes {
            let s = g.slot(slot);
            let path = format!("{} › {}", program.name, s.name);
            if !written.insert(slot) {
                faults.push(Diagnostic::new(&path, "written twice in one tick", "combine the two values"));
            }
            if s.role == Role::Input {
                faults.push(Diagnostic::new(&path, "data is never written by a program", "write a state register"));
            }
            if !g.is_poisoned(value) && *g.shape(value) != s.shape {
                let message = format!("a value of shape {} for a register of shape {}", g.shape(value), s.shape);
                faults.push(Diagnostic::new(&path, message, "give both the same shape"));
            }
        }
        let roots: Vec<_> = writes.iter().map(|w| w.1).collect();
        for v in g.live(&roots) {
            match g.node(v).op {
                Op::Symbol(_) => faults.push(Diagnostic::new(
                    format!("{} › {}", program.name, g.path(v)),
                    "a place to differentiate through is still in the program",
                    "differentiate with respect to it",
                )),
                Op::Poison(_) if g.faults().is_empty() => {
                    faults.push(Diagnostic::new(&program.name, "a value is missing", "see the other faults"));
                }
                _ => {}
            }
        }
    }
    if program.ticks().is_empty() && !program.body.iter().any(|s| matches!(s, Stmt::Emit { .. })) {
        faults.push(Diagnostic::new(&program.name, "the program does nothing", "write a register"));
    }
    faults
}
