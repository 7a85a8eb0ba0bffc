//! The track by keyboard.

use engine::spec::Spec;
use leptos::prelude::*;
use web_sys::KeyboardEvent;

use super::kinds::Kinds;
use super::{Chosen, focus_on};
use crate::panels::palette::Adding;
use crate::state::Lab;
use crate::tree::{self, Place};

/// What the keys do, for people.
pub const KEYS: [(&str, &str); 9] = [
    ("← →", key!("the block before, the block after")),
    ("↑ ↓", key!("into what a block holds, out to what holds it, and to its stage")),
    ("Home End", key!("the first block, the last block")),
    ("Enter", key!("its settings")),
    ("A", key!("add a block after it; on what holds others, within it")),
    ("Alt + ← →", key!("move it along the line, over the edge of its stage too")),
    ("Alt + ↑ ↓", key!("move it into the block beside it that holds others, out of what holds it")),
    ("Ctrl + D", key!("duplicate")),
    ("Delete", key!("remove")),
];

/// All places, in reading order: each stage, then what it holds.
fn places(spec: &Spec) -> Vec<Place> {
    fn walk(list: &[engine::spec::BlockSpec], at: &Place, out: &mut Vec<Place>) {
        for (i, block) in list.iter().enumerate() {
            let here = [&at[..], &[i]].concat();
            out.push(here.clone());
            walk(&block.blocks, &here, out);
        }
    }
    let mut out = Vec::new();
    for (i, stage) in spec.stages.iter().enumerate() {
        out.push(vec![i]);
        walk(stage, &vec![i], &mut out);
    }
    out
}

/// Where an arrow leads.
fn neighbour(spec: &Spec, place: &[usize], key: &str) -> Option<Place> {
    let (i, outer) = place.split_last()?;
    let beside = |step: isize| i.checked_add_signed(step).map(|to| [outer, &[to]].concat());
    let stands = |p: &Place| if p.len() == 1 { p[0] < spec.stages.len() } else { tree::block(spec, p).is_some() };
    match key {
        "ArrowUp" => Some([place, &[0]].concat()).filter(stands),
        "ArrowDown" => (place.len() > 1).then(|| outer.to_vec()),
        "ArrowRight" => beside(1).filter(stands).or_else(|| {
            let [stage] = outer else { return None };
            (stage + 1..spec.stages.len()).map(|s| vec![s, 0]).find(stands)
        }),
        "ArrowLeft" => beside(-1).filter(stands).or_else(|| {
            let [stage] = outer else { return None };
            let last = |s: usize| spec.stages[s].len().checked_sub(1).map(|at| vec![s, at]);
            (0..*stage).rev().find_map(last)
        }),
        "Home" => places(spec).into_iter().find(|p| p.len() > 1),
        "End" => places(spec).into_iter().rfind(|p| p.len() > 1),
        _ => None,
    }
}

/// Where one is after what stood at `place` is gone.
fn after(spec: &Spec, place: &[usize]) -> Option<Place> {
    let (i, outer) = place.split_last()?;
    let count = if outer.is_empty() { spec.stages.len() } else { tree::list(spec, outer)?.len() };
    if i < &count {
        return Some(place.to_vec());
    }
    match count.checked_sub(1) {
        Some(last) => Some([outer, &[last]].concat()),
        None => (!outer.is_empty()).then(|| outer.to_vec()),
    }
}

/// What can be done with what stands at a place, by key or by button.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    Back,
    On,
    Into,
    Out,
    Duplicate,
    Remove,
    Residual,
    Route,
    Unwrap,
}

/// Does it. Returns where the block is then, or what stands in its place; `None` where nothing changed.
pub fn act(lab: Lab, kinds: &Kinds, place: &[usize], deed: Deed) -> Option<Place> {
    let before = lab.spec.get_untracked();
    let is_stage = place.len() == 1;
    let here = Some(place.to_vec());
    let route = lab.entries(|c| &c.routings).into_iter().next_back();
    let mut to = None;
    lab.edit(|s| {
        to = match (deed, is_stage) {
            (Deed::Back | Deed::On, true) => tree::shift_stage(s, place[0], deed == Deed::Back).map(|to| vec![to]),
            (Deed::Back | Deed::On, false) => tree::shift(s, place, deed == Deed::Back),
            (Deed::Into, false) => tree::enter(s, place, |id| kinds.course(id).holds()),
            (Deed::Out, false) => tree::leave(s, place),
            (Deed::Duplicate, true) => {
                tree::duplicate_stage(s, place[0]);
                Some(vec![place[0] + 1])
            }
            (Deed::Duplicate, false) => {
                tree::duplicate(s, place);
                place.split_last().map(|(i, outer)| [outer, &[i + 1]].concat())
            }
            (Deed::Remove, true) => {
                tree::remove_stage(s, place[0]);
                after(s, place)
            }
            (Deed::Remove, false) => {
                tree::remove(s, place);
                after(s, place)
            }
            (Deed::Residual, false) => {
                tree::wrap(s, place, engine::spec::BlockSpec::new("residual"));
                here
            }
            (Deed::Route, false) => {
                let mut holder = engine::spec::BlockSpec::new("route");
                holder.routing = route.map(|r| engine::spec::Choice::new(&r.id));
                tree::wrap(s, place, holder);
                here
            }
            (Deed::Unwrap, false) => {
                tree::unwrap(s, place);
                after(s, place)
            }
            (Deed::Into | Deed::Out | Deed::Residual | Deed::Route | Deed::Unwrap, true) => None,
        };
    });
    to.filter(|_| lab.spec.with_untracked(|s| *s != before))
}

/// A key pressed on the track.
pub fn press(lab: Lab, kinds: &Kinds, chosen: Chosen, adding: Adding, help: RwSignal<bool>, e: &KeyboardEvent) {
    let Some(place) = chosen.get_untracked() else {
        return;
    };
    let key = e.key();
    let deed = match (key.as_str(), e.alt_key(), e.ctrl_key() || e.meta_key()) {
        ("ArrowLeft", true, false) => Some(Deed::Back),
        ("ArrowRight", true, false) => Some(Deed::On),
        ("ArrowUp", true, false) => Some(Deed::Into),
        ("ArrowDown", true, false) => Some(Deed::Out),
        ("d" | "D", false, true) => Some(Deed::Duplicate),
        ("Delete" | "Backspace", false, false) => Some(Deed::Remove),
        (_, _, _) => None,
    };
    if let Some(deed) = deed {
        e.prevent_default();
        if let Some(to) = act(lab, kinds, &place, deed) {
            focus_on(&to);
            chosen.set(Some(to));
        }
        return;
    }
    if e.alt_key() || e.ctrl_key() || e.meta_key() {
        return;
    }
    match key.as_str() {
        "?" => help.update(|on| *on = !*on),
        "Enter" => crate::ui::focus("inspector-title".to_owned()),
        "a" | "A" | "Insert" => super::add_beside(lab, kinds, adding, &place),
        _ => match lab.spec.with_untracked(|s| neighbour(s, &place, &key)) {
            Some(to) => {
                focus_on(&to);
                chosen.set(Some(to));
            }
            None if key.starts_with("Arrow") => {}
            None => return,
        },
    }
    e.prevent_default();
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine::spec::BlockSpec;

    #[test]
    fn arrows_lead_along_in_and_out() {
        let block = BlockSpec::new;
        let mut spec = engine::presets::default().spec;
        spec.stages = vec![vec![block("a"), block("h").holding(vec![block("x")])], vec![], vec![block("c")]];
        let go = |from: &[usize], key: &str| neighbour(&spec, from, key);
        assert_eq!(go(&[0, 0], "ArrowRight"), Some(vec![0, 1]));
        assert_eq!(go(&[0, 1], "ArrowUp"), Some(vec![0, 1, 0]));
        assert_eq!(go(&[0, 1, 0], "ArrowRight"), None);
        assert_eq!(go(&[0, 1, 0], "ArrowDown"), Some(vec![0, 1]));
        assert_eq!(go(&[0, 1], "ArrowRight"), Some(vec![2, 0]));
        assert_eq!(go(&[2, 0], "ArrowLeft"), Some(vec![0, 1]));
        assert_eq!(go(&[2, 0], "ArrowDown"), Some(vec![2]));
        assert_eq!(go(&[2], "ArrowLeft"), Some(vec![1]));
        assert_eq!(go(&[2], "ArrowRight"), None);
        assert_eq!(go(&[0, 0], "End"), Some(vec![2, 0]));
    }

    #[test]
    fn after_a_removal_one_is_at_what_follows_or_at_what_is_left() {
        let mut spec = engine::presets::default().spec;
        spec.stages = vec![vec![BlockSpec::new("a")], vec![]];
        assert_eq!(after(&spec, &[0, 0]), Some(vec![0, 0]));
        assert_eq!(after(&spec, &[0, 1]), Some(vec![0, 0]));
        assert_eq!(after(&spec, &[1, 0]), Some(vec![1]));
        assert_eq!(after(&spec, &[2]), Some(vec![1]));
    }
}
