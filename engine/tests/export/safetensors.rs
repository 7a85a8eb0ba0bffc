//! Weights as a file and back.

use engine::export::safetensors::{pack, touches, unpack};
use engine::touch::{Touch, What};
use engine::weights::{Tensor, Weights};

use crate::networks::of;

#[test]
fn weights_come_back_as_they_went() {
    let experiment = of("backprop");
    let mut weights: Weights = experiment.registers();
    weights.insert("odd".to_owned(), Tensor::new(&[3], vec![f32::NAN, f32::INFINITY, -0.0]));
    let done = [Touch { step: 7, what: What::Hand { last: 9, numbers: 2 } }];
    let file = pack(&weights, &experiment.spec, &done).unwrap();
    assert_eq!(touches(&file), done, "what was done to the run comes along");
    assert_eq!(touches(&pack(&weights, &experiment.spec, &[]).unwrap()), []);
    let back = unpack(&file).unwrap();
    assert_eq!(weights.keys().collect::<Vec<_>>(), back.keys().collect::<Vec<_>>());
    for (name, tensor) in &weights {
        let bits = |t: &Tensor| t.data.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
        assert_eq!((&tensor.shape, bits(tensor)), (&back[name].shape, bits(&back[name])), "{name}");
    }
}

#[test]
fn what_is_no_file_of_weights_is_refused() {
    for bytes in [&b""[..], b"{}", b"PK\x03\x04 a zip that is longer than a header"] {
        assert_eq!(touches(bytes), []);
        assert!(unpack(bytes).unwrap_err().mend.contains("a file of weights"));
    }
}
