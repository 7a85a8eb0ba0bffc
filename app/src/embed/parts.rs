//! What a link can lock, hide or show, by name: the closed list. A name in two parts is a control inside a panel, and is
//! locked and hidden with it.

use engine::diagnostic::{Diagnostic, instead};

/// Something on the page that has a name in links.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    pub id: &'static str,
    /// As people call it.
    pub name: &'static str,
    pub kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Something to operate; it can be locked and hidden.
    Control,
    /// A panel to operate: it can also be among the views of an embedded lab.
    Panel,
    /// A picture: there is nothing to lock.
    Picture,
}

use Kind::{Control, Panel, Picture};

/// Every part, in the order of the page.
pub const PARTS: [Part; 54] = [
    part("rooms", key!("Ways to the other rooms"), Control),
    part("tools", key!("Undo, link, files"), Control),
    part("presets", key!("Experiments to begin with"), Panel),
    part("run", key!("The bar of the run"), Control),
    part("run.play", key!("Play and pause"), Control),
    part("run.step", key!("Step"), Control),
    part("run.reset", key!("Reset"), Control),
    part("run.seed", key!("New seed"), Control),
    part("run.race", key!("Race"), Control),
    part("run.speed", key!("Speed"), Control),
    part("experiment", key!("Experiment"), Panel),
    part("data", key!("Dataset"), Control),
    part("rule", key!("Learning rule"), Control),
    part("routing", key!("Routing"), Control),
    part("optimizer", key!("Optimizer"), Control),
    part("rate", key!("Learning rate"), Control),
    part("schedule", key!("Schedule"), Control),
    part("batch", key!("Batch size"), Control),
    part("seed", key!("Seed"), Control),
    part("clip", key!("Clip gradient"), Control),
    part("loss", key!("Loss"), Control),
    part("device", key!("Device"), Control),
    part("network", key!("Network"), Panel),
    part("race", key!("Race"), Panel),
    part("microscope", key!("Microscope"), Panel),
    part("meters", key!("Figures"), Picture),
    part("curves", key!("Curves"), Picture),
    part("decision-surface", key!("Decision surface"), Picture),
    part("what-the-units-see", key!("What the units see"), Picture),
    part("regions", key!("Regions"), Picture),
    part("path", key!("The path of one sample"), Picture),
    part("active-units", key!("Active units"), Picture),
    part("written-text", key!("Written text"), Picture),
    part("sequences", key!("Sequences"), Picture),
    part("fit", key!("Fit"), Picture),
    part("forecasts", key!("Forecasts"), Picture),
    part("experts", key!("Experts"), Picture),
    part("less-of-it", key!("Less of it"), Picture),
    part("who-gets-what", key!("Who gets what"), Picture),
    part("draw", key!("Draw"), Panel),
    part("samples", key!("Samples"), Picture),
    part("first-weights", key!("First weights"), Picture),
    part("attention", key!("Attention"), Picture),
    part("confusion", key!("Confusion"), Picture),
    part("the-rules-signals", key!("The rule's signals"), Picture),
    part("alignment-with-backprop", key!("Alignment with backprop"), Picture),
    part("signal-to-noise", key!("Signal to noise"), Picture),
    part("update-size", key!("Update size"), Picture),
    part("stage-by-stage", key!("Stage by stage"), Picture),
    part("transform", key!("Transform what is trained"), Panel),
    part("export", key!("Take away"), Panel),
    part("stop", key!("Stop by itself"), Control),
    part("checkpoints", key!("Go back to"), Control),
    part("cost", key!("Cost"), Picture),
];

const fn part(id: &'static str, name: &'static str, kind: Kind) -> Part {
    Part { id, name, kind }
}

impl Part {
    pub fn find(id: &str) -> Option<&'static Self> {
        PARTS.iter().find(|p| p.id == id)
    }

    pub fn lockable(&self) -> bool {
        matches!(self.kind, Control | Panel)
    }

    /// Whether it can be among the views of an embedded lab.
    pub fn viewable(&self) -> bool {
        matches!(self.kind, Panel | Picture)
    }
}

/// Reads a list of parts: `rule,routing,run.speed`. What is no part, or none that `fits`, is told.
pub fn read(text: &str, key: &str, fits: fn(&Part) -> bool) -> (Vec<&'static str>, Vec<Diagnostic>) {
    let mut out = Vec::new();
    let mut faults = Vec::new();
    for id in text.split(',').map(str::trim).filter(|id| !id.is_empty()) {
        match Part::find(id).filter(|p| fits(p)) {
            Some(part) if !out.contains(&part.id) => out.push(part.id),
            Some(_) => {}
            None => {
                let known: Vec<_> = PARTS.iter().filter(|p| fits(p)).map(|p| p.id).collect();
                let id: String = id.chars().take(40).collect();
                faults.push(Diagnostic::new(key, format!("`{id}` is unknown"), instead(&id, &known)));
            }
        }
    }
    (out, faults)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_has_a_name_of_its_own() {
        let mut ids: Vec<_> = PARTS.iter().map(|p| p.id).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), PARTS.len());
        let kebab = |id: &str| id.chars().all(|c| c.is_ascii_lowercase() || c == '-' || c == '.');
        assert!(ids.iter().all(|id| kebab(id)));
    }

    #[test]
    fn what_is_no_part_is_told() {
        let (known, faults) = read("rule, run.speeed,rule,,curves", "lock", Part::lockable);
        assert_eq!(known, ["rule"]);
        let said: Vec<_> = faults.iter().map(ToString::to_string).collect();
        assert_eq!(said[0], "lock: `run.speeed` is unknown (did you mean `run.speed`?)");
        assert!(said[1].starts_with("lock: `curves` is unknown"));
        assert_eq!(read(&"x".repeat(10_000), "hide", |_| true).1[0].message.len(), "`` is unknown".len() + 40);
    }
}
