//! What the machine can do at most: the rate of one large product of matrices, on the executor itself.

use std::rc::Rc;
use std::time::Instant;

use engine::diagnostic::Diagnostic;
use engine::exec::{Executor, Fault};
use engine::ir::{Graph, Init, Program, Role, Shape, Slot, Stmt};
use engine::plan::{Plan, compile};

/// Rows and columns of the matrices.
const SIDE: usize = 1024;
/// How often it is timed; the best counts.
const TRIES: usize = 5;

/// The product of two registers into a third.
pub fn product() -> Plan {
    let mut g = Graph::new();
    let mut declare = |name: &str, role| {
        let shape = Shape::from([SIDE, SIDE]);
        g.declare(Slot { name: name.to_owned(), role, shape, init: Init::Constant(0.0) })
    };
    let (a, b, c) = (declare("a", Role::Input), declare("b", Role::Input), declare("c", Role::State));
    let (a, b) = (g.read(a), g.read(b));
    let c = Stmt::Tick(vec![(c, g.matmul(a, b))]);
    let graph = Rc::new(g);
    let program = Program::new(graph.clone(), "product", vec![c]);
    compile(&graph, &[program])
}

/// Floating-point operations a second, of an executor that holds the [`product`].
///
/// # Errors
/// The device was lost.
pub fn ceiling(executor: &mut dyn Executor) -> Result<f64, Vec<Diagnostic>> {
    let plan = executor.plan().clone();
    let input = plan.role(Role::Input);
    executor.write(input.start, &vec![0.5; input.len()]);
    let state = plan.role(Role::State);
    let first = state.start..state.start + 1;
    let mut time = |times: u32| {
        let begin = Instant::now();
        executor.run(0, times);
        let read = pollster::block_on(executor.read(std::slice::from_ref(&first)));
        let lost = |fault: Fault| vec![Diagnostic::new("device", fault.to_string(), "")];
        read.map(|_| begin.elapsed().as_secs_f64()).map_err(lost)
    };
    time(1)?;
    let once = time(1)?;
    // A try of some 50 ms hides what starting and waiting take.
    let times = (0.05 / once).clamp(1.0, 100.0) as u32;
    let mut best = f64::INFINITY;
    for _ in 0..TRIES {
        best = best.min(time(times)? / f64::from(times));
    }
    Ok(2.0 * (SIDE as f64).powi(3) / best)
}
