//! The worker: the session's home. Commands come in, events go out; in between it trains.
//!
//! See the page's `link` for the form of the messages.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Poll, Waker};

use engine::diagnostic::Diagnostic;
use engine::protocol::{Command, Event, Message};
use engine::session::Session;
use engine::session::devices::Machine;
use js_sys::{Array, Float32Array, Function, Object, Promise, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{DedicatedWorkerGlobalScope, MessageChannel, MessageEvent};

/// A slice that took less than this many milliseconds had nothing to do: the run is paced, or waits for a device.
const IDLE_SLICE: f64 = 1.0;
/// Milliseconds until it is asked again.
const IDLE_REST: i32 = 4;

/// What the page has sent and the session has not yet done.
#[derive(Default)]
struct Inbox {
    commands: VecDeque<Result<Asked, String>>,
    waiting: Option<Waker>,
}

/// A command with the files beside it.
type Asked = (Command, Vec<Vec<u8>>);

fn main() {
    std::panic::set_hook(Box::new(|panic| {
        let message = Object::new();
        // Nothing is left to do for one who cannot be told.
        let _ = Reflect::set(&message, &"panic".into(), &panic.to_string().into());
        let _ = scope().post_message(&message);
    }));
    let inbox = Rc::new(RefCell::new(Inbox::default()));
    let heard = Closure::<dyn FnMut(MessageEvent)>::new({
        let inbox = inbox.clone();
        move |message: MessageEvent| {
            let mut inbox = inbox.borrow_mut();
            inbox.commands.push_back(read(&message.data()));
            if let Some(waiting) = inbox.waiting.take() {
                waiting.wake();
            }
        }
    });
    scope().set_onmessage(Some(heard.as_ref().unchecked_ref()));
    // The worker listens as long as it lives.
    heard.forget();
    spawn_local(serve(inbox));
}

/// Does what is asked, and trains while nothing is.
async fn serve(inbox: Rc<RefCell<Inbox>>) {
    let breath = Breath::new();
    let mut session = Session::new(Box::new(Machine::default()));
    post(&Session::hello());
    loop {
        let asked = inbox.borrow_mut().commands.pop_front();
        match asked {
            Some(Ok((command, files))) => session.handle(command, files).await.iter().for_each(post),
            Some(Err(why)) => {
                let fault = Diagnostic::new("message", why, "reload the page");
                post(&Event::Failed { run: 0, fault }.into());
            }
            None if session.idle() => command(&inbox).await,
            None => {
                let began = now();
                session.advance().await.iter().for_each(post);
                breath.take(now() - began < IDLE_SLICE).await;
            }
        }
    }
}

/// Waits until a command is there.
async fn command(inbox: &Rc<RefCell<Inbox>>) {
    poll_fn(|cx| {
        let mut inbox = inbox.borrow_mut();
        if inbox.commands.is_empty() {
            inbox.waiting = Some(cx.waker().clone());
            Poll::Pending
        } else {
            Poll::Ready(())
        }
    })
    .await;
}

fn read(message: &JsValue) -> Result<Asked, String> {
    let field = |name: &str| Reflect::get(message, &name.into()).unwrap_or_default();
    let header = field("header").as_string().ok_or("a message had no header")?;
    let command = serde_json::from_str(&header).map_err(|e| format!("a message could not be read: {e}"))?;
    let files = field("files").dyn_into::<Array>().unwrap_or_default();
    Ok((command, files.iter().map(|f| Uint8Array::new(&f).to_vec()).collect()))
}

fn post(message: &Message) {
    let sent = serde_json::to_string(&message.event).map_err(|e| JsValue::from(e.to_string())).and_then(|header| {
        let object = Object::new();
        Reflect::set(&object, &"header".into(), &header.into())?;
        if !message.file.is_empty() {
            let file = Uint8Array::from(message.file.as_slice());
            Reflect::set(&object, &"file".into(), &file)?;
            return scope().post_message_with_transfer(&object, &Array::of1(&file.buffer()));
        }
        if message.payload.is_empty() {
            return scope().post_message(&object);
        }
        let payload = Float32Array::from(message.payload.as_slice());
        Reflect::set(&object, &"payload".into(), &payload)?;
        scope().post_message_with_transfer(&object, &Array::of1(&payload.buffer()))
    });
    if let Err(error) = sent {
        web_sys::console::error_1(&error);
    }
}

/// Lets the worker's other events have their turn. A message to oneself does so at once; timers are held back to
/// several milliseconds, and frames do not come at all in a page that is not seen.
struct Breath {
    channel: Option<MessageChannel>,
}

impl Breath {
    fn new() -> Self {
        Self { channel: MessageChannel::new().ok() }
    }

    async fn take(&self, rest: bool) {
        let turn = Promise::new(&mut |resolve: Function, _| match &self.channel {
            Some(channel) if !rest => {
                channel.port1().set_onmessage(Some(&resolve));
                if channel.port2().post_message(&JsValue::NULL).is_err() {
                    later(&resolve);
                }
            }
            Some(_) | None => later(&resolve),
        });
        // The promise is only ever resolved.
        let _ = JsFuture::from(turn).await;
    }
}

fn later(resolve: &Function) {
    if scope().set_timeout_with_callback_and_timeout_and_arguments_0(resolve, IDLE_REST).is_err() {
        let _ = resolve.call0(&JsValue::NULL);
    }
}

fn scope() -> DedicatedWorkerGlobalScope {
    js_sys::global().unchecked_into()
}

fn now() -> f64 {
    scope().performance().map_or(0.0, |p| p.now())
}
