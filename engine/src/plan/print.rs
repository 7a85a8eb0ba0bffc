//! Plans as text: the form in which tests pin them and people read them.

use std::fmt;

use super::{Command, Instr, Plan, Step, View};

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
        Instr::Const(c) => c.to_string(),
        Instr::Unary(u, a) => format!("{}({})", u.text(), sub(a)),
        Instr::Binary(b, x, y) => format!("{}({}, {})", b.text(), sub(x), sub(y)),
        Instr::Select(c, a, b) => format!("select({}, {}, {})", sub(c), sub(a), sub(b)),
    }
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Command::Map(m) => {
                let outputs: Vec<_> = m.outputs.iter().map(|(_, v)| v.to_string()).collect();
                let inputs: Vec<_> = m.inputs.iter().map(View::to_string).collect();
                let arithmetic = m.code.iter().filter(|i| !matches!(i, Instr::Input(_) | Instr::Const(_))).count();
                write!(f, "map {:?} {} <- {}", m.shape, outputs.join(" "), inputs.join(" "))?;
                match m.outputs.as_slice() {
                    [(at, _)] if arithmetic <= 4 => write!(f, " : {}", code(&m.code, &m.inputs, *at)),
                    _ => write!(f, " : {arithmetic} instructions"),
                }
            }
            Command::Reduce(r) => {
                let kind = match r.kind {
                    crate::ops::reduce::Kind::Sum => "sum",
                    crate::ops::reduce::Kind::Max => "max",
                };
                let (kept, gone) = r.shape.split_at(r.kept);
                write!(f, "{kind} {kept:?} over {gone:?} {} <- ", r.output)?;
                let arithmetic = r.code.iter().filter(|i| !matches!(i, Instr::Input(_) | Instr::Const(_))).count();
                if arithmetic <= 4 {
                    f.write_str(&code(&r.code, &r.inputs, r.result))
                } else {
                    let inputs: Vec<_> = r.inputs.iter().map(View::to_string).collect();
                    write!(f, "{} : {arithmetic} instructions", inputs.join(" "))
                }
            }
            Command::Routine { op, inputs, output } => {
                let inputs: Vec<_> = inputs.iter().map(|v| format!("{:?}{v}", v.shape)).collect();
                write!(f, "{op} {:?}{output} <- {}", output.shape, inputs.join(" "))
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
