//! The graphics processor computes what the definitions say: natively on whatever adapter there is, in a browser's
//! worker by WebGPU.
//!
//! Where no adapter is to be had the tests say so and pass; on the project's own machines (`CI` is set) that is a
//! failure.

#![allow(clippy::unwrap_used, clippy::single_range_in_vec_init)]

use std::rc::Rc;

use engine::exec::gpu::{Gpu, Handle, Variant};
use engine::exec::{Executor, Fault};
use engine::plan::Plan;

mod conformance;

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_dedicated_worker);

/// One test body for both worlds.
macro_rules! device_test {
    ($name:ident, $handle:ident, $body:block) => {
        #[cfg(not(target_arch = "wasm32"))]
        #[test]
        fn $name() {
            pollster::block_on(async {
                let Some($handle) = open().await else { return };
                $body
            });
        }

        #[cfg(target_arch = "wasm32")]
        #[wasm_bindgen_test::wasm_bindgen_test]
        async fn $name() {
            let Some($handle) = open().await else { return };
            $body
        }
    };
}

fn say(text: &str) {
    #[cfg(not(target_arch = "wasm32"))]
    println!("{text}");
    #[cfg(target_arch = "wasm32")]
    wasm_bindgen_test::console_log!("{text}");
}

async fn open() -> Option<Handle> {
    match Handle::open().await {
        Ok(handle) => Some(handle),
        Err(absent) => {
            // A browser has no environment: there it is the builder's that counts.
            assert!(std::env::var_os("CI").or(option_env!("CI").map(Into::into)).is_none(), "{absent}");
            say(&format!("skipped: {absent} {}", absent.mend()));
            None
        }
    }
}

async fn all(handle: &Handle) {
    let mut faults = Vec::new();
    let cases = conformance::cases();
    for case in &cases {
        let result = match Gpu::load(handle, Rc::new(case.plan.clone())).await {
            Ok(mut gpu) => conformance::conforms(case, &mut gpu).await,
            Err(fault) => Err(format!("{}: {fault}", case.name)),
        };
        faults.extend(result.err());
    }
    say(&format!("{} cases on {}, {} pipelines", cases.len(), handle.name(), handle.pipelines()));
    assert!(faults.is_empty(), "{} of {} cases:\n{}", faults.len(), cases.len(), faults.join("\n"));
}

device_test!(conforms_with_register_tiles, handle, {
    handle.prefer(Variant::Registers);
    all(&handle).await;
});

device_test!(conforms_with_shared_tiles, handle, {
    handle.prefer(Variant::Shared);
    all(&handle).await;
});

fn some_case(name: &str) -> conformance::Case {
    conformance::cases().into_iter().find(|c| c.name == name).unwrap()
}

device_test!(a_plan_loaded_again_makes_no_pipeline, handle, {
    let case = some_case("softmax of 257");
    let plan = Rc::new(case.plan);
    Gpu::load(&handle, plan.clone()).await.unwrap();
    let made = handle.pipelines();
    Gpu::load(&handle, plan).await.unwrap();
    assert_eq!(handle.pipelines(), made);
});

device_test!(an_arena_too_large_is_refused, handle, {
    let plan = Plan { size: usize::MAX - 7, ..some_case("repeat within repeat").plan };
    match Gpu::load(&handle, Rc::new(plan)).await {
        Err(Fault::TooLarge { needed, allowed }) => assert!(needed > allowed),
        Err(Fault::Lost(why)) => panic!("lost instead: {why}"),
        Ok(_) => panic!("all that can be addressed was given out"),
    }
    assert_eq!(handle.lost(), None);
});

device_test!(reads_arrive_in_order_and_reuse_their_buffers, handle, {
    let case = some_case("many ticks");
    let mut gpu = Gpu::load(&handle, Rc::new(case.plan)).await.unwrap();
    gpu.write(0, &[0.0, 1.0, 2.0]);
    for round in 1..20 {
        gpu.run(0, 10);
        let early = gpu.read(&[0..1, 2..2, 1..3]);
        gpu.run(0, 1);
        gpu.write(0, &[round as f32 * 10.0, 0.0, 0.0]);
        let late = gpu.read(&[0..1]);
        let before = (round - 1) as f32 * 10.0 + 10.0;
        assert_eq!(early.await.unwrap()[0], [before]);
        assert_eq!(late.await.unwrap(), [[round as f32 * 10.0]]);
    }
});

device_test!(a_lost_device_is_a_fault_and_no_panic, handle, {
    let case = some_case("softmax of 257");
    let plan = Rc::new(case.plan);
    let mut gpu = Gpu::load(&handle, plan.clone()).await.unwrap();
    gpu.run(0, 1);
    let pending = gpu.read(&[0..4]);
    handle.destroy();
    // What was asked for before the loss may still arrive.
    if let Err(fault) = pending.await {
        assert!(matches!(fault, Fault::Lost(_)));
    }
    assert!(handle.lost().is_some());
    gpu.write(0, &[1.0]);
    gpu.run(0, 3);
    assert!(matches!(gpu.read(&[0..4]).await, Err(Fault::Lost(_))));
    assert!(matches!(Gpu::load(&handle, plan).await, Err(Fault::Lost(_))));
});
