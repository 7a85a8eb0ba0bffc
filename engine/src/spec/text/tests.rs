#![allow(clippy::unwrap_used)]

use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;

use super::*;
use crate::blocks::Holds;
use crate::registry::KnobKind;
use crate::spec::link::{decode, encode};
use crate::spec::{Axis, Lane};

fn faults(text: &str) -> Vec<String> {
    read(text).unwrap_err().iter().map(ToString::to_string).collect()
}

/// The faults of a spec with these stages.
fn in_stages(stages: &str) -> Vec<String> {
    faults(&format!(r#"{{"version":1,"data":"mnist","stages":{stages}}}"#))
}

const HAND: &str = r#"{
    "version": 1, "data": {"id": "mnist"},
    "stages": [
        [{"block": "linear", "units": 256.0}, {"block": "activation", "function": "relu"}],
        [{"block": "route", "experts": 8, "routing": {"id": "top-k", "k": 3}, "blocks": [{"block": "linear", "units": 32}]}],
        ["linear"]
    ],
    "loss": "mean-squared", "rate": 0.1, "seed": 4294967295
}"#;

#[test]
fn a_hand_written_spec_is_read() {
    let spec = read(HAND).unwrap();
    assert_eq!(spec.stages[0][0], BlockSpec::new("linear").with("units", 256));
    assert_eq!(spec.stages[0][1], BlockSpec::new("activation"), "a default is no setting");
    assert_eq!(spec.stages[1][0].routing, Some(Choice::new("top-k").with("k", 3)));
    assert_eq!((spec.rate, spec.loss, spec.seed, spec.batch), (0.1, Loss::MeanSquared, u32::MAX, 128));
    assert_eq!((spec.rule, spec.optimizer), (Choice::new("backprop"), Choice::new("adam")));
}

#[test]
fn the_text_is_one_block_a_line() {
    let text = write(&read(HAND).unwrap());
    let expected = r#"{
  "version": 1,
  "data": "mnist",
  "stages": [
    [
      {"block": "linear", "units": 256},
      {"block": "activation"}
    ],
    [
      {"block": "route", "experts": 8, "routing": {"id": "top-k", "k": 3}, "blocks": [
        {"block": "linear", "units": 32}
      ]}
    ],
    [
      {"block": "linear"}
    ]
  ],
  "rule": "backprop",
  "optimizer": "adam",
  "schedule": "constant",
  "loss": "mean-squared",
  "rate": 0.1,
  "batch": 128,
  "clip": 0,
  "seed": 4294967295
}
"#;
    assert_eq!(text, expected);
}

#[test]
fn syntax_faults_name_line_and_column() {
    assert_eq!(faults("{\"version\": 1,\n  \"data\" 3}"), ["line 2, column 10: expected `:` (mend the JSON there)"]);
    assert_eq!(faults("{\"version\": 1"), ["line 1, column 13: the text ends too early (close what is still open)"]);
    assert_eq!(faults("[1]"), ["a list is no experiment (begin with `{`)"]);
    assert!(faults(&"[".repeat(10_000))[0].contains("recursion limit"));
    assert!(faults(&" ".repeat(limits::TEXT + 1))[0].contains("keep to 1 MB"));
}

#[test]
fn a_newer_version_says_so_and_nothing_else() {
    assert_eq!(
        faults(r#"{"version": 2, "unheard-of": true}"#),
        ["version: version 2 is newer than this Signalbox, which reads up to 1 (open it with a newer Signalbox)"]
    );
    assert_eq!(faults(r#"{"version": "one"}"#), ["version: \"one\" is no version (write 1)"]);
    assert_eq!(faults("{}"), ["version: missing (add \"version\": 1)"]);
}

#[test]
fn all_faults_are_told_at_once() {
    let text = r#"{
        "version": 1, "data": {"id": "mnits"}, "rulle": "backprop", "rate": -1, "batch": 2.5, "clip": "no", "seed": -1,
        "stages": [
            [{"block": "linear", "unist": 3}, {"block": "linear", "units": 1e9}, {"blok": "linear"}, 7],
            {"block": "linear"},
            []
        ],
        "rule": {"id": 7}, "loss": "cross-entropi", "optimizer": ["adam"], "schedule": {}
    }"#;
    assert_eq!(
        faults(text),
        [
            "rulle: unknown field (did you mean `rule`?)",
            "stages › 1 › 1.linear › unist: unknown field (did you mean `units`?)",
            "stages › 1 › 3: `block` is missing (add \"block\": \"…\")",
            "stages › 1 › 4: a number is no block (write {\"block\": \"…\"})",
            "stages › 2: an object is no list of blocks (write [{\"block\": \"…\"}, …])",
            "rule: `id`: 7 is no name (give a name in quotes)",
            "optimizer: a list names nothing (write a name, or an object with an `id`)",
            "schedule: `id` is missing (add \"id\": \"…\")",
            "loss: `cross-entropi` is unknown (did you mean `cross-entropy`?)",
            "clip: a text is no number (give a number)",
            "batch: 2.5 is no whole number from 0 to 4294967295 (give a whole number)",
            "seed: -1 is no whole number from 0 to 4294967295 (give a whole number)",
            "data: `mnits` is unknown (did you mean `mnist`?)",
            "stages › 1 › 2.linear › units: 1000000000 is out of range (choose 0 to 8192)",
            "stages › 3: the stage is empty (add a block or remove the stage)",
            "rate: -1 is out of range (choose 0 to 1000)",
        ]
    );
}

#[test]
fn missing_fields_are_named() {
    assert_eq!(
        faults(r#"{"version": 1}"#),
        [
            "data: missing (name a dataset: \"data\": \"mnist\")",
            "stages: missing (add a list of stages, each a list of blocks)",
        ]
    );
}

#[test]
fn blocks_hold_what_they_can() {
    assert_eq!(
        in_stages(r#"[[{"block": "linear", "blocks": ["linear"], "routing": "dense"}]]"#),
        [
            "stages › 1 › 1.linear › blocks: Linear holds no blocks (remove `blocks`, or put them beside it)",
            "stages › 1 › 1.linear › routing: Linear has no experts to choose from (remove it)",
        ]
    );
    let route = in_stages(r#"[[{"block": "route"}]]"#);
    assert!(route[0].starts_with("stages › 1 › 1.route › blocks:"), "{route:?}");
    assert!(route[1].starts_with("stages › 1 › 1.route › routing: nothing says which expert"), "{route:?}");
    assert_eq!(
        in_stages(r#"[[{"block": "route", "rotuing": "dense", "blocks": ["linear"]}]]"#)[0],
        "stages › 1 › 1.route › rotuing: unknown field (did you mean `routing`?)"
    );
}

#[test]
fn absurd_sizes_are_refused() {
    let nested = format!("[[{}{}]]", r#"{"block":"residual","blocks":["#.repeat(20), "]}".repeat(20));
    assert_eq!(in_stages(&nested), ["stages: blocks lie 20 deep in each other (keep to 16)"]);
    let wide = format!("[[{}]]", vec![r#""linear""#; 600].join(","));
    assert_eq!(in_stages(&wide), ["stages: 600 blocks (keep to 512)"]);
    let long = format!("[{}]", vec![r#"["linear"]"#; 65].join(","));
    assert_eq!(in_stages(&long), ["stages: 65 stages (keep to 64)"]);
    let batch = faults(r#"{"version": 1, "data": "mnist", "stages": [["linear"]], "batch": 1000000}"#);
    assert_eq!(batch, ["batch: 1000000 is out of range (choose 1 to 16384)"]);
}

#[test]
fn lanes_are_read_and_written() {
    let text = r#"{"version": 1, "data": "digits", "stages": [["linear"]], "seeds": 3, "lanes": [
        {"rule": {"id": "backprop"}, "set": {"1/1.linear/bias": false}},
        {"name": "slow", "optimizer": {"id": "sgd", "momentum": 0.5}, "rate": 0.01}]}"#;
    let spec = read(text).unwrap();
    assert_eq!((spec.lanes.len(), spec.seeds), (2, 3));
    assert_eq!(spec.lanes[0].set, Settings::from([("1/1.linear/bias".to_owned(), Setting::Bool(false))]));
    assert_eq!(read(&write(&spec)), Ok(spec.clone()));
    assert_eq!(decode(&encode(&spec)), Ok(spec));
}

#[test]
fn faults_of_lanes_have_their_place() {
    let of = |lanes: &str| faults(&format!(r#"{{"version":1,"data":"digits","stages":[["linear"]],"lanes":{lanes}}}"#));
    assert_eq!(of("3"), [r#"lanes: a number is no list of lanes (write [{"rule": "…"}, …])"#]);
    assert_eq!(of(r#"[{}, {"rulle": "backprop"}]"#), ["lanes › 2 › rulle: unknown field (did you mean `rule`?)"]);
    assert_eq!(of(r#"[{"rule": "backprp"}]"#), ["lanes › 1 › rule: `backprp` is unknown (did you mean `backprop`?)"]);
    assert_eq!(of(r#"[{"rate": -1}]"#), ["lanes › 1 › rate: -1 is out of range (choose 0 to 1000)"]);
    assert_eq!(
        of(r#"[{"set": {"2/1.linear/units": 3}}]"#),
        ["lanes › 1 › set › 2/1.linear/units: there is no stage `2` (choose 1 to 1)"]
    );
    assert_eq!(of(r#"[{"set": {"1/1.linear/unitz": 3}}]"#).len(), 1);
    assert_eq!(of(&format!("[{}]", vec!["{}"; 33].join(","))), ["lanes: 33 lanes (keep to 32)"]);
    assert_eq!(of(r#"[{"name": ""}]"#).len(), 1);
}

#[test]
fn no_knob_has_a_name_that_means_something_else() {
    let taken = ["id", "block", "routing", "blocks"];
    let all = BLOCK_ENTRIES.iter().map(|e| e.knobs()).chain(ROUTING_ENTRIES.iter().map(|e| e.knobs()));
    let all = all.chain(RULE_ENTRIES.iter().map(|e| e.knobs())).chain(DATASET_ENTRIES.iter().map(|e| e.knobs()));
    let all = all.chain(OPTIMIZER_ENTRIES.iter().map(|e| e.knobs())).chain(SCHEDULE_ENTRIES.iter().map(|e| e.knobs()));
    assert!(all.flatten().all(|k| !taken.contains(&k.id)));
}

fn legal(knob: &Knob) -> BoxedStrategy<Setting> {
    match knob.kind {
        KnobKind::Float { min, max, .. } => (min..=max).prop_map(Setting::Float).boxed(),
        KnobKind::Int { min, max, .. } => (min..=max).prop_map(Setting::Int).boxed(),
        KnobKind::Bool { .. } => any::<bool>().prop_map(Setting::Bool).boxed(),
        KnobKind::Text { letters, most, .. } => {
            let letters: Vec<char> = letters.chars().collect();
            proptest::collection::vec(proptest::sample::select(letters), 1..=most)
                .prop_map(|text| Setting::Choice(text.into_iter().collect()))
                .boxed()
        }
        KnobKind::Choice { options, .. } => {
            proptest::sample::select(options).prop_map(|o| Setting::Choice(o.to_owned())).boxed()
        }
    }
}

/// An entry of the registry with some of its knobs set to legal values.
fn chosen<T: Entry + ?Sized>(registry: &'static [&'static T]) -> BoxedStrategy<Choice> {
    let entries: Vec<(&str, &[Knob])> = registry.iter().map(|e| (e.meta().id, e.knobs())).collect();
    let one = |(id, knobs): (&'static str, &'static [Knob])| {
        let given: Vec<_> = knobs.iter().map(|k| option::of(legal(k))).collect();
        given.prop_map(move |values| {
            let set = knobs.iter().zip(values).filter_map(|(k, v)| Some((k.id.to_owned(), v?)));
            Choice { id: id.to_owned(), settings: set.collect() }
        })
    };
    proptest::sample::select(entries).prop_flat_map(one).boxed()
}

/// Gives a block what it must hold, from what there is.
fn furnish(block: Choice, routing: Choice, inner: Vec<BlockSpec>) -> BlockSpec {
    match find(BLOCK_ENTRIES, &block.id, "").unwrap().holds() {
        Holds::Nothing => BlockSpec { block, routing: None, blocks: Vec::new() },
        Holds::Blocks => BlockSpec { block, routing: None, blocks: inner },
        Holds::Experts => BlockSpec { block, routing: Some(routing), blocks: inner },
    }
}

fn block() -> impl Strategy<Value = BlockSpec> {
    let leaf = (chosen(BLOCK_ENTRIES), chosen(ROUTING_ENTRIES))
        .prop_map(|(b, r)| furnish(b, r, vec![BlockSpec::new("linear")]));
    leaf.prop_recursive(4, 16, 3, |inner| {
        (chosen(BLOCK_ENTRIES), chosen(ROUTING_ENTRIES), vec(inner, 1..4))
            .prop_map(|(b, r, inner)| furnish(b, r, inner))
    })
}

/// A value of a sweep, as a text has it.
fn value() -> impl Strategy<Value = Setting> {
    prop_oneof![
        any::<bool>().prop_map(Setting::Bool),
        (-1000_i64..1000).prop_map(Setting::Int),
        (1_u32..1000).prop_map(|v| Setting::Float(f64::from(v) + 0.5)),
        "[a-z-]{1,9}".prop_map(Setting::Choice),
    ]
}

fn spec() -> impl Strategy<Value = Spec> {
    let parts = (
        chosen(DATASET_ENTRIES),
        vec(vec(block(), 1..4), 1..5),
        chosen(RULE_ENTRIES),
        chosen(OPTIMIZER_ENTRIES),
        chosen(SCHEDULE_ENTRIES),
    );
    let loss = prop_oneof![Just(Loss::CrossEntropy), Just(Loss::MeanSquared)];
    let figures = (loss, 0.0..=limits::RATE, 1..=limits::BATCH, 0.0..=limits::CLIP, any::<u32>());
    let race = (vec(lane(), 0..3), vec(value(), 0..9), 1..=limits::SEEDS, 1..=limits::STEPS);
    (parts, figures, race).prop_map(|(parts, (loss, rate, batch, clip, seed), (lanes, values, seeds, steps))| {
        let (data, stages, rule, optimizer, schedule) = parts;
        let axis = Axis { place: "1/1.linear/units".to_owned(), values };
        let sweep = if lanes.is_empty() && !axis.values.is_empty() { vec![axis] } else { Vec::new() };
        Spec { data, stages, rule, optimizer, schedule, loss, rate, batch, clip, seed, lanes, sweep, seeds, steps }
    })
}

fn lane() -> impl Strategy<Value = Lane> {
    let name = option::of("[a-z \"é]{1,20}");
    let entries =
        (option::of(chosen(RULE_ENTRIES)), option::of(chosen(OPTIMIZER_ENTRIES)), option::of(0.0..=limits::RATE));
    (name, entries).prop_map(|(name, (rule, optimizer, rate))| Lane {
        name,
        rule,
        optimizer,
        rate,
        set: Settings::new(),
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(spec in spec()) {
        let spec = canonical(&spec);
        prop_assert_eq!(read(&write(&spec)), Ok(spec.clone()));
        prop_assert_eq!(read(&compact(&spec)), Ok(spec.clone()));
        prop_assert_eq!(decode(&encode(&spec)), Ok(spec));
    }

    /// Any JSON at all in the place of any field.
    #[test]
    fn nonsense_gives_faults_not_panics(
        fields in btree_map(proptest::sample::select(FIELDS), nonsense(), 0..8), version in option::of(Just(1)),
    ) {
        let mut text: Map<String, Value> = fields.into_iter().map(|(k, v)| (k.to_owned(), v)).collect();
        if let Some(v) = version {
            text.insert("version".to_owned(), v.into());
        }
        let _ = read(&Value::Object(text).to_string());
    }

    #[test]
    fn a_changed_byte_gives_faults_not_panics(at in 0..HAND.len(), byte in 0..128u8) {
        let mut text = HAND.as_bytes().to_vec();
        text[at] = byte;
        let _ = read(&String::from_utf8(text).unwrap());
    }
}

fn nonsense() -> impl Strategy<Value = Value> {
    let words = proptest::sample::select(vec!["linear", "id", "block", "blocks", "routing", "route", "units", "", "ß"]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        words.clone().prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 5, move |inner| {
        let object = btree_map(words.clone().prop_map(str::to_owned), inner.clone(), 0..5);
        prop_oneof![
            vec(inner, 0..5).prop_map(Value::from),
            object.prop_map(|o| Value::Object(o.into_iter().collect())),
        ]
    })
}
