//! One sample answered by hand is answered as the run's own measurements have it, under every rule, and changes nothing.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::rc::Rc;

use engine::exec::Device;
use engine::protocol::{Command, Event, Message, TensorInfo};
use engine::rules::RULE_ENTRIES;
use engine::session::Session;
use engine::session::devices::{Devices, Opening, Unavailable};
use engine::spec::{Spec, text};
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

fn spec(data: &str, rule: &str) -> Spec {
    let text = format!(
        r#"{{"version":1,"data":{data},
            "stages":[[{{"block":"linear","units":16}},{{"block":"activation","function":"relu"}}],
                      [{{"block":"linear","units":12}},{{"block":"activation","function":"relu"}}],
                      [{{"block":"linear"}}]],
            "rule":{rule},"optimizer":{{"id":"adam"}},"rate":0.01,"batch":16,"seed":3}}"#
    );
    text::read(&text).unwrap()
}

fn digits() -> Vec<Vec<u8>> {
    vec![fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/../assets/data/digits.sbd")).unwrap()]
}

fn send(s: &mut Session, command: Command, files: Vec<Vec<u8>>) -> Vec<Message> {
    pollster::block_on(s.handle(command, files))
}

/// A session with the run of a spec; `None` where the rule does not fit it.
fn loaded(spec: Spec, files: Vec<Vec<u8>>) -> Option<Session> {
    let mut s = Session::new(Box::new(NoGpu));
    let load = Command::Load { run: 1, spec: Box::new(spec), device: Some(Device::Cpu), from: None };
    let out = send(&mut s, load, files);
    out.iter().any(|m| matches!(m.event, Event::Loaded { .. })).then_some(s)
}

/// A tensor of a message.
fn tensor(tensors: &[TensorInfo], payload: &[f32], name: &str) -> Option<(Vec<usize>, Vec<f32>)> {
    let mut at = 0;
    for t in tensors {
        let end = at + t.shape.iter().product::<usize>();
        if t.name == name {
            return Some((t.shape.clone(), payload[at..end].to_vec()));
        }
        at = end;
    }
    None
}

struct Answered {
    answer: Vec<f32>,
    sample: Vec<f32>,
    truth: Vec<f32>,
}

fn answered(s: &mut Session, test: Option<u32>, sample: &[f32]) -> Result<Answered, String> {
    let bytes: Vec<u8> = sample.iter().flat_map(|v| v.to_le_bytes()).collect();
    let out = send(s, Command::Answer { test }, vec![bytes]);
    let [Message { event: Event::Answered { tensors, faults, .. }, payload, .. }] = out.as_slice() else {
        panic!("{out:?}")
    };
    if let Some(fault) = faults.first() {
        assert!(payload.is_empty());
        return Err(fault.to_string());
    }
    let numbers = |name| tensor(tensors, payload, name).map(|t| t.1).unwrap_or_default();
    assert_eq!(tensors.iter().map(|t| t.shape.iter().product::<usize>()).sum::<usize>(), payload.len());
    Ok(Answered { answer: numbers("answer"), sample: numbers("sample"), truth: numbers("truth") })
}

/// What the run's own measurement says of its first test samples: labels, and probabilities `[n, 10]`.
fn measured(s: &mut Session) -> (Vec<f32>, Vec<f32>) {
    let out = send(s, Command::Watch { probes: vec!["samples".to_owned()], every: 1 }, Vec::new());
    let found = out.iter().find_map(|m| match &m.event {
        Event::Measured { tensors, .. } => {
            let of = |name| tensor(tensors, &m.payload, name).unwrap().1;
            Some((of("labels"), of("probabilities")))
        }
        _ => None,
    });
    found.unwrap()
}

#[track_caller]
fn near(a: &[f32], b: &[f32], what: &str) {
    assert_eq!(a.len(), b.len(), "{what}");
    for (a, b) in a.iter().zip(b) {
        assert!((a - b).abs() <= 1e-5, "{what}: {a} and {b}");
    }
}

/// The same program answers that the accuracy is measured by, whatever a rule's own way to answer is.
#[test]
fn an_answer_is_what_the_run_measures_under_every_rule() {
    let own = r#"{"id":"forward-forward","answer":"goodness"}"#.to_owned();
    let all = RULE_ENTRIES.iter().map(|r| format!(r#"{{"id":"{}"}}"#, r.meta().id));
    let mut tried = 0;
    for rule in all.chain([own]) {
        let Some(mut s) = loaded(spec(r#"{"id":"digits"}"#, &rule), digits()) else { continue };
        tried += 1;
        for _ in 0..3 {
            send(&mut s, Command::Step, Vec::new());
        }
        let (labels, measured) = measured(&mut s);
        // What noise there is in an answer goes by the place in a batch: that of the first sample is the same.
        let few: &[usize] = if ["backprop", "forward-forward", "mono-forward"].iter().any(|r| rule.contains(r)) {
            &[0, 7]
        } else {
            &[0]
        };
        for &i in few {
            let test = answered(&mut s, Some(i as u32), &[]).unwrap_or_else(|why| panic!("{rule}: {why}"));
            assert_eq!(test.truth, [labels[i]], "{rule}");
            near(&test.answer, &measured[i * 10..(i + 1) * 10], &rule);
            let given = answered(&mut s, None, &test.sample).unwrap();
            assert_eq!(given.answer, test.answer, "{rule}: the same sample, given");
        }
    }
    assert!(tried > 20, "{tried} rules");
}

fn weights(s: &mut Session) -> Weights {
    pollster::block_on(s.weights()).unwrap()
}

/// Asked after every step, the run comes out the same, bit for bit: with noise in its steps, and memory in its network.
#[test]
fn answering_changes_neither_weights_nor_chance() {
    let text = r#"{"version":1,"data":{"id":"digits"},
        "stages":[[{"block":"linear","units":16},{"block":"batch-norm"},{"block":"activation","function":"relu"},{"block":"dropout"}],
                  [{"block":"linear"}]],
        "optimizer":{"id":"adam"},"rate":0.01,"batch":16,"seed":3}"#;
    let mut runs = [(); 2].map(|()| loaded(text::read(text).unwrap(), digits()).unwrap());
    let ink = vec![0.5; 64];
    for _ in 0..8 {
        for s in &mut runs {
            send(s, Command::Step, Vec::new());
        }
        let first = answered(&mut runs[0], None, &ink).unwrap().answer;
        assert_eq!(answered(&mut runs[0], None, &ink).unwrap().answer, first, "asked twice, answered twice the same");
    }
    let [asked, unasked] = runs.each_mut().map(weights);
    assert!(!asked.is_empty());
    assert_eq!(asked, unasked);
}

/// The answer follows the weights.
#[test]
fn an_answer_is_of_the_network_as_it_stands() {
    let mut s = loaded(spec(r#"{"id":"digits"}"#, r#"{"id":"backprop"}"#), digits()).unwrap();
    let before = answered(&mut s, Some(0), &[]).unwrap().answer;
    send(&mut s, Command::Step, Vec::new());
    let after = answered(&mut s, Some(0), &[]).unwrap().answer;
    assert_ne!(before, after);
    send(&mut s, Command::Reset, Vec::new());
    assert_eq!(answered(&mut s, Some(0), &[]).unwrap().answer, before);
    assert!((before.iter().sum::<f32>() - 1.0).abs() < 1e-5);
}

#[test]
fn numbers_and_places_are_answered_as_the_data_asks() {
    let mut s = loaded(spec(r#"{"id":"function"}"#, r#"{"id":"backprop"}"#), Vec::new()).unwrap();
    let test = answered(&mut s, Some(2), &[]).unwrap();
    assert_eq!((test.answer.len(), test.truth.len()), (1, 1));
    assert_eq!(answered(&mut s, None, &test.sample).unwrap().answer, test.answer);

    let text = r#"{"version":1,"data":{"id":"reverse"},"stages":[[{"block":"embedding"},{"block":"gru"}],[{"block":"linear"}]],"batch":8}"#;
    let mut s = loaded(text::read(text).unwrap(), Vec::new()).unwrap();
    let mut test = answered(&mut s, Some(1), &[]).unwrap();
    let places = test.truth.len();
    assert!(places > 1 && test.answer.len().is_multiple_of(places));
    let each = test.answer.len() / places;
    assert!(test.answer.chunks(each).all(|p| (p.iter().sum::<f32>() - 1.0).abs() < 1e-5));
    test.sample[0] = 0.5;
    assert!(answered(&mut s, None, &test.sample).is_err_and(|why| why.contains("number 0 is 0.5, which is no token")));
}

#[test]
fn what_is_no_sample_is_refused_with_its_place() {
    let mut s = Session::new(Box::new(NoGpu));
    assert!(answered(&mut s, None, &[0.0; 64]).is_err_and(|why| why.contains("there is no network yet")));
    let mut s = loaded(spec(r#"{"id":"digits"}"#, r#"{"id":"backprop"}"#), digits()).unwrap();
    let said = |s: &mut Session, test, sample: &[f32]| answered(s, test, sample).err().unwrap();
    assert_eq!(
        said(&mut s, None, &[0.0; 63]),
        "sample: 63 numbers were given, and a sample has 64 (give 8 × 8 × 1 numbers, row by row)"
    );
    let mut sample = [0.0; 64];
    sample[5] = f32::INFINITY;
    assert_eq!(said(&mut s, None, &sample), "sample: number 5 is inf (give finite numbers)");
    assert_eq!(said(&mut s, Some(360), &[]), "sample: there is no test sample 360 (choose one from 0 to 359)");
    assert!(said(&mut s, None, &[]).starts_with("sample: 0 numbers were given"));
    answered(&mut s, None, &[0.0; 64]).unwrap();
}
