#![allow(clippy::unwrap_used)]

use super::*;
use crate::catalogue::catalogue;

fn start() -> Spec {
    engine::presets::default().spec
}

/// The experiment after the deeds of an address.
fn after(address: &str) -> Result<Spec, Vec<Diagnostic>> {
    let mut spec = start();
    for deed in read(address)? {
        spec = deed.fit(&spec, &catalogue())?.unwrap_or(spec);
    }
    Ok(spec)
}

#[test]
fn what_is_written_is_read_again() {
    let open = format!("lab:open?spec={}", link::encode(&start()));
    let texts = [
        "lab:set?rule=direct-feedback-alignment&rate=0.01&1/1.linear/units=32",
        "lab:set?routing=hash",
        "lab:set?1/2.activation/function=tanh;run?steps=300",
        "lab:run",
        "lab:pause",
        "lab:step?n=5",
        "lab:reset",
        "lab:undo",
        "lab:pace?to=10;pace?to=free",
        "lab:preset?name=digits-backprop",
        "lab:card?id=top-k-experts",
        "lab:card?id=top-k-experts&run=a%20%26%20b",
        "lab:watch?view=curves",
        "lab:race?rule=backprop,feedback-alignment&seeds=3&steps=500",
        "lab:room?to=papers/top-k-experts",
        &open,
    ];
    for text in texts {
        let deeds = read(text).unwrap_or_else(|faults| panic!("{text}: {faults:?}"));
        assert_eq!(write(&deeds), text);
        assert_eq!(read(&write(&deeds)).unwrap(), deeds);
    }
    let Deed::Card { run: Some(run), .. } = &read("lab:card?id=x&run=a%20%26%20b%3B%2C").unwrap()[0] else { panic!() };
    assert_eq!(run, "a & b;,");
}

#[test]
fn bad_input_is_refused_by_its_name() {
    let said = |text: &str| {
        let faults = after(text).expect_err(text);
        faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
    };
    for (text, about) in [
        ("https://example.org", "does not begin with `lab:`"),
        ("lab:rum", "did you mean `run`?"),
        ("lab:run?stops=3", "lab:run › stops: unknown field (did you mean `steps`?)"),
        ("lab:run?steps=0", "no whole number from 1 on"),
        ("lab:run?steps=1&steps=2", "is given twice"),
        ("lab:step?n=-1", "lab:step › n"),
        ("lab:pause?now", "lab:pause › now: has no value"),
        ("lab:preset?name=spirals", "did you mean `spiral`?"),
        ("lab:preset", "lab:preset › name: is missing"),
        ("lab:watch?view=curve", "did you mean `curves`?"),
        ("lab:room?to=cellar", "there is no room `cellar`"),
        ("lab:card?id=top-q-experts", "did you mean `top-k-experts`?"),
        ("lab:open?spec=abc", "damaged or incomplete"),
        ("lab:set", "sets nothing"),
        ("lab:set?rule=back-prop", "did you mean `backprop`?"),
        ("lab:set?rule/threshold=2", "lab:set › rule › threshold: unknown field"),
        ("lab:set?rate=fast", "`fast` is no number"),
        ("lab:set?seed=x", "`x` is no whole number"),
        ("lab:set?routing/k=2", "nothing here has a routing"),
        ("lab:set?routing=hush", "did you mean `hash`?"),
        ("lab:set?9/1.linear/units=3", "there is no stage `9`"),
        ("lab:set?1/1.linear/unist=3", "did you mean `units`?"),
        ("lab:race?rule=backprop&rate=1", "a race changes one thing only"),
        ("lab:race?seeds=2", "changes nothing"),
        ("lab:race?rule=backprop,backpop", "did you mean `backprop`?"),
        ("lab:race?rule=backprop&seeds=9999", "seeds"),
    ] {
        let said = said(text);
        assert!(said.contains(about), "{text}: {said}");
    }
}

#[test]
fn an_experiment_is_set_as_its_controls_would_set_it() {
    let spec = after("lab:set?rule=feedback-alignment&optimizer=sgd&1/1.linear/units=16&data=moons&seed=7").unwrap();
    assert_eq!((spec.rule.id.as_str(), spec.data.id.as_str(), spec.seed), ("feedback-alignment", "moons", 7));
    assert_eq!(spec.stages[0][0].block.settings.get("units"), Some(&Setting::Int(16)));
    let suggested = catalogue().optimizers.iter().find(|o| o.id == "sgd").and_then(|o| o.rate).unwrap();
    assert_eq!(spec.rate, suggested);
    assert_eq!(after("lab:set?optimizer=sgd&rate=0.5").unwrap().rate, 0.5);

    let routed = after("lab:set?routing=top-k&routing/k=1").unwrap();
    let place = crate::tree::first_route(&routed).unwrap();
    let routing = crate::tree::block(&routed, &place).unwrap().routing.clone().unwrap();
    assert_eq!((routing.id.as_str(), routing.settings.get("k")), ("top-k", Some(&Setting::Int(1))));
    assert_eq!(after("lab:set?routing=top-k;set?routing=none").unwrap(), start());
    assert_eq!(after("lab:run;pause;undo;watch?view=cost").unwrap(), start());
}

#[test]
fn a_race_has_a_lane_for_each_value() {
    let spec = after("lab:race?rule=backprop,feedback-alignment&seeds=2&steps=100").unwrap();
    let names: Vec<_> = engine::race::lanes(&spec).unwrap().into_iter().map(|l| l.0).collect();
    assert_eq!(names, ["Backpropagation", "Feedback alignment"]);
    assert_eq!((spec.seeds, spec.steps), (2, 100));
    let rates = after("lab:race?rate=1,0.1").unwrap();
    assert_eq!(rates.lanes.iter().map(|l| l.rate).collect::<Vec<_>>(), [Some(1.0), Some(0.1)]);
    let routed = after("lab:set?routing=top-k;race?routing=top-k,hash,dense").unwrap();
    assert_eq!(engine::race::lanes(&routed).unwrap().len(), 3);
    let same = after("lab:race?rule=backprop;set?batch=16").unwrap();
    assert_eq!((same.lanes.len(), same.batch), (1, 16), "lanes stay when the experiment is changed");
}
