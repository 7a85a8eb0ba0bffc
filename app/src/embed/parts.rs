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
pub const PARTS: [Part; 53] = [
    part("rooms", "Ways to the other rooms", Control),
    part("tools", "Undo, link, files", Control),
    part("presets", "Experiments to begin with", Panel),
    part("run", "The bar of the run", Control),
    part("run.play", "Play and pause", Control),
    part("run.step", "Step", Control),
    part("run.reset", "Reset", Control),
    part("run.seed", "New seed", Control),
    part("run.race", "Race", Control),
    part("run.speed", "Speed", Control),
    part("experiment", "Experiment", Panel),
    part("data", "Dataset", Control),
    part("rule", "Learning rule", Control),
    part("routing", "Routing", Control),
    part("optimizer", "Optimizer", Control),
    part("rate", "Learning rate", Control),
    part("schedule", "Schedule", Control),
    part("batch", "Batch size", Control),
    part("seed", "Seed", Control),
    part("clip", "Clip gradient", Control),
    part("loss", "Loss", Control),
    part("device", "Device", Control),
    part("network", "Network", Panel),
    part("race", "Race", Panel),
    part("microscope", "Microscope", Panel),
    part("meters", "Figures", Picture),
    part("curves", "Curves", Picture),
    part("decision-surface", "Decision surface", Picture),
    part("what-the-units-see", "What the units see", Picture),
    part("regions", "Regions", Picture),
    part("path", "The path of one sample", Picture),
    part("active-units", "Active units", Picture),
    part("written-text", "Written text", Picture),
    part("sequences", "Sequences", Picture),
    part("fit", "Fit", Picture),
    part("forecasts", "Forecasts", Picture),
    part("experts", "Experts", Picture),
    part("less-of-it", "Less of it", Picture),
    part("who-gets-what", "Who gets what", Picture),
    part("samples", "Samples", Picture),
    part("first-weights", "First weights", Picture),
    part("attention", "Attention", Picture),
    part("confusion", "Confusion", Picture),
    part("the-rules-signals", "The rule's signals", Picture),
    part("alignment-with-backprop", "Alignment with backprop", Picture),
    part("signal-to-noise", "Signal to noise", Picture),
    part("update-size", "Update size", Picture),
    part("stage-by-stage", "Stage by stage", Picture),
    part("transform", "Transform what is trained", Panel),
    part("export", "Take away", Panel),
    part("stop", "Stop by itself", Control),
    part("checkpoints", "Go back to", Control),
    part("cost", "Cost", Picture),
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
