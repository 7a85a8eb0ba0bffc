//! A row of tools that is one stop of the Tab key: arrow keys, Home and End go from tool to tool (WAI-ARIA's toolbar). What
//! a tool opens below the row has stops of its own.

use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, FocusEvent, HtmlElement, KeyboardEvent};

/// What is a tool of the row.
const TOOLS: &str = ":scope > button, :scope > details > summary, :scope > .take > div > button";
/// What lies in a closed fold.
const FOLDED: &str = "details:not([open]) > :not(summary)";

/// The row; whoever makes it gives its element `role="toolbar"`, a name, the node and both events.
#[derive(Clone, Copy)]
pub struct Toolbar {
    pub node: NodeRef<html::Div>,
}

impl Toolbar {
    pub fn new() -> Self {
        let node = NodeRef::<html::Div>::new();
        Effect::new(move |_| {
            if let Some(row) = node.get() {
                let tools = tools(&row);
                if let Some(first) = tools.first() {
                    stop_at(&tools, first);
                }
            }
        });
        Self { node }
    }

    fn tools(self) -> Vec<HtmlElement> {
        self.node.get_untracked().map(|row| tools(&row)).unwrap_or_default()
    }

    /// One of the row has the focus now: by Tab one comes back to it.
    pub fn focus(self, e: &FocusEvent) {
        let tools = self.tools();
        if let Some(tool) = tool_of(e).filter(|tool| tools.contains(tool)) {
            stop_at(&tools, &tool);
        }
    }

    pub fn press(self, e: &KeyboardEvent) {
        if e.ctrl_key() || e.alt_key() || e.meta_key() || e.shift_key() {
            return;
        }
        let folded = |tool: &HtmlElement| matches!(tool.closest(FOLDED), Ok(Some(_)));
        let seen: Vec<HtmlElement> = self.tools().into_iter().filter(|tool| !folded(tool)).collect();
        let Some(at) = tool_of(e).and_then(|tool| seen.iter().position(|t| *t == tool)) else { return };
        if let Some(next) = next(&e.key(), at, seen.len()) {
            e.prevent_default();
            e.stop_propagation();
            // It fails only for what can have no focus.
            let _ = seen[next].focus();
        }
    }
}

fn tool_of(e: &web_sys::Event) -> Option<HtmlElement> {
    e.target()?.dyn_into().ok()
}

fn tools(row: &Element) -> Vec<HtmlElement> {
    let Ok(found) = row.query_selector_all(TOOLS) else { return Vec::new() };
    (0..found.length()).filter_map(|i| found.item(i)?.dyn_into().ok()).collect()
}

/// Has the Tab key stop at `tool`, and at no other of the row.
fn stop_at(tools: &[HtmlElement], tool: &HtmlElement) {
    for other in tools {
        other.set_tab_index(if other == tool { 0 } else { -1 });
    }
}

/// The tool that a key goes to from number `at` of `count`.
fn next(key: &str, at: usize, count: usize) -> Option<usize> {
    match key {
        "ArrowRight" => Some((at + 1) % count),
        "ArrowLeft" => Some((at + count - 1) % count),
        "Home" => Some(0),
        "End" => Some(count - 1),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::next;

    #[test]
    fn arrows_go_round_the_row() {
        assert_eq!(
            ["ArrowRight", "ArrowLeft", "Home", "End", "x"].map(|k| next(k, 2, 3)),
            [Some(0), Some(1), Some(0), Some(2), None]
        );
        assert_eq!(next("ArrowLeft", 0, 3), Some(2));
        assert_eq!(next("ArrowRight", 0, 1), Some(0));
    }
}
