//! The CPU computes what the definitions say, command by command, natively and in a browser.

#![allow(clippy::unwrap_used)]

use std::rc::Rc;

use engine::exec::cpu::Cpu;

mod conformance;

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_dedicated_worker);

async fn all() {
    let mut faults = Vec::new();
    let cases = conformance::cases();
    for case in &cases {
        let mut cpu = Cpu::new(Rc::new(case.plan.clone()));
        faults.extend(conformance::conforms(case, &mut cpu).await.err());
    }
    assert!(faults.is_empty(), "{} of {} cases:\n{}", faults.len(), cases.len(), faults.join("\n"));
}

#[cfg(not(target_arch = "wasm32"))]
#[test]
fn conforms() {
    pollster::block_on(all());
}

#[cfg(target_arch = "wasm32")]
#[wasm_bindgen_test::wasm_bindgen_test]
async fn conforms() {
    all().await;
}
