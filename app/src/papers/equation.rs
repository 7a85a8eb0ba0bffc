//! Equations in plain text, with what is set below and above: `x_i`, `x_{ij}`, `x^2`.

use leptos::prelude::*;

/// A piece of an equation.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Plain(String),
    Below(String),
    Above(String),
}

/// The lines of `text`.
#[component]
pub fn Equation(text: String) -> impl IntoView {
    let lines = text.lines().map(|line| {
        let pieces = pieces(line).into_iter().map(|piece| match piece {
            Piece::Plain(text) => text.into_any(),
            Piece::Below(text) => view! { <sub>{text}</sub> }.into_any(),
            Piece::Above(text) => view! { <sup>{text}</sup> }.into_any(),
        });
        view! { <p>{pieces.collect_view()}</p> }
    });
    view! { <div class="equation">{lines.collect_view()}</div> }
}

fn pieces(line: &str) -> Vec<Piece> {
    let mut out = Vec::new();
    let mut plain = String::new();
    let mut letters = line.chars().peekable();
    while let Some(letter) = letters.next() {
        if !matches!(letter, '_' | '^') {
            plain.push(letter);
            continue;
        }
        let mut part = String::new();
        if letters.next_if_eq(&'{').is_some() {
            part.extend(letters.by_ref().take_while(|&c| c != '}'));
        } else {
            part.extend(letters.next());
        }
        out.extend((!plain.is_empty()).then(|| Piece::Plain(std::mem::take(&mut plain))));
        out.push(if letter == '_' { Piece::Below(part) } else { Piece::Above(part) });
    }
    out.extend((!plain.is_empty()).then_some(Piece::Plain(plain)));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_below_and_above_is_parted() {
        let plain = |t: &str| Piece::Plain(t.into());
        let (below, above) = (|t: &str| Piece::Below(t.into()), |t: &str| Piece::Above(t.into()));
        assert_eq!(pieces("y = x"), [plain("y = x")]);
        assert_eq!(
            pieces("δ^{k−1}_{j+1} + w_2ᵀ"),
            [plain("δ"), above("k−1"), below("j+1"), plain(" + w"), below("2"), plain("ᵀ")]
        );
        assert_eq!(pieces("x_"), [plain("x"), below("")]);
    }
}
