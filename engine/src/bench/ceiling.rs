//! What a device can do at most: the rate of one large product of matrices, on the executor itself.

use std::rc::Rc;

use web_time::Instant;

use crate::exec::{Executor, Fault};
use crate::ir::{Graph, Init, Program, Role, Shape, Slot, Stmt};
use crate::plan::{Plan, compile};

/// Rows and columns of the matrices.
const SIDE: usize = 1024;
/// How often it is timed; the best counts.
const TRIES: usize = 5;
/// Seconds of one try: enough to hide what starting and waiting take.
const TRY: f64 = 0.05;

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
pub async fn ceiling(executor: &mut dyn Executor) -> Result<f64, Fault> {
    let plan = executor.plan().clone();
    let input = plan.role(Role::Input);
    executor.write(input.start, &vec![0.5; input.len()]);
    time(executor, 1).await?;
    let once = time(executor, 1).await?;
    let times = (TRY / once).clamp(1.0, 100.0) as u32;
    let mut best = f64::INFINITY;
    for _ in 0..TRIES {
        best = best.min(time(executor, times).await? / f64::from(times));
    }
    Ok(2.0 * (SIDE as f64).powi(3) / best)
}

/// Seconds of `times` products.
async fn time(executor: &mut dyn Executor, times: u32) -> Result<f64, Fault> {
    let state = executor.plan().role(Role::State).start;
    let first = state..state + 1;
    let begin = Instant::now();
    executor.run(0, times);
    executor.read(std::slice::from_ref(&first)).await?;
    Ok(begin.elapsed().as_secs_f64())
}
