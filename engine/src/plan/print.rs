//! Plans as text: the form in which tests pin them and people read them.

use std::fmt;

use super::{Command, Instr, Map, Output, Plan, Step, View};

impl fmt::Display for View {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "@{}", self.offset)?;
        if !self.is_contiguous() {
            write!(f, "{:?}", self.strides)?;
        }
        Ok(())
    }
}

fn code(instrs: &[Instr], inputs: &[View], at: usize) -> String {
    let sub = |i: usize| code(instrs, inputs, i);
    match instrs[at] {
        Instr::Input(n) => inputs[n].to_string(),
        Instr::Result(n) => format!("r{n}"),
        Instr::Const(c) => c.to_string(),
        Instr::Unary(u, a) => format!("{}({})", u.text(), sub(a)),
        Instr::Binary(b, x, y) => format!("{}({}, {})", b.text(), sub(x), sub(y)),
        Instr::Select(c, a, b) => format!("select({}, {}, {})", sub(c), sub(a), sub(b)),
    }
}

/// How many instructions do arithmetic.
fn arithmetic(instrs: &[Instr]) -> usize {
    instrs.iter().filter(|i| !matches!(i, Instr::Input(_) | Instr::Result(_) | Instr::Const(_))).count()
}

fn joined(views: &[View]) -> String {
    views.iter().map(View::to_string).collect::<Vec<_>>().join(" ")
}

/// What a map makes of what, behind where it goes.
fn made(m: &Map) -> String {
    match (m.outputs.as_slice(), arithmetic(&m.code)) {
        ([(at, _)], 0..=4) => code(&m.code, &m.inputs, *at),
        (_, count) => format!("{count} instructions"),
    }
}

fn targets(m: &Map) -> String {
    m.outputs.iter().map(|(_, v)| v.to_string()).collect::<Vec<_>>().join(" ")
}

impl fmt::Display for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Output::Plain(offset) => write!(f, "@{offset}"),
            Output::Mapped(m) => {
                let reads = if m.inputs.is_empty() { String::new() } else { format!(" <- {}", joined(&m.inputs)) };
                write!(f, "then {:?} {}{reads} : {}", m.shape, targets(m), made(m))
            }
        }
    }
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Command::Map(m) => {
                write!(f, "map {:?} {} <- {} : {}", m.shape, targets(m), joined(&m.inputs), made(m))
            }
            Command::Reduce(r) => {
                let (kept, gone) = r.shape.split_at(r.kept);
                let kinds: Vec<_> = r.folds.iter().map(|fold| fold.kind.text()).collect();
                write!(f, "{} {kept:?} over {gone:?} <- ", kinds.join(" "))?;
                match (r.folds.as_slice(), arithmetic(&r.code)) {
                    ([fold], 0..=4) => f.write_str(&code(&r.code, &r.inputs, fold.result))?,
                    (_, count) => write!(f, "{} : {count} instructions", joined(&r.inputs))?,
                }
                write!(f, " to {}", r.output)
            }
            Command::Routine { op, inputs, shape, output } => {
                let inputs: Vec<_> = inputs.iter().map(|v| format!("{:?}{v}", v.shape)).collect();
                write!(f, "{op} {shape:?} <- {} to {output}", inputs.join(" "))
            }
        }
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fn body(steps: &[Step], depth: usize, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            let pad = "  ".repeat(depth);
            for step in steps {
                match step {
                    Step::Tick(commands) => {
                        writeln!(f, "{pad}tick")?;
                        for c in commands {
                            writeln!(f, "{pad}  {c}")?;
                        }
                    }
                    Step::Repeat { times, body: b } => {
                        writeln!(f, "{pad}repeat {times}")?;
                        body(b, depth + 1, f)?;
                    }
                    Step::When { flag, body: b } => {
                        writeln!(f, "{pad}when @{flag}")?;
                        body(b, depth + 1, f)?;
                    }
                }
            }
            Ok(())
        }
        writeln!(f, "arena of {} floats, checkpoint {:?}", self.size, self.checkpoint())?;
        for p in &self.programs {
            writeln!(
                f,
                "plan {}: {} commands, {} floats of temporaries {:?}",
                p.name,
                p.dispatches(),
                p.peak,
                p.order
            )?;
            body(&p.body, 1, f)?;
        }
        Ok(())
    }
}
