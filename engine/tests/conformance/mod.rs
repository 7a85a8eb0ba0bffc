//! What every executor must compute: small plans made by hand, one for each kind of command and each routine, with
//! the results that the definitions give.
//!
//! Extents are the awkward ones: nothing at all, one, and just beside powers of two.

#![allow(dead_code, clippy::unwrap_used)]

use std::ops::Range;

use engine::exec::Executor;
use engine::noise::Stream;
use engine::ops::{Op, Primitive, Tensor, reduce::Kind};
use engine::plan::{Command, Instr, Map, Order, Output, Plan, Planned, Reduce, Step, View};

mod elementwise;
mod endings;
mod programs;
mod routines;

/// One plan, what to write before it runs once, and what must stand where afterwards.
pub struct Case {
    pub name: String,
    pub plan: Plan,
    pub inputs: Vec<(usize, Vec<f32>)>,
    pub expected: Vec<(Range<usize>, Vec<f32>)>,
    /// Largest difference, relative to the larger of 1 and the expected value. 0 asks for the same bits, where any
    /// NaN is as good as any other.
    pub tolerance: f32,
    pub times: u32,
}

/// All of them.
pub fn cases() -> Vec<Case> {
    [elementwise::cases(), routines::cases(), endings::cases(), programs::cases()].into_iter().flatten().collect()
}

/// Where `got` differs from what is expected, in words; `None` where it does not.
pub fn difference(case: &Case, got: &[Vec<f32>]) -> Option<String> {
    for ((range, want), got) in case.expected.iter().zip(got) {
        if want.len() != got.len() {
            return Some(format!("{}: {} numbers instead of {}", case.name, got.len(), want.len()));
        }
        let wrong = |(&w, &g): (&f32, &f32)| {
            let same = w == g || (w.is_nan() && g.is_nan());
            !(same || (g - w).abs() <= case.tolerance * w.abs().max(1.0))
        };
        let count = want.iter().zip(got).filter(|&p| wrong(p)).count();
        if let Some(i) = want.iter().zip(got).position(wrong) {
            let (w, g) = (want[i], got[i]);
            return Some(format!(
                "{}: at {} + {i}: {g:?} instead of {w:?} (and {} more of {})",
                case.name,
                range.start,
                count - 1,
                want.len()
            ));
        }
    }
    None
}

/// Runs `case` on an executor that has loaded its plan.
pub async fn conforms(case: &Case, executor: &mut dyn Executor) -> Result<(), String> {
    for (offset, data) in &case.inputs {
        executor.write(*offset, data);
    }
    executor.run(0, case.times);
    let ranges: Vec<_> = case.expected.iter().map(|e| e.0.clone()).collect();
    let got = executor.read(&ranges).await.map_err(|fault| format!("{}: {fault}", case.name))?;
    difference(case, &got).map_or(Ok(()), Err)
}

/// A plan under construction: memory is handed out from the bottom up, and everything written is remembered, so that
/// the definitions can be run on it.
#[derive(Default)]
pub struct Bench {
    pub memory: Vec<f32>,
    pub inputs: Vec<(usize, Vec<f32>)>,
    seed: u32,
}

impl Bench {
    /// Contiguous memory that holds `data`.
    pub fn given(&mut self, shape: &[usize], data: Vec<f32>) -> View {
        let offset = self.memory.len();
        assert_eq!(data.len(), shape.iter().product::<usize>());
        self.memory.extend(&data);
        if !data.is_empty() {
            self.inputs.push((offset, data));
        }
        View::contiguous(offset, shape)
    }

    /// Contiguous memory with random numbers around 0.
    pub fn random(&mut self, shape: &[usize]) -> View {
        self.seed += 1;
        let stream = Stream::new(17, self.seed);
        let data = (0..shape.iter().product::<usize>()).map(|i| stream.normal(0, i as u32)).collect();
        self.given(shape, data)
    }

    /// Random whole numbers below `bound`.
    pub fn whole(&mut self, shape: &[usize], bound: u32) -> View {
        self.seed += 1;
        let stream = Stream::new(17, self.seed);
        let data = (0..shape.iter().product::<usize>()).map(|i| stream.below(0, i as u32, bound) as f32).collect();
        self.given(shape, data)
    }

    /// Contiguous memory that a command will fill; it holds rubbish before.
    pub fn room(&mut self, shape: &[usize]) -> View {
        self.given(shape, vec![-77.0; shape.iter().product()])
    }

    /// A margin that nothing may touch, of an odd length so that what follows is not aligned.
    pub fn margin(&mut self) {
        self.given(&[3], vec![99.0; 3]);
    }

    /// Runs `commands` by their definitions, and expects all of memory to be as it is then.
    pub fn case(self, name: impl Into<String>, commands: Vec<Command>, tolerance: f32) -> Case {
        self.steps(name, vec![Step::Tick(commands)], tolerance, 1)
    }

    /// The same for whole programs, replayed `times` times.
    pub fn steps(mut self, name: impl Into<String>, body: Vec<Step>, tolerance: f32, times: u32) -> Case {
        self.margin();
        let mut memory: Vec<f64> = self.memory.iter().map(|&v| v.into()).collect();
        for _ in 0..times {
            run(&body, &mut memory);
        }
        let planned = Planned { name: "test".to_owned(), body, emits: Vec::new(), peak: 0, order: Order::AsBuilt };
        let size = self.memory.len();
        let plan = Plan {
            slots: Vec::new(),
            roles: std::array::from_fn(|_| 0..0),
            constants: (0, Vec::new()),
            size,
            programs: vec![planned],
        };
        let expected = vec![(0..size, memory.into_iter().map(|v| v as f32).collect())];
        Case { name: name.into(), plan, inputs: self.inputs, expected, tolerance, times }
    }
}

fn run(body: &[Step], memory: &mut [f64]) {
    for step in body {
        match step {
            Step::Tick(commands) => commands.iter().for_each(|c| define(c, memory)),
            Step::Repeat { times, body } => (0..*times).for_each(|_| run(body, memory)),
            Step::When { flag, body } => {
                if memory[*flag] != 0.0 {
                    run(body, memory);
                }
            }
        }
    }
}

fn indices(shape: &[usize]) -> Vec<Vec<usize>> {
    shape.iter().fold(vec![Vec::new()], |all, &extent| {
        all.iter().flat_map(|i| (0..extent).map(move |e| [&i[..], &[e]].concat())).collect()
    })
}

fn place(view: &View, index: &[usize]) -> usize {
    view.offset + index.iter().zip(&view.strides).map(|(i, s)| i * s).sum::<usize>()
}

fn tensor(view: &View, memory: &[f64]) -> Tensor {
    Tensor::new(&view.shape[..], indices(&view.shape).iter().map(|i| memory[place(view, i)]).collect())
}

fn store(view: &View, data: &[f64], memory: &mut [f64]) {
    for (index, &v) in indices(&view.shape).iter().zip(data) {
        memory[place(view, index)] = f64::from(v as f32);
    }
}

/// The values of an elementwise program at one place, where it finishes `results`.
fn code(code: &[Instr], inputs: &[View], index: &[usize], memory: &[f64], results: &[f64]) -> Vec<f64> {
    let mut v: Vec<f64> = Vec::new();
    for instr in code {
        let value = match *instr {
            Instr::Input(n) => memory[place(&inputs[n], index)],
            Instr::Result(n) => f64::from(results[n] as f32),
            Instr::Const(c) => c.into(),
            Instr::Unary(op, x) => op.apply(v[x]),
            Instr::Binary(op, a, b) => op.apply(v[a], v[b]),
            Instr::Select(c, a, b) => {
                if v[c] != 0.0 {
                    v[a]
                } else {
                    v[b]
                }
            }
        };
        v.push(f64::from(value as f32));
    }
    v
}

/// What a command means.
fn define(command: &Command, memory: &mut [f64]) {
    match command {
        Command::Map(map) => apply(map, &[], memory),
        Command::Reduce(Reduce { kept, shape, inputs, code: program, folds, output }) => {
            let values: Vec<Vec<Vec<f64>>> = indices(&shape[..*kept])
                .iter()
                .map(|outer| {
                    indices(&shape[*kept..])
                        .iter()
                        .map(|inner| code(program, inputs, &[&outer[..], inner].concat(), memory, &[]))
                        .collect()
                })
                .collect();
            let fold = |kind: Kind, terms: &[Vec<f64>], result: usize| match kind {
                Kind::Sum => terms.iter().map(|v| v[result]).sum(),
                Kind::Max => terms.iter().fold(f64::NEG_INFINITY, |a, v| a.max(v[result])),
            };
            let results: Vec<Vec<f64>> =
                folds.iter().map(|f| values.iter().map(|terms| fold(f.kind, terms, f.result)).collect()).collect();
            put(output, &results, memory);
        }
        Command::Routine { op, inputs, shape, output } => {
            let args: Vec<_> = inputs.iter().map(|v| tensor(v, memory)).collect();
            let result = op.eval(&args.iter().collect::<Vec<_>>(), &shape[..].into());
            put(output, &[result.data], memory);
        }
    }
}

fn apply(map: &Map, results: &[Vec<f64>], memory: &mut [f64]) {
    for (number, index) in indices(&map.shape).into_iter().enumerate() {
        let results: Vec<f64> = results.iter().map(|r| r[number]).collect();
        let v = code(&map.code, &map.inputs, &index, memory, &results);
        for (value, view) in &map.outputs {
            memory[place(view, &index)] = v[*value];
        }
    }
}

fn put(output: &Output, results: &[Vec<f64>], memory: &mut [f64]) {
    match output {
        Output::Plain(offset) => store(&View::contiguous(*offset, &[results[0].len()]), &results[0], memory),
        Output::Mapped(map) => apply(map, results, memory),
    }
}

/// A routine, after checking that the operation takes such arguments.
pub fn routine(op: impl Into<Op>, inputs: &[&View], output: &View) -> Command {
    let op = op.into();
    let shapes: Vec<_> = inputs.iter().map(|v| engine::ir::Shape::from(&v.shape[..])).collect();
    let made = op.shape(&shapes.iter().collect::<Vec<_>>()).unwrap();
    assert_eq!(made, output.shape[..].into(), "{op}");
    let output = Output::Plain(output.offset);
    Command::Routine { op, inputs: inputs.iter().map(|&v| v.clone()).collect(), shape: made.0, output }
}

/// The axes of `view` in another order.
pub fn transposed(view: &View, order: &[usize]) -> View {
    View {
        offset: view.offset,
        shape: order.iter().map(|&a| view.shape[a]).collect(),
        strides: order.iter().map(|&a| view.strides[a]).collect(),
    }
}

/// `view` repeated along new or single axes.
pub fn repeated(view: &View, shape: &[usize]) -> View {
    let skip = shape.len() - view.shape.len();
    let stride = |i: usize| if i < skip || view.shape[i - skip] == 1 { 0 } else { view.strides[i - skip] };
    View { offset: view.offset, shape: shape.to_vec(), strides: (0..shape.len()).map(stride).collect() }
}
