//! What differs between a browser and a native program: what is known of the adapter.

#[cfg(not(target_arch = "wasm32"))]
mod native {
    use super::super::Absent;

    /// Whether asking for an adapter makes sense at all.
    pub fn offered() -> Result<(), Absent> {
        Ok(())
    }

    pub const NOT_FOUND: Absent = Absent::NoDriver;

    pub async fn adapter_name(info: &wgpu::AdapterInfo) -> String {
        info.name.clone()
    }
}

#[cfg(target_arch = "wasm32")]
mod web {
    use js_sys::{Function, Promise, Reflect};
    use wasm_bindgen::{JsCast, JsValue};
    use wasm_bindgen_futures::JsFuture;

    use super::super::Absent;

    /// Property `name` of `of`, if it has one.
    fn get(of: &JsValue, name: &str) -> Option<JsValue> {
        Reflect::get(of, &name.into()).ok().filter(|v| !v.is_undefined() && !v.is_null())
    }

    /// Calls method `name` of `of`.
    fn call(of: &JsValue, name: &str) -> Option<JsValue> {
        get(of, name)?.dyn_into::<Function>().ok()?.call0(of).ok()
    }

    fn gpu() -> Option<JsValue> {
        get(&get(&js_sys::global(), "navigator")?, "gpu")
    }

    /// Whether asking for an adapter makes sense at all.
    pub fn offered() -> Result<(), Absent> {
        if gpu().is_some() {
            return Ok(());
        }
        let secure = get(&js_sys::global(), "isSecureContext").and_then(|v| v.as_bool());
        Err(if secure == Some(false) { Absent::Insecure } else { Absent::Unsupported })
    }

    pub const NOT_FOUND: Absent = Absent::NoAdapter;

    /// What the browser itself says of the adapter: the most telling of the fields that it fills in.
    pub async fn adapter_name(_: &wgpu::AdapterInfo) -> String {
        described().await.unwrap_or_else(|| "WebGPU".to_owned())
    }

    async fn described() -> Option<String> {
        let promise = call(&gpu()?, "requestAdapter")?.dyn_into::<Promise>().ok()?;
        let info = get(&JsFuture::from(promise).await.ok()?, "info")?;
        let text = |name: &str| get(&info, name).and_then(|v| v.as_string()).filter(|s| !s.is_empty());
        let family = || match (text("vendor"), text("architecture")) {
            (Some(vendor), Some(architecture)) => Some(format!("{vendor} {architecture}")),
            (vendor, architecture) => vendor.or(architecture),
        };
        text("description").or_else(|| text("device")).or_else(family)
    }
}

#[cfg(not(target_arch = "wasm32"))]
pub use native::*;
#[cfg(target_arch = "wasm32")]
pub use web::*;
