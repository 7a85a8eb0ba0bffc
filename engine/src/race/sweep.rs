//! A sweep: one knob, or two, each at several values; a run for every cell of the table that they span.

use super::changed;
use crate::diagnostic::Diagnostic;
use crate::registry::Setting;
use crate::sorting::collected;
use crate::spec::judge::judge;
use crate::spec::{Lane, Spec};

/// One cell of the table.
#[derive(Debug, Clone, PartialEq)]
pub struct Cell {
    /// The value of each axis, in their order.
    pub values: Vec<Setting>,
    /// Its values with the names of their knobs: `rate 0.01, units 32`.
    pub name: String,
    /// The experiment, without lanes or sweep; or why there is none.
    pub spec: Result<Spec, Vec<Diagnostic>>,
}

/// The cells of a spec's sweep, row by row: the values of the first axis are the rows, those of the second the columns.
/// Empty where nothing is swept.
pub fn cells(spec: &Spec) -> Vec<Cell> {
    let [rows, columns @ ..] = spec.sweep.as_slice() else { return Vec::new() };
    let mut all: Vec<Vec<Setting>> = rows.values.iter().map(|v| vec![v.clone()]).collect();
    for axis in columns {
        let more = |row: &Vec<Setting>| {
            let row = row.clone();
            axis.values.iter().map(move |v| [row.as_slice(), std::slice::from_ref(v)].concat()).collect::<Vec<_>>()
        };
        all = all.iter().flat_map(more).collect();
    }
    all.into_iter().map(|values| cell(spec, values)).collect()
}

fn cell(spec: &Spec, values: Vec<Setting>) -> Cell {
    let set = spec.sweep.iter().map(|a| a.place.clone()).zip(values.iter().cloned());
    let lane = Lane { set: collected(set), ..Lane::default() };
    let names: Vec<String> =
        spec.sweep.iter().zip(&values).map(|(axis, value)| format!("{} {value}", short(spec, &axis.place))).collect();
    let mut faults = Vec::new();
    let plain = changed(spec, &lane, "sweep", &mut faults);
    if faults.is_empty() {
        faults = judge(&plain);
    }
    Cell { values, name: names.join(", "), spec: if faults.is_empty() { Ok(plain) } else { Err(faults) } }
}

/// The last part of a place, where that tells the axes apart.
fn short<'a>(spec: &Spec, place: &'a str) -> &'a str {
    let last = |place: &'a str| place.rsplit('/').next().unwrap_or(place);
    let alike = spec.sweep.iter().filter(|a| a.place.rsplit('/').next() == Some(last(place))).count();
    if alike > 1 { place } else { last(place) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::race::{entrants, lanes};
    use crate::spec::text::{compact, read};

    fn swept(sweep: &str) -> Spec {
        read(&format!(r#"{{"version":1,"data":"xor","stages":[[{{"block":"linear","units":8}}],["linear"]],"seed":3,"seeds":2,"sweep":{sweep}}}"#))
            .unwrap()
    }

    #[test]
    fn two_axes_span_a_table() {
        let spec = swept(r#"[{"set":"rate","values":[0.001,0.01,0.1]},{"set":"1/1.linear/units","values":[4,16]}]"#);
        let cells = cells(&spec);
        let names: Vec<_> = cells.iter().map(|c| c.name.as_str()).collect();
        assert_eq!(names[..3], ["rate 0.001, units 4", "rate 0.001, units 16", "rate 0.01, units 4"]);
        assert_eq!(cells.len(), 6);
        let last = cells[5].spec.clone().unwrap();
        assert_eq!((last.rate, last.sweep.len(), last.seed, last.seeds), (0.1, 0, 3, 1));
        assert_eq!(last.stages[0][0].block.settings.get("units"), Some(&Setting::Int(16)));
        assert_eq!(lanes(&spec).unwrap().len(), 6, "a sweep is a race of its cells");
        let seeds: Vec<_> = entrants(&spec).unwrap().iter().map(|e| (e.lane, e.seed)).collect();
        assert_eq!((seeds[5], seeds[6]), ((5, 3), (0, 4)));
        assert_eq!(read(&compact(&spec)).unwrap(), spec, "and goes with the link");
    }

    #[test]
    fn a_rule_and_its_knob_may_both_be_swept() {
        let spec = swept(
            r#"[{"set":"rule","values":["backprop","forward-forward"]},{"set":"rule/threshold","values":[1,2.5]}]"#,
        );
        let cells = cells(&spec);
        let why = cells[0].spec.clone().unwrap_err();
        assert!(why[0].to_string().contains("threshold"), "{why:?}");
        assert_eq!(cells[3].spec.clone().unwrap().rule.settings.get("threshold"), Some(&Setting::Float(2.5)));
        assert_eq!(cells[3].name, "rule forward-forward, threshold 2.5");
        assert!(lanes(&spec).is_err(), "where all must run, one that cannot is told");
    }

    #[test]
    fn a_place_that_is_gone_is_told_in_every_cell() {
        let mut spec = swept(r#"[{"set":"2/1.linear/units","values":[4,16]}]"#);
        spec.stages.remove(0);
        assert!(cells(&spec).iter().all(|c| c.spec.is_err()));
        assert_eq!(read(&compact(&spec)).unwrap(), spec, "the link can be read all the same");
    }

    #[test]
    fn what_spans_no_table_is_refused() {
        let faults = |sweep: &str| {
            let text = format!(r#"{{"version":1,"data":"xor","stages":[["linear"]],{sweep}}}"#);
            read(&text).unwrap_err().iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(
            faults(r#""sweep":3"#),
            [r#"sweep: a number is no sweep (write [{"set": "rate", "values": [0.001, 0.01]}])"#]
        );
        assert_eq!(faults(r#""sweep":[{"values":[1]}]"#), [r#"sweep › 1: `set` is missing (add "set": "…")"#]);
        assert_eq!(
            faults(r#""sweep":[{"set":"rate","values":[]}]"#),
            ["sweep › 1 › values: there is no value (give one or more)"]
        );
        assert_eq!(
            faults(r#""sweep":[{"set":"rate","values":[[]]}]"#),
            ["sweep › 1 › values › 1: a list is no setting (give a number, a name, true or false)"]
        );
        let axis = r#"{"set":"rate","values":[1,2]}"#;
        assert_eq!(
            faults(&format!(r#""sweep":[{axis},{axis}]"#)),
            ["sweep › 2: `rate` is swept already (choose another knob)"]
        );
        let other = |knob: &str| format!(r#"{{"set":"{knob}","values":[1,2,3,4,5,6]}}"#);
        assert_eq!(
            faults(&format!(r#""sweep":[{},{}]"#, other("rate"), other("batch"))),
            ["sweep: a table of 36 cells (keep to 32)"]
        );
        assert_eq!(
            faults(&format!(r#""sweep":[{axis},{},{}]"#, other("batch"), other("clip"))),
            ["sweep: 3 knobs (keep to 2)"]
        );
        assert_eq!(
            faults(&format!(r#""lanes":[{{}}],"sweep":[{axis}]"#)),
            ["sweep: there are lanes as well (keep one of them)"]
        );
    }
}
