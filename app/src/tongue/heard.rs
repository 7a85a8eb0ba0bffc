//! What the engine says in the run, put into the page's language by the forms of its sentences. What has no form here
//! stays English.

use std::borrow::Cow;

use super::{fill, t};

/// Why a run is where it is, and what one can do about it; what measurements are of.
const FORMS: [&str; 17] = [
    key!("asked for"),
    key!("one thread"),
    key!("{time} a step, measured"),
    key!("a step takes {gpu} on WebGPU and {cpu} on the CPU, measured"),
    key!("a step takes {time} here; starting a graphics processor's kernels would take longer"),
    key!("{fault}; the run goes on here from step {step}"),
    key!("choose WebGPU again to go back to it"),
    key!("the graphics device cannot take this experiment: {fault}"),
    key!("use fewer units, a smaller batch, or less data"),
    key!("The browser offers WebGPU only to pages from a secure address."),
    key!("This browser does not offer WebGPU here."),
    key!("The browser has WebGPU but found no graphics processor that it will use."),
    key!("The graphics processor refused to open: {why}."),
    key!("Open the page over https:// or from localhost."),
    key!("Use a current version of Chrome, Edge, Firefox or Safari."),
    key!("Close other pages that use the graphics processor and try again."),
    key!("stage {number}"),
];

/// `text` in the page's language, if it has one of the forms.
pub fn heard(text: &str) -> Cow<'_, str> {
    for form in FORMS {
        if let Some(parts) = matched(form, text).filter(|_| t(form) != form) {
            let parts: Vec<_> = parts.iter().map(|(name, part)| (*name, part as &dyn std::fmt::Display)).collect();
            return fill(form, &parts).into();
        }
    }
    text.into()
}

/// The parts of `text` by their names in `form`, where it has that form.
fn matched<'a>(form: &'static str, text: &'a str) -> Option<Vec<(&'static str, &'a str)>> {
    let (head, mut rest) = form.split_once('{').map_or((form, None), |(head, rest)| (head, Some(rest)));
    let mut left = text.strip_prefix(head)?;
    let mut parts = Vec::new();
    while let Some((name, after)) = rest.and_then(|r| r.split_once('}')) {
        let (between, next) = after.split_once('{').map_or((after, None), |(between, next)| (between, Some(next)));
        let at = if next.is_none() { left.strip_suffix(between)?.len() } else { left.find(between)? };
        parts.push((name, &left[..at]));
        left = &left[at + between.len()..];
        rest = next;
    }
    left.is_empty().then_some(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_are_known_by_their_form() {
        let form = "a step takes {gpu} on WebGPU and {cpu} on the CPU, measured";
        let text = "a step takes 1.20 ms on WebGPU and 4 ms on the CPU, measured";
        assert_eq!(matched(form, text), Some(vec![("gpu", "1.20 ms"), ("cpu", "4 ms")]));
        assert_eq!(matched(form, "a step takes 1 ms"), None);
        assert_eq!(matched("asked for", "asked for"), Some(Vec::new()));
        assert_eq!(matched("asked for", "asked for it"), None);
        assert_eq!(matched("{time} a step, measured", "3 ms a step, measured"), Some(vec![("time", "3 ms")]));
    }

    #[test]
    fn what_has_no_form_stays_as_it_is() {
        assert_eq!(heard("the disk is full"), "the disk is full");
    }
}
