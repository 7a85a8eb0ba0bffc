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

/// How many of the network's blocks are such, at any depth.
pub fn count(spec: &Spec, such: fn(&BlockSpec) -> bool) -> usize {
    fn among(blocks: &[BlockSpec], such: fn(&BlockSpec) -> bool) -> usize {
        blocks.iter().map(|b| usize::from(such(b)) + among(&b.blocks, such)).sum()
    }
    spec.stages.iter().map(|stage| among(stage, such)).sum()
}

/// Puts `new` before block number `at` of the list at `place`, or at its end. Returns where it is then, if there is such
/// a list.
pub fn insert(spec: &mut Spec, place: &[usize], at: usize, new: BlockSpec) -> Option<Place> {
    let list = list_mut(spec, place)?;
    let at = at.min(list.len());
    list.insert(at, new);
    Some([place, &[at]].concat())
}

/// Takes the block at `from` to before block number `at` of the list at `to`, both as they are before it is taken. Returns
/// where it is then; nothing happens where there is no such block or list, or where the list is the block's own.
pub fn carry(spec: &mut Spec, from: &[usize], to: &[usize], at: usize) -> Option<Place> {
    let (i, outer) = from.split_last()?;
    if to.starts_with(from) || block(spec, from).is_none() {
        return None;
    }
    let (mut to, mut at) = (to.to_vec(), at.min(list(spec, to)?.len()));
    // What comes after it moves up.
    if to == outer {
        at -= usize::from(at > *i);
    } else if to.starts_with(outer) && to[outer.len()] > *i {
        to[outer.len()] -= 1;
    }
    let moved = list_mut(spec, outer)?.remove(*i);
    insert(spec, &to, at, moved)
}

/// Takes a block into the holder beside it, the one after it first: to that one's near end. `holds` says of an id whether
/// such blocks hold others. Returns where the block is then.
pub fn enter(spec: &mut Spec, place: &[usize], holds: impl Fn(&str) -> bool) -> Option<Place> {
    let (i, outer) = place.split_last()?;
    let holder = |at: usize| list(spec, outer)?.get(at).filter(|b| holds(&b.block.id)).map(|b| (at, b.blocks.len()));
    let (to, at) = match (holder(i + 1), i.checked_sub(1).and_then(holder)) {
        (Some((to, _)), _) => (to, 0),
        (None, Some(before)) => before,
        (None, None) => return None,
    };
    carry(spec, place, &[outer, &[to]].concat(), at)
}

/// Takes a block out of what holds it, to after that. Returns where it is then.
pub fn leave(spec: &mut Spec, place: &[usize]) -> Option<Place> {
    let (_, holder) = place.split_last()?;
    let (at, outer) = holder.split_last().filter(|(_, outer)| !outer.is_empty())?;
    carry(spec, place, outer, at + 1)
}

/// Puts `holder` in the block's place, and the block at the end of what it holds.
pub fn wrap(spec: &mut Spec, place: &[usize], mut holder: BlockSpec) {
    with_siblings(spec, place, |list, at| {
        holder.blocks.push(list.remove(at));
        list.insert(at, holder);
    });
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

/// The shape of one sample before the stage or block at `place`; `side_by_side` says of an id whether such blocks give
/// each block they hold their own input.
pub fn input<'a>(
    summary: &'a Summary,
    spec: &Spec,
    place: &[usize],
    side_by_side: impl Fn(&str) -> bool,
) -> Option<&'a [usize]> {
    let mut place = place;
    while let Some((i, outer)) = place.split_last() {
        let beside = block(spec, outer).is_some_and(|b| side_by_side(&b.block.id));
        if *i > 0 && !beside {
            return figures(summary, &[outer, &[i - 1]].concat()).map(|f| f.output.as_slice());
        }
        place = outer;
    }
    Some(&summary.data.input)
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

/// Gives the first route this routing. Without a route, the last feed-forward part or hidden stage becomes its expert, by
/// the block `route`; with no routing, the route goes.
pub fn set_routing(spec: &mut Spec, id: Option<&str>, route: Option<&str>) {
    match (first_route(spec), id, route) {
        (Some(place), Some(id), _) => {
            if let Some(block) = block_mut(spec, &place) {
                block.routing = Some(Choice::new(id));
            }
        }
        (Some(place), None, _) => unwrap(spec, &place),
        (None, Some(id), Some(route)) => wrap_in_route(spec, route, Choice::new(id)),
        (None, _, _) => {}
    }
}

/// Puts what a block holds in its own place.
pub fn unwrap(spec: &mut Spec, place: &[usize]) {
    with_siblings(spec, place, |list, at| {
        let holder = list.remove(at);
        list.splice(at..at, holder.blocks);
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
    fn a_block_is_put_and_carried_to_a_place() {
        let mut spec = spec();
        assert_eq!(insert(&mut spec, &[0], 1, BlockSpec::new("x").holding(vec![])), Some(vec![0, 1]));
        assert_eq!(ids(&spec), [vec!["a", "x", "b"], vec!["c"]]);
        assert_eq!(insert(&mut spec, &[7], 0, BlockSpec::new("y")), None);
        // Within its list, over a stage's edge, and into a holder that moves up when it is taken away before it.
        assert_eq!(carry(&mut spec, &[0, 0], &[0], 2), Some(vec![0, 1]));
        assert_eq!(ids(&spec), [vec!["x", "a", "b"], vec!["c"]]);
        assert_eq!(carry(&mut spec, &[0, 2], &[1], 0), Some(vec![1, 0]));
        assert_eq!(ids(&spec), [vec!["x", "a"], vec!["b", "c"]]);
        assert_eq!(carry(&mut spec, &[0, 1], &[0], 0), Some(vec![0, 0]));
        assert_eq!(carry(&mut spec, &[0, 0], &[0, 1], 0), Some(vec![0, 0, 0]));
        assert_eq!(ids(&spec), [vec!["x"], vec!["b", "c"]]);
        assert_eq!(block(&spec, &[0, 0, 0]).map(|b| b.block.id.as_str()), Some("a"));
        // Nothing goes into itself.
        let before = spec.clone();
        assert_eq!(carry(&mut spec, &[0, 0], &[0, 0], 0), None);
        assert_eq!(carry(&mut spec, &[0, 9], &[1], 0), None);
        assert_eq!(spec, before);
    }

    #[test]
    fn a_block_enters_the_holder_beside_it_and_leaves_it_again() {
        let holds = |id: &str| id == "h";
        let mut spec = spec();
        spec.stages[0].push(BlockSpec::new("h").holding(vec![BlockSpec::new("i")]));
        assert_eq!(enter(&mut spec, &[0, 0], holds), None);
        assert_eq!(enter(&mut spec, &[0, 1], holds), Some(vec![0, 1, 0]));
        assert_eq!(leave(&mut spec, &[0, 1, 0]), Some(vec![0, 2]));
        assert_eq!(ids(&spec)[0], ["a", "h", "b"]);
        assert_eq!(enter(&mut spec, &[0, 2], holds), Some(vec![0, 1, 1]));
        assert_eq!(leave(&mut spec, &[0, 0]), None);
    }

    #[test]
    fn a_block_is_wrapped_and_unwrapped() {
        let mut spec = spec();
        let before = spec.clone();
        wrap(&mut spec, &[0, 1], BlockSpec::new("residual"));
        assert_eq!(ids(&spec)[0], ["a", "residual"]);
        assert_eq!(block(&spec, &[0, 1, 0]).map(|b| b.block.id.as_str()), Some("b"));
        unwrap(&mut spec, &[0, 1]);
        assert_eq!(spec, before);
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
        unwrap(&mut spec, &[0, 0]);
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
        unwrap(&mut spec, &[1, 1, 1]);
        assert_eq!(spec, before);
    }

    #[test]
    fn a_diagnostic_names_its_block() {
        assert_eq!(place_of("2 › 1.linear › units"), (vec![1, 0], "units".into()));
        assert_eq!(place_of("3"), (vec![2], String::new()));
        assert_eq!(place_of("rule › threshold"), (vec![], "rule › threshold".into()));
    }
}
