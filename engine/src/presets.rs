//! Experiments to begin with.

use crate::spec::text::canonical;
use crate::spec::{BlockSpec, Choice, Spec};

/// An experiment under a name.
#[derive(Debug, Clone, PartialEq)]
pub struct Preset {
    /// As short links call it. It never changes, and no other preset takes it.
    pub id: &'static str,
    pub name: &'static str,
    /// One sentence: what is to be seen.
    pub help: &'static str,
    /// One sentence: what a run of it comes to, and when; measured with its own seed on the CPU.
    pub expect: &'static str,
    pub spec: Spec,
}

/// The presets, in the order in which they are offered.
pub const PRESETS: &[fn() -> Preset] = &[
    digits_backprop,
    digits_forward_forward,
    digits_direct_feedback,
    spiral,
    digits_experts,
    mnist_convolution,
    mnist1d,
    characters,
    characters_experts,
    reversal,
    curve,
    sunspots,
];

/// What a page without a link opens with.
pub fn default() -> Preset {
    digits_backprop()
}

fn preset(id: &'static str, name: &'static str, help: &'static str, expect: &'static str, spec: &Spec) -> Preset {
    Preset { id, name, help, expect, spec: canonical(spec) }
}

fn linear(units: i64) -> BlockSpec {
    BlockSpec::new("linear").with("units", units)
}

fn activation(function: &str) -> BlockSpec {
    BlockSpec::new("activation").with("function", function)
}

/// A fully connected network: hidden stages of these widths, and the read-out.
fn perceptron(hidden: &[i64], function: &str) -> Vec<Vec<BlockSpec>> {
    let hidden = hidden.iter().map(|units| vec![linear(*units), activation(function)]);
    hidden.chain([vec![BlockSpec::new("linear")]]).collect()
}

fn digits_backprop() -> Preset {
    preset(
        "digits-backprop",
        "Digits, backprop",
        "Handwritten digits of 8 × 8 pixels, learnt by backpropagation.",
        "97.5 % of the test digits after 300 steps, a second or two.",
        &Spec::new(Choice::new("digits"), perceptron(&[64, 32], "relu")),
    )
}

fn digits_forward_forward() -> Preset {
    let mut spec = Spec::new(Choice::new("digits"), perceptron(&[128, 128, 128], "relu"));
    spec.rule = Choice::new("forward-forward");
    preset(
        "digits-forward-forward",
        "Digits, forward-forward",
        "No backward pass: each stage learns alone to tell true labels from wrong ones (Hinton 2022).",
        "98 % of the test digits after 1,000 steps, without a backward pass.",
        &spec,
    )
}

fn digits_direct_feedback() -> Preset {
    let mut spec = Spec::new(Choice::new("digits"), perceptron(&[64, 32], "tanh"));
    spec.rule = Choice::new("direct-feedback-alignment");
    preset(
        "digits-direct-feedback",
        "Digits, direct feedback",
        "The error reaches every stage straight from the output, through fixed random weights (Nøkland 2016).",
        "95 % of the test digits after 500 steps, 97 % after 1,000.",
        &spec,
    )
}

fn spiral() -> Preset {
    let mut spec = Spec::new(Choice::new("spiral"), perceptron(&[16, 16], "tanh"));
    spec.rate = 0.01;
    spec.batch = 64;
    preset(
        "spiral",
        "Spiral",
        "Two arms in the plane: watch each unit bend the surface between them.",
        "The arms are apart after 1,000 steps: 100 % of the test points.",
        &spec,
    )
}

fn digits_experts() -> Preset {
    let expert = vec![linear(32), activation("relu")];
    let route = BlockSpec::new("route").with("experts", 8_i64).holding(expert).routed(Choice::new("top-k"));
    let stages = vec![vec![linear(64), activation("relu")], vec![route], vec![BlockSpec::new("linear")]];
    preset(
        "experts-on-digits",
        "Experts on digits",
        "A router sends each digit to two of eight experts; their loads show how it divides the work.",
        "97 % of the test digits after 500 steps, with a quarter of the experts at work on each.",
        &Spec::new(Choice::new("digits"), stages),
    )
}

fn mnist_convolution() -> Preset {
    let conv = |channels: i64| {
        vec![BlockSpec::new("conv2d").with("channels", channels), activation("relu"), BlockSpec::new("max-pool")]
    };
    let stages = vec![
        conv(8),
        conv(16),
        vec![BlockSpec::new("flatten"), linear(64), activation("relu")],
        vec![BlockSpec::new("linear")],
    ];
    let mut spec = Spec::new(Choice::new("mnist"), stages);
    spec.batch = 64;
    preset(
        "mnist-convolution",
        "MNIST, convolution",
        "Digits of 28 × 28 pixels, seen through small windows.",
        "96 % of the test digits after 500 steps.",
        &spec,
    )
}

fn mnist1d() -> Preset {
    preset(
        "mnist-1d",
        "MNIST-1D",
        "Digits as signals along time: small, and hard enough to tell methods apart (Greydanus 2020).",
        "59 % of the test signals after 1,000 steps, with all of the training ones known by heart.",
        &Spec::new(Choice::new("mnist1d"), perceptron(&[128, 128], "relu")),
    )
}

/// Tokens at their places, two blocks of causal attention and of what `feed_forward` gives, each beside a shortcut, and a
/// read-out at every place.
fn transformer(feed_forward: impl Fn() -> Vec<BlockSpec>) -> Vec<Vec<BlockSpec>> {
    let norm = || BlockSpec::new("layer-norm");
    let beside = |inside: Vec<BlockSpec>| BlockSpec::new("residual").holding(inside);
    let layer = || {
        let attention = BlockSpec::new("attention").with("mask", "causal");
        vec![beside(vec![norm(), attention]), beside([vec![norm()], feed_forward()].concat())]
    };
    let tokens = vec![BlockSpec::new("embedding").with("width", 64_i64), BlockSpec::new("position")];
    vec![tokens, layer(), layer(), vec![norm(), BlockSpec::new("linear")]]
}

fn characters() -> Preset {
    let stages = transformer(|| vec![linear(256), activation("gelu"), linear(64)]);
    let mut spec = Spec::new(Choice::new("text"), stages);
    spec.batch = 16;
    preset(
        "characters",
        "Characters",
        "A small transformer reads plays letter by letter, and soon writes something like one.",
        "30 % of the letters foretold after 300 steps, 39 % after 1,000.",
        &spec,
    )
}

fn characters_experts() -> Preset {
    let expert = || vec![linear(64), activation("gelu"), linear(64)];
    let route =
        move || vec![BlockSpec::new("route").with("experts", 8_i64).routed(Choice::new("top-k")).holding(expert())];
    let mut spec = Spec::new(Choice::new("text"), transformer(route));
    spec.batch = 16;
    preset(
        "experts-on-characters",
        "Experts on characters",
        "Each letter goes to two of eight experts: see which one takes vowels, which spaces.",
        "30 % of the letters foretold after 300 steps, with two of eight experts at work on each.",
        &spec,
    )
}

fn reversal() -> Preset {
    let norm = || BlockSpec::new("layer-norm");
    let attention = |positions: &str| BlockSpec::new("attention").with("positions", positions);
    let layer = || vec![BlockSpec::new("residual").holding(vec![norm(), attention("none")])];
    let tokens = vec![BlockSpec::new("embedding"), BlockSpec::new("position")];
    let mut spec =
        Spec::new(Choice::new("reverse"), vec![tokens, layer(), layer(), vec![norm(), BlockSpec::new("linear")]]);
    spec.batch = 64;
    preset(
        "reverse-a-sequence",
        "Reverse a sequence",
        "Attention learns to look from each place at its mirror image.",
        "All of the test sequences reversed after 400 steps.",
        &spec,
    )
}

fn curve() -> Preset {
    let mut spec = Spec::new(Choice::new("function"), perceptron(&[64, 64], "tanh"));
    spec.batch = 64;
    preset(
        "fit-a-curve",
        "Fit a curve",
        "Numbers in place of classes: watch the answer bend towards the function.",
        "An R² of 0.88 after 1,000 steps, of 0.999 after 3,000.",
        &spec,
    )
}

fn sunspots() -> Preset {
    let mut spec = Spec::new(Choice::new("series"), perceptron(&[64, 32], "relu"));
    spec.batch = 32;
    preset(
        "forecast-a-series",
        "Forecast a series",
        "From what came before, what comes next: measured by the spread that is explained.",
        "An R² of 0.6 on what comes later after 100 steps; it falls as the past is learned by heart.",
        &spec,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::link;

    #[test]
    fn presets_are_sound_and_survive_their_links() {
        for make in PRESETS {
            let preset = make();
            assert!(preset.expect.ends_with('.') && preset.help.ends_with('.'), "{}", preset.name);
            assert_eq!(link::decode(&link::encode(&preset.spec)), Ok(preset.spec), "{}", preset.name);
        }
    }

    #[test]
    fn each_preset_has_an_id_of_its_own() {
        let mut ids: Vec<_> = PRESETS.iter().map(|make| make().id).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), PRESETS.len());
    }
}
