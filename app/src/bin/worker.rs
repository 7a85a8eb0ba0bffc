//! The worker: where the engine runs.

use wasm_bindgen::{JsCast, JsValue};
use web_sys::DedicatedWorkerGlobalScope;

fn main() -> Result<(), JsValue> {
    let scope: DedicatedWorkerGlobalScope = web_sys::js_sys::global().unchecked_into();
    scope.post_message(&"the worker runs".into())
}
