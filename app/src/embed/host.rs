//! The page around an embedded lab: whether there is one, whether it may speak, and the line to it.
//!
//! Only the window right around the lab is heard, and only if its origin is allowed: one of those that the link names by
//! `host=`, or, where it names none, the origin that the lab was framed by, as the browser tells it, or the lab's own.
//! Where a browser tells nothing (a host without referrer, outside of Chrome and Safari) the link must name it. What is
//! said is addressed to that one origin.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::{Array, JSON, Reflect};
use serde_json::Value;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{MessageEvent, Window};

use super::ask::PROTOCOL;

/// Who may speak to the lab.
#[derive(Debug, Clone, PartialEq)]
pub struct Allowed {
    origins: Vec<String>,
    /// Where the page around the lab is from, as far as it is known and allowed.
    framing: Option<String>,
}

impl Allowed {
    /// `hosts`: those that the link names. `own`: the lab's origin. `framing`: that of the page around it, if the browser
    /// tells it.
    pub fn new(hosts: &[String], own: &str, framing: Option<&str>) -> Self {
        let real = |origin: &&str| !origin.is_empty() && *origin != "null";
        let origins: Vec<String> = if hosts.is_empty() {
            [Some(own), framing].into_iter().flatten().filter(real).map(str::to_owned).collect()
        } else {
            hosts.to_vec()
        };
        let mut allowed = Self { origins, framing: None };
        allowed.framing = framing.filter(real).filter(|f| allowed.hears(f)).map(str::to_owned);
        if framing.is_none() && hosts.len() == 1 {
            allowed.framing = hosts.first().cloned();
        }
        allowed
    }

    pub fn hears(&self, origin: &str) -> bool {
        self.origins.iter().any(|o| o == "*" || o == origin)
    }

    /// Where to what is said is addressed; `None`: nobody may hear it.
    pub fn target(&self) -> Option<&str> {
        if self.origins.iter().any(|o| o == "*") { Some("*") } else { self.framing.as_deref() }
    }
}

/// The page around the lab, to be copied freely.
#[derive(Clone)]
pub struct Host {
    parent: Window,
    allowed: Rc<RefCell<Allowed>>,
}

/// Whether another page frames this one.
pub fn framed() -> bool {
    parent().is_some()
}

fn parent() -> Option<Window> {
    let window = web_sys::window()?;
    let parent = window.parent().ok().flatten()?;
    (!js_sys::Object::is(&parent, &window)).then_some(parent)
}

impl Host {
    /// The page around the lab, if there is one.
    pub fn find(hosts: &[String]) -> Option<Self> {
        let parent = parent()?;
        let window = web_sys::window()?;
        let own = Reflect::get(&window, &"origin".into()).ok().and_then(|o| o.as_string()).unwrap_or_default();
        let allowed = Allowed::new(hosts, &own, framing(&window).as_deref());
        Some(Self { parent, allowed: Rc::new(RefCell::new(allowed)) })
    }

    /// Whether a message comes from the page around the lab, and that may speak.
    pub fn hears(&self, message: &MessageEvent) -> bool {
        let from = message.source().is_some_and(|s| js_sys::Object::is(&s, &self.parent));
        let heard = from && self.allowed.borrow().hears(&message.origin());
        if heard {
            let mut allowed = self.allowed.borrow_mut();
            allowed.framing = allowed.framing.take().or_else(|| Some(message.origin()));
        }
        heard
    }

    /// Says `message`, an object, with what lies `beside` it under a name.
    pub fn say(&self, mut message: Value, beside: Option<(&str, JsValue)>) {
        let allowed = self.allowed.borrow();
        let Some(target) = allowed.target() else { return };
        message["signalbox"] = PROTOCOL.into();
        let Ok(object) = JSON::parse(&message.to_string()) else { return };
        let transfer = Array::new();
        if let Some((name, value)) = beside {
            let state = Reflect::get(&object, &"state".into()).ok().filter(JsValue::is_object);
            // It fails only for what is no object.
            let _ = Reflect::set(&state.unwrap_or_else(|| object.clone()), &name.into(), &value);
            transfer.push(&value);
        }
        // It fails for an origin that is none, and links hold no such.
        let _ = self.parent.post_message_with_transfer(&object, target, &transfer);
    }
}

/// The origin of the page around this one. Chrome and Safari name it; elsewhere it is where the frame was loaded from.
fn framing(window: &Window) -> Option<String> {
    let ancestors = Reflect::get(&window.location(), &"ancestorOrigins".into()).ok();
    let first = ancestors.filter(JsValue::is_object).and_then(|a| Reflect::get_u32(a.unchecked_ref(), 0).ok());
    first.and_then(|o| o.as_string()).or_else(|| {
        let referrer = window.document().map(|d| d.referrer()).filter(|r| !r.is_empty())?;
        web_sys::Url::new(&referrer).ok().map(|u| u.origin())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(hosts: &[&str], framing: Option<&str>) -> Allowed {
        let hosts: Vec<_> = hosts.iter().map(|h| (*h).to_owned()).collect();
        Allowed::new(&hosts, "https://lab.org", framing)
    }

    #[test]
    fn without_a_list_the_framing_page_may_speak() {
        let a = allowed(&[], Some("https://course.org"));
        assert!(a.hears("https://course.org") && a.hears("https://lab.org") && !a.hears("https://other.org"));
        assert_eq!(a.target(), Some("https://course.org"));
        let a = allowed(&[], None);
        assert!(!a.hears("https://course.org") && !a.hears("null"));
        assert_eq!(a.target(), None);
        assert!(!allowed(&[], Some("null")).hears("null"));
    }

    #[test]
    fn a_list_holds_against_the_framing_page() {
        let a = allowed(&["https://course.org"], Some("https://other.org"));
        assert!(a.hears("https://course.org") && !a.hears("https://other.org") && !a.hears("https://lab.org"));
        assert_eq!(a.target(), None);
        assert_eq!(allowed(&["https://course.org"], None).target(), Some("https://course.org"));
        assert_eq!(allowed(&["https://a.org", "https://b.org"], None).target(), None);
        let a = allowed(&["*"], Some("null"));
        assert!(a.hears("null") && a.hears("https://any.org"));
        assert_eq!(a.target(), Some("*"));
    }
}
