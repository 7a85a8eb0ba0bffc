//! Sessions from end to end on the CPU: what the page relies on, without the page.

#![allow(clippy::unwrap_used)]

use std::rc::Rc;
use std::task::Poll;

use engine::exec::Device;
use engine::export::{Form, safetensors};
use engine::protocol::{Command, Event, Message};
use engine::session::Session;
use engine::session::devices::{Devices, Opening, Unavailable};
use engine::spec::{BlockSpec, Choice, Spec, text};
use engine::touch::{Past, Touch, What};
use engine::weights::Weights;

/// A machine without a graphics device.
struct NoGpu;

impl Devices for NoGpu {
    fn gpu(&self, _: Rc<engine::plan::Plan>) -> Opening {
        let none = Unavailable { reason: "there is none".to_owned(), advice: "buy one".to_owned() };
        Box::pin(std::future::ready(Err(none)))
    }
    fn lose_gpu(&self) {}
}

fn spec(rule: &str, rate: f64) -> Spec {
    let text = format!(
        r#"{{"version":1,"data":{{"id":"moons"}},
            "stages":[[{{"block":"linear","units":16}},{{"block":"activation","function":"tanh"}}],
                      [{{"block":"linear","units":16}},{{"block":"activation","function":"tanh"}}],
                      [{{"block":"linear"}}]],
            "rule":{{"id":"{rule}"}},"optimizer":{{"id":"adam"}},"rate":{rate},"batch":32,"seed":3}}"#
    );
    text::read(&text).unwrap()
}

fn handle(s: &mut Session, c: Command) -> Vec<Message> {
    pollster::block_on(s.handle(c, Vec::new()))
}

fn load(s: &mut Session, spec: Spec) -> Vec<Message> {
    handle(s, Command::Load { run: 1, spec: Box::new(spec), device: None, from: None })
}

/// Steps the session until `enough` steps are done or it stops; all events.
fn play(s: &mut Session, enough: u64) -> Vec<Message> {
    let mut out = handle(s, Command::Play);
    for _ in 0..100_000 {
        if s.idle() {
            break;
        }
        out.extend(pollster::block_on(s.advance()));
        if steps(&out) >= enough {
            break;
        }
    }
    out.extend(handle(s, Command::Pause));
    while !s.idle() {
        out.extend(pollster::block_on(s.advance()));
    }
    out
}

fn steps(out: &[Message]) -> u64 {
    out.iter()
        .rev()
        .find_map(|m| if let Event::Progress { step, .. } = m.event { Some(step) } else { None })
        .unwrap_or(0)
}

fn accuracy(out: &[Message]) -> f32 {
    let find = |m: &Message| if let Event::Evaluated { test, .. } = &m.event { Some(test.accuracy) } else { None };
    out.iter().rev().find_map(find).unwrap()
}

/// The run's own value of a dial gives the run's own score, and fewer experts cost fewer operations.
#[test]
fn dials_turn_without_training() {
    let mut spec = spec("backprop", 0.01);
    let expert = BlockSpec::new("linear").with("units", 8);
    let route = BlockSpec::new("route").with("experts", 4).routed(Choice::new("top-k")).holding(vec![expert]);
    spec.stages.insert(1, vec![route]);
    let mut s = Session::new(Box::new(NoGpu));
    let loaded = load(&mut s, spec);
    let dials = loaded.iter().find_map(|m| match &m.event {
        Event::Loaded { summary, .. } => Some(summary.dials.clone()),
        _ => None,
    });
    let dials = dials.unwrap();
    assert_eq!(dials.len(), 1);
    assert_eq!((dials[0].path.as_str(), dials[0].values.len()), ("2/1.route/routing/k", 4));
    let trained = accuracy(&play(&mut s, 200));
    let mut turn = |value: i64| {
        let out = handle(&mut s, Command::Dial { path: dials[0].path.clone(), value: value.into() });
        let Event::Dialled { work, test, .. } = &out[0].event else { panic!("{out:?}") };
        (*work, test.unwrap().accuracy)
    };
    let answers = [1, 2, 3, 4].map(&mut turn);
    assert_eq!(answers[1].1, trained, "the run has two experts a sample");
    assert!(answers.windows(2).all(|a| a[0].0 < a[1].0), "{answers:?}");
    let out = handle(&mut s, Command::Dial { path: "2/1.route/routing/k".into(), value: 9.into() });
    assert!(matches!(&out[0].event, Event::Dialled { test: None, faults, .. } if faults[0].to_string().contains('9')));
}

#[test]
fn every_rule_learns_two_moons() {
    for (rule, rate) in [("backprop", 0.01), ("direct-feedback-alignment", 0.01), ("forward-forward", 0.01)] {
        let mut s = Session::new(Box::new(NoGpu));
        let loaded = load(&mut s, spec(rule, rate));
        assert!(loaded.iter().any(|m| matches!(m.event, Event::Loaded { .. })), "{rule}: {loaded:?}");
        let out = play(&mut s, 3000);
        assert!(accuracy(&out) > 0.9, "{rule}: {}", accuracy(&out));
    }
}

#[test]
fn a_reset_run_repeats_itself_bit_for_bit() {
    let mut s = Session::new(Box::new(NoGpu));
    load(&mut s, spec("backprop", 0.01));
    let weights = |s: &mut Session| {
        for _ in 0..50 {
            handle(s, Command::Step);
        }
        pollster::block_on(s.weights()).unwrap()
    };
    let first = weights(&mut s);
    handle(&mut s, Command::Reset);
    assert_eq!(first, weights(&mut s));
}

#[test]
fn a_new_session_goes_on_from_the_state_that_another_one_told() {
    let mut s = Session::new(Box::new(NoGpu));
    load(&mut s, spec("backprop", 0.01));
    let told = |out: &[Message]| {
        let kept =
            |m: &Message| if let Event::Kept { step, .. } = m.event { Some((step, m.payload.clone())) } else { None };
        out.iter().rev().find_map(kept)
    };
    let mut out = handle(&mut s, Command::Play);
    while told(&out).is_none() {
        out.extend(pollster::block_on(s.advance()));
    }
    let (step, memory) = told(&out).unwrap();
    assert!(step > 0);
    let bytes: Vec<u8> = memory.iter().flat_map(|v| v.to_le_bytes()).collect();
    let again = |bytes: Vec<u8>| {
        let mut s = Session::new(Box::new(NoGpu));
        let spec = Box::new(spec("backprop", 0.01));
        let command = Command::Load { run: 1, spec, device: None, from: Some(Past { step, touches: Vec::new() }) };
        let out = pollster::block_on(s.handle(command, vec![bytes]));
        (steps(&out), s)
    };
    let (at, mut heir) = again(bytes);
    assert_eq!(at, step);
    handle(&mut heir, Command::Step);

    // The same step from the beginning comes to the same weights.
    handle(&mut s, Command::Reset);
    for _ in 0..=step {
        handle(&mut s, Command::Step);
    }
    let weights = |s: &mut Session| pollster::block_on(s.weights()).unwrap();
    assert_eq!(weights(&mut heir), weights(&mut s));
    handle(&mut heir, Command::Reset);
    assert_eq!(steps(&handle(&mut heir, Command::Pause)), 0);
    assert_eq!(again(vec![0; 12]).0, 0, "what does not fit is no state");
}

#[test]
fn a_run_that_diverges_stops_and_goes_back() {
    let mut s = Session::new(Box::new(NoGpu));
    let mut wild = spec("backprop", 50.0);
    wild.optimizer.id = "sgd".to_owned();
    for block in wild.stages.iter_mut().flatten().filter(|b| b.block.id == "activation") {
        block.block.settings.insert("function".to_owned(), engine::registry::Setting::Choice("relu".to_owned()));
    }
    wild.loss = engine::rules::Loss::MeanSquared;
    load(&mut s, wild);
    let out = play(&mut s, 100_000);
    let diverged = out
        .iter()
        .find_map(|m| if let Event::Diverged { step, good, .. } = m.event { Some((step, good)) } else { None });
    let (step, good) = diverged.expect("the run diverges");
    assert!(step > good, "{step} {good}");
    let back = handle(&mut s, Command::Rewind);
    assert!(back.iter().all(|m| !matches!(m.event, Event::Failed { .. })));
    assert_eq!(steps(&handle(&mut s, Command::Pause)), good);
}

#[test]
fn what_cannot_run_is_refused_with_its_place() {
    let mut s = Session::new(Box::new(NoGpu));
    load(&mut s, spec("backprop", 0.01));
    let mut big = spec("backprop", 0.01);
    for stage in 0..2 {
        big.stages[stage][0].block.settings.insert("units".to_owned(), engine::registry::Setting::Int(60_000));
    }
    let out = load(&mut s, big);
    let Some(Event::Refused { faults, .. }) = out.first().map(|m| &m.event) else { panic!("{out:?}") };
    assert!(faults.iter().any(|f| f.path.starts_with("stages") && !f.mend.is_empty()), "{faults:?}");
    // The run before still stands.
    assert!(steps(&play(&mut s, 10)) >= 10);
}

#[test]
fn a_device_that_is_not_there_is_named() {
    let mut s = Session::new(Box::new(NoGpu));
    let out = handle(
        &mut s,
        Command::Load { run: 1, spec: Box::new(spec("backprop", 0.01)), device: Some(Device::Gpu), from: None },
    );
    let summary =
        out.iter().find_map(|m| if let Event::Loaded { summary, .. } = &m.event { Some(summary) } else { None });
    let device = &summary.unwrap().device;
    assert_eq!(
        (device.device, device.reason.as_str(), device.advice.as_str()),
        (Device::Cpu, "there is none", "buy one")
    );
}

/// A machine whose graphics device answers forty times before it says no.
struct Slow;

impl Devices for Slow {
    fn gpu(&self, _: Rc<engine::plan::Plan>) -> Opening {
        let mut answers = 0;
        Box::pin(std::future::poll_fn(move |_| {
            answers += 1;
            if answers < 40 {
                return Poll::Pending;
            }
            Poll::Ready(Err(Unavailable { reason: "it is slow".to_owned(), advice: "wait".to_owned() }))
        }))
    }
    fn lose_gpu(&self) {}
}

/// Where a step takes long, a device that is being opened does not wait for forty of them.
#[test]
fn a_device_opens_while_long_steps_are_taken() {
    let mut s = Session::new(Box::new(Slow));
    let linear = r#"{"block":"linear","units":1024}"#;
    let long = format!(
        r#"{{"version":1,"data":{{"id":"moons"}},"stages":[[{linear},{linear}],[{linear},{{"block":"linear"}}]],
            "rule":{{"id":"backprop"}},"optimizer":{{"id":"adam"}},"rate":0.01,"batch":256,"seed":3}}"#
    );
    load(&mut s, text::read(&long).unwrap());
    let mut out = handle(&mut s, Command::Play);
    let opened = |out: &[Message]| out.iter().any(|m| matches!(m.event, Event::Moved { .. }));
    while !opened(&out) {
        out.extend(pollster::block_on(s.advance()));
    }
    handle(&mut s, Command::Pause);
    assert!(steps(&out) < 10, "{} steps were taken meanwhile", steps(&out));
}

/// The present run goes on as what a transform made of it, and a reset goes back to there.
#[test]
fn a_run_goes_on_transformed() {
    let mut s = Session::new(Box::new(NoGpu));
    let by = |density: f64| Choice::new("magnitude-pruning").with("density", density);
    let transform = |s: &mut Session, run, by| handle(s, Command::Transform { run, by });
    let refused = |out: &[Message]| {
        let of = |m: &Message| {
            if let Event::Refused { run, faults } = &m.event { Some((*run, faults.clone())) } else { None }
        };
        out.iter().find_map(of)
    };
    assert!(refused(&transform(&mut s, 1, by(0.5))).is_some(), "there is no run yet");

    load(&mut s, spec("backprop", 0.01));
    for _ in 0..50 {
        handle(&mut s, Command::Step);
    }
    let weights = |s: &mut Session| pollster::block_on(s.weights()).unwrap();
    let before = weights(&mut s);
    let (run, faults) = refused(&transform(&mut s, 2, by(2.0))).unwrap();
    assert!(run == 2 && faults[0].path == "transform › density", "{faults:?}");
    assert_eq!(weights(&mut s), before);

    let out = transform(&mut s, 3, by(0.5));
    let loaded =
        |m: &Message| if let Event::Loaded { run: 3, summary } = &m.event { Some(summary.clone()) } else { None };
    let summary = out.iter().find_map(loaded).unwrap();
    let transformed = summary.transformed.unwrap();
    assert_eq!(transformed.spec.stages[0][0].block.id, "masked-linear");
    assert_eq!(transformed.figures[0], ("weights kept, share".to_owned(), Some(0.5)));
    let pruned = weights(&mut s);
    let mask = &pruned["1/1.masked-linear/mask"];
    assert_eq!(mask.data.iter().sum::<f32>(), 16.0);
    let (old, new) = (&before["1/1.linear/weight"].data, &pruned["1/1.masked-linear/weight"].data);
    assert!(old.iter().zip(new).zip(&mask.data).all(|((old, new), m)| *new == old * m));

    handle(&mut s, Command::Step);
    assert_ne!(weights(&mut s), pruned);
    handle(&mut s, Command::Reset);
    assert_eq!(weights(&mut s), pruned);
    assert!(steps(&play(&mut s, 20)) >= 20);
}

/// A run that is to stop at a step stops there exactly, and its last evaluation belongs to that step.
/// The file of a run in some form.
fn file(s: &mut Session, form: Form) -> Vec<u8> {
    let mut out = handle(s, Command::Export { form });
    let Event::Exported { faults, .. } = &out[0].event else { panic!("{out:?}") };
    assert!(faults.is_empty(), "{faults:?}");
    out.remove(0).file
}

#[test]
fn a_run_is_taken_away_and_its_weights_come_back() {
    let mut s = Session::new(Box::new(NoGpu));
    assert!(handle(&mut s, Command::Export { form: Form::Weights }).is_empty(), "there is no run yet");
    load(&mut s, spec("backprop", 0.01));
    let trained = accuracy(&play(&mut s, 300));
    let weights = file(&mut s, Form::Weights);
    assert_eq!(safetensors::unpack(&weights).unwrap(), pollster::block_on(s.weights()).unwrap());
    let registers = safetensors::unpack(&file(&mut s, Form::Registers)).unwrap();
    assert!(registers.contains_key("train/x") && registers["step"].data[0] >= 300.0);
    let script = String::from_utf8(file(&mut s, Form::Torch)).unwrap();
    assert!(script.contains("def step():") && script.contains("train.safetensors"));
    assert!(!file(&mut s, Form::Onnx).is_empty());

    // Into a run of the same network that has learnt nothing.
    let begin = |s: &mut Session, run, spec, bytes: &[u8]| {
        let command = Command::Bring { run, spec: Box::new(spec) };
        pollster::block_on(s.handle(command, vec![bytes.to_vec()]))
    };
    load(&mut s, spec("backprop", 0.01));
    let mut out = begin(&mut s, 2, spec("backprop", 0.01), &weights);
    assert!(matches!(out[0].event, Event::Loaded { run: 2, .. }), "{out:?}");
    while !s.idle() {
        out.extend(pollster::block_on(s.advance()));
    }
    assert_eq!(accuracy(&out), trained);
    assert!(held(&mut s) == safetensors::unpack(&weights).unwrap());

    let refused = |out: &[Message]| match &out[0].event {
        Event::Refused { faults, .. } => faults[0].to_string(),
        other => panic!("{other:?}"),
    };
    assert!(refused(&begin(&mut s, 3, spec("backprop", 0.01), b"what is this")).contains("Signalbox wrote"));
    let mut wider = spec("backprop", 0.01);
    wider.stages[0][0] = BlockSpec::new("linear").with("units", 17);
    assert!(refused(&begin(&mut s, 4, wider, &weights)).contains("[2×16]"));
    assert!(held(&mut s) == safetensors::unpack(&weights).unwrap(), "the run stands");
}

/// What a file of the run's weights holds.
fn held(s: &mut Session) -> Weights {
    safetensors::unpack(&file(s, Form::Weights)).unwrap()
}

/// What the messages say last of what was done to the run.
fn touches(out: &[Message]) -> Option<Vec<Touch>> {
    let told = |m: &Message| if let Event::Touched { touches, .. } = &m.event { Some(touches.clone()) } else { None };
    out.iter().rev().find_map(told)
}

#[test]
fn a_run_says_what_was_done_to_it() {
    let mut s = Session::new(Box::new(NoGpu));
    assert_eq!(touches(&load(&mut s, spec("backprop", 0.01))), Some(Vec::new()));
    let put =
        |s: &mut Session| handle(s, Command::Put { register: "1/1.linear/weight".to_owned(), element: 0, value: 0.5 });
    let steps = |s: &mut Session, n| (0..n).for_each(|_| drop(handle(s, Command::Step)));
    steps(&mut s, 3);
    put(&mut s);
    steps(&mut s, 2);
    let hand = Touch { step: 3, what: What::Hand { last: 5, numbers: 2 } };
    assert_eq!(touches(&put(&mut s)), Some(vec![hand.clone()]));
    assert_eq!(safetensors::touches(&file(&mut s, Form::Weights)), std::slice::from_ref(&hand));
    let script = |s: &mut Session| String::from_utf8(file(s, Form::Torch)).unwrap();
    assert!(script(&mut s).contains("\n\n    2 numbers set by hand at steps 3 to 5\n\n    python3"));

    // Another rule goes on with its weights, and goes back to them; what is set by hand from there on is gone by then.
    let carry = Command::Carry { run: 2, spec: Box::new(spec("feedback-alignment", 0.01)) };
    let carried = Touch { step: 5, what: What::Carried { rule: "backprop".to_owned() } };
    assert_eq!(touches(&handle(&mut s, carry)), Some(vec![hand.clone(), carried.clone()]));
    assert_eq!(touches(&put(&mut s)).map(|all| all.len()), Some(3));
    assert_eq!(touches(&handle(&mut s, Command::Reset)), Some(vec![hand.clone(), carried]));

    // A state is of a run as it was by then; a run that begins at its own weights is like any other of its spec.
    let memory = vec![0; 4];
    let past = Past { step: 5, touches: vec![hand.clone()] };
    let load = Command::Load { run: 3, spec: Box::new(spec("backprop", 0.01)), device: None, from: Some(past) };
    assert_eq!(
        touches(&pollster::block_on(s.handle(load, vec![memory]))),
        Some(Vec::new()),
        "no state of this network"
    );
    let weights = packed(&mut s);
    let (run, spec, touched) = (4, Box::new(spec("backprop", 0.01)), vec![hand.clone()]);
    let begin = Command::Begin { run, spec, device: None, weights, touches: touched };
    let given = Touch { step: 0, what: What::Given };
    assert_eq!(touches(&handle(&mut s, begin)), Some(vec![hand, given]));
}

/// The run's weights as a text.
fn packed(s: &mut Session) -> String {
    let out = handle(s, Command::Pack { most: None });
    let told = |m: &Message| if let Event::Packed { weights, .. } = &m.event { weights.clone() } else { None };
    out.iter().find_map(told).unwrap()
}

#[test]
fn a_run_stops_where_it_is_told() {
    let mut s = Session::new(Box::new(NoGpu));
    load(&mut s, spec("backprop", 0.01));
    handle(&mut s, Command::Until { step: Some(137) });
    handle(&mut s, Command::Play);
    let mut out = Vec::new();
    while !s.idle() {
        out.extend(pollster::block_on(s.advance()));
    }
    let last =
        out.iter().rev().find_map(|m| if let Event::Evaluated { step, .. } = m.event { Some(step) } else { None });
    assert_eq!((steps(&out), last), (137, Some(137)));
    let playing =
        out.iter().rev().find_map(|m| if let Event::Progress { playing, .. } = m.event { Some(playing) } else { None });
    assert_eq!(playing, Some(false));
}
