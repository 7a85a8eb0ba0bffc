//! Places in a network: a stage number, then the number of a block in each list of blocks on the way down.

use std::ops::Range;

use engine::protocol::{StageInfo, Summary};
use engine::spec::{BlockSpec, Choice, Spec};

/// `[stage, block, block within it, …]`, counted from 0. A stage alone is a place too: its list of blocks.
pub type Place = Vec<usize>;

/// The list of blocks at `place`: a stage's, or those that a block holds.
pub fn list<'a>(spec: &'a Spec, place: &[usize]) -> Option<&'a Vec<BlockSpec>> {
    let (stage, rest) = place.split_first()?;
    rest.iter().try_fold(spec.stages.get(*stage)?, |at, i| at.get(*i).map(|b| &b.blocks))
}

fn list_mut<'a>(spec: &'a mut Spec, place: &[usize]) -> Option<&'a mut Vec<BlockSpec>> {
    let (stage, rest) = place.split_first()?;
    rest.iter().try_fold(spec.stages.get_mut(*stage)?, |at, i| at.get_mut(*i).map(|b| &mut b.blocks))
}

pub fn block<'a>(spec: &'a Spec, place: &[usize]) -> Option<&'a BlockSpec> {
    let (last, outer) = place.split_last()?;
    list(spec, outer)?.get(*last)
}

pub fn block_mut<'a>(spec: &'a mut Spec, place: &[usize]) -> Option<&'a mut BlockSpec> {
    let (last, outer) = place.split_last()?;
    list_mut(spec, outer)?.get_mut(*last)
}

/// Puts `new` at the end of the list at `place`.
pub fn append(spec: &mut Spec, place: &[usize], new: BlockSpec) {
    if let Some(list) = list_mut(spec, place) {
        list.push(new);
    }
}

pub fn remove(spec: &mut Spec, place: &[usize]) {
    with_siblings(spec, place, |list, at| {
        list.remove(at);
    });
}

pub fn duplicate(spec: &mut Spec, place: &[usize]) {
    with_siblings(spec, place, |list, at| list.insert(at + 1, list[at].clone()));
}

/// Moves a block one place up (or down). At the edge of a stage's list it goes over to the neighbouring stage. Returns
/// where it is then, if it moved.
pub fn shift(spec: &mut Spec, place: &[usize], up: bool) -> Option<Place> {
    let (at, outer) = place.split_last()?;
    let list = list_mut(spec, outer).filter(|l| *at < l.len())?;
    if let Some(to) = if up { at.checked_sub(1) } else { (at + 1 < list.len()).then_some(at + 1) } {
        list.swap(*at, to);
        return Some([outer, &[to]].concat());
    }
    let [stage] = outer else { return None };
    let to = if up { stage.checked_sub(1) } else { Some(stage + 1) }.filter(|t| *t < spec.stages.len())?;
    let moved = spec.stages[*stage].remove(*at);
    let end = if up { spec.stages[to].len() } else { 0 };
    spec.stages[to].insert(end, moved);
    Some(vec![to, end])
}

pub fn remove_stage(spec: &mut Spec, stage: usize) {
    if stage < spec.stages.len() {
        spec.stages.remove(stage);
    }
}

pub fn duplicate_stage(spec: &mut Spec, stage: usize) {
    if let Some(copy) = spec.stages.get(stage).cloned() {
        spec.stages.insert(stage + 1, copy);
    }
}

/// Moves a stage one place up (or down). Returns where it is then, if it moved.
pub fn shift_stage(spec: &mut Spec, stage: usize, up: bool) -> Option<usize> {
    let to = if up { stage.checked_sub(1) } else { Some(stage + 1) }.filter(|t| *t < spec.stages.len())?;
    spec.stages.swap(stage, to);
    Some(to)
}

fn with_siblings(spec: &mut Spec, place: &[usize], change: impl FnOnce(&mut Vec<BlockSpec>, usize)) {
    let Some((last, outer)) = place.split_last() else {
        return;
    };
    if let Some(list) = list_mut(spec, outer).filter(|l| *last < l.len()) {
        change(list, *last);
    }
}

/// The figures of the stage or block at `place`.
pub fn figures<'a>(summary: &'a Summary, place: &[usize]) -> Option<&'a StageInfo> {
    let (stage, rest) = place.split_first()?;
    rest.iter().try_fold(summary.stages.get(*stage)?, |at, i| at.blocks.get(*i))
}

/// The place that a diagnostic's path names: `2 › 1.linear › units` is block 0 of stage 1. The rest of the path is
/// what within the block is meant.
pub fn place_of(path: &str) -> (Place, String) {
    let mut place = Place::new();
    let mut rest = Vec::new();
    for part in path.split(['›', '/']).map(str::trim) {
        let number = part.split('.').next().and_then(|n| n.parse::<usize>().ok());
        match number.and_then(|n| n.checked_sub(1)) {
            Some(n) if rest.is_empty() => place.push(n),
            Some(_) | None if place.is_empty() && matches!(part, "net" | "stages" | "stage") => {}
            Some(_) | None => rest.push(part),
        }
    }
    (place, rest.join(" › "))
}

/// Whether the route at `path`, as `2 › 1.route`, is a tree.
pub fn is_tree(spec: &Spec, path: &str) -> bool {
    // A route that is met several times has its round behind its path.
    let path = path.split(" (").next().unwrap_or(path);
    block(spec, &place_of(path).0).and_then(|b| b.routing.as_ref()).is_some_and(|r| r.id == "tree")
}

/// The place of the first block with a routing, in reading order.
pub fn first_route(spec: &Spec) -> Option<Place> {
    fn search(list: &[BlockSpec], at: &Place) -> Option<Place> {
        list.iter().enumerate().find_map(|(i, b)| {
            let mut here = at.clone();
            here.push(i);
            if b.routing.is_some() { Some(here) } else { search(&b.blocks, &here) }
        })
    }
    spec.stages.iter().enumerate().find_map(|(i, s)| search(s, &vec![i]))
}

/// The path by which lanes name the block at `place`: `2/1.route`.
pub fn path(spec: &Spec, place: &[usize]) -> Option<String> {
    let (stage, inner) = place.split_first()?;
    let mut path = (stage + 1).to_string();
    for depth in 1..=inner.len() {
        let block = block(spec, &place[..=depth])?;
        path += &format!("/{}.{}", place[depth] + 1, block.block.id);
    }
    Some(path)
}

/// The last feed-forward part inside another block: its list, and which of that list's blocks it is. It begins and ends
/// with a linear block, and nothing but activations and dropout stands between.
fn feed_forward(spec: &Spec) -> Option<(Place, Range<usize>)> {
    fn part(list: &[BlockSpec]) -> Option<Range<usize>> {
        let is = |i: usize, ids: &[&str]| ids.contains(&list[i].block.id.as_str());
        let end = (0..list.len()).rev().find(|&i| is(i, &["linear"]))?;
        let inside = (0..end).rev().take_while(|&i| is(i, &["linear", "activation", "dropout"]));
        let start = inside.filter(|&i| is(i, &["linear"])).min()?;
        Some(start..end + 1)
    }
    fn search(list: &[BlockSpec], at: &Place) -> Option<(Place, Range<usize>)> {
        list.iter().enumerate().rev().find_map(|(i, block)| {
            let here = [&at[..], &[i]].concat();
            search(&block.blocks, &here).or_else(|| part(&block.blocks).map(|range| (here, range)))
        })
    }
    spec.stages.iter().enumerate().rev().find_map(|(i, stage)| search(stage, &vec![i]))
}

/// Makes the last feed-forward part that stands inside another block the expert of a `route` with `routing`. Without one
/// it is the last hidden stage: the stage before the read-out, else the read-out itself.
pub fn wrap_in_route(spec: &mut Spec, route: &str, routing: Choice) {
    if let Some((place, range)) = feed_forward(spec)
        && let Some(list) = list_mut(spec, &place)
    {
        let at = range.start;
        let blocks = list.drain(range).collect();
        list.insert(at, BlockSpec { block: Choice::new(route), routing: Some(routing), blocks });
        return;
    }
    let Some(stage) = spec.stages.len().checked_sub(2).or(spec.stages.len().checked_sub(1)) else {
        return;
    };
    let blocks = std::mem::take(&mut spec.stages[stage]);
    spec.stages[stage] = vec![BlockSpec { block: Choice::new(route), routing: Some(routing), blocks }];
}

/// Puts what a route holds in the route's own place.
pub fn unwrap_route(spec: &mut Spec, place: &[usize]) {
    with_siblings(spec, place, |list, at| {
        let route = list.remove(at);
        list.splice(at..at, route.blocks);
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec() -> Spec {
        let block = BlockSpec::new;
        let mut spec = engine::presets::default().spec;
        spec.stages = vec![vec![block("a"), block("b")], vec![block("c")]];
        spec
    }

    fn ids(spec: &Spec) -> Vec<Vec<&str>> {
        spec.stages.iter().map(|s| s.iter().map(|b| b.block.id.as_str()).collect()).collect()
    }

    #[test]
    fn a_block_moves_within_its_stage_and_over_its_edge() {
        let mut spec = spec();
        assert_eq!(shift(&mut spec, &[0, 0], false), Some(vec![0, 1]));
        assert_eq!(ids(&spec), [vec!["b", "a"], vec!["c"]]);
        assert_eq!(shift(&mut spec, &[0, 1], false), Some(vec![1, 0]));
        assert_eq!(ids(&spec), [vec!["b"], vec!["a", "c"]]);
        assert_eq!(shift(&mut spec, &[0, 0], true), None);
        assert_eq!(ids(&spec), [vec!["b"], vec!["a", "c"]]);
        assert_eq!(shift(&mut spec, &[1, 0], true), Some(vec![0, 1]));
        assert_eq!(ids(&spec), [vec!["b", "a"], vec!["c"]]);
    }

    #[test]
    fn a_stage_moves_within_the_network() {
        let mut spec = spec();
        assert_eq!(shift_stage(&mut spec, 0, true), None);
        assert_eq!(shift_stage(&mut spec, 0, false), Some(1));
        assert_eq!(ids(&spec), [vec!["c"], vec!["a", "b"]]);
        assert_eq!(shift_stage(&mut spec, 1, false), None);
    }

    #[test]
    fn a_route_around_a_stage_can_be_taken_away_again() {
        let mut spec = spec();
        let before = spec.clone();
        wrap_in_route(&mut spec, "route", Choice::new("top-k"));
        assert_eq!(first_route(&spec), Some(vec![0, 0]));
        unwrap_route(&mut spec, &[0, 0]);
        assert_eq!(spec, before);
    }

    #[test]
    fn a_feed_forward_part_becomes_an_expert() {
        let block = BlockSpec::new;
        let forward = || vec![block("norm"), block("linear"), block("activation"), block("linear")];
        let mut spec = spec();
        let layer = || vec![block("residual").holding(vec![block("attention")]), block("residual").holding(forward())];
        spec.stages = vec![layer(), layer(), vec![block("linear")]];
        let before = spec.clone();
        wrap_in_route(&mut spec, "route", Choice::new("top-k"));
        assert_eq!(first_route(&spec), Some(vec![1, 1, 1]));
        assert_eq!(block_mut(&mut spec, &[1, 1, 1]).map(|b| b.blocks.len()), Some(3));
        unwrap_route(&mut spec, &[1, 1, 1]);
        assert_eq!(spec, before);
    }

    #[test]
    fn a_diagnostic_names_its_block() {
        assert_eq!(place_of("2 › 1.linear › units"), (vec![1, 0], "units".into()));
        assert_eq!(place_of("3"), (vec![2], String::new()));
        assert_eq!(place_of("rule › threshold"), (vec![], "rule › threshold".into()));
    }
}
