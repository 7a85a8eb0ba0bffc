//! Other orders of backpropagation's work: what they leave as it was, and what they change.

use engine::exec::oracle::Oracle;
use engine::lesson::Lesson;
use engine::net::Node;
use engine::ops::Tensor;
use engine::registry::Setting;

use crate::bench::*;
use crate::support::*;

const STAGES: usize = 4;
const TICKS: usize = 14;

/// A pipeline at work: what it hands the optimizer at each tick, and backpropagation's gradients of the batch that
/// entered in that tick.
struct Watched {
    handed: Vec<Vec<Tensor>>,
    exact: Vec<Vec<Tensor>>,
    /// Stage of each update, from 1.
    stages: Vec<usize>,
}

/// Ticks of a pipeline whose weights stay, but for what `meddle` does before a tick.
fn watch(settings: &[(&str, Setting)], meddle: impl Fn(usize, &Bench, &mut Oracle)) -> Watched {
    let mut layers: Vec<_> = (1..STAGES).map(|_| hidden(5)).collect();
    layers.push(read_out());
    let mut bench = Bench::new("pipelined-backprop", settings, net(3, layers), &[4], 6);
    let lesson: Lesson = bench.learn();
    let target = bench.batch.target;
    let exact = bench.with(|cx| cx.reference(&lesson, target));
    let gradients: Vec<_> = lesson.updates.iter().map(|u| u.gradient).collect();
    let mut oracle = bench.registers();
    let stage = |u: &engine::lesson::Update| bench.g.slot(u.slot).name[..1].parse().unwrap();
    let mut out = Watched { handed: vec![], exact: vec![], stages: lesson.updates.iter().map(stage).collect() };
    for tick in 0..TICKS {
        oracle.write(bench.slot("x"), Tensor::new([6, 4], numbers(100 + tick as u32, 24)));
        let labels = (0..6).map(|i| ((i * 5 + tick) % 3) as f64).collect();
        oracle.write(bench.slot("labels"), Tensor::new([6], labels));
        meddle(tick, &bench, &mut oracle);
        out.handed.push(oracle.values(&bench.g, &gradients));
        out.exact.push(oracle.values(&bench.g, &exact));
        bench.remember(&lesson, &mut oracle);
    }
    out
}

/// Ticks after which a batch comes back to a stage, and updates that the stage makes meanwhile since it saw it.
fn back(stage: usize) -> usize {
    2 * STAGES - stage - 1
}

/// While the weights stay, each stage gets exactly backpropagation's gradient, of the batch whose turn it is; before
/// the first one it gets nothing.
#[test]
fn a_pipeline_is_backprop_later() {
    for (mitigation, stash) in [("none", false), ("none", true), ("prediction", false), ("prediction", true)] {
        let settings = [("mitigation", word(mitigation)), ("stash", Setting::Bool(stash))];
        let seen = watch(&settings, |_, _, _| {});
        for (tick, handed) in seen.handed.iter().enumerate() {
            for (i, gradient) in handed.iter().enumerate() {
                match tick.checked_sub(back(seen.stages[i])) {
                    Some(batch) => {
                        let far = distance(&gradient.data, &seen.exact[batch][i].data);
                        assert!(far < 1e-12, "{mitigation} {stash}, tick {tick}, update {i}: {far:e}");
                    }
                    None => assert!(gradient.data.iter().all(|v| *v == 0.0)),
                }
            }
        }
    }
}

/// Without a delay nothing is left of the pipeline: one stage alone learns by backpropagation at once.
#[test]
fn without_delay_it_is_backprop() {
    for mitigation in ["none", "spike", "both"] {
        let stage = vec![linear(5), activation("tanh"), linear(0)];
        let settings = [("mitigation", word(mitigation))];
        let mut bench = Bench::new("pipelined-backprop", &settings, net(3, vec![stage]), &[4], 6);
        let lesson = bench.learn();
        let target = bench.batch.target;
        let exact = bench.with(|cx| cx.reference(&lesson, target));
        let oracle = bench.registers();
        for (update, exact) in lesson.updates.iter().zip(exact) {
            let both = oracle.values(&bench.g, &[update.gradient, exact]);
            assert!(distance(&both[0].data, &both[1].data) < 1e-12);
        }
        assert_eq!(lesson.seen, Some((lesson.logits, bench.batch.labels)));
    }
}

/// Momentum of what spike compensation hands on is the paper's `a v + b g`.
#[test]
fn compensated_momentum_is_the_papers() {
    let m: f64 = f64::from(0.8f32);
    let seen = watch(&[("mitigation", word("spike")), ("momentum", float(0.8))], |_, _, _| {});
    for (i, &stage) in seen.stages.iter().enumerate() {
        let delay = 2 * (STAGES - stage) as i32;
        let (a, b) = (m.powi(delay), (1.0 - m.powi(delay)) / (1.0 - m));
        let size = seen.exact[0][i].data.len();
        let (mut velocity, mut handed_on) = (vec![0.0; size], vec![0.0; size]);
        for tick in 0..TICKS {
            let gradient = tick.checked_sub(back(stage)).map_or(vec![0.0; size], |t| seen.exact[t][i].data.clone());
            let handed = &seen.handed[tick][i].data;
            for k in 0..size {
                velocity[k] = m * velocity[k] + gradient[k];
                handed_on[k] = m * handed_on[k] + handed[k];
            }
            let papers: Vec<f64> = velocity.iter().zip(&gradient).map(|(v, g)| a * v + b * g).collect();
            let far = distance(&papers, &handed_on);
            assert!(far < 1e-6, "stage {stage}, tick {tick}: {far:e}");
        }
    }
}

/// When a stage's weights move while a batch is under way, a stash alone has the gradient at those that it came by.
#[test]
fn a_stash_remembers_the_weights() {
    const STAGE: usize = 2;
    const MOVED: usize = 5;
    let moved = |stash: bool| {
        watch(&[("stash", Setting::Bool(stash))], |tick, bench, oracle| {
            if tick == MOVED {
                let slot = bench.slot("2/1.linear/weight");
                let mut w = oracle.read(slot).clone();
                w.data.iter_mut().for_each(|v| *v *= 1.5);
                oracle.write(slot, w);
            }
        })
    };
    let [stashed, current] = [true, false].map(moved);
    // This batch had passed the stage, and the last one had sent its error, before the weights moved.
    let (tick, batch) = (MOVED, MOVED - back(STAGE));
    let of = |seen: &Watched| {
        let i = seen.stages.iter().position(|&s| s == STAGE).unwrap();
        distance(&seen.handed[tick][i].data, &seen.exact[batch][i].data)
    };
    assert!(of(&stashed) < 1e-12 && of(&current) > 1e-4, "{} {}", of(&stashed), of(&current));
}

/// A stem, residual stages with a plain stage between two runs of them, and a read-out.
fn highway(rounds: i64, runs: [usize; 2]) -> (Bench, Lesson) {
    let past = || vec![node("residual", &[], hidden(6))];
    let mut layers = vec![hidden(6)];
    layers.extend((0..runs[0]).map(|_| past()));
    if runs[1] > 0 {
        layers.push(hidden(6));
        layers.extend((0..runs[1]).map(|_| past()));
    }
    layers.push(read_out());
    let mut bench = Bench::new("highway-backprop", &[("rounds", int(rounds))], net(3, layers), &[4], 7);
    let lesson = bench.learn();
    (bench, lesson)
}

/// How far the updates of stage 1 are from the gradient, relative to it, when what residual stages add is `scale` times
/// as strong as at first.
fn off(rounds: i64, runs: [usize; 2], scale: f64) -> f64 {
    let (mut bench, lesson) = highway(rounds, runs);
    let target = bench.batch.target;
    let exact = bench.with(|cx| cx.reference(&lesson, target));
    let mut oracle = bench.registers();
    for slot in bench.g.slot_ids().filter(|&s| bench.g.slot(s).name.contains("residual")) {
        let mut t = oracle.read(slot).clone();
        t.data.iter_mut().for_each(|v| *v *= scale);
        oracle.write(slot, t);
    }
    let (mut far, mut size) = (0.0, 0.0);
    for (update, exact) in lesson.updates.iter().zip(exact).take(2) {
        let both = oracle.values(&bench.g, &[update.gradient, exact]);
        for (got, exact) in both[0].data.iter().zip(&both[1].data) {
            far += (got - exact) * (got - exact);
            size += exact * exact;
        }
    }
    f64::sqrt(far / size)
}

/// The weaker the stages beside their way past, the faster few rounds come near backpropagation; with as many rounds as
/// residual stages in a row it is just that, however strong they are.
#[test]
fn rounds_make_the_highway_exact() {
    let errors = |scale: f64| (0..=6).map(|k| off(k, [6, 0], scale)).collect::<Vec<f64>>();
    let (weak, strong) = (errors(0.3), errors(1.0));
    assert!(weak.windows(2).all(|e| e[1] < e[0]), "{weak:?}");
    assert!((0..6).all(|k| weak[k] < strong[k]), "{weak:?} {strong:?}");
    assert!(strong[0] > 0.9 && strong[3] < 0.6 && strong[5] < 0.1 && strong[5] > 1e-3, "{strong:?}");
    assert!(weak[6] < 1e-12 && strong[6] < 1e-12, "{weak:?} {strong:?}");
    // A plain stage parts two runs, and is passed exactly.
    assert!(off(2, [3, 2], 1.0) > 1e-9 && off(3, [3, 2], 1.0) < 1e-12);
    assert!(off(9, [3, 2], 1.0) < 1e-12);
}

/// Without rounds every residual stage hears the same error.
#[test]
fn without_rounds_the_error_is_broadcast() {
    let (bench, lesson) = highway(0, [4, 0]);
    let received: Vec<_> = lesson.signals.iter().map(|s| s.value).collect();
    assert!(received[..5].windows(2).all(|pair| pair[0] == pair[1]), "stem and residual stages alike");
    assert_ne!(received[4], received[5]);
    let (_, lesson) = highway(1, [4, 0]);
    let received: Vec<_> = lesson.signals.iter().map(|s| s.value).collect();
    assert!(received[..5].windows(2).all(|pair| pair[0] != pair[1]));
    drop(bench);
}

/// Auxiliary losses within residual stages travel as the rest does.
#[test]
fn the_highway_carries_auxiliary_losses() {
    let experts = || vec![route(3, "top-k", &[("balance", float(0.5))], vec![linear(6)])];
    let past = || vec![node("residual", &[], experts())];
    let layers = vec![hidden(6), past(), past(), read_out()];
    let build = |rule: &str, settings: &[(&str, Setting)]| {
        let mut bench = Bench::new(rule, settings, net(3, layers.clone()), &[4], 7);
        let lesson = bench.learn();
        let updates: Vec<_> = lesson.updates.iter().map(|u| (bench.g.slot(u.slot).name.clone(), u.gradient)).collect();
        let values = bench.registers().values(&bench.g, &updates.iter().map(|u| u.1).collect::<Vec<_>>());
        updates.into_iter().map(|u| u.0).zip(values).collect::<Vec<_>>()
    };
    let (exact, highway) = (build("backprop", &[]), build("highway-backprop", &[("rounds", int(2))]));
    assert_eq!(exact.len(), highway.len());
    for ((name, exact), (other, got)) in exact.iter().zip(&highway) {
        assert_eq!(name, other);
        assert!(distance(&exact.data, &got.data) < 1e-12, "{name}");
    }
}

/// Stages of all sorts: convolution and pooling, normalisation and dropout, a way past, experts.
fn of_all_sorts() -> Vec<Vec<Node>> {
    vec![
        vec![
            node("conv2d", &[("channels", int(3)), ("kernel", int(3))], vec![]),
            activation("relu"),
            node("flatten", &[], vec![]),
        ],
        vec![linear(6), node("batch-norm", &[], vec![]), activation("tanh"), node("dropout", &[], vec![])],
        vec![node("residual", &[], hidden(6))],
        vec![route(3, "top-k", &[], hidden(6))],
        read_out(),
    ]
}

/// The gradients, the loss and all that the step leaves behind are backpropagation's to the bit.
#[test]
fn two_stages_change_no_number() {
    let step = |rule: &str| {
        let mut bench = Bench::new(rule, &[], net(3, of_all_sorts()), &[4, 4, 2], 8);
        let lesson = bench.learn();
        let mut values: Vec<_> = lesson.updates.iter().map(|u| u.gradient).collect();
        values.push(lesson.loss);
        values.push(lesson.seen.map_or(lesson.logits, |seen| seen.0));
        values.extend(lesson.writes.iter().map(|w| w.1));
        values.extend(lesson.taps.iter().flat_map(|tap| [tap.load, tap.entropy, tap.dropped]));
        bench.prepared(&lesson).values(&bench.g, &values)
    };
    let (split, whole) = (step("two-stage-backprop"), step("backprop"));
    assert!(whole.len() > 15 && whole[0].data.iter().any(|v| *v != 0.0));
    assert_eq!(split, whole);
}

/// The second tick computes no activity and hands no error on: its longest chain is as long as one gradient, however deep
/// the network. Stages that each have a worker are through in two thirds of the time or little more.
#[test]
fn all_stages_make_their_gradients_at_once() {
    let built = |rule: &str, depth: usize| {
        let mut stages: Vec<_> = (1..depth).map(|_| hidden(16)).collect();
        stages.push(read_out());
        let mut bench = Bench::new(rule, &[], net(3, stages), &[16], 32);
        let lesson = bench.learn();
        step(&mut bench, &lesson, "sgd", &[], 0.1)
    };
    let second = |depth: usize| {
        let mut program = built("two-stage-backprop", depth);
        program.body.remove(0);
        engine::cost::figures(&program).span
    };
    assert_eq!(second(4), second(32));
    let makespan = |rule: &str| engine::cost::figures(&built(rule, 16)).makespan as f64;
    let ratio = makespan("two-stage-backprop") / makespan("backprop");
    assert!((0.6..0.75).contains(&ratio), "{ratio}");
}
